// Double precision for sketches that use it, under the compiler's names for a core without an FPU (the LX6's is
// single precision). IEEE 754 binary64, round to nearest even, subnormals included; NaNs come out quiet, without
// payload. Inference uses none of this. Comparisons come with the compiler's library.

#include <stdbool.h>
#include <stdint.h>

#define SIGN (UINT64_C(1) << 63)
#define INFINITE (UINT64_C(0x7FF) << 52)
#define QUIET_NAN (UINT64_C(0xFFF) << 51)
#define HIDDEN (UINT64_C(1) << 52)
// Significands are worked on with three more bits: guard, round and a sticky one.
#define EXTRA 3

static uint64_t bits(double value) {
    uint64_t result;
    __builtin_memcpy(&result, &value, sizeof result);
    return result;
}

static double number(uint64_t value) {
    double result;
    __builtin_memcpy(&result, &value, sizeof result);
    return result;
}

static bool is_nan(uint64_t value) { return (value & ~SIGN) > INFINITE; }
static bool is_infinite(uint64_t value) { return (value & ~SIGN) == INFINITE; }

static uint64_t shift_right_sticky(uint64_t value, int count) {
    if (count == 0) return value;
    if (count > 63) return value != 0;
    return value >> count | ((value << (64 - count)) != 0);
}

// Splits a finite number: value = significand * 2^(exponent - 1075), the significand normalised unless zero.
static uint64_t unpack(uint64_t value, int *exponent) {
    uint64_t significand = value & (HIDDEN - 1);
    *exponent = (int)(value >> 52 & 0x7FF);
    if (*exponent != 0) return significand | HIDDEN;
    *exponent = 1;
    if (significand == 0) return 0;
    int shift = __builtin_clzll(significand) - 11;
    *exponent -= shift;
    return significand << shift;
}

// Rounds a significand with EXTRA low bits, leading bit at 52 + EXTRA, into a number.
static double pack(uint64_t sign, int exponent, uint64_t significand) {
    if (exponent < 1) {
        significand = shift_right_sticky(significand, 1 - exponent);
        exponent = 0;
    }
    if (exponent >= 0x7FF) return number(sign | INFINITE);
    uint64_t rest = significand & 7;
    significand >>= EXTRA;
    // Adding the hidden bit to the exponent field, and a carry out of rounding, both do the right thing.
    uint64_t result = exponent == 0 ? significand : ((uint64_t)exponent << 52) + (significand - HIDDEN);
    if (rest > 4 || (rest == 4 && (result & 1))) result += 1;
    return number(sign | result);
}

static double normalise_and_pack(uint64_t sign, int exponent, uint64_t significand) {
    if (significand == 0) return number(sign);
    int shift = __builtin_clzll(significand) - (63 - 52 - EXTRA);
    if (shift > 0) significand <<= shift;
    if (shift < 0) significand = shift_right_sticky(significand, -shift);
    return pack(sign, exponent - shift, significand);
}

double __adddf3(double first, double second) {
    uint64_t a = bits(first), b = bits(second);
    if (is_nan(a) || is_nan(b)) return number(QUIET_NAN);
    if (is_infinite(a)) return is_infinite(b) && a != b ? number(QUIET_NAN) : first;
    if (is_infinite(b)) return second;
    if ((a & ~SIGN) < (b & ~SIGN)) {
        uint64_t swap = a;
        a = b;
        b = swap;
    }
    int larger, smaller;
    uint64_t x = unpack(a, &larger) << EXTRA, y = unpack(b, &smaller) << EXTRA;
    y = shift_right_sticky(y, larger - smaller);
    bool subtract = ((a ^ b) & SIGN) != 0;
    if (subtract && x == y) return number(0);
    return normalise_and_pack(a & SIGN, larger, subtract ? x - y : x + y);
}

double __subdf3(double first, double second) {
    return __adddf3(first, number(bits(second) ^ SIGN));
}

double __muldf3(double first, double second) {
    uint64_t a = bits(first), b = bits(second), sign = (a ^ b) & SIGN;
    if (is_nan(a) || is_nan(b)) return number(QUIET_NAN);
    if (is_infinite(a) || is_infinite(b)) {
        bool zero = (a & ~SIGN) == 0 || (b & ~SIGN) == 0;
        return number(zero ? QUIET_NAN : sign | INFINITE);
    }
    int ea, eb;
    uint64_t x = unpack(a, &ea), y = unpack(b, &eb);
    // 53 by 53 bits from 32-bit halves: the product's low 48 bits only have to be sticky.
    uint64_t xl = (uint32_t)x, xh = x >> 32, yl = (uint32_t)y, yh = y >> 32;
    uint64_t low = xl * yl, cross = xh * yl + (low >> 32), middle = xl * yh + (uint32_t)cross;
    uint64_t high = xh * yh + (cross >> 32) + (middle >> 32);
    uint64_t rest = middle << 32 | (uint32_t)low;
    // high:rest has its leading bit at 104 or 105; keep 52 + EXTRA bits below it.
    uint64_t significand = high << 15 | rest >> 49 | ((rest << 15) != 0);
    return normalise_and_pack(sign, ea + eb - 1023, significand);
}

