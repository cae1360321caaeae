// What becomes of the sums of integer products, per output channel: requantisation by a factor in_scale * weight_scale
// / out_scale (int8 layers), or a real number (hybrid ones).
#pragma once

#include "fixedpoint.h"
#include "hybrid.h"
#include "window.h"

// How many channels' factors are held at a time (on the stack). Layers with more are done in blocks of channels.
#define CHANNEL_BLOCK 128

typedef struct channel_factors {
    int32_t q[CHANNEL_BLOCK];
    int8_t shift[CHANNEL_BLOCK];
    int32_t first, shared;
    int32_t zero_point;
    const int32_t *bias;  // NULL = none
    activation_range range;
    // Hybrid layers have no factors of their own:
    const float *weight_scales;  // NULL = an int8 layer
    const float *real_bias;
    float in_scale;              // of the batch at work
    bool scales_first;           // the two scales are multiplied with each other, not one by one with the sum
} channel_factors;

// Checks weights, bias and scales of an int8, float32 or hybrid layer with `channels` outputs along `channel_dim` of
// the weights. dense: the product of the first two scales is rounded to float32 first.
inference_reason channels_check(operation *o, uint32_t channels, uint32_t channel_dim, bool dense);
// Computes the factors of up to CHANNEL_BLOCK channels from `first` on.
void channels_open(const operation *o, channel_factors *out, int32_t first, int32_t channels, bool dense);
// How many channels a block may have: all of them where the factor is shared or they are few.
int32_t channels_per_block(const operation *o, int32_t channels);

// The outputs of `count` channels of a pixel from `channel` on, from their sums of products. `pixel` is where channel 0
// goes: int8 values, or float32 ones of hybrid layers.
void channels_output(const channel_factors *c, int32_t channel, const uint32_t *sums, int32_t count, void *pixel);
