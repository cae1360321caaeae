// QUANTIZE (float32 to int8, and int8 to another int8 scale) and DEQUANTIZE (int8 to float32).
#include "fixedpoint.h"
#include "operation.h"
#include "real.h"
#include "rounding.h"

inference_reason quantize_check(operation *o) {
    const inference_tensor *in = &o->input, *out = &o->output;
    if (out->type != INFERENCE_INT8) return refuse(o, INFERENCE_REASON_TYPE, o->output_id, out->type);
    if (out->scale_count != 1) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->output_id, out->scale_count);
    if (in->type != INFERENCE_FLOAT32 && in->type != INFERENCE_INT8)
        return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[0], in->type);
    if (in->type == INFERENCE_INT8) {
        if (in->scale_count == 0) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[0], 0);
        if (fixed_ratio(in->scale, 1.0f, out->scale, 0).shift > 30)
            return refuse(o, INFERENCE_REASON_MULTIPLIER, o->output_id, 0);
    }
    return check_same_elements(o);
}

void quantize_run(operation *o) {
    int8_t *out = o->out;
    fixed_factor factor = {0, 0};
    if (o->input.type == INFERENCE_INT8) factor = fixed_ratio(o->input.scale, 1.0f, o->output.scale, 0);
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        int32_t value;
        if (o->input.type == INFERENCE_INT8) {
            value = fixed_scale(((const int8_t *)o->in)[at] - o->input.zero_point, factor);
            value = wrap_add(value, o->output.zero_point);
        } else {
            value = quantize_float(((const float *)o->in)[at], o->output.scale, o->output.zero_point);
        }
        out[at] = (int8_t)clamp(value, -128, 127);
    }
}

inference_reason dequantize_check(operation *o) {
    const inference_tensor *in = &o->input, *out = &o->output;
    if (in->type != INFERENCE_INT8) return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[0], in->type);
    if (out->type != INFERENCE_FLOAT32) return refuse(o, INFERENCE_REASON_TYPE, o->output_id, out->type);
    if (in->scale_count != 1) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[0], in->scale_count);
    return check_same_elements(o);
}

void dequantize_run(operation *o) {
    const int8_t *in = o->in;
    float *out = o->out;
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        out[at] = o->input.scale * (float)(in[at] - o->input.zero_point);
    }
}
