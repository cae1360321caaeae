// Opening a model: the whole file is walked once, every operator is checked, and then reads need no checks.
// Also what the API tells of a model. Left out: memory (planner.c) and running (engine.c).
#include "operation.h"

enum { MODEL_VERSION = 0, MODEL_OPERATOR_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_DESCRIPTION = 3, MODEL_BUFFERS = 4 };
enum { SUBGRAPH_TENSORS = 0, SUBGRAPH_INPUTS = 1, SUBGRAPH_OUTPUTS = 2, SUBGRAPH_OPERATORS = 3, SUBGRAPH_NAME = 4 };
enum { CODE_CUSTOM = 1 };
#define SCHEMA_VERSION 3

static inference_code code_of(inference_reason reason) {
    switch (reason) {
        case INFERENCE_REASON_NONE: return INFERENCE_OK;
        case INFERENCE_REASON_NOT_CONSTANT: case INFERENCE_REASON_RANK: case INFERENCE_REASON_TYPE:
        case INFERENCE_REASON_ACTIVATION: case INFERENCE_REASON_OPTION: case INFERENCE_REASON_VARIABLE:
        case INFERENCE_REASON_ARITY: case INFERENCE_REASON_TOO_MANY:
        case INFERENCE_REASON_MULTIPLIER: return INFERENCE_MODEL_UNSUPPORTED;
        default: return INFERENCE_MODEL_INVALID;
    }
}

void inference_clear(inference_error *error) {
    error->code = INFERENCE_OK;
    error->reason = INFERENCE_REASON_NONE;
    error->op_index = error->op = error->tensor = error->number = INFERENCE_NONE;
    error->needed = error->available = error->missing = 0;
}

static inference_code fail(inference_error *error, inference_reason reason, uint32_t number) {
    error->code = code_of(reason);
    error->reason = reason;
    error->number = number;
    return error->code;
}

static inference_code fail_at(inference_error *error, const operation *o, inference_reason reason) {
    error->op_index = o->index;
    error->op = o->op.code;
    error->tensor = o->faulty;
    return fail(error, reason, o->number);
}

// The parts of the file that operators lead to: codes, buffers, the main subgraph and its index lists.
static inference_code open_parts(inference_model *m, inference_error *error) {
    flat_table root, graph;
    uint32_t start = flat_follow(m, 0);
    if (start == 0 || !flat_table_at(m, start, &root)) return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    int32_t version = flat_i32(m, &root, MODEL_VERSION, 0);
    if (m->fault == 0 && version != SCHEMA_VERSION) {
        error->number = (uint32_t)version;
        return error->code = INFERENCE_MODEL_SCHEMA_MISMATCH;
    }
    flat_vector codes = flat_vector_field(m, &root, MODEL_OPERATOR_CODES, 4);
    flat_vector graphs = flat_vector_field(m, &root, MODEL_SUBGRAPHS, 4);
    flat_vector buffers = flat_vector_field(m, &root, MODEL_BUFFERS, 4);
    flat_string_field(m, &root, MODEL_DESCRIPTION);
    if (m->fault != 0) return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    if (graphs.count == 0) return fail(error, INFERENCE_REASON_NO_SUBGRAPH, 0);
    if (!flat_table_element(m, graphs, 0, &graph)) return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    flat_vector tensors = flat_vector_field(m, &graph, SUBGRAPH_TENSORS, 4);
    flat_vector inputs = flat_vector_field(m, &graph, SUBGRAPH_INPUTS, 4);
    flat_vector outputs = flat_vector_field(m, &graph, SUBGRAPH_OUTPUTS, 4);
    flat_vector operators = flat_vector_field(m, &graph, SUBGRAPH_OPERATORS, 4);
    flat_string_field(m, &graph, SUBGRAPH_NAME);
    if (m->fault != 0) return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    m->opcodes = codes.at, m->opcode_count = codes.count;
    m->buffers = buffers.at, m->buffer_count = buffers.count;
    m->tensors = tensors.at, m->tensor_count = tensors.count;
    m->operators = operators.at, m->operator_count = operators.count;
    m->inputs = inputs.at, m->input_count = inputs.count;
    m->outputs = outputs.at, m->output_count = outputs.count;
    if (tensors.count > SCHEMA_MAX_COUNT) return fail(error, INFERENCE_REASON_TOO_MANY, tensors.count);
    if (operators.count > SCHEMA_MAX_COUNT) return fail(error, INFERENCE_REASON_TOO_MANY, operators.count);
    if (inputs.count == 0 || outputs.count == 0 || operators.count == 0)
        return fail(error, INFERENCE_REASON_NO_SUBGRAPH, 0);
    return INFERENCE_OK;
}

