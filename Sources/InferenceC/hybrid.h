// Dynamic-range layers: float32 activations, int8 weights. The input is quantised when the layer runs, one scale per
// batch, so that the products are integers; follows LiteRT's reference kernels (portable_tensor_utils.cc).
#pragma once

#include "operation.h"

// The input on int8 scales, in the operation's scratch.
typedef struct hybrid_input {
    const int8_t *values;
    const float *scales;         // per batch
    const int32_t *zero_points;  // per batch
} hybrid_input;

// Quantises `batches` equal parts of the input: about a zero point (convolutions with a scale per channel), or
// symmetrically (dense layers, convolutions with one scale).
// *inner becomes the operation as an int8 layer sees it, with those values as its input.
hybrid_input hybrid_open_input(const operation *o, uint32_t batches, bool symmetric, operation *inner);
// The input is read whole before any output is written, so that the two may lie as they please.
void hybrid_overlap(const operation *o, overlap_rule *rule);
