/* What the compiler calls for integers, in plain C: the project's own runtime does it with MULUH, which no core of the
 * emulator that judges has. Division is by shifting and subtracting, products by 16-bit halves. */

#include "programs.h"

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor);
uint32_t __umodsi3(uint32_t dividend, uint32_t divisor);
int32_t __divsi3(int32_t dividend, int32_t divisor);
int32_t __modsi3(int32_t dividend, int32_t divisor);
uint64_t __umulsidi3(uint32_t left, uint32_t right);
uint64_t __muldi3(uint64_t left, uint64_t right);

static uint32_t divide(uint32_t dividend, uint32_t divisor, uint32_t *rest) {
    uint32_t quotient = 0, left = 0;
    for (int bit = 31; bit >= 0; bit--) {
        int isOver = left >> 31;
        left = left << 1 | (dividend >> bit & 1);
        if (isOver || left >= divisor) {
            left -= divisor;
            quotient |= 1u << bit;
        }
    }
    *rest = left;
    return quotient;
}

static uint32_t magnitude(int32_t value) { return value < 0 ? 0u - (uint32_t)value : (uint32_t)value; }

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor) {
    uint32_t rest;
    return divide(dividend, divisor, &rest);
}

uint32_t __umodsi3(uint32_t dividend, uint32_t divisor) {
    uint32_t rest;
    divide(dividend, divisor, &rest);
    return rest;
}

int32_t __divsi3(int32_t dividend, int32_t divisor) {
    uint32_t quotient = __udivsi3(magnitude(dividend), magnitude(divisor));
    return (int32_t)((dividend ^ divisor) < 0 ? 0u - quotient : quotient);
}

int32_t __modsi3(int32_t dividend, int32_t divisor) {
    uint32_t rest = __umodsi3(magnitude(dividend), magnitude(divisor));
    return (int32_t)(dividend < 0 ? 0u - rest : rest);
}

uint64_t __umulsidi3(uint32_t left, uint32_t right) {
    uint32_t low = (left & 0xFFFF) * (right & 0xFFFF);
    uint32_t middle = (left >> 16) * (right & 0xFFFF);
    uint32_t other = (left & 0xFFFF) * (right >> 16);
    uint32_t high = (left >> 16) * (right >> 16) + (middle >> 16) + (other >> 16);
    uint32_t carried = low + (middle << 16);
    high += carried < low;
    uint32_t all = carried + (other << 16);
    high += all < carried;
    return (uint64_t)high << 32 | all;
}

uint64_t __muldi3(uint64_t left, uint64_t right) {
    uint64_t product = __umulsidi3((uint32_t)left, (uint32_t)right);
    uint32_t cross = (uint32_t)left * (uint32_t)(right >> 32) + (uint32_t)(left >> 32) * (uint32_t)right;
    return product + ((uint64_t)cross << 32);
}
