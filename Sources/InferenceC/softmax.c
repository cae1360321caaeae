// SOFTMAX over the last dimension, float32 and int8. The int8 form follows TFLite's reference softmax.h: exponents
// in Q5.26, their sum in Q12.19, its reciprocal without integer bits.
#include "fixedpoint.h"
#include "operation.h"
#include "rounding.h"

enum { BETA = 0 };
enum { OPTIONS_TYPE = 9 };

static float beta_of(operation *o) {
    float beta = 0.0f;
    uint32_t at = o->op.options_type == OPTIONS_TYPE ? flat_field(o->model, &o->op.options, BETA, 4) : 0;
    if (at != 0) __builtin_memcpy(&beta, o->model->bytes + at, 4);
    return beta;
}

// beta * scale * 2^26, at most 2^31 - 1 (which rounds to the factor of 2^31).
static fixed_factor scale_factor(operation *o) {
    fixed_factor factor = fixed_ratio(beta_of(o), o->input.scale, 1.0f, 26);
    return factor.shift > 31 ? (fixed_factor){INT32_MAX, 31} : factor;
}

inference_reason softmax_check(operation *o) {
    inference_reason reason = check_same_type(o);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->input.rank == 0) return refuse(o, INFERENCE_REASON_RANK, o->input_ids[0], 0);
    if (!same_dims(&o->input, &o->output)) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, o->output.elements);
    float beta = beta_of(o);
    if (o->input.type == INFERENCE_FLOAT32) return INFERENCE_REASON_NONE;
    if (!(beta >= 0x1p-64f && beta <= 0x1p64f)) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, 0);
    if (o->output.zero_point != -128 || o->output.scale != 1.0f / 256)
        return refuse(o, INFERENCE_REASON_QUANTIZATION, o->output_id, 0);
    fixed_factor factor = scale_factor(o);
    if (factor.shift < 1) return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[0], 0);
    return INFERENCE_REASON_NONE;
}

static void row_float(const float *in, float *out, uint32_t depth, float beta) {
    float most = -0x1.fffffep127f, sum = 0;
    for (uint32_t i = 0; i < depth; i++)
        if (most < in[i]) most = in[i];
    for (uint32_t i = 0; i < depth; i++) {
        out[i] = inference_exp((in[i] - most) * beta);
        sum += out[i];
    }
    for (uint32_t i = 0; i < depth; i++) out[i] = out[i] / sum;
}

static void row_int8(const int8_t *in, int8_t *out, uint32_t depth, fixed_factor factor) {
    int32_t most = -128, sum = 0;
    // Differences below this are taken for e^-32 = 0.
    int32_t least = -(int32_t)(0x7C000000u >> factor.shift);  // 31 * 2^26
    for (uint32_t i = 0; i < depth; i++)
        if (most < in[i]) most = in[i];
    for (uint32_t i = 0; i < depth; i++)
        if (in[i] - most >= least)
            sum = wrap_add(sum, fixed_divide_by_power(fixed_exp(fixed_scale(in[i] - most, factor), 5), 12));
    // sum has 12 integer bits; 1 / sum = reciprocal * 2^-over.
    int32_t headroom = __builtin_clz((uint32_t)sum | 1), over = 12 - headroom;
    int32_t reciprocal = fixed_one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    int32_t exponent = clamp(over + 31 - 8, 0, 31);
    for (uint32_t i = 0; i < depth; i++) {
        int32_t value = -128;
        if (in[i] - most >= least) {
            int32_t power = fixed_exp(fixed_scale(in[i] - most, factor), 5);
            value = clamp(fixed_divide_by_power(fixed_multiply(reciprocal, power), exponent) - 128, -128, 127);
        }
        out[i] = (int8_t)value;
    }
}

void softmax_run(operation *o) {
    uint32_t depth = o->input.dims[o->input.rank - 1];
    for (uint32_t at = 0; at < o->input.elements; at += depth) {
        if (o->input.type == INFERENCE_FLOAT32) row_float((const float *)o->in + at, (float *)o->out + at, depth, beta_of(o));
        else row_int8((const int8_t *)o->in + at, (int8_t *)o->out + at, depth, scale_factor(o));
    }
}

// Rows go forward and are read more than once before they are written: only the very same bytes, or an input that
// lies behind the output.
void softmax_overlap(operation *o, overlap_rule *rule) {
    (void)o;
    rule->forward_from = 0;
}
