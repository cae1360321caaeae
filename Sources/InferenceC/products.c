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

static float finished(float x, const float *range) {
    x = x < range[0] ? range[0] : x;
    return range[1] < x ? range[1] : x;
}

void pixels_one_tap(const float_pixels *p) {
    const uint8_t *in = p->in;
    uint8_t *out = p->out;
    for (int32_t i = p->count; i > 0; i--, in += p->in_step, out += p->out_step) {
        float x = *(const float *)(const void *)in, *to = (float *)(void *)out;
        for (int32_t c = 0; c < p->outputs; c++) {
            float product = x * p->weights[c], sum = 0.0f + product;
            to[c] = finished(p->bias != NULL ? sum + p->bias[c] : sum, p->range);
        }
    }
}

void pixels_three_by_three(const float_pixels *p) {
    const uint8_t *in = p->in;
    uint8_t *out = p->out;
    float w[9];
    for (int k = 0; k < 9; k++) w[k] = p->weights[k];
    for (int32_t i = p->count; i > 0; i--, in += p->in_step, out += p->out_step) {
        const float *a = (const void *)in, *b = (const void *)(in + p->row), *c = (const void *)(in + 2 * p->row);
        float taps[9] = {a[0] * w[0], a[1] * w[1], a[2] * w[2], b[0] * w[3], b[1] * w[4],
            b[2] * w[5], c[0] * w[6], c[1] * w[7], c[2] * w[8]};
        float sum = 0;
        for (int k = 0; k < 9; k++) sum += taps[k];
        *(float *)(void *)out = finished(p->bias != NULL ? sum + p->bias[0] : sum, p->range);
    }
}

// sums[0 ..< 8] over windows whose channels lie side by side: tap by tap, all channels at once.
static void channels_side_by_side(uint32_t *sums, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t total[8];
    for (int k = 0; k < 8; k++) total[k] = p->more ? (int32_t)sums[k] : 0;
    for (int32_t row = 0; row < p->rows; row++, a += p->skip_a, b += p->skip_b)
        for (int32_t i = 0; i < p->n; i++, a += p->step_a, b += p->step_b)
            for (int k = 0; k < 8; k++) total[k] = wrap_add(total[k], ((int16_t)a[k] + offset) * b[k]);
    for (int k = 0; k < 8; k++) sums[k] = (uint32_t)total[k];
}

// One output over contiguous values; the sums wrap, so that their order does not matter.
static uint32_t sum_contiguous(uint32_t sum, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t n = p->n;
    for (int32_t row = 0; row < p->rows; row++, a += n + p->skip_a, b += n + p->skip_b) {
        int32_t part = 0;
        for (int32_t i = 0; i < n; i++) part += (a[i] + offset) * b[i];
        sum += (uint32_t)part;
    }
    return sum;
}

void products_int8(
    uint32_t *sums, const int8_t *a, const int8_t *b, int32_t outputs, int32_t offset, const products *p) {
    if (outputs == 8 && p->next_a == 1 && p->next_b == 1 && p->next_out == 4) {
        channels_side_by_side(sums, a, b, offset, p);
        return;
    }
    bool contiguous = p->step_a == 1 && p->step_b == 1 && p->n < 1 << 15;
    for (; outputs > 0 && contiguous; outputs--, a += p->next_a, b += p->next_b, sums = AT(uint32_t, sums, p->next_out))
        *sums = sum_contiguous(p->more ? *sums : 0, a, b, offset, p);
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
