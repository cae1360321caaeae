// SHAPE, STRIDED_SLICE and PACK where they compute a shape from a shape, as converters write it before a RESHAPE of a
// batch whose size they do not know. The file states the shape that comes out; nothing is computed and nothing kept.
// Slicing and packing values is not done.
#include "operation.h"

inference_reason shape_check(operation *o) {
    if (o->output.type != INFERENCE_INT32) return refuse(o, INFERENCE_REASON_TYPE, o->output_id, o->output.type);
    if (o->op.code == INFERENCE_SHAPE) {
        if (o->output.elements != o->input.rank)
            return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, o->output.elements);
        return INFERENCE_REASON_NONE;
    }
    // Computed int32 tensors come from these operators alone, so that the inputs are shapes or constants.
    for (uint32_t i = 0; i < o->op.inputs.count; i++) {
        inference_tensor in;
        uint32_t tensor = schema_index(o->model, o->op.inputs, i);
        inference_reason reason = tensor == INFERENCE_NONE ? INFERENCE_REASON_ARITY : schema_tensor(o->model, tensor, &in);
        if (reason != INFERENCE_REASON_NONE) return refuse(o, reason, tensor, tensor);
        if (in.type != INFERENCE_INT32) return refuse(o, INFERENCE_REASON_NOT_CONSTANT, tensor, in.type);
    }
    return INFERENCE_REASON_NONE;
}

void shape_run(operation *o) { (void)o; }
