// Checks a memory plan that was made elsewhere: a board runs it only when this agrees. Works without memory of its
// own: lifetimes are read from the operators again for each pair that shares bytes.
#include "operation.h"

typedef struct checked_tensor {
    uint32_t index, offset, bytes, first, last;
} checked_tensor;

static inference_code fail(inference_error *error, inference_reason reason, uint32_t tensor, uint32_t number) {
    error->code = INFERENCE_PLAN_INVALID;
    error->reason = reason;
    error->tensor = tensor;
    error->number = number;
    return error->code;
}

// Opens an arena tensor; false = the tensor has no place in the arena.
static bool open_tensor(inference_model *m, const uint32_t *offsets, uint32_t index, checked_tensor *out) {
    inference_tensor tensor;
    if (!inference_lifetime(m, index, &out->first, &out->last)) return false;
    schema_tensor(m, index, &tensor);
    out->index = index;
    out->offset = offsets[index];
    out->bytes = tensor.bytes;
    return true;
}

// The tensor whose values these are: RESHAPE whose output lies where its input does hands them on.
static uint32_t origin(inference_model *m, const uint32_t *offsets, const checked_tensor *tensor) {
    schema_op op;
    uint32_t index = tensor->index;
    for (uint32_t i = tensor->first + 1; i-- > 0;) {
        schema_operator(m, i, &op);
        if (!operation_aliases(op.code) || schema_index(m, op.outputs, 0) != index) continue;
        uint32_t input = schema_index(m, op.inputs, 0);
        if (offsets[input] == offsets[index]) index = input;
    }
    return index;
}

// Whether b's operator may write b where a, which it reads for the last time, lies.
static bool may_overwrite(inference_model *m, const checked_tensor *a, const checked_tensor *b) {
    operation o;
    overlap_rule rule;
    if (a->last != b->first) return false;
    operation_open(m, b->first, &o);
    if (o.output_id != b->index) return false;
    bool found = false;
    for (uint32_t place = 0; place < o.op.inputs.count && place < 3; place++) {
        if (o.input_ids[place] != a->index) continue;
        operation_overlap(&o, place, &rule);
        int32_t distance = (int32_t)(a->offset - b->offset);
        if (distance < rule.forward_from && distance > rule.backward_to) return false;
        found = true;
    }
    return found;
}

static bool may_share(inference_model *m, const uint32_t *offsets, const checked_tensor *a, const checked_tensor *b) {
    if (a->offset >= b->offset + b->bytes || b->offset >= a->offset + a->bytes) return true;
    if (a->last < b->first || b->last < a->first) return true;
    if (a->offset == b->offset && origin(m, offsets, a) == origin(m, offsets, b)) return true;
    return may_overwrite(m, a, b) || may_overwrite(m, b, a);
}

// An operator's scratch is the arena's last bytes: nothing that lives then may reach into it.
static bool has_scratch(inference_model *m, const uint32_t *offsets, uint32_t arena_bytes, uint32_t op, uint32_t bytes) {
    checked_tensor tensor;
    if (bytes > arena_bytes) return false;
    for (uint32_t i = 0; i < m->tensor_count; i++) {
        if (!open_tensor(m, offsets, i, &tensor) || tensor.first > op || op > tensor.last) continue;
        if (tensor.offset + tensor.bytes > arena_bytes - bytes) return false;
    }
    return true;
}

uint32_t inference_scratch_bytes(inference_model *m, const uint32_t *offsets, uint32_t op_index) {
    operation o;
    overlap_rule rule;
    if (operation_open(m, op_index, &o) != INFERENCE_REASON_NONE) return 0;
    if (operation_workspace_bytes(&o) != 0) return operation_workspace_bytes(&o);
    if (offsets[o.output_id] == INFERENCE_NONE) return 0;
    uint32_t in = offsets[o.input_ids[0]], out = offsets[o.output_id];
    if (in == INFERENCE_NONE || in >= out + o.output.bytes || out >= in + o.input.bytes) return 0;
    operation_overlap(&o, 0, &rule);
    return rule.scratch ? operation_scratch_bytes(&o) : 0;
}

inference_code inference_check_plan(
    inference_model *m, const uint32_t *offsets, uint32_t count, uint32_t arena_bytes, inference_error *error) {
    checked_tensor a, b;
    inference_clear(error);
    if (count != m->tensor_count) return fail(error, INFERENCE_REASON_COUNT, INFERENCE_NONE, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!open_tensor(m, offsets, i, &a)) {
            if (offsets[i] != INFERENCE_NONE) return fail(error, INFERENCE_REASON_BOUNDS, i, offsets[i]);
            continue;
        }
        if (a.offset % 4 != 0 || a.offset > arena_bytes || a.bytes > arena_bytes - a.offset)
            return fail(error, INFERENCE_REASON_BOUNDS, i, a.offset);
        for (uint32_t k = 0; k < i; k++)
            if (offsets[k] != INFERENCE_NONE && open_tensor(m, offsets, k, &b) && !may_share(m, offsets, &a, &b))
                return fail(error, INFERENCE_REASON_OVERLAP, i, k);
    }
    for (uint32_t i = 0; i < m->operator_count; i++) {
        uint32_t scratch = inference_scratch_bytes(m, offsets, i);
        if (scratch == 0 || has_scratch(m, offsets, arena_bytes, i, scratch)) continue;
        error->op_index = i;
        error->op = inference_get_op(m, i);
        return fail(error, INFERENCE_REASON_SCRATCH, INFERENCE_NONE, scratch);
    }
    return INFERENCE_OK;
}
