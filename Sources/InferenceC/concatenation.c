// CONCATENATION for float32 and int8: the inputs' values one behind the other along an axis. Int8 inputs are on the
// output's scale, as converters make them, so that nothing is computed.
#include "operation.h"

enum { AXIS = 0, FUSED = 1 };
enum { OPTIONS_TYPE = 10 };

// Bytes of a tensor from `axis` on, the last `ranks` dimensions: what is copied at a time.
static uint32_t run_bytes(const inference_tensor *tensor, uint32_t axis) {
    uint32_t bytes = tensor->type == INFERENCE_INT8 ? 1 : 4;
    for (uint32_t i = axis; i < tensor->rank; i++) bytes *= tensor->dims[i];
    return bytes;
}

static bool axis_of(operation *o, uint32_t *out) {
    int32_t axis = o->op.options_type == OPTIONS_TYPE ? flat_i32(o->model, &o->op.options, AXIS, 0) : 0;
    if (axis < 0) axis += (int32_t)o->output.rank;
    *out = (uint32_t)axis;
    return axis >= 0 && axis < (int32_t)o->output.rank;
}

// One input: of the output's type, scale and shape but for the axis.
static inference_reason check_input(operation *o, uint32_t tensor, uint32_t axis, uint32_t *along) {
    inference_tensor in;
    inference_reason reason = tensor == INFERENCE_NONE ? INFERENCE_REASON_ARITY : schema_tensor(o->model, tensor, &in);
    if (reason != INFERENCE_REASON_NONE) return refuse(o, reason, tensor, tensor);
    if (in.type != o->output.type) return refuse(o, INFERENCE_REASON_TYPE, tensor, in.type);
    if (in.rank != o->output.rank) return refuse(o, INFERENCE_REASON_RANK, tensor, in.rank);
    for (uint32_t i = 0; i < in.rank; i++)
        if (i != axis && in.dims[i] != o->output.dims[i]) return refuse(o, INFERENCE_REASON_SHAPE, tensor, in.dims[i]);
    if (in.dims[axis] > o->output.dims[axis] - *along) return refuse(o, INFERENCE_REASON_SHAPE, tensor, in.dims[axis]);
    *along += in.dims[axis];
    if (in.type != INFERENCE_INT8) return INFERENCE_REASON_NONE;
    if (in.scale_count == 0 || in.scale != o->output.scale || in.zero_point != o->output.zero_point)
        return refuse(o, INFERENCE_REASON_QUANTIZATION, tensor, 0);
    return INFERENCE_REASON_NONE;
}

inference_reason concatenation_check(operation *o) {
    uint32_t axis, along = 0;
    inference_reason reason = check_same_type(o);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (!axis_of(o, &axis)) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, axis);
    uint32_t fused = o->op.options_type == OPTIONS_TYPE ? flat_u8(o->model, &o->op.options, FUSED, 0) : 0;
    if (fused != 0) return refuse(o, INFERENCE_REASON_ACTIVATION, INFERENCE_NONE, fused);
    for (uint32_t i = 0; i < o->op.inputs.count && reason == INFERENCE_REASON_NONE; i++)
        reason = check_input(o, schema_index(o->model, o->op.inputs, i), axis, &along);
    if (reason == INFERENCE_REASON_NONE && along != o->output.dims[axis])
        reason = refuse(o, INFERENCE_REASON_SHAPE, o->output_id, along);
    return reason;
}

void concatenation_run(operation *o) {
    uint32_t axis, out_run, at = 0;
    if (!axis_of(o, &axis)) return;
    out_run = run_bytes(&o->output, axis);
    for (uint32_t i = 0; i < o->op.inputs.count; i++) {
        inference_tensor in;
        schema_tensor(o->model, schema_index(o->model, o->op.inputs, i), &in);
        uint32_t run = run_bytes(&in, axis);
        const uint8_t *from = operation_input_place(o, i);
        uint8_t *to = (uint8_t *)o->out + at;
        for (uint32_t left = in.bytes / run; left > 0; left--, to += out_run, from += run)
            for (uint32_t k = 0; k < run; k++) to[k] = from[k];
        at += run;
    }
}
