// The linear transform that stands before some models (a scaler and a PCA folded into one matrix): section kind 3
// of a model slot. row r of the result = sum over c, in order, of (x[c] - mean[c]) * matrix[r][c].

#ifndef ESPMASK_INPUTTRANSFORM_H
#define ESPMASK_INPUTTRANSFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A transform read in place.
struct input_transform {
    uint32_t rows, columns;
    const float *mean;
    const float *matrix;
};

/// Reads the section; false when its length is not what its rows and columns say, or it is not 4-aligned.
bool input_transform_open(struct input_transform *transform, const void *section, size_t bytes);

/// One value of the result, in float32 steps: subtract, multiply, add, each rounded.
float input_transform_row(const struct input_transform *transform, uint32_t row, const float *values);

#ifdef __cplusplus
}
#endif

#endif
