// Gives the inference engine the board's own inner loops (dot_products.S); read before each of its sources. They do
// the same operations in the same order as the engine's.

#ifndef ESPMASK_DOT_PRODUCTS_H
#define ESPMASK_DOT_PRODUCTS_H

#include <stdint.h>

#define INFERENCE_OWN_DOT_PRODUCTS

float lx6_dot(float sum, const float *a, int32_t step_a, const float *b, int32_t step_b, int32_t n);
void lx6_dot_four(float sums[4], const float *a, const float *b, int32_t row, int32_t n);

#define dot_float lx6_dot
#define dot_float_four lx6_dot_four

#endif
