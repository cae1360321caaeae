// RESHAPE, EXPAND_DIMS and SQUEEZE: the same values under another shape. The output's shape is the one the file states;
// shape operand, axes and options are not needed. Planned well, input and output are the same bytes and nothing is done.
#include "operation.h"

inference_reason reshape_check(operation *o) {
    if (o->input.type != o->output.type) return refuse(o, INFERENCE_REASON_TYPE, o->output_id, o->output.type);
    // Computed shapes (int32) have no values to hand on.
    if (o->input.type != INFERENCE_FLOAT32 && o->input.type != INFERENCE_INT8)
        return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[0], o->input.type);
    return check_same_elements(o);
}

void reshape_run(operation *o) {
    const uint8_t *in = o->in;
    uint8_t *out = o->out;
    uint32_t bytes = o->output.bytes;
    if (in == out) return;
    if (out < in)
        for (uint32_t i = 0; i < bytes; i++) out[i] = in[i];
    else
        for (uint32_t i = bytes; i > 0; i--) out[i - 1] = in[i - 1];
}

// Copied from the safe end, any distance stands.
void reshape_overlap(operation *o, overlap_rule *rule) {
    rule->forward_from = -(int32_t)o->input.bytes;
    rule->backward_to = (int32_t)o->output.bytes;
}
