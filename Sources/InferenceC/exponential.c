// e^x to float32, correctly rounded, in integer arithmetic: x = k ln 2 + r with r in 96 bits, then a table of
// e^(i/16) and a Taylor series in 64-bit fixed point. The error stays below 2^-60 of the result, far nearer than
// any float32 argument brings e^x to the middle between two floats.
#include "fixedpoint.h"

typedef struct word64 {
    uint32_t high, low;
} word64;

// e^(i/16), one integer bit and 63 fraction bits.
static const word64 sixteenths[12] = {
    {0x80000000, 0x00000000}, {0x88415ABB, 0xE9A76BEB}, {0x910B022D, 0xB7AE67CE},
    {0x9A65C0B8, 0x5AC1A96A}, {0xA45AF1E1, 0xF40C333B}, {0xAEF48BB0, 0x22FFA9DB},
    {0xBA3D289E, 0xDF7B5312}, {0xC640123B, 0xD8007EE1}, {0xD3094C70, 0xF034DE4C},
    {0xE0A5A189, 0x2B223222}, {0xEF22AEFC, 0x071E02E5}, {0xFE8EF30C, 0x17C644E9},
};
// 1/n! for n = 11 ... 0, likewise.
static const word64 inverse_factorials[12] = {
    {0x00000035, 0xCC8ACFEB}, {0x0000024F, 0xC9F6EF14}, {0x0000171D, 0xE3A556C7},
    {0x0000D00D, 0x00D00D01}, {0x00068068, 0x06806807}, {0x002D82D8, 0x2D82D82E},
    {0x01111111, 0x11111111}, {0x05555555, 0x55555555}, {0x15555555, 0x55555555},
    {0x40000000, 0x00000000}, {0x80000000, 0x00000000}, {0x80000000, 0x00000000},
};

// The upper half of a 64 x 64 bit product, its last bit not rounded.
static word64 multiply_high(word64 a, word64 b) {
    wide_product hh = wide_multiply(a.high, b.high), hl = wide_multiply(a.high, b.low);
    wide_product lh = wide_multiply(a.low, b.high), ll = wide_multiply(a.low, b.low);
    uint32_t sum = hl.low + lh.low, carry = sum < hl.low;
    uint32_t middle = sum + ll.high;
    carry += middle < sum;
    uint32_t low = hh.low + hl.high, up = low < hl.high;
    uint32_t low2 = low + lh.high;
    up += low2 < low;
    uint32_t low3 = low2 + carry;
    up += low3 < low2;
    return (word64){hh.high + up, low3};
}

static word64 add(word64 a, word64 b) {
    uint32_t low = a.low + b.low;
    return (word64){a.high + b.high + (low < a.low), low};
}

static bool is_less(word64 a, word64 b) { return a.high < b.high || (a.high == b.high && a.low < b.low); }

// k ln 2: integer part in *whole, 64 fraction bits returned.
static word64 times_ln2(uint32_t k, uint32_t *whole) {
    // ln 2 = 0.B17217F7 D1CF79AB C9E3B398 ...
    wide_product third = wide_multiply(k, 0xC9E3B398u), second = wide_multiply(k, 0xD1CF79ABu);
    wide_product first = wide_multiply(k, 0xB17217F7u);
    uint32_t low = second.low + third.high, middle = second.high + (low < second.low);
    uint32_t high = first.low + middle;
    *whole = first.high + (high < middle);
    return (word64){high, low};
}

// The float with significand v (2 integer bits, 62 fraction bits, in [1, 2]) times 2^k, rounded to nearest even.
static float assemble(word64 v, int32_t k) {
    if (v.high >= 0x80000000u) {
        v = (word64){v.high >> 1, v.high << 31 | v.low >> 1};
        k += 1;
    }
    int32_t drop = 7;  // bits of v.high behind the 24 of a float
    int32_t exponent = k + 127;
    if (exponent <= 0) {
        drop += 1 - exponent;
        exponent = 0;
    }
    if (exponent >= 255) return __builtin_inff();
    if (drop > 31) return 0.0f;
    uint32_t kept = v.high >> drop, rest = v.high << (32 - drop);
    // Never a tie: e^x is irrational, and so many bits of it are known.
    if (rest >= 0x80000000u) kept += 1;
    // The leading 1 (bit 23) adds itself to the exponent; a subnormal has none.
    uint32_t bits = exponent == 0 ? kept : ((uint32_t)(exponent - 1) << 23) + kept;
    float result;
    __builtin_memcpy(&result, &bits, 4);
    return result;
}

float inference_exp(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    bool negative = bits >> 31 != 0;
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000u) return x;                                    // not a number
    if (bits >= 0x42D00000u) return negative ? 0.0f : __builtin_inff();  // |x| >= 104
    if (bits < 0x32800000u) return 1.0f;                                 // |x| < 2^-26
    // |x| as whole.fraction: 24 bits m times 2^(e - 150), e - 150 from -49 to -17.
    uint32_t m = (bits & 0x7FFFFF) | 0x800000;
    int32_t right = 150 - (int32_t)(bits >> 23);  // 17 ... 49
    uint32_t whole = right < 32 ? m >> right : 0;
    word64 fraction = right < 32 ? (word64){m << (32 - right), 0}
        : (word64){m >> (right - 32), right == 32 ? 0 : m << (64 - right)};
    // k = floor(|x| / ln 2), from 16 bits of |x| (one too low now and then), and the next one for a negative x.
    uint32_t k = ((whole << 8 | fraction.high >> 24) * 47274u) >> 23;  // 47274 = 2^15 / ln 2
    uint32_t next_whole, part_whole;
    word64 next = times_ln2(k + 1, &next_whole);
    bool reaches = whole > next_whole || (whole == next_whole && !is_less(fraction, next));
    k += reaches + negative;
    word64 part = times_ln2(k, &part_whole);
    // r = |x| - k ln 2, or k ln 2 - |x| for a negative x: in [0, ln 2), so the whole parts cancel.
    word64 from = negative ? part : fraction, take = negative ? fraction : part;
    word64 r = {from.high - take.high - (from.low < take.low), from.low - take.low};
    uint32_t i = r.high >> 28;
    word64 s = {r.high & 0x0FFFFFFF, r.low};
    word64 sum = inverse_factorials[0];
    for (int n = 1; n < 12; n++) sum = add(multiply_high(sum, s), inverse_factorials[n]);
    return assemble(multiply_high(sum, sixteenths[i]), negative ? -(int32_t)k : (int32_t)k);
}
