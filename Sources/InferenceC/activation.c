// Activation functions: the range of a fused one, and RELU, RELU6 and LOGISTIC as operators of their own.
// Follows TFLite's kernel_util.cc and TFLM's kernels/activations*, kernels/logistic*.
#include "fixedpoint.h"
#include "real.h"
#include "rounding.h"
#include "window.h"

#define LARGEST_FLOAT 0x1.fffffep127f

// A real value on an int8 scale, rounded half away from zero; beyond 32 bits it saturates.
int32_t quantize_float(float x, float scale, int32_t zero_point) {
    float scaled = x / scale;
    if (!(scaled > -1e9f)) return scaled != scaled ? zero_point : -1000000000;
    if (scaled > 1e9f) return 1000000000;
    int32_t whole = (int32_t)scaled;
    float rest = scaled - (float)whole;
    if (rest >= 0.5f) whole += 1;
    if (rest <= -0.5f) whole -= 1;
    return whole + zero_point;
}

inference_reason activation_range_of(operation *o, uint32_t function, activation_range *out) {
    static const float lows[] = {-LARGEST_FLOAT, 0.0f, -1.0f, 0.0f};
    static const float highs[] = {LARGEST_FLOAT, LARGEST_FLOAT, 1.0f, 6.0f};
    enum { NONE = 0, RELU = 1, RELU_N1_TO_1 = 2, RELU6 = 3 };
    if (function > RELU6) return refuse(o, INFERENCE_REASON_ACTIVATION, INFERENCE_NONE, function);
    out->real[0] = lows[function];
    out->real[1] = highs[function];
    out->low_q = -128;
    out->high_q = 127;
    if (o->output.type != INFERENCE_INT8 || function == NONE) return INFERENCE_REASON_NONE;
    int32_t low = quantize_float(out->real[0], o->output.scale, o->output.zero_point);
    if (low > out->low_q) out->low_q = low;
    if (function == RELU) return INFERENCE_REASON_NONE;
    int32_t high = quantize_float(out->real[1], o->output.scale, o->output.zero_point);
    if (high < out->high_q) out->high_q = high;
    return INFERENCE_REASON_NONE;
}

inference_reason relu_check(operation *o) {
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = check_same_elements(o);
    if (reason != INFERENCE_REASON_NONE || o->input.type != INFERENCE_INT8) return reason;
    float ratio = o->input.scale / o->output.scale;
    if (!(ratio > 1e-30f && ratio < 1e9f)) return refuse(o, INFERENCE_REASON_MULTIPLIER, o->output_id, 0);
    return INFERENCE_REASON_NONE;
}

static void relu_float(const operation *o, bool six) {
    const float *in = o->in;
    float *out = o->out;
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        float x = in[at];
        out[at] = six && x > 6.0f ? 6.0f : x < 0.0f ? 0.0f : x;
    }
}

void relu_run(operation *o) {
    bool six = o->op.code == INFERENCE_RELU6;
    if (o->input.type == INFERENCE_FLOAT32) {
        relu_float(o, six);
        return;
    }
    // RELU rescales to the output; RELU6 clamps on the input's scale and copies, as TFLM does.
    fixed_factor factor = fixed_ratio(o->input.scale / o->output.scale, 1.0f, 1.0f, 0);
    const int8_t *in = o->in;
    int8_t *out = o->out;
    int32_t zero = six ? o->input.zero_point : o->output.zero_point;
    int32_t top = six ? clamp(quantize_float(6.0f, o->input.scale, zero), -128, 127) : 127;
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        int32_t x = in[at];
        if (!six) x = wrap_add(zero, fixed_scale(x - o->input.zero_point, factor));
        out[at] = (int8_t)(x > top ? top : x < zero ? zero : x);
    }
}

// Where e^-x stops mattering to 1 / (1 + e^-x) in float32, and where 1 + e^-x is e^-x.
static float logistic_of(float x) {
    if (x > 16.619047164916992188f) return 1.0f;
    if (x < -9.0f) return inference_exp(x);
    return 1.0f / (1.0f + inference_exp(-x));
}

static fixed_factor logistic_factor(const operation *o) { return fixed_ratio(o->input.scale, 1.0f, 1.0f, 27); }

inference_reason logistic_check(operation *o) {
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = check_same_elements(o);
    if (reason != INFERENCE_REASON_NONE || o->input.type != INFERENCE_INT8) return reason;
    if (o->output.zero_point != -128) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->output_id, 0);
    if (logistic_factor(o).shift < 0) return refuse(o, INFERENCE_REASON_MULTIPLIER, o->input_ids[0], 0);
    return INFERENCE_REASON_NONE;
}

static void logistic_int8(const operation *o) {
    fixed_factor factor = logistic_factor(o);
    int32_t radius = factor.shift > 30 ? 0 : (int32_t)(0x78000000u >> factor.shift);  // 15 * 2^27
    const int8_t *in = o->in;
    int8_t *out = o->out;
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        int32_t x = in[at] - o->input.zero_point;
        int32_t y = x <= -radius ? -128
            : x >= radius ? 127
            : fixed_divide_by_power(fixed_logistic(fixed_scale(x, factor)), 23) - 128;
        out[at] = (int8_t)clamp(y, -128, 127);
    }
}

void logistic_run(operation *o) {
    if (o->input.type == INFERENCE_INT8) {
        logistic_int8(o);
        return;
    }
    const float *in = o->in;
    float *out = o->out;
    for (uint32_t i = 0; i < o->output.elements; i++) {
        uint32_t at = o->backward ? o->output.elements - 1 - i : i;
        out[at] = logistic_of(in[at]);
    }
}

// One element after the other: forward, element i may not touch input i + 1; backward, not input i - 1.
void elementwise_overlap(operation *o, overlap_rule *rule) {
    int32_t in = o->input.type == INFERENCE_INT8 ? 1 : 4, out = o->output.type == INFERENCE_INT8 ? 1 : 4;
    int32_t last = (int32_t)o->output.elements - 1;
    int32_t gap = out - in;  // output i - input i, per element
    int32_t most = gap > 0 ? gap * last : gap, least = gap > 0 ? gap : gap * last;
    if (last == 0) most = -(int32_t)o->input.bytes, least = (int32_t)o->output.bytes;
    rule->forward_from = most;
    rule->backward_to = least;
}
