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
// Makes one row of the image where every window is one pixel: nothing is left to do between rows.
void window_flatten(window *w);
// The span of output position `out` along an axis.
window_span window_taps(int32_t out, int32_t stride, int32_t pad, int32_t k, int32_t dilation, int32_t in);
// When an operator writes a pixel's channels.
typedef enum window_order {
    WINDOW_WITH_SCRATCH,  // while it reads the pixel's window: they need scratch where that lies in the same bytes
    WINDOW_AT_ONCE,       // after it has read the whole window
    WINDOW_CHANNELWISE    // one by one, each from its own input channel only
} window_order;

// How many channels of a pixel are held outside of memory until all are summed.
#define WINDOW_HELD 8

// How far the output may write over the input.
void window_overlap(operation *o, const window *w, window_order order, overlap_rule *rule);
// Output pixels in succession whose windows have the same taps inside the input.
typedef struct window_pixels {
    const uint8_t *in;            // the first pixel's first tap that lies inside
    uint8_t *out;                 // the first output pixel
    int32_t count;
    int32_t in_step, out_step;    // bytes from one pixel to the next; negative when it runs backward
    int32_t batch;
    int32_t first_row, rows;      // of the kernel
    int32_t first_column, columns;
} window_pixels;

// Computes output pixels. Where the operation has a scratch, each goes there first.
typedef void window_kernel(const void *context, const window_pixels *pixels);
// Gives all output pixels to `kernel`, forward or backward.
void window_run(const operation *o, const window *w, window_kernel *kernel, const void *context);

// ---- fused activations (activation.c) ----
typedef struct activation_range {
    float real[2];  // low, high
    int32_t low_q, high_q;
} activation_range;

// The range that a fused activation function (schema number) clamps the output to.
inference_reason activation_range_of(operation *o, uint32_t function, activation_range *out);

static inline float clamp_float(float x, const activation_range *range) {
    // In this order a NaN stays one, as in std::min(std::max(x, low), high).
    x = x < range->real[0] ? range->real[0] : x;
    return range->real[1] < x ? range->real[1] : x;
}