double __divdf3(double first, double second) {
    uint64_t a = bits(first), b = bits(second), sign = (a ^ b) & SIGN;
    if (is_nan(a) || is_nan(b)) return number(QUIET_NAN);
    if (is_infinite(a)) return number(is_infinite(b) ? QUIET_NAN : sign | INFINITE);
    if (is_infinite(b)) return number(sign);
    int ea, eb;
    uint64_t x = unpack(a, &ea), y = unpack(b, &eb);
    if (y == 0) return number(x == 0 ? QUIET_NAN : sign | INFINITE);
    if (x == 0) return number(sign);
    int exponent = ea - eb + 1023;
    if (x < y) {
        x <<= 1;
        exponent -= 1;
    }
    uint64_t quotient = 0;
    for (int i = 0; i <= 52 + EXTRA; i++) {
        quotient <<= 1;
        if (x >= y) {
            x -= y;
            quotient |= 1;
        }
        x <<= 1;
    }
    return pack(sign, exponent, quotient | (x != 0));
}

double __floatunsidf(uint32_t value) {
    return normalise_and_pack(0, 1075, (uint64_t)value << EXTRA);
}

double __floatsidf(int32_t value) {
    uint32_t magnitude = value < 0 ? -(uint32_t)value : (uint32_t)value;
    return number(bits(__floatunsidf(magnitude)) | (value < 0 ? SIGN : 0));
}

// The magnitude below 2^64, cut towards zero; larger ones saturate.
static uint64_t truncated(uint64_t value) {
    int exponent;
    uint64_t significand = unpack(value, &exponent);
    if (is_nan(value) || significand == 0) return 0;
    int shift = exponent - 1075;
    if (shift > 11) return UINT64_MAX;
    if (shift >= 0) return significand << shift;
    return shift < -63 ? 0 : significand >> -shift;
}

uint32_t __fixunsdfsi(double value) {
    uint64_t raw = bits(value), magnitude = truncated(raw);
    if (raw & SIGN) return 0;
    return magnitude > UINT32_MAX ? UINT32_MAX : (uint32_t)magnitude;
}

int32_t __fixdfsi(double value) {
    uint64_t raw = bits(value), magnitude = truncated(raw);
    if (raw & SIGN) return magnitude > UINT64_C(0x80000000) ? INT32_MIN : (int32_t) - (uint32_t)magnitude;
    return magnitude > INT32_MAX ? INT32_MAX : (int32_t)magnitude;
}

double __extendsfdf2(float value) {
    uint32_t raw;
    __builtin_memcpy(&raw, &value, sizeof raw);
    uint64_t sign = (uint64_t)(raw >> 31) << 63;
    uint32_t exponent = raw >> 23 & 0xFF, fraction = raw & 0x7FFFFF;
    if (exponent == 0xFF) return number(fraction != 0 ? QUIET_NAN : sign | INFINITE);
    if (exponent != 0) return number(sign | (uint64_t)(exponent + 896) << 52 | (uint64_t)fraction << 29);
    // A subnormal float is fraction * 2^-149, which is a normal double.
    return normalise_and_pack(sign, 1075 - 149, (uint64_t)fraction << EXTRA);
}

float __truncdfsf2(double value) {
    uint64_t raw = bits(value);
    uint32_t sign = (uint32_t)(raw >> 32) & UINT32_C(0x80000000), result;
    if (is_nan(raw)) {
        result = 0x7FC00000;
    } else if (is_infinite(raw)) {
        result = sign | 0x7F800000;
    } else {
        int exponent;
        uint64_t significand = unpack(raw, &exponent);
        int single = exponent - 896;
        // 24 significant bits and the three extra ones: 26 of the 53 bits go.
        significand = shift_right_sticky(significand, single < 1 ? 26 + 1 - single : 26);
        if (single < 1 || significand == 0) single = 0;
        uint32_t rest = (uint32_t)significand & 7, fraction = (uint32_t)(significand >> EXTRA);
        if (single >= 0xFF) {
            result = 0x7F800000;
        } else {
            result = single == 0 ? fraction : ((uint32_t)single << 23) + (fraction - 0x800000);
            if (rest > 4 || (rest == 4 && (result & 1))) result += 1;
        }
        result |= sign;
    }
    float rounded;
    __builtin_memcpy(&rounded, &result, sizeof rounded);
    return rounded;
}
