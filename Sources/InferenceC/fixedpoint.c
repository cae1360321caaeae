// See fixedpoint.h. The functions follow gemmlowp's fixedpoint.h and TFLite's internal/common.cc to the bit.
#include "fixedpoint.h"

static uint32_t float_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
}

// One byte of a long division: takes `bits` down, returns the quotient's next byte. remainder < divisor < 2^24.
static uint32_t divide_step(uint32_t *remainder, uint32_t bits, uint32_t divisor) {
    uint32_t part = *remainder << 8 | bits;
    uint32_t digit = part / divisor;
    *remainder = part - digit * divisor;
    return digit;
}

fixed_factor fixed_ratio(float a, float b, float divisor, int32_t exponent) {
    uint32_t ab = float_bits(a), bb = float_bits(b), db = float_bits(divisor);
    wide_product p = wide_multiply((ab & 0x7FFFFF) | 0x800000, (bb & 0x7FFFFF) | 0x800000);
    uint32_t d = (db & 0x7FFFFF) | 0x800000;
    int32_t scale = (int32_t)(ab >> 23) + (int32_t)(bb >> 23) - (int32_t)(db >> 23) - 127;
    // The product has 47 or 48 bits: the first 24 start the division, the others follow at the top of `tail`.
    bool long_product = p.high >> 15 != 0;
    uint32_t head = long_product ? p.high << 8 | p.low >> 24 : p.high << 9 | p.low >> 23;
    uint32_t tail = p.low << (long_product ? 8 : 9);
    scale += long_product;
    uint32_t whole = head >= d, remainder = whole ? head - d : head, high = 0, low = 0;
    for (int i = 0; i < 7; i++, tail <<= 8) {
        high = high << 8 | low >> 24;
        low = low << 8 | divide_step(&remainder, tail >> 24, d);
    }
    // high:low are the 56 bits behind the point. Made 1.x: 57 bits, of which a double keeps 53.
    if (whole) {
        high |= 1u << 24;
    } else {
        high = high << 1 | low >> 31;
        low <<= 1;
        scale -= 1;
    }
    uint32_t rest = low & 15;
    bool up = rest > 8 || (rest == 8 && (remainder != 0 || (low & 16) != 0));
    low &= ~15u;
    if (up && (low += 16) == 0) high += 1;
    // And of these, 31 stay, halves away from zero; q may have become 2^31.
    uint32_t q = (high << 6 | low >> 26) + (low >> 25 & 1);
    scale += exponent + 1;
    if (q == 0x80000000u) {
        q >>= 1;
        scale += 1;
    }
    return scale < -31 ? (fixed_factor){0, 0} : (fixed_factor){(int32_t)q, scale};
}

// x * 2^exponent, saturating.
static int32_t saturating_shift(int32_t x, int32_t exponent) {
    int32_t most = INT32_MAX >> exponent;
    return x > most ? INT32_MAX : x < -most - 1 ? INT32_MIN : wrap_shift(x, exponent);
}

// e^a for a in [-1/4, 0), without integer bits: the Taylor series at -1/8 to the fourth power.
static int32_t exp_of_last_quarter(int32_t a) {
    const int32_t exp_of_minus_eighth = 1895147668, third = 715827883;
    int32_t x = wrap_add(a, 1 << 28);
    int32_t x2 = fixed_multiply(x, x), x3 = fixed_multiply(x2, x), x4 = fixed_multiply(x2, x2);
    int32_t quarter = fixed_divide_by_power(x4, 2);
    int32_t series = fixed_multiply(wrap_add(quarter, x3), third);
    series = fixed_divide_by_power(wrap_add(series, x2), 1);
    return wrap_add(exp_of_minus_eighth, fixed_multiply(exp_of_minus_eighth, wrap_add(x, series)));
}

int32_t fixed_exp(int32_t a, int32_t integer_bits) {
    // e^-(2^k) without integer bits, for k = -2 ... 4.
    static const int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (a == 0) return INT32_MAX;
    int32_t fraction_bits = 31 - integer_bits;
    int32_t quarter = 1 << (fraction_bits - 2);
    int32_t last = (a & (quarter - 1)) - quarter;
    int32_t result = exp_of_last_quarter(saturating_shift(last, integer_bits));
    int32_t rest = wrap_add(last, (int32_t)(0u - (uint32_t)a));
    for (int32_t k = -2; k <= 4 && k < integer_bits; k++)
        if (rest & (int32_t)(1u << (fraction_bits + k))) result = fixed_multiply(result, powers[k + 2]);
    return result;
}

int32_t fixed_one_over_one_plus(int32_t a) {
    // Newton's method on half the denominator; x has 2 integer bits.
    const int32_t x0 = 1515870810 /* 48/17 */, slope = -1010580540 /* -32/17 */, one = 1 << 29;
    // (a + 1) / 2, rounded away from zero; a >= 0.
    int32_t half = (int32_t)(((uint32_t)a + 0x7FFFFFFFu + 1) >> 1);
    int32_t x = wrap_add(x0, fixed_multiply(half, slope));
    for (int i = 0; i < 3; i++) {
        int32_t error = wrap_add(one, -fixed_multiply(half, x));
        x = wrap_add(x, saturating_shift(fixed_multiply(x, error), 2));
    }
    return saturating_shift(x, 1);
}

int32_t fixed_logistic(int32_t a) {
    if (a == 0) return 1 << 30;
    int32_t positive = fixed_one_over_one_plus(fixed_exp(a > 0 ? -a : a, 4));
    return a > 0 ? positive : wrap_add(INT32_MAX, -positive);
}