// Walks tables that no operator need lead to: their offsets must hold all the same.
static inference_code walk_tables(inference_model *m, inference_error *error) {
    flat_table table;
    flat_vector codes = {m->opcodes, m->opcode_count}, buffers = {m->buffers, m->buffer_count};
    for (uint32_t i = 0; i < codes.count; i++)
        if (flat_table_element(m, codes, i, &table)) flat_string_field(m, &table, CODE_CUSTOM);
    for (uint32_t i = 0; i < buffers.count; i++)
        if (flat_table_element(m, buffers, i, &table)) flat_vector_field(m, &table, 0, 1);
    if (m->fault != 0) return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    inference_tensor tensor;
    for (uint32_t i = 0; i < m->tensor_count; i++) {
        inference_get_tensor(m, i, &tensor);
        if (m->fault == 0) continue;
        error->tensor = i;
        return fail(error, INFERENCE_REASON_OFFSET, m->fault - 1);
    }
    return INFERENCE_OK;
}

static bool is_listed(const inference_model *m, flat_vector list, uint32_t tensor) {
    for (uint32_t i = 0; i < list.count; i++)
        if (schema_index(m, list, i) == tensor) return true;
    return false;
}

// The operator that writes a tensor; INFERENCE_NONE = none before `limit`.
static uint32_t producer(inference_model *m, uint32_t tensor, uint32_t limit) {
    schema_op op;
    for (uint32_t i = 0; i < limit; i++)
        if (schema_operator(m, i, &op) == INFERENCE_REASON_NONE && schema_index(m, op.outputs, 0) == tensor) return i;
    return INFERENCE_NONE;
}

// A tensor may be read when it is a constant, an input of the model, or written by an earlier operator.
static bool is_readable(inference_model *m, uint32_t tensor, uint32_t op_index) {
    return schema_is_constant(m, tensor) || is_listed(m, (flat_vector){m->inputs, m->input_count}, tensor)
        || producer(m, tensor, op_index) != INFERENCE_NONE;
}

static inference_reason check_order(operation *o) {
    inference_model *m = o->model;
    for (uint32_t i = 0; i < o->op.inputs.count; i++) {
        uint32_t tensor = schema_index(m, o->op.inputs, i);
        if (tensor != INFERENCE_NONE && !is_readable(m, tensor, o->index))
            return refuse(o, INFERENCE_REASON_ORDER, tensor, o->index);
    }
    if (is_readable(m, o->output_id, o->index)) return refuse(o, INFERENCE_REASON_ORDER, o->output_id, o->index);
    return INFERENCE_REASON_NONE;
}

static inference_code check_operator(inference_model *m, uint32_t index, inference_error *error) {
    operation o;
    schema_op op;
    inference_reason reason = schema_operator(m, index, &op);
    o.index = index;
    o.op = op;
    o.faulty = o.number = INFERENCE_NONE;
    if (reason == INFERENCE_REASON_OFFSET) o.number = m->fault - 1;
    if (reason != INFERENCE_REASON_NONE) return fail_at(error, &o, reason);
    const operation_kind *kind = operation_find(op.code);
    if (kind == NULL) {
        fail_at(error, &o, INFERENCE_REASON_NONE);
        return error->code = INFERENCE_OP_MISSING;
    }
    if (op.inputs.count < kind->fewest_inputs || op.inputs.count > kind->most_inputs || op.outputs.count != 1) {
        o.number = op.inputs.count;
        return fail_at(error, &o, INFERENCE_REASON_ARITY);
    }
    reason = operation_open(m, index, &o);
    for (uint32_t i = 0; reason == INFERENCE_REASON_NONE && i < kind->fewest_inputs; i++)
        if (schema_index(m, op.inputs, i) == INFERENCE_NONE) reason = refuse(&o, INFERENCE_REASON_ARITY, INFERENCE_NONE, i);
    if (reason == INFERENCE_REASON_NONE) reason = check_order(&o);
    if (reason == INFERENCE_REASON_NONE) reason = kind->check(&o);
    if (m->fault != 0) reason = refuse(&o, INFERENCE_REASON_OFFSET, INFERENCE_NONE, m->fault - 1);
    return reason == INFERENCE_REASON_NONE ? INFERENCE_OK : fail_at(error, &o, reason);
}

// The model's inputs are float32 or int8 tensors without values; its outputs are written by someone.
static inference_code check_ends(inference_model *m, inference_error *error) {
    inference_tensor tensor;
    for (uint32_t end = 0; end < 2; end++) {
        flat_vector list = {end == 0 ? m->inputs : m->outputs, end == 0 ? m->input_count : m->output_count};
        for (uint32_t i = 0; i < list.count; i++) {
            error->tensor = schema_index(m, list, i);
            inference_reason reason = schema_tensor(m, error->tensor, &tensor);
            if (reason == INFERENCE_REASON_NONE && tensor.type != INFERENCE_FLOAT32 && tensor.type != INFERENCE_INT8)
                reason = INFERENCE_REASON_TYPE;
            if (reason == INFERENCE_REASON_NONE && tensor.type == INFERENCE_INT8 && tensor.scale_count == 0)
                reason = INFERENCE_REASON_QUANTIZATION;
            if (reason == INFERENCE_REASON_NONE && (end == 0 ? tensor.data != NULL
                    : !is_readable(m, error->tensor, m->operator_count)))
                reason = INFERENCE_REASON_ORDER;
            uint32_t number = reason == INFERENCE_REASON_TYPE ? tensor.type : error->tensor;
            if (reason != INFERENCE_REASON_NONE) return fail(error, reason, number);
        }
    }
    error->tensor = INFERENCE_NONE;
    return INFERENCE_OK;
}

