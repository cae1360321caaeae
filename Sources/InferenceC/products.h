// The inner loops of convolutions and dense layers: sums of products in the order TFLite's reference kernels take,
// one accumulator per output, product and sum rounded apart.
#pragma once

#include "fixedpoint.h"
#include "rounding.h"

// A board may bring its own float loops, if they do the same operations in the same order.
#ifndef INFERENCE_OWN_DOT_PRODUCTS

// sum + a[0] * b[0] + a[step_a] * b[step_b] + ..., n products, from left to right.
static inline float dot_float(
    float sum, const float *a, int32_t step_a, const float *b, int32_t step_b, int32_t n) {
    for (; n > 0; n--, a += step_a, b += step_b) {
        float product = *a * *b;
        sum += product;
    }
    return sum;
}

// Four dot products of contiguous values that share `a`: row r of b starts at b + r * row.
static inline void dot_float_four(float sums[4], const float *a, const float *b, int32_t row, int32_t n) {
    float s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const float *b1 = b + row, *b2 = b1 + row, *b3 = b2 + row;
    for (int32_t i = 0; i < n; i++) {
        float x = a[i];
        float p0 = x * b[i], p1 = x * b1[i], p2 = x * b2[i], p3 = x * b3[i];
        s0 += p0, s1 += p1, s2 += p2, s3 += p3;
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

#endif

// sum + (a[0] + offset_a) * (b[0] + offset_b) + ..., wrapping.
static inline uint32_t dot_int8(
    uint32_t sum, const int8_t *a, int32_t step_a, int32_t offset_a, const int8_t *b, int32_t step_b, int32_t n) {
    for (; n > 0; n--, a += step_a, b += step_b) sum += (uint32_t)((*a + offset_a) * *b);
    return sum;
}
