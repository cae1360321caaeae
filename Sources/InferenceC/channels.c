// See channels.h. The factors equal TFLite's PopulateConvolutionQuantizationParams and, for dense layers with one
// scale, GetQuantizedConvolutionMultipler (which multiplies the two scales in float32).
#include "channels.h"
#include "rounding.h"

static fixed_factor factor_of(const operation *o, uint32_t channel, bool single_precision) {
    float weights = schema_scale(&o->second, channel);
    if (single_precision && o->second.scale_count == 1)
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

inference_reason channels_check(operation *o, uint32_t channels, uint32_t channel_dim, bool single_precision) {
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = check_constant(o, 1, o->input.type);
    if (reason == INFERENCE_REASON_NONE) reason = check_bias(o, channels);
    if (reason != INFERENCE_REASON_NONE || o->input.type != INFERENCE_INT8) return reason;
    uint32_t scales = o->second.scale_count;
    if (scales != 1 && (scales != channels || o->second.channel_dim != channel_dim))
        return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[1], scales);
    float product = o->input.scale * schema_scale(&o->second, 0);
    if (single_precision && scales == 1 && !(product >= 0x1p-126f && product <= 0x1p126f))
        return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[1], 0);
    for (uint32_t c = 0; c < scales; c++)
        if (factor_of(o, c, single_precision).shift > 30)
            return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[1], c);
    return INFERENCE_REASON_NONE;
}

int32_t channels_per_block(const operation *o, int32_t channels) {
    return o->second.scale_count == 1 || channels < CHANNEL_BLOCK ? channels : CHANNEL_BLOCK;
}

void channels_open(
    const operation *o, channel_factors *out, int32_t first, int32_t channels, bool single_precision) {
    out->first = first;
    out->shared = o->second.scale_count == 1;
    out->zero_point = o->output.zero_point;
    out->bias = o->in3;
    int32_t count = out->shared ? 1 : channels;
    for (int32_t c = 0; c < count; c++) out->factor[c] = factor_of(o, (uint32_t)(first + c), single_precision);
}

void channels_output(const channel_factors *c, int32_t channel, const uint32_t *sums, int32_t count, int8_t *out) {
    const int32_t *bias = c->bias == NULL ? NULL : c->bias + channel;
    const fixed_factor *factor = c->shared ? c->factor : c->factor + (channel - c->first);
    int32_t step = c->shared ? 0 : 1, zero_point = c->zero_point, low = c->range.low_q, high = c->range.high_q;
    for (; count > 0; count--, factor += step) {
        uint32_t sum = *sums++;
        if (bias != NULL) sum += (uint32_t)*bias++;
        int32_t q = wrap_add(fixed_scale((int32_t)sum, *factor), zero_point);
        *out++ = (int8_t)(q < low ? low : q > high ? high : q);
    }
}
