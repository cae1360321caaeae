// The transform behind InputTransform.h. The order of operations is part of its meaning: the host that checks the
// board does the same steps.

#include "InputTransform.h"

// GCC has no such pragma in C; its flag -ffp-contract=off says the same.
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

bool input_transform_open(struct input_transform *transform, const void *section, size_t bytes) {
    if (section == NULL || bytes < 8 || (uintptr_t)section % 4 != 0) return false;
    const uint32_t *words = section;
    uint32_t rows = words[0], columns = words[1];
    size_t floats = bytes / 4 - 2;
    if (bytes % 4 != 0 || rows == 0 || columns == 0 || columns > floats) return false;
    if (rows != floats / columns - 1 || floats % columns != 0) return false;
    transform->rows = rows;
    transform->columns = columns;
    transform->mean = (const float *)(words + 2);
    transform->matrix = transform->mean + columns;
    return true;
}

float input_transform_row(const struct input_transform *transform, uint32_t row, const float *values) {
    const float *weights = transform->matrix + (size_t)row * transform->columns;
    float sum = 0;
    for (uint32_t column = 0; column < transform->columns; column++) {
        float centred = values[column] - transform->mean[column];
        float product = centred * weights[column];
        sum += product;
    }
    return sum;
}
