// ADD and MUL for float32 and int8, with a fused activation and with broadcasting.
#include "fixedpoint.h"
#include "rounding.h"
#include "window.h"

enum { FUSED = 0 };
enum { ADD_OPTIONS_TYPE = 11, MUL_OPTIONS_TYPE = 21 };
#define LEFT_SHIFT 20  // int8 inputs are summed with this many fraction bits

typedef struct pairwise {
    activation_range range;
    fixed_factor first, second, result;
    // Per output dimension: how far each input moves; 0 where it is broadcast.
    int32_t step1[INFERENCE_MAX_RANK], step2[INFERENCE_MAX_RANK];
    bool same;  // no broadcasting
    bool multiplies;
} pairwise;

// Steps of an input whose dimensions are aligned with the output's at the last one; false = it does not fit.
static bool steps_of(const inference_tensor *in, const inference_tensor *out, int32_t *steps) {
    if (in->rank > out->rank) return false;
    int32_t step = 1;
    for (uint32_t i = 0; i < out->rank; i++) {
        uint32_t place = out->rank - 1 - i;
        uint32_t dim = i < in->rank ? in->dims[in->rank - 1 - i] : 1;
        if (dim != 1 && dim != out->dims[place]) return false;
        steps[place] = dim == 1 ? 0 : step;
        step *= (int32_t)dim;
    }
    return true;
}

// The output is exactly as large as the inputs ask for.
static bool is_covered(const pairwise *a, const inference_tensor *out) {
    for (uint32_t i = 0; i < out->rank; i++)
        if (out->dims[i] != 1 && a->step1[i] == 0 && a->step2[i] == 0) return false;
    return true;
}

static inference_reason open_factors(operation *o, pairwise *a) {
    int32_t most = 0;
    if (a->multiplies) {
        a->result = fixed_ratio(o->input.scale, o->second.scale, o->output.scale, 0);
        most = 30;
    } else {
        float larger = o->input.scale > o->second.scale ? o->input.scale : o->second.scale;
        // Against twice the larger scale, which is exact in floating point.
        a->first = fixed_ratio(o->input.scale, 1.0f, larger, -1);
        a->second = fixed_ratio(o->second.scale, 1.0f, larger, -1);
        a->result = fixed_ratio(larger, 1.0f, o->output.scale, 1 - LEFT_SHIFT);
    }
    if (a->result.shift > most) return refuse(o, INFERENCE_REASON_MULTIPLIER, o->output_id, 0);
    return INFERENCE_REASON_NONE;
}

static inference_reason pairwise_open(operation *o, pairwise *a) {
    a->multiplies = o->op.code == INFERENCE_MUL;
    uint32_t type = a->multiplies ? MUL_OPTIONS_TYPE : ADD_OPTIONS_TYPE;
    uint32_t function = o->op.options_type == type ? flat_u8(o->model, &o->op.options, FUSED, 0) : 0;
    inference_reason reason = activation_range_of(o, function, &a->range);
    if (reason != INFERENCE_REASON_NONE) return reason;
    a->same = same_dims(&o->input, &o->output) && same_dims(&o->second, &o->output);
    if (!steps_of(&o->input, &o->output, a->step1))
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[0], o->input.elements);
    if (!steps_of(&o->second, &o->output, a->step2) || !is_covered(a, &o->output))
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[1], o->second.elements);
    return o->output.type == INFERENCE_INT8 ? open_factors(o, a) : INFERENCE_REASON_NONE;
}

inference_reason pairwise_check(operation *o) {
    pairwise a;
    inference_reason reason = check_same_type(o);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->second.type != o->input.type) return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[1], o->second.type);
    if (o->input.type == INFERENCE_INT8 && o->second.scale_count == 0)
        return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[1], 0);
    return pairwise_open(o, &a);
}

static int8_t of_int8(const pairwise *a, const operation *o, int32_t x, int32_t y) {
    int32_t result;
    x -= o->input.zero_point, y -= o->second.zero_point;
    if (a->multiplies) {
        result = x * y;
    } else {
        int32_t first = fixed_scale(wrap_shift(x, LEFT_SHIFT), a->first);
        result = wrap_add(first, fixed_scale(wrap_shift(y, LEFT_SHIFT), a->second));
    }
    result = wrap_add(fixed_scale(result, a->result), o->output.zero_point);
    return (int8_t)clamp(result, a->range.low_q, a->range.high_q);
}

static void of_one(const pairwise *a, const operation *o, uint32_t at, uint32_t at1, uint32_t at2) {
    if (o->output.type == INFERENCE_INT8) {
        ((int8_t *)o->out)[at] = of_int8(a, o, ((const int8_t *)o->in)[at1], ((const int8_t *)o->in2)[at2]);
        return;
    }
    float x = ((const float *)o->in)[at1], y = ((const float *)o->in2)[at2];
    ((float *)o->out)[at] = clamp_float(a->multiplies ? x * y : x + y, &a->range);
}

static void broadcast(const pairwise *a, const operation *o) {
    const inference_tensor *out = &o->output;
    uint32_t place[INFERENCE_MAX_RANK];
    for (uint32_t i = 0; i < out->rank; i++) place[i] = 0;
    int32_t at1 = 0, at2 = 0;
    for (uint32_t at = 0; at < out->elements; at++) {
        of_one(a, o, at, (uint32_t)at1, (uint32_t)at2);
        for (uint32_t i = out->rank; i-- > 0;) {
            at1 += a->step1[i], at2 += a->step2[i];
            if (++place[i] < out->dims[i]) break;
            at1 -= a->step1[i] * (int32_t)out->dims[i], at2 -= a->step2[i] * (int32_t)out->dims[i];
            place[i] = 0;
        }
    }
}

void pairwise_run(operation *o) {
    pairwise a;
    if (pairwise_open(o, &a) != INFERENCE_REASON_NONE) return;
    if (!a.same) {
        broadcast(&a, o);
        return;
    }
    for (uint32_t at = 0; at < o->output.elements; at++) of_one(&a, o, at, at, at);
}

// Forward only, so that both inputs may be written over. Asked for inputs with as many elements as the output.
void pairwise_overlap(operation *o, overlap_rule *rule) {
    (void)o;
    rule->forward_from = 0;
}
