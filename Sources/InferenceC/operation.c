// See operation.h: the table of operators and the checks that several of them share.
#include "operation.h"

static const operation_kind kinds[] = {
    {INFERENCE_ADD, 2, 2, pairwise_check, pairwise_run, pairwise_overlap},
    {INFERENCE_MUL, 2, 2, pairwise_check, pairwise_run, pairwise_overlap},
    {INFERENCE_AVERAGE_POOL_2D, 1, 1, pool_check, average_pool_run, pool_overlap},
    {INFERENCE_CONCATENATION, 1, 255, concatenation_check, concatenation_run, NULL},
    {INFERENCE_CONV_2D, 2, 3, convolution_check, convolution_run, convolution_overlap},
    {INFERENCE_DEPTHWISE_CONV_2D, 2, 3, depthwise_check, depthwise_run, depthwise_overlap},
    {INFERENCE_DEQUANTIZE, 1, 1, dequantize_check, dequantize_run, elementwise_overlap},
    {INFERENCE_FULLY_CONNECTED, 2, 3, fully_connected_check, fully_connected_run, fully_connected_overlap},
    {INFERENCE_LOGISTIC, 1, 1, logistic_check, logistic_run, elementwise_overlap},
    {INFERENCE_MAX_POOL_2D, 1, 1, pool_check, max_pool_run, pool_overlap},
    {INFERENCE_RELU, 1, 1, relu_check, relu_run, elementwise_overlap},
    {INFERENCE_RELU6, 1, 1, relu_check, relu_run, elementwise_overlap},
    {INFERENCE_RESHAPE, 1, 2, reshape_check, reshape_run, reshape_overlap},
    {INFERENCE_SOFTMAX, 1, 1, softmax_check, softmax_run, softmax_overlap},
    {INFERENCE_EXPAND_DIMS, 2, 2, reshape_check, reshape_run, reshape_overlap},
    {INFERENCE_SQUEEZE, 1, 1, reshape_check, reshape_run, reshape_overlap},
    {INFERENCE_SHAPE, 1, 1, shape_check, shape_run, NULL},
    {INFERENCE_STRIDED_SLICE, 4, 4, shape_check, shape_run, NULL},
    {INFERENCE_PACK, 1, 255, shape_check, shape_run, NULL},
    {INFERENCE_PAD, 2, 2, pad_check, pad_run, NULL},
    {INFERENCE_MEAN, 2, 2, mean_check, mean_run, NULL},
    {INFERENCE_QUANTIZE, 1, 1, quantize_check, quantize_run, elementwise_overlap},
};

const operation_kind *operation_find(uint32_t code) {
    for (uint32_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].code == code) return &kinds[i];
    return NULL;
}

static inference_reason open_tensor(operation *o, uint32_t tensor, inference_tensor *out) {
    inference_reason reason = schema_tensor(o->model, tensor, out);
    if (reason == INFERENCE_REASON_NONE) return reason;
    uint32_t number = reason == INFERENCE_REASON_TYPE ? out->type
        : reason == INFERENCE_REASON_RANK ? out->rank
        : reason == INFERENCE_REASON_OFFSET ? o->model->fault - 1 : tensor;
    return refuse(o, reason, tensor, number);
}

inference_reason operation_open(inference_model *model, uint32_t index, operation *o) {
    o->model = model;
    o->index = index;
    o->faulty = o->number = INFERENCE_NONE;
    o->scratch = NULL;
    o->backward = false;
    inference_reason reason = schema_operator(model, index, &o->op);
    if (reason != INFERENCE_REASON_NONE) return reason;
    for (uint32_t i = 0; i < 3; i++) o->input_ids[i] = schema_index(model, o->op.inputs, i);
    o->output_id = schema_index(model, o->op.outputs, 0);
    reason = open_tensor(o, o->input_ids[0], &o->input);
    if (reason == INFERENCE_REASON_NONE && o->input_ids[1] != INFERENCE_NONE)
        reason = open_tensor(o, o->input_ids[1], &o->second);
    // Only the check looks at more of a bias than its values.
    if (model->verified) o->third.data = o->input_ids[2] == INFERENCE_NONE ? NULL : schema_known_data(model, o->input_ids[2]);
    else if (reason == INFERENCE_REASON_NONE && o->input_ids[2] != INFERENCE_NONE)
        reason = open_tensor(o, o->input_ids[2], &o->third);
    if (reason == INFERENCE_REASON_NONE) reason = open_tensor(o, o->output_id, &o->output);
    return reason;
}

static bool takes_pair(const operation *o) { return o->op.code == INFERENCE_ADD || o->op.code == INFERENCE_MUL; }

void operation_overlap(operation *o, uint32_t place, overlap_rule *rule) {
    const operation_kind *kind = operation_find(o->op.code);
    const inference_tensor *input = place == 0 ? &o->input : &o->second;
    rule->forward_from = (int32_t)o->output.bytes;
    rule->backward_to = -(int32_t)input->bytes;
    rule->scratch = false;
    if (kind == NULL || kind->overlap == NULL || place > (takes_pair(o) ? 1u : 0u)) return;
    if (takes_pair(o) && input->elements != o->output.elements) return;
    kind->overlap(o, rule);
}

uint32_t operation_workspace_bytes(const operation *o) {
    return operation_is_hybrid(o) ? hybrid_workspace_bytes(o) : 0;
}

uint32_t operation_scratch_bytes(const operation *o) {
    if (operation_is_hybrid(o)) return hybrid_workspace_bytes(o);
    uint32_t pixel = o->output.dims[o->output.rank - 1] * (o->output.type == INFERENCE_INT8 ? 1 : 4);
    return (pixel + 3) & ~3u;
}

inference_reason check_same_type(operation *o) {
    if (o->input.type != INFERENCE_FLOAT32 && o->input.type != INFERENCE_INT8)
        return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[0], o->input.type);
    if (o->input.type != o->output.type) return refuse(o, INFERENCE_REASON_TYPE, o->output_id, o->output.type);
    if (o->input.type != INFERENCE_INT8) return INFERENCE_REASON_NONE;
    if (o->input.scale_count == 0) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->input_ids[0], 0);
    if (o->output.scale_count == 0) return refuse(o, INFERENCE_REASON_QUANTIZATION, o->output_id, 0);
    return INFERENCE_REASON_NONE;
}

inference_reason check_same_elements(operation *o) {
    if (o->input.elements != o->output.elements)
        return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, o->output.elements);
    return INFERENCE_REASON_NONE;
}

inference_reason check_constant(operation *o, uint32_t place, uint32_t type) {
    const inference_tensor *tensor = place == 1 ? &o->second : &o->third;
    if (o->input_ids[place] == INFERENCE_NONE) return refuse(o, INFERENCE_REASON_ARITY, INFERENCE_NONE, place);
    if (tensor->type != type) return refuse(o, INFERENCE_REASON_TYPE, o->input_ids[place], tensor->type);
    if (tensor->data == NULL) return refuse(o, INFERENCE_REASON_NOT_CONSTANT, o->input_ids[place], 0);
    return INFERENCE_REASON_NONE;
}

bool same_dims(const inference_tensor *a, const inference_tensor *b) {
    if (a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}
