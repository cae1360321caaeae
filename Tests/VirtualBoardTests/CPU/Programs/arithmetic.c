/* 64-bit arithmetic, floats and doubles, which this compiler does by calls of functions. */

#include "programs.h"

static const uint64_t numbers[] = {
    0, 1, 2, 10, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x123456789ABCDEF0, 0x7FFFFFFFFFFFFFFF,
    0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 1000000007, 0xFFFFFFFF00000001,
};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static uint32_t mix(uint32_t sum, uint64_t value) {
    return (sum * 33 + (uint32_t)value) * 33 + (uint32_t)(value >> 32);
}

void long_arithmetic(uint32_t *results) {
    for (unsigned row = 0; row < NUMBERS; row++) {
        uint64_t a = numbers[row];
        uint32_t sums[4] = {0, 0, 0, 0};
        for (unsigned column = 0; column < NUMBERS; column++) {
            uint64_t b = numbers[column];
            int64_t sa = (int64_t)a, sb = (int64_t)b;
            sums[0] = mix(mix(mix(sums[0], a + b), a - b), a * b);
            if (b) sums[1] = mix(mix(sums[1], a / b), a % b);
            if (b && !(sb == -1 && a == numbers[10])) sums[2] = mix(mix(sums[2], (uint64_t)(sa / sb)), (uint64_t)(sa % sb));
            sums[3] = mix(mix(sums[3], a << (b & 63)), (uint64_t)(sa >> (b & 63)));
            sums[3] = mix(sums[3], (a < b) | (sa < sb) << 1 | (a == b) << 2 | (sa >= sb) << 3);
            if ((uint32_t)b) sums[3] = mix(sums[3], ((uint64_t)((uint32_t)a / (uint32_t)b) << 32) | (uint32_t)a % (uint32_t)b);
        }
        for (int index = 0; index < 4; index++) *results++ = sums[index];
    }
}

static uint64_t bits_of(double value) {
    union {
        double value;
        uint64_t bits;
    } both = {value};
    return both.bits;
}

static uint32_t bits_of_float(float value) {
    union {
        float value;
        uint32_t bits;
    } both = {value};
    return both.bits;
}

void soft_doubles(uint32_t *results) {
    static const double values[] = {0.0, -0.0, 1.0, -1.5, 3.141592653589793, 1e300, -1e-300, 4.9e-324, 1e15, 0.1};
    const unsigned count = sizeof values / sizeof values[0];
    uint32_t sum = 0;
    for (unsigned row = 0; row < count; row++) {
        for (unsigned column = 0; column < count; column++) {
            double a = values[row], b = values[column];
            sum = mix(sum, bits_of(a + b));
            sum = mix(sum, bits_of(a - b));
            sum = mix(sum, bits_of(a * b));
            if (b != 0) sum = mix(sum, bits_of(a / b));
            sum = sum * 5 + (a < b) + 2 * (a <= b) + 4 * (a == b);
            sum = mix(sum, bits_of_float((float)a * (float)b));
        }
        *results++ = sum;
    }
    double x = 2;
    for (int step = 0; step < 6; step++) x = (x + 2 / x) / 2;
    *results++ = (uint32_t)bits_of(x);
    *results++ = (uint32_t)(bits_of(x) >> 32);
    float f = 1;
    for (int term = 1; term < 12; term++) f += 1.0f / (float)(term * term);
    *results++ = bits_of_float(f);
    *results++ = bits_of_float(1e10f / f - 3.0f);
    double factorial = 1, e = 1;
    for (int term = 1; term < 20; term++) e += 1 / (factorial *= term);
    *results++ = (uint32_t)bits_of(e);
    *results++ = (uint32_t)(bits_of(e) >> 32);
    *results++ = (uint32_t)(int32_t)(e * -1e6);
    *results++ = (uint32_t)(uint64_t)(e * 1e15);
    *results = bits_of_float((float)(int64_t)-1234567890123456789);
}
