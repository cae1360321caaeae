// Integer arithmetic of the int8 kernels, as TFLite's reference kernels define it: products of 32-bit fixed-point
// numbers with rounding, requantisation, and the exponential functions of softmax and logistic. 32-bit operations
// only where a board's compiler has no 64-bit ones.
#pragma once

#include "InferenceC.h"

// A real factor as q * 2^(shift - 31), q in [2^30, 2^31) or 0.
typedef struct fixed_factor {
    int32_t q;
    int32_t shift;
} fixed_factor;

// a * b / divisor * 2^exponent as a factor. Equals TFLite's QuantizeMultiplier of the same expression in double:
// the quotient rounded to 53 bits, then to 31. All three are positive, normal and finite.
fixed_factor fixed_ratio(float a, float b, float divisor, int32_t exponent);
// e^a for a <= 0: a has `integer_bits` integer bits (4 or 5), the result none.
int32_t fixed_exp(int32_t a, int32_t integer_bits);
// 1 / (1 + a) for a in [0, 1), both without integer bits.
int32_t fixed_one_over_one_plus(int32_t a);
// 1 / (1 + e^-a): a has 4 integer bits, the result none.
int32_t fixed_logistic(int32_t a);

// Sums wrap instead of overflowing.
static inline int32_t wrap_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
static inline int32_t wrap_shift(int32_t a, int32_t left) { return (int32_t)((uint32_t)a << left); }

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

// Full product of two 32-bit numbers.
typedef struct wide_product {
    uint32_t high, low;
} wide_product;

// A board may bring an instruction for the upper half (multiply_high_word).
static inline wide_product wide_multiply(uint32_t a, uint32_t b) {
#if defined(INFERENCE_OWN_MULTIPLY_HIGH)
    return (wide_product){multiply_high_word(a, b), a * b};
#elif UINTPTR_MAX > 0xFFFFFFFFu && !defined(INFERENCE_NARROW)
    uint64_t product = (uint64_t)a * b;
    return (wide_product){(uint32_t)(product >> 32), (uint32_t)product};
#else
    uint32_t a0 = a & 0xFFFF, a1 = a >> 16, b0 = b & 0xFFFF, b1 = b >> 16;
    uint32_t low = a0 * b0, middle = a1 * b0 + (low >> 16), cross = a0 * b1 + (middle & 0xFFFF);
    return (wide_product){a1 * b1 + (middle >> 16) + (cross >> 16), (cross << 16) | (low & 0xFFFF)};
#endif
}

// a * b / 2^31, rounded to nearest, halves up: the nudge of TFLite, 2^30 or 1 - 2^30 for a negative product, before a
// division that truncates is a nudge of 2^30 before one that rounds down.
static inline int32_t fixed_product(int32_t a, int32_t b) {
#if UINTPTR_MAX > 0xFFFFFFFFu && !defined(INFERENCE_NARROW)
    return (int32_t)(uint32_t)(((int64_t)a * b + 0x40000000) >> 31);
#else
#if defined(INFERENCE_OWN_MULTIPLY_HIGH)
    uint32_t high = (uint32_t)multiply_high_signed(a, b), low = (uint32_t)a * (uint32_t)b;
#else
    wide_product p = wide_multiply((uint32_t)a, (uint32_t)b);
    uint32_t high = p.high - (a < 0 ? (uint32_t)b : 0) - (b < 0 ? (uint32_t)a : 0), low = p.low;
#endif
    return (int32_t)((high << 1 | low >> 31) + (low >> 30 & 1));
#endif
}

// The same, saturating where both are the smallest number: SaturatingRoundingDoublingHighMul.
static inline int32_t fixed_multiply(int32_t a, int32_t b) {
    return a == INT32_MIN && b == INT32_MIN ? INT32_MAX : fixed_product(a, b);
}

// x / 2^exponent, rounded to nearest, halves away from zero.
static inline int32_t fixed_divide_by_power(int32_t x, int32_t exponent) {
    uint32_t mask = (1u << exponent) - 1;
    uint32_t remainder = (uint32_t)x & mask, threshold = (mask >> 1) + (x < 0);
    return (x >> exponent) + (remainder > threshold);
}

// x times a factor, rounded as MultiplyByQuantizedMultiplier with double rounding.
static inline int32_t fixed_scale(int32_t x, fixed_factor factor) {
    if (factor.shift > 0) return fixed_product(wrap_shift(x, factor.shift), factor.q);
    int32_t product = fixed_product(x, factor.q);
    if (factor.shift == 0) return product;
    // Halves away from zero; the product of a number and less than 1 is never the smallest number.
    product += product >> 31;
    return ((product >> (-factor.shift - 1)) + 1) >> 1;
}
