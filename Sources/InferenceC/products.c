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

// One output over contiguous values.
static float sum_one_contiguous(float sum, const float *a, const float *b, const products *p) {
    int32_t n = p->n;
    for (int32_t row = 0; row < p->rows; row++) {
        int32_t i = 0;
        for (; i + 4 <= n; i += 4) {
            float p0 = a[i] * b[i], p1 = a[i + 1] * b[i + 1], p2 = a[i + 2] * b[i + 2], p3 = a[i + 3] * b[i + 3];
            sum += p0, sum += p1, sum += p2, sum += p3;
        }
        for (; i < n; i++) {
            float product = a[i] * b[i];
            sum += product;
        }
        a = AT(const float, a + n, p->skip_a);
        b = AT(const float, b + n, p->skip_b);
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

// Four outputs whose channels lie side by side, tap by tap. All are summed before any is written.
static void four_side_by_side(float *sums, const float *a, const float *b, const products *p) {
    float total[4];
    for (int k = 0; k < 4; k++) total[k] = p->more ? sums[k] : 0.0f;
    for (int32_t row = 0; row < p->rows; row++) {
        for (int32_t i = 0; i < p->n; i++) {
            for (int k = 0; k < 4; k++) {
                float product = a[k] * b[k];
                total[k] += product;
            }
            a = AT(const float, a, p->step_a);
            b = AT(const float, b, p->step_b);
        }
        a = AT(const float, a, p->skip_a);
        b = AT(const float, b, p->skip_b);
    }
    for (int k = 0; k < 4; k++) sums[k] = total[k];
}

void products_float(float *sums, const float *a, const float *b, int32_t outputs, const products *p) {
    bool contiguous = p->step_a == 4 && p->step_b == 4;
    bool shared = p->next_a == 0 && contiguous && p->next_out == 4;
    for (; shared && outputs >= 4; outputs -= 4, sums += 4, b = AT(const float, b, 4 * p->next_b))
        sum_four(sums, a, b, p);
    bool side_by_side = p->next_a == 4 && p->next_b == 4 && p->next_out == 4;
    for (; side_by_side && outputs >= 4; outputs -= 4, sums += 4, a += 4, b += 4) four_side_by_side(sums, a, b, p);
    for (; outputs > 0; outputs--) {
        float sum = p->more ? *sums : 0.0f;
        *sums = contiguous ? sum_one_contiguous(sum, a, b, p) : sum_one(sum, a, b, p);
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

// In this order a NaN stays one, as in std::min(std::max(x, low), high).
static float finished(float x, float low, float high) {
    x = x < low ? low : x;
    return high < x ? high : x;
}

// Four channels of one pixel. `biases` have zero added, so that the sum need not start from it: see products.S.
static void four_channels(float *out, float x, const float *weights, const float *biases, float low, float high) {
    float four[4];
    for (int k = 0; k < 4; k++) {
        float product = x * weights[k];
        four[k] = finished(product + biases[k], low, high);
    }
    __builtin_memcpy(out, four, sizeof four);
}

#define ONE_TAP_HELD 8

// Up to ONE_TAP_HELD channels: weights and biases are held, the last ones filled up with zeros.
static void pixels_one_tap_few(const float_pixels *p) {
    float weights[ONE_TAP_HELD] = {0}, biases[ONE_TAP_HELD] = {0}, low = p->range[0], high = p->range[1];
    int32_t outputs = p->outputs, whole = outputs / 4 * 4;
    for (int32_t c = 0; c < outputs; c++) {
        weights[c] = p->weights[c];
        if (p->bias != NULL) biases[c] += p->bias[c];
    }
    const uint8_t *in = p->in;
    uint8_t *out = p->out;
    for (int32_t i = p->count; i > 0; i--, in += p->in_step, out += p->out_step) {
        float x = *(const float *)(const void *)in, *to = (float *)(void *)out;
        if (whole >= 4) four_channels(to, x, weights, biases, low, high);
        if (whole >= 8) four_channels(to + 4, x, weights + 4, biases + 4, low, high);
        for (int32_t c = whole; c < outputs; c++) {
            float product = x * weights[c];
            to[c] = finished(product + biases[c], low, high);
        }
    }
}

void pixels_one_tap(const float_pixels *p) {
    if (p->outputs <= ONE_TAP_HELD) {
        pixels_one_tap_few(p);
        return;
    }
    const uint8_t *in = p->in;
    uint8_t *out = p->out;
    for (int32_t i = p->count; i > 0; i--, in += p->in_step, out += p->out_step) {
        float x = *(const float *)(const void *)in, *to = (float *)(void *)out;
        for (int32_t c = 0; c < p->outputs; c++) {
            float product = x * p->weights[c], sum = 0.0f + product;
            to[c] = finished(p->bias != NULL ? sum + p->bias[c] : sum, p->range[0], p->range[1]);
        }
    }
}

// The sums of four pixels side by side: the same order of products and sums for each.
static void four_pixels(const float_pixels *p, const uint8_t *in, float *four) {
    for (int k = 0; k < 4; k++) four[k] = 0;
    for (int row = 0; row < 3; row++, in += p->row) {
        const float *taps = (const void *)in;
        for (int column = 0; column < 3; column++) {
            float weight = p->weights[3 * row + column];
            for (int k = 0; k < 4; k++) {
                float product = taps[column + k] * weight;
                four[k] += product;
            }
        }
    }
}

static float one_pixel(const float_pixels *p, const uint8_t *in) {
    float sum = 0;
    for (int row = 0; row < 3; row++, in += p->row) {
        const float *taps = (const void *)in;
        for (int column = 0; column < 3; column++) {
            float product = taps[column] * p->weights[3 * row + column];
            sum += product;
        }
    }
    return sum;
}

void pixels_three_by_three(const float_pixels *p) {
    const uint8_t *in = p->in;
    uint8_t *out = p->out;
    // A bias of -0 leaves every sum as it is.
    float bias = p->bias != NULL ? p->bias[0] : -0.0f, low = p->range[0], high = p->range[1];
    int32_t left = p->count;
    for (; left >= 4 && p->in_step == 4 && p->out_step == 4; left -= 4, in += 16, out += 16) {
        float four[4];
        four_pixels(p, in, four);
        for (int k = 0; k < 4; k++) four[k] = finished(four[k] + bias, low, high);
        __builtin_memcpy(out, four, sizeof four);
    }
    for (; left > 0; left--, in += p->in_step, out += p->out_step)
        *(float *)(void *)out = finished(one_pixel(p, in) + bias, low, high);
}

// sums[0 ..< 8] over windows whose channels lie side by side: tap by tap, all channels at once.
static void channels_side_by_side(uint32_t *sums, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t total[8];
    for (int k = 0; k < 8; k++) total[k] = p->more ? (int32_t)sums[k] : 0;
    for (int32_t row = 0; row < p->rows; row++, a += p->skip_a, b += p->skip_b)
        for (int32_t i = 0; i < p->n; i++, a += p->step_a, b += p->step_b)
            for (int k = 0; k < 8; k++) total[k] = wrap_add(total[k], (int16_t)(a[k] + offset) * (int16_t)b[k]);
    for (int k = 0; k < 8; k++) sums[k] = (uint32_t)total[k];
}

// Rows as short as this are not worth several values at a time.
#define SHORT_ROW 16
#define LONGEST_ROW 32768  // its products' sum fits 32 bits

// Sums over contiguous values wrap, so that their order does not matter. 255 * 128 fits 16 bits: pairs of products can
// be summed by one instruction.
static uint32_t sum_contiguous(uint32_t sum, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t n = p->n;
    for (int32_t row = 0; row < p->rows; row++, a += n + p->skip_a, b += n + p->skip_b) {
        int32_t part = 0;
        for (int32_t i = 0; i < n; i++) part += (int16_t)(a[i] + offset) * (int16_t)b[i];
        sum += (uint32_t)part;
    }
    return sum;
}

// The same for four outputs that share `a`.
static void sum_four_contiguous(uint32_t *sums, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t n = p->n, next = p->next_b;
    for (int k = 0; k < 4 && !p->more; k++) sums[k] = 0;
    for (int32_t row = 0; row < p->rows; row++, a += n + p->skip_a, b += n + p->skip_b) {
        const int8_t *b1 = b + next, *b2 = b1 + next, *b3 = b2 + next;
        int32_t p0 = 0, p1 = 0, p2 = 0, p3 = 0;
        for (int32_t i = 0; i < n; i++) {
            int16_t x = (int16_t)(a[i] + offset);
            p0 += x * (int16_t)b[i], p1 += x * (int16_t)b1[i], p2 += x * (int16_t)b2[i], p3 += x * (int16_t)b3[i];
        }
        sums[0] += (uint32_t)p0, sums[1] += (uint32_t)p1, sums[2] += (uint32_t)p2, sums[3] += (uint32_t)p3;
    }
}

// Too short for several values at a time: the compiler is told so, which cannot know.
#if defined(__clang__)
#define ONE_BY_ONE _Pragma("clang loop vectorize(disable) unroll(disable)")
#else
#define ONE_BY_ONE
#endif

static uint32_t sum_any(uint32_t sum, const int8_t *a, const int8_t *b, int32_t offset, const products *p) {
    int32_t n = p->n, step_a = p->step_a, step_b = p->step_b;
    for (int32_t row = 0; row < p->rows; row++, a += p->skip_a, b += p->skip_b)
        ONE_BY_ONE for (int32_t i = 0; i < n; i++, a += step_a, b += step_b) sum += (uint32_t)((*a + offset) * *b);
    return sum;
}

void products_int8(
    uint32_t *sums, const int8_t *a, const int8_t *b, int32_t outputs, int32_t offset, const products *p) {
    if (outputs == 8 && p->next_a == 1 && p->next_b == 1 && p->next_out == 4) {
        channels_side_by_side(sums, a, b, offset, p);
        return;
    }
    bool contiguous = p->step_a == 1 && p->step_b == 1 && p->n >= SHORT_ROW && p->n <= LONGEST_ROW;
    for (; contiguous && outputs >= 4 && p->next_a == 0 && p->next_out == 4; outputs -= 4, sums += 4, b += 4 * p->next_b)
        sum_four_contiguous(sums, a, b, offset, p);
    for (; outputs > 0; outputs--, a += p->next_a, b += p->next_b, sums = AT(uint32_t, sums, p->next_out)) {
        uint32_t sum = p->more ? *sums : 0;
        *sums = contiguous ? sum_contiguous(sum, a, b, offset, p) : sum_any(sum, a, b, offset, p);
    }
}

#else

typedef int products_are_the_boards_own;

#endif
