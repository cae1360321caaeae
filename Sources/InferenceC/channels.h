// Requantisation of convolutions and dense layers: a factor per output channel, in_scale * weight_scale / out_scale.
#pragma once

#include "fixedpoint.h"
#include "window.h"

// How many channels' factors are held at a time (on the stack). Layers with more are done in blocks of channels.
#define CHANNEL_BLOCK 64

typedef struct channel_factors {
    fixed_factor factor[CHANNEL_BLOCK];
    int32_t first, shared;
    int32_t zero_point;
    const int32_t *bias;  // NULL = none
    activation_range range;
} channel_factors;

// Checks weights, bias and scales of an int8 or float32 layer with `channels` outputs along `channel_dim` of the
// weights. single_precision: the product of the first two scales is rounded to float32 first (dense layers).
inference_reason channels_check(operation *o, uint32_t channels, uint32_t channel_dim, bool single_precision);
// Computes the factors of up to CHANNEL_BLOCK channels from `first` on.
void channels_open(
    const operation *o, channel_factors *out, int32_t first, int32_t channels, bool single_precision);
// How many channels a block may have: all of them where the factor is shared or they are few.
int32_t channels_per_block(const operation *o, int32_t channels);

// The int8 outputs of `count` channels from `channel` on, from their sums of products.
void channels_output(const channel_factors *c, int32_t channel, const uint32_t *sums, int32_t count, int8_t *out);
