// MEAN over constant axes, float32 and int8. Sums run in the order the input lies in memory.
#include "fixedpoint.h"
#include "operation.h"
#include "rounding.h"

typedef struct mean {
    // The axes that stay and those that are summed over, outermost first: sizes and steps.
    uint32_t kept_count, summed_count;
    uint32_t kept[INFERENCE_MAX_RANK], kept_step[INFERENCE_MAX_RANK];
    uint32_t summed[INFERENCE_MAX_RANK], summed_step[INFERENCE_MAX_RANK];
    uint32_t count;  // values behind one mean
    fixed_factor factor;
} mean;

// The axes as bits; false = one that the input does not have.
static bool axes_of(const operation *o, uint32_t *bits) {
    const int32_t *axes = o->second.data;
    *bits = 0;
    for (uint32_t i = 0; i < o->second.elements; i++) {
        int32_t axis = axes[i] < 0 ? axes[i] + (int32_t)o->input.rank : axes[i];
        if (axis < 0 || axis >= (int32_t)o->input.rank) return false;
        *bits |= 1u << axis;
    }
    return true;
}

// The output is the kept axes, with ones in place of the others or without them.
static bool is_output_shape(const operation *o, uint32_t bits) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < o->input.rank; i++) kept += (bits >> i & 1) == 0;
    if (o->output.rank != kept && o->output.rank != o->input.rank) return false;
    for (uint32_t i = 0, place = 0; i < o->input.rank; i++) {
        bool summed = (bits >> i & 1) != 0;
        if (summed && o->output.rank != o->input.rank) continue;
        if (o->output.dims[place++] != (summed ? 1 : o->input.dims[i])) return false;
    }
    return true;
}

// TFLite folds 1 / count into the factor: q * 2^s / count, where 2^s is the largest power not above count.
static fixed_factor factor_of(const operation *o, uint32_t count) {
    fixed_factor factor = fixed_ratio(o->input.scale, 1.0f, o->output.scale, 0);
    int32_t shift = 31 - __builtin_clz(count);
    if (shift > 31 + factor.shift) shift = 31 + factor.shift;
    uint32_t quotient = (uint32_t)factor.q / count, remainder = (uint32_t)factor.q % count;
    for (int32_t i = 0; i < shift; i++) {
        remainder <<= 1;
        quotient <<= 1;
        if (remainder < count) continue;
        remainder -= count;
        quotient |= 1;
    }
    return (fixed_factor){(int32_t)quotient, factor.shift - shift};
}

static inference_reason mean_open(operation *o, mean *m) {
    uint32_t bits, step = o->input.elements;
    if (!axes_of(o, &bits)) return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[1], 0);
    if (!is_output_shape(o, bits)) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, o->output.elements);
    m->kept_count = m->summed_count = 0;
    m->count = 1;
    for (uint32_t i = 0; i < o->input.rank; i++) {
        uint32_t dim = o->input.dims[i];
        step /= dim;
        if (bits >> i & 1) {
            m->count *= dim;
            m->summed[m->summed_count] = dim;
            m->summed_step[m->summed_count++] = step;
        } else {
            m->kept[m->kept_count] = dim;
            m->kept_step[m->kept_count++] = step;
        }
    }
    if (o->input.type != INFERENCE_INT8) return INFERENCE_REASON_NONE;
    m->factor = factor_of(o, m->count);
    return m->factor.shift > 30 ? refuse(o, INFERENCE_REASON_MULTIPLIER, o->output_id, 0) : INFERENCE_REASON_NONE;
}

inference_reason mean_check(operation *o) {
    mean m;
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = check_constant(o, 1, INFERENCE_INT32);
    return reason != INFERENCE_REASON_NONE ? reason : mean_open(o, &m);
}

// Moves an odometer one on: returns how far the position moves.
static int32_t advance(uint32_t *place, const uint32_t *dims, const uint32_t *steps, uint32_t count) {
    int32_t moved = 0;
    for (uint32_t i = count; i-- > 0;) {
        moved += (int32_t)steps[i];
        if (++place[i] < dims[i]) break;
        moved -= (int32_t)(steps[i] * dims[i]);
        place[i] = 0;
    }
    return moved;
}

static void mean_of(const mean *m, const operation *o, uint32_t from, uint32_t to) {
    uint32_t place[INFERENCE_MAX_RANK] = {0, 0, 0, 0, 0, 0}, sum = 0;
    float total = 0;
    int32_t at = (int32_t)from;
    for (uint32_t i = 0; i < m->count; i++) {
        if (o->input.type == INFERENCE_INT8) sum += (uint32_t)((const int8_t *)o->in)[at];
        else total += ((const float *)o->in)[at];
        at += advance(place, m->summed, m->summed_step, m->summed_count);
    }
    if (o->input.type != INFERENCE_INT8) {
        ((float *)o->out)[to] = total / (float)m->count;
        return;
    }
    sum -= (uint32_t)o->input.zero_point * m->count;
    int32_t value = wrap_add(fixed_scale((int32_t)sum, m->factor), o->output.zero_point);
    ((int8_t *)o->out)[to] = (int8_t)clamp(value, -128, 127);
}

void mean_run(operation *o) {
    mean m;
    if (mean_open(o, &m) != INFERENCE_REASON_NONE) return;
    uint32_t place[INFERENCE_MAX_RANK] = {0, 0, 0, 0, 0, 0};
    int32_t from = 0;
    for (uint32_t to = 0; to < o->output.elements; to++) {
        mean_of(&m, o, (uint32_t)from, to);
        from += advance(place, m.kept, m.kept_step, m.kept_count);
    }
}
