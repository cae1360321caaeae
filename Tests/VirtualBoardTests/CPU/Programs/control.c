/* Calls and data: deep and mutual recursion, a switch with many cases, structures by value, bit fields, signed narrow
 * types, and arguments on the stack. */

#include "programs.h"

static uint32_t ackermann(uint32_t m, uint32_t n) {
    if (m == 0) return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static int is_odd(uint32_t n);
static __attribute__((noinline)) int is_even(uint32_t n) { return n == 0 ? 1 : is_odd(n - 1); }
static __attribute__((noinline)) int is_odd(uint32_t n) { return n == 0 ? 0 : is_even(n - 1); }

static int queens(int row, uint32_t columns, uint32_t left, uint32_t right) {
    if (row == 7) return 1;
    int found = 0;
    for (uint32_t free = ~(columns | left | right) & 0x7F; free; free &= free - 1) {
        uint32_t place = free & (0u - free);
        found += queens(row + 1, columns | place, (left | place) << 1, (right | place) >> 1);
    }
    return found;
}

void recursion(uint32_t *results) {
    *results++ = ackermann(2, 9);
    *results++ = fibonacci(15);
    *results++ = (uint32_t)is_even(501);
    *results++ = (uint32_t)queens(0, 0, 0, 0);
}

struct point {
    int16_t x, y;
    int8_t weight;
    uint64_t tag;
};

static __attribute__((noinline)) struct point moved(struct point from, int dx, int dy, int8_t weight) {
    struct point to = {(int16_t)(from.x + dx), (int16_t)(from.y - dy), (int8_t)(from.weight + weight), ~from.tag};
    return to;
}

static __attribute__((noinline)) int64_t many(int a, int64_t b, int c, int64_t d, int e, int16_t f, int8_t g, int h) {
    return a + 2 * b - 3 * c + 4 * d - 5 * e + 6 * f - 7 * g + 8 * h;
}

static __attribute__((noinline)) uint32_t command(unsigned code, uint32_t value) {
    switch (code) {
    case 0: return value + 1;
    case 1: return value * 3;
    case 2: return value >> 3;
    case 3: return ~value;
    case 4: return value << 5 | value >> 27;
    case 5: return value / 7;
    case 6: return value % 1000;
    case 7: return (uint32_t)((int32_t)value / -3);
    case 8: return value ^ 0xFFFF0000;
    case 9: return (uint32_t)(int8_t)value;
    case 10: return (uint32_t)(int16_t)value;
    default: return code;
    }
}

void structures(uint32_t *results) {
    struct point at = {100, -200, 120, 0x123456789};
    uint32_t value = 0x12345678;
    for (int step = 0; step < 20; step++) {
        at = moved(at, 3000, step * 777, 19);
        value = command((unsigned)step % 13, value);
    }
    *results++ = (uint32_t)at.x;
    *results++ = (uint32_t)at.y;
    *results++ = (uint32_t)at.weight;
    *results++ = (uint32_t)at.tag;
    *results++ = value;
    int64_t sum = many(1, -2, 3, 0x100000000, -5, -6, 7, 1 << 28);
    *results++ = (uint32_t)sum;
    *results++ = (uint32_t)(sum >> 32);
}

struct fields {
    unsigned low : 3;
    int middle : 7;
    unsigned long long wide : 37;
    int sign : 1;
};

void bit_fields(uint32_t *results) {
    volatile struct fields fields = {5, -3, 0x1234567890, -1};
    for (int round = 0; round < 8; round++) {
        fields.low += 3;
        fields.middle = fields.middle * 5 - round;
        fields.wide = fields.wide * 3 + fields.low;
        fields.sign = ~fields.sign;
        *results++ = fields.low;
        *results++ = (uint32_t)fields.middle;
        *results++ = (uint32_t)fields.wide;
        *results++ = (uint32_t)(fields.wide >> 32) ^ (uint32_t)fields.sign;
    }
    volatile int8_t small = 100;
    volatile uint16_t half = 65530;
    for (int round = 0; round < 10; round++) {
        small += 50;
        half = (uint16_t)(half + 3);
        *results++ = (uint32_t)small ^ (uint32_t)half << 16;
    }
}
