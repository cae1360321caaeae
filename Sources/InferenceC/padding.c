// PAD with zeros: 0 for float32, the output's zero point for int8.
#include "operation.h"

typedef struct padding {
    int32_t before[INFERENCE_MAX_RANK];
    uint32_t step[INFERENCE_MAX_RANK];  // of the input
} padding;

static inference_reason pad_open(operation *o, padding *p) {
    uint32_t rank = o->input.rank, step = 1;
    const int32_t *pairs = o->second.data;
    if (o->output.rank != rank || rank == 0) return refuse(o, INFERENCE_REASON_RANK, o->output_id, o->output.rank);
    if (o->second.elements != 2 * rank)
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[1], o->second.elements);
    for (uint32_t i = rank; i-- > 0;) {
        uint32_t before = (uint32_t)pairs[2 * i], after = (uint32_t)pairs[2 * i + 1], out = o->output.dims[i];
        if (before > out || after > out || before + o->input.dims[i] + after != out)
            return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, out);
        p->before[i] = (int32_t)before;
        p->step[i] = step;
        step *= o->input.dims[i];
    }
    return INFERENCE_REASON_NONE;
}

inference_reason pad_check(operation *o) {
    padding p;
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = check_constant(o, 1, INFERENCE_INT32);
    return reason != INFERENCE_REASON_NONE ? reason : pad_open(o, &p);
}

void pad_run(operation *o) {
    padding p;
    if (pad_open(o, &p) != INFERENCE_REASON_NONE) return;
    uint32_t rank = o->input.rank, place[INFERENCE_MAX_RANK] = {0, 0, 0, 0, 0, 0};
    for (uint32_t to = 0; to < o->output.elements; to++) {
        uint32_t from = 0;
        bool inside = true;
        for (uint32_t i = 0; i < rank; i++) {
            uint32_t at = place[i] - (uint32_t)p.before[i];  // wraps to something large when it lies before
            inside = inside && at < o->input.dims[i];
            from += at * p.step[i];
        }
        if (o->output.type == INFERENCE_INT8)
            ((int8_t *)o->out)[to] = inside ? ((const int8_t *)o->in)[from] : (int8_t)o->output.zero_point;
        else
            ((float *)o->out)[to] = inside ? ((const float *)o->in)[from] : 0.0f;
        for (uint32_t i = rank; i-- > 0;) {
            if (++place[i] < o->output.dims[i]) break;
            place[i] = 0;
        }
    }
}
