// The sliding window that convolutions and pools share: its geometry, which taps of it lie inside the input, and
// how far output and input may overlap in memory.
#pragma once

#include "operation.h"

typedef struct window {
    int32_t batches, in_h, in_w, in_c, out_h, out_w, out_c;
    int32_t k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
} window;

// Taps [first, end) of one axis that lie inside, and the input position of tap `first`.
typedef struct window_span {
    int32_t first, end, at;
} window_span;

// Fills everything but the kernel size, strides, dilation and padding from the tensors (both of rank 4).
inference_reason window_dims(operation *o, window *w);
// Checks kernel size, strides and dilation, computes the padding, and checks the output's shape.
inference_reason window_finish(operation *o, window *w, uint32_t same_padding);
// The span of output position `out` along an axis.
window_span window_taps(int32_t out, int32_t stride, int32_t pad, int32_t k, int32_t dilation, int32_t in);
// How far the output may write over the input. channelwise: each output channel reads its own input channel only,
// so that no scratch is needed.
void window_overlap(operation *o, const window *w, bool channelwise, overlap_rule *rule);
// Writes one output pixel to `out`; `image` is the input of the batch the pixel belongs to.
typedef void window_pixel(
    const operation *o, const void *image, window_span y, window_span x, void *out, const void *context);
// Runs `pixel` for every output pixel, forward or backward, through the scratch where there is one.
void window_run(const operation *o, const window *w, window_pixel *pixel, const void *context);

// ---- fused activations (activation.c) ----
typedef struct activation_range {
    float low, high;
    int32_t low_q, high_q;
} activation_range;

// The range that a fused activation function (schema number) clamps the output to.
inference_reason activation_range_of(operation *o, uint32_t function, activation_range *out);

static inline float clamp_float(float x, float low, float high) {
    // In this order a NaN stays one, as in std::min(std::max(x, low), high).
    x = x < low ? low : x;
    return high < x ? high : x;
}
