// See hybrid.h. All in float32, as the reference kernels have it.
#include "hybrid.h"
#include "rounding.h"

uint32_t hybrid_workspace_bytes(const operation *o) {
    // One batch at most per value of the first dimension, or per row of the last one in dense layers.
    uint32_t batches = o->op.code == INFERENCE_FULLY_CONNECTED ? o->output.elements / o->output.dims[o->output.rank - 1]
                                                               : o->input.dims[0];
    return 8 * batches + ((o->input.elements + 3) & ~3u);
}

// Rounded to nearest, halves away from zero; |x| < 2^31.
static int32_t rounded(float x) {
    int32_t whole = (int32_t)x;
    float rest = x - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

#define LARGEST_FLOAT 0x1.fffffep127f

typedef struct value_range {
    float low, high;  // zero included
} value_range;

static value_range range_of(const float *values, uint32_t count) {
    value_range range = {0, 0};
    for (uint32_t i = 0; i < count; i++) {
        if (values[i] < range.low) range.low = values[i];
        if (values[i] > range.high) range.high = values[i];
    }
    return range;
}

// x rounded, about the zero point, at least `least`.
static int8_t steps(float x, int32_t zero, int32_t least) {
    // Beyond 32 bits, or not a number: what a saturating conversion gives.
    if (!(x > -1000.0f)) return (int8_t)(x != x ? zero : least);
    if (x > 1000.0f) return 127;
    int32_t value = rounded(x) + zero;
    return (int8_t)(value < least ? least : value > 127 ? 127 : value);
}

static void quantize_asymmetric(const float *values, uint32_t count, int8_t *out, float *scale_out, int32_t *zero_out) {
    value_range range = range_of(values, count);
    *scale_out = 1;
    *zero_out = 0;
    // All zero, or nothing that a scale could hold.
    if (range.low == range.high || !(range.high - range.low <= LARGEST_FLOAT)) {
        for (uint32_t i = 0; i < count; i++) out[i] = 0;
        return;
    }
    float spread = range.high - range.low, inverse = 255.0f / spread;
    // The distance of each end from zero, in steps; the end from which the zero point is found with the smaller error.
    float below = range.low * inverse, above = range.high * inverse;
    float zero = 128.0f - below < 127.0f + above ? -128.0f - below : 127.0f - above;
    int32_t nudged = rounded(zero);
    *zero_out = nudged < -128 ? -128 : nudged > 127 ? 127 : nudged;
    *scale_out = spread / 255.0f;
    inverse = 1.0f / *scale_out;
    for (uint32_t i = 0; i < count; i++) out[i] = steps(values[i] * inverse, *zero_out, -128);
}

static void quantize_symmetric(const float *values, uint32_t count, int8_t *out, float *scale_out) {
    value_range range = range_of(values, count);
    float most = -range.low > range.high ? -range.low : range.high;
    *scale_out = 1;
    if (most == 0 || !(most <= LARGEST_FLOAT)) {
        for (uint32_t i = 0; i < count; i++) out[i] = 0;
        return;
    }
    *scale_out = most / 127.0f;
    float inverse = 127.0f / most;
    for (uint32_t i = 0; i < count; i++) out[i] = steps(values[i] * inverse, 0, -127);
}

void hybrid_overlap(const operation *o, overlap_rule *rule) {
    rule->forward_from = -(int32_t)o->input.bytes;
    rule->backward_to = (int32_t)o->output.bytes;
}

hybrid_input hybrid_open_input(const operation *o, uint32_t batches, bool symmetric, operation *inner) {
    uint32_t count = o->input.elements / batches;
    float *scales = o->scratch;
    int32_t *zeros = (int32_t *)(void *)(scales + batches);
    int8_t *values = (int8_t *)(void *)(zeros + batches);
    const float *in = o->in;
    for (uint32_t batch = 0; batch < batches; batch++, in += count) {
        zeros[batch] = 0;
        if (symmetric) quantize_symmetric(in, count, values + batch * count, scales + batch);
        else quantize_asymmetric(in, count, values + batch * count, scales + batch, zeros + batch);
    }
    *inner = *o;
    inner->in = values, inner->input.type = INFERENCE_INT8, inner->scratch = NULL, inner->backward = false;
    return (hybrid_input){values, scales, zeros};
}
