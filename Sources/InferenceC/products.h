// The inner loops of convolutions and dense layers: sums of products in the order TFLite's reference kernels take,
// one accumulator per output, product and sum rounded apart. A board may bring its own (INFERENCE_OWN_PRODUCTS), if
// they do the same operations in the same order; the structure is then what its assembler code reads.
#pragma once

#include "fixedpoint.h"

// What the sums of some outputs run over. All distances are in bytes.
typedef struct products {
    int32_t rows, n;         // rows of n products each; either may be 0
    int32_t step_a, step_b;  // from one product to the next
    int32_t skip_a, skip_b;  // from behind a row's last product to the next row's first
    int32_t next_a, next_b;  // from an output's first product to that of the next output
    int32_t next_out;        // from an output's sum to that of the next output
    int32_t more;            // 0: sums start from 0; else they go on from what is there
} products;

// Pixels in succession, float32, whose windows are read whole before they are written.
typedef struct float_pixels {
    const uint8_t *in;         // the first pixel's first tap
    uint8_t *out;
    const float *weights;
    const float *bias;         // NULL = none
    const float *range;        // low, high
    int32_t count;
    int32_t in_step, out_step; // bytes from one pixel to the next
    int32_t outputs;           // channels of an output pixel
    int32_t row;               // bytes from one row of taps to the next
} float_pixels;

// One tap: out[c] = 0 + in[0] * weights[c], + bias[c], clamped.
void pixels_one_tap(const float_pixels *p);
// Nine taps of one channel, three in each row one behind the other; one output.
void pixels_three_by_three(const float_pixels *p);

// sums[i] (+)= a[0] * b[0] + a[step] * b[step] + ..., from left to right, for `outputs` outputs.
void products_float(float *sums, const float *a, const float *b, int32_t outputs, const products *p);

// out[i] = out[i] + bias[i], clamped to range[0] ... range[1]. bias NULL = none.
void products_finish(float *out, int32_t count, const float *bias, const float *range);

// sums[i] (+)= (a[0] + offset) * b[0] + ..., wrapping.
void products_int8(
    uint32_t *sums, const int8_t *a, const int8_t *b, int32_t outputs, int32_t offset, const products *p);
