// See channels.h. The factors equal TFLite's PopulateConvolutionQuantizationParams and, for dense layers with one
// scale, GetQuantizedConvolutionMultipler (which multiplies the two scales in float32).
#include "channels.h"
#include "rounding.h"

static fixed_factor factor_of(const operation *o, uint32_t channel, bool dense) {
    float weights = schema_scale(&o->second, channel);
    if (dense && o->second.scale_count == 1)
        return fixed_ratio(o->input.scale * weights, 1.0f, o->output.scale, 0);
    return fixed_ratio(o->input.scale, weights, o->output.scale, 0);
}

static inference_reason check_bias(operation *o, uint32_t channels) {
    if (o->input_ids[2] == INFERENCE_NONE) return INFERENCE_REASON_NONE;
    inference_reason reason =
        check_constant(o, 2, o->input.type == INFERENCE_INT8 ? INFERENCE_INT32 : INFERENCE_FLOAT32);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->third.elements != channels) return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[2], o->third.elements);
    return INFERENCE_REASON_NONE;
}

// int8 weights have one scale, or one per output along the right dimension.
static inference_reason check_scales(operation *o, uint32_t channels, uint32_t channel_dim) {
    uint32_t scales = o->second.scale_count;
    if (scales != 1 && (scales != channels || o->second.channel_dim != channel_dim))
        return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[1], scales);
    if (!operation_is_hybrid(o) || o->second.zero_point == 0) return INFERENCE_REASON_NONE;
    return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[1], (uint32_t)o->second.zero_point);
}

inference_reason channels_check(operation *o, uint32_t channels, uint32_t channel_dim, bool dense) {
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE)
        reason = check_constant(o, 1, operation_is_hybrid(o) ? INFERENCE_INT8 : o->input.type);
    if (reason == INFERENCE_REASON_NONE) reason = check_bias(o, channels);
    if (reason == INFERENCE_REASON_NONE && o->second.type == INFERENCE_INT8)
        reason = check_scales(o, channels, channel_dim);
    if (reason != INFERENCE_REASON_NONE || o->input.type != INFERENCE_INT8) return reason;
    float product = o->input.scale * schema_scale(&o->second, 0);
    if (dense && o->second.scale_count == 1 && !(product >= 0x1p-126f && product <= 0x1p126f))
        return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[1], 0);
    for (uint32_t c = 0; c < o->second.scale_count; c++)
        if (factor_of(o, c, dense).shift > 30) return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[1], c);
    return INFERENCE_REASON_NONE;
}

int32_t channels_per_block(const operation *o, int32_t channels) {
    bool few = o->second.scale_count == 1 || operation_is_hybrid(o) || channels < CHANNEL_BLOCK;
    return few ? channels : CHANNEL_BLOCK;
}

void channels_open(const operation *o, channel_factors *out, int32_t first, int32_t channels, bool dense) {
    out->first = first;
    out->shared = o->second.scale_count == 1;
    out->zero_point = o->output.zero_point;
    out->bias = o->in3;
    out->weight_scales = NULL;
    if (operation_is_hybrid(o)) {
        out->weight_scales = o->second.scales;
        out->real_bias = o->in3;
        out->in_scale = 1;
        // As the reference kernels multiply: convolutions with a scale per channel take them one by one.
        out->scales_first = o->op.code != INFERENCE_CONV_2D || out->shared;
        return;
    }
    int32_t count = out->shared ? 1 : channels;
    for (int32_t c = 0; c < count; c++) {
        fixed_factor factor = factor_of(o, (uint32_t)(first + c), dense);
        out->q[c] = factor.q;
        out->shift[c] = (int8_t)factor.shift;
    }
}

static void hybrid_output(const channel_factors *c, int32_t channel, const uint32_t *sums, int32_t count, float *out) {
    for (int32_t end = channel + count; channel < end; channel++) {
        float weights = c->weight_scales[c->shared ? 0 : channel], value = (float)(int32_t)*sums++;
        if (c->scales_first) {
            float scale = weights * c->in_scale;
            value *= scale;
        } else {
            value *= weights;
            value *= c->in_scale;
        }
        if (c->real_bias != NULL) value += c->real_bias[channel];
        out[channel] = clamp_float(value, &c->range);
    }
}

void channels_output(const channel_factors *c, int32_t channel, const uint32_t *sums, int32_t count, void *pixel) {
    if (c->weight_scales != NULL) {
        hybrid_output(c, channel, sums, count, pixel);
        return;
    }
    int8_t *out = (int8_t *)pixel + channel;
    const int32_t *bias = c->bias == NULL ? NULL : c->bias + channel, *q = c->q;
    const int8_t *shift = c->shift;
    int32_t step = c->shared ? 0 : 1, zero_point = c->zero_point, low = c->range.low_q, high = c->range.high_q;
    if (!c->shared) q += channel - c->first, shift += channel - c->first;
    for (; count > 0; count--, q += step, shift += step) {
        uint32_t sum = *sums++;
        if (bias != NULL) sum += (uint32_t)*bias++;
        int32_t scaled = wrap_add(fixed_scale((int32_t)sum, (fixed_factor){*q, *shift}), zero_point);
        *out++ = (int8_t)(scaled < low ? low : scaled > high ? high : scaled);
    }
}
