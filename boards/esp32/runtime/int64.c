// 64-bit division under the compiler's names, all by way of the one routine its library has.

#include <stdint.h>

extern uint64_t __udivmoddi4(uint64_t dividend, uint64_t divisor, uint64_t *remainder);

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
    return __udivmoddi4(dividend, divisor, 0);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
    uint64_t remainder;
    __udivmoddi4(dividend, divisor, &remainder);
    return remainder;
}

static uint64_t magnitude(int64_t value) {
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

int64_t __divdi3(int64_t dividend, int64_t divisor) {
    uint64_t quotient = __udivmoddi4(magnitude(dividend), magnitude(divisor), 0);
    return (int64_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}
