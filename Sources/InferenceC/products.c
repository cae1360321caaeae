// See products.h: the loops in C, for every machine that brings none of its own.
#include "products.h"
#include "rounding.h"

#ifndef INFERENCE_OWN_PRODUCTS

// The address some bytes on.
#define AT(type, pointer, bytes) ((type *)(const void *)((const char *)(pointer) + (bytes)))

static float sum_one(float sum, const float *a, const float *b, const products *p) {
    for (int32_t row = 0; row < p->rows; row++) {
        for (int32_t i = 0; i < p->n; i++) {
            float product = *a * *b;
            sum += product;
            a = AT(const float, a, p->step_a);
            b = AT(const float, b, p->step_b);
        }
        a = AT(const float, a, p->skip_a);
        b = AT(const float, b, p->skip_b);
    }
    return sum;
}

// Four outputs that share `a`, all values contiguous: four chains of sums run side by side.
static void sum_four(float *sums, const float *a, const float *b, const products *p) {
    const float *b1 = AT(const float, b, p->next_b), *b2 = AT(const float, b1, p->next_b);
    const float *b3 = AT(const float, b2, p->next_b);
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    if (p->more) s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    int32_t n = p->n, skip_a = p->skip_a / 4 + n, skip_b = p->skip_b / 4 + n;
    for (int32_t row = 0; row < p->rows; row++, a += skip_a, b += skip_b, b1 += skip_b, b2 += skip_b, b3 += skip_b) {
        for (int32_t i = 0; i < n; i++) {
            float x = a[i];
            float p0 = x * b[i], p1 = x * b1[i], p2 = x * b2[i], p3 = x * b3[i];
            s0 += p0, s1 += p1, s2 += p2, s3 += p3;
        }
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

void products_float(float *sums, const float *a, const float *b, int32_t outputs, const products *p) {
    bool shared = p->next_a == 0 && p->step_a == 4 && p->step_b == 4 && p->next_out == 4;
    for (; shared && outputs >= 4; outputs -= 4, sums += 4, b = AT(const float, b, 4 * p->next_b))
        sum_four(sums, a, b, p);
    for (; outputs > 0; outputs--) {
        *sums = sum_one(p->more ? *sums : 0.0f, a, b, p);
        sums = AT(float, sums, p->next_out);
        a = AT(const float, a, p->next_a);
        b = AT(const float, b, p->next_b);
    }
}

void products_finish(float *out, int32_t count, const float *bias, const float *range) {
    for (int32_t i = 0; i < count; i++) {
        float x = bias != NULL ? out[i] + bias[i] : out[i];
        // In this order a NaN stays one, as in std::min(std::max(x, low), high).
        x = x < range[0] ? range[0] : x;
        out[i] = range[1] < x ? range[1] : x;
    }
}

void products_int8(
    uint32_t *sums, const int8_t *a, const int8_t *b, int32_t outputs, int32_t offset, const products *p) {
    for (; outputs > 0; outputs--, a += p->next_a, b += p->next_b, sums = AT(uint32_t, sums, p->next_out)) {
        const int8_t *from = a, *by = b;
        uint32_t sum = p->more ? *sums : 0;
        for (int32_t row = 0; row < p->rows; row++, from += p->skip_a, by += p->skip_b)
            for (int32_t i = 0; i < p->n; i++, from += p->step_a, by += p->step_b)
                sum += (uint32_t)((*from + offset) * *by);
        *sums = sum;
    }
}

#else

typedef int products_are_the_boards_own;

#endif