static void count_arena_tensors(inference_model *m) {
    uint32_t first, last;
    m->arena_tensors = 0;
    for (uint32_t i = 0; i < m->tensor_count; i++) m->arena_tensors += inference_lifetime(m, i, &first, &last);
}

inference_code inference_open(inference_model *m, const void *bytes, size_t size, inference_error *error) {
    inference_clear(error);
    m->bytes = bytes;
    m->size = (uint32_t)size;
    m->fault = 0;
    m->verified = false;
    m->tensor_count = m->operator_count = m->input_count = m->output_count = m->opcode_count = m->buffer_count = 0;
    m->arena_tensors = 0;
    m->ends_outside = false;
    if (size < 12) return fail(error, INFERENCE_REASON_TRUNCATED, (uint32_t)size);
    if (size > SCHEMA_MAX_FILE_BYTES) return fail(error, INFERENCE_REASON_TOO_MANY, (uint32_t)SCHEMA_MAX_FILE_BYTES);
    if ((uintptr_t)bytes % 4 != 0) return fail(error, INFERENCE_REASON_ALIGNMENT, 0);
    if (flat_word(m, 4) != 0x334C4654u) return fail(error, INFERENCE_REASON_IDENTIFIER, flat_word(m, 4));  // "TFL3"
    inference_code code = open_parts(m, error);
    if (code == INFERENCE_OK) code = walk_tables(m, error);
    for (uint32_t i = 0; code == INFERENCE_OK && i < m->operator_count; i++) code = check_operator(m, i, error);
    if (code == INFERENCE_OK) code = check_ends(m, error);
    if (code != INFERENCE_OK) return code;
    count_arena_tensors(m);
    m->verified = true;
    return INFERENCE_OK;
}

bool inference_is_outside(const inference_model *m, uint32_t tensor) {
    return m->ends_outside
        && (is_listed(m, (flat_vector){m->inputs, m->input_count}, tensor)
            || is_listed(m, (flat_vector){m->outputs, m->output_count}, tensor));
}

void inference_keep_ends_outside(inference_model *m) {
    m->ends_outside = true;
    count_arena_tensors(m);
}

bool inference_get_tensor(inference_model *m, uint32_t index, inference_tensor *out) {
    schema_checked_tensor(m, index, out);
    flat_table table;
    flat_vector tensors = {m->tensors, m->tensor_count};
    if (index >= m->tensor_count || !flat_table_element(m, tensors, index, &table)) return false;
    flat_vector name = flat_string_field(m, &table, 3);
    out->name = name.at == 0 ? NULL : (const char *)m->bytes + name.at;
    out->name_length = name.count;
    return true;
}

uint32_t inference_get_op(inference_model *m, uint32_t op_index) {
    schema_op op;
    if (op_index >= m->operator_count) return INFERENCE_NONE;
    return schema_operator(m, op_index, &op) == INFERENCE_REASON_NONE ? op.code : INFERENCE_NONE;
}

uint32_t inference_op_input(inference_model *m, uint32_t op_index, uint32_t place) {
    schema_op op;
    if (op_index >= m->operator_count) return INFERENCE_NONE;
    return schema_operator(m, op_index, &op) == INFERENCE_REASON_NONE ? schema_index(m, op.inputs, place) : INFERENCE_NONE;
}

uint32_t inference_op_output(inference_model *m, uint32_t op_index) {
    schema_op op;
    if (op_index >= m->operator_count) return INFERENCE_NONE;
    return schema_operator(m, op_index, &op) == INFERENCE_REASON_NONE ? schema_index(m, op.outputs, 0) : INFERENCE_NONE;
}

uint32_t inference_input_tensor(inference_model *m, uint32_t input) {
    return schema_index(m, (flat_vector){m->inputs, m->input_count}, input);
}

uint32_t inference_output_tensor(inference_model *m, uint32_t output) {
    return schema_index(m, (flat_vector){m->outputs, m->output_count}, output);
}

bool inference_lifetime(inference_model *m, uint32_t tensor, uint32_t *first, uint32_t *last) {
    schema_op op;
    if (tensor >= m->tensor_count || schema_is_constant(m, tensor) || inference_is_outside(m, tensor)) return false;
    if (schema_is_shape(m, tensor)) return false;
    bool found = is_listed(m, (flat_vector){m->inputs, m->input_count}, tensor);
    *first = *last = 0;
    for (uint32_t i = 0; i < m->operator_count; i++) {
        if (schema_operator(m, i, &op) != INFERENCE_REASON_NONE) continue;
        bool writes = is_listed(m, op.outputs, tensor), reads = is_listed(m, op.inputs, tensor);
        if (writes && !found) *first = i;
        if (writes || reads) *last = i, found = true;
    }
    if (is_listed(m, (flat_vector){m->outputs, m->output_count}, tensor)) *last = m->operator_count;
    return found;
}
