// Running a model: memory is given, a plan says where tensors lie, operators run one after the other. Also the
// values that go in and come out.
#include "operation.h"
#include "real.h"

inference_code inference_too_small(inference_error *error, uint32_t needed, uint32_t available) {
    error->code = INFERENCE_ARENA_TOO_SMALL;
    error->needed = needed;
    error->available = available;
    error->missing = needed - available;
    return error->code;
}

// Plans inside the arena: the workspace lies at its end, and of that the plan itself stays.
static inference_code plan_in_arena(inference_engine *engine, uint32_t effort, inference_error *error) {
    inference_model *m = engine->model;
    uint32_t words = inference_workspace_words(m), kept = 4 * m->tensor_count, bytes = engine->arena_bytes & ~3u;
    if (bytes / 4 < words) return inference_too_small(error, words * 4, engine->arena_bytes);
    uint32_t *workspace = (uint32_t *)(void *)(engine->arena + bytes) - words;
    uint32_t *offsets = (uint32_t *)(void *)(engine->arena + bytes) - m->tensor_count;
    inference_code code = inference_plan(m, workspace, words, effort, &engine->used_bytes, error);
    if (code != INFERENCE_OK) return code;
    if (engine->used_bytes > bytes - kept)
        return inference_too_small(error, engine->used_bytes + kept, engine->arena_bytes);
    for (uint32_t i = m->tensor_count; i-- > 0;) offsets[i] = workspace[i];  // moves up
    engine->offsets = offsets;
    return INFERENCE_OK;
}

// Memory of a tensor that has no place in the arena; NULL = none was given, or it has no values (shapes).
static void *bound_place(const inference_engine *engine, uint32_t tensor) {
    inference_model *m = engine->model;
    for (uint32_t i = 0; i < INFERENCE_MOST_BOUND && i < m->input_count + m->output_count; i++) {
        uint32_t end = i < m->input_count ? inference_input_tensor(m, i) : inference_output_tensor(m, i - m->input_count);
        if (end == tensor && engine->bound[i] != NULL) return engine->bound[i];
    }
    return NULL;
}

static void *place_of(const inference_engine *engine, uint32_t tensor, const void *data) {
    if (data != NULL) return (void *)(uintptr_t)data;
    uint32_t offset = engine->offsets[tensor];
    return offset != INFERENCE_NONE ? engine->arena + offset : bound_place(engine, tensor);
}

const void *operation_input_place(const operation *o, uint32_t place) {
    uint32_t tensor = schema_index(o->model, o->op.inputs, place);
    return place_of(o->engine, tensor, schema_known_data(o->model, tensor));
}

// How an operator runs: bits of `ways`.
enum { BACKWARD = 1, THROUGH_SCRATCH = 2, TOUCHES = 4, NOTHING_TO_DO = 8 };

// Which way round an operator runs, and whether through scratch, follows from where its input and output lie.
static uint8_t way_of(const inference_engine *engine, operation *o) {
    overlap_rule rule;
    if (operation_workspace_bytes(o) != 0) return THROUGH_SCRATCH;
    if (o->input.data != NULL) return 0;
    if (engine->offsets[o->input_ids[0]] == INFERENCE_NONE || engine->offsets[o->output_id] == INFERENCE_NONE) return 0;
    uint32_t in = engine->offsets[o->input_ids[0]], out = engine->offsets[o->output_id];
    if (in == out && operation_aliases(o->op.code)) return NOTHING_TO_DO;
    if (in >= out + o->output.bytes || out >= in + o->input.bytes) return 0;
    operation_overlap(o, 0, &rule);
    return ((int32_t)(in - out) < rule.forward_from ? BACKWARD : 0) | (rule.scratch ? THROUGH_SCRATCH : 0)
        | TOUCHES;
}

static void find_ways(inference_engine *engine) {
    operation o;
    for (uint32_t i = 0; i < INFERENCE_KNOWN_WAYS && i < engine->model->operator_count; i++) {
        operation_open(engine->model, i, &o);
        engine->ways[i] = way_of(engine, &o);
    }
}

inference_code inference_start(
    inference_engine *engine, inference_model *model, const uint32_t *plan, uint32_t plan_words, void *arena,
    uint32_t arena_bytes, inference_error *error) {
    inference_clear(error);
    engine->model = model;
    engine->arena = arena;
    engine->arena_bytes = arena_bytes;
    engine->offsets = NULL;
    for (uint32_t i = 0; i < INFERENCE_MOST_BOUND; i++) engine->bound[i] = NULL;
    if (plan == NULL || plan_words < 1
        || inference_check_plan(model, plan + 1, plan_words - 1, plan[0], error) != INFERENCE_OK) {
        inference_clear(error);
        if (plan_in_arena(engine, 0, error) != INFERENCE_OK) return error->code;
    } else {
        engine->used_bytes = plan[0];
        if (plan[0] > arena_bytes) return inference_too_small(error, plan[0], arena_bytes);
        engine->offsets = plan + 1;
    }
    find_ways(engine);
    return INFERENCE_OK;
}

// Whether every end that lives outside was given its memory.
static bool are_bound(const inference_engine *engine) {
    uint32_t ends = engine->model->input_count + engine->model->output_count;
    for (uint32_t i = 0; i < ends; i++)
        if (i >= INFERENCE_MOST_BOUND || engine->bound[i] == NULL) return false;
    return true;
}

static inference_code bind(inference_engine *engine, uint32_t end, bool exists, void *memory, inference_error *error) {
    inference_clear(error);
    if (!engine->model->ends_outside || !exists || end >= INFERENCE_MOST_BOUND || (uintptr_t)memory % 4 != 0) {
        error->number = end;
        return error->code = INFERENCE_INPUT_MISMATCH;
    }
    engine->bound[end] = memory;
    return INFERENCE_OK;
}

inference_code inference_bind_input(
    inference_engine *engine, uint32_t input, const void *memory, inference_error *error) {
    return bind(engine, input, input < engine->model->input_count, (void *)(uintptr_t)memory, error);
}

inference_code inference_bind_output(inference_engine *engine, uint32_t output, void *memory, inference_error *error) {
    uint32_t inputs = engine->model->input_count;
    return bind(engine, inputs + output, output < engine->model->output_count, memory, error);
}

inference_code inference_invoke_op(inference_engine *engine, uint32_t op_index, inference_error *error) {
    operation o;
    inference_clear(error);
    if (op_index >= engine->model->operator_count) {
        error->op_index = op_index;
        return error->code = INFERENCE_OP_MISSING;
    }
    uint8_t way = op_index < INFERENCE_KNOWN_WAYS ? engine->ways[op_index] : 0;
    if (way & NOTHING_TO_DO) return INFERENCE_OK;
    operation_open(engine->model, op_index, &o);
    o.engine = engine;
    o.in = place_of(engine, o.input_ids[0], o.input.data);
    o.in2 = o.input_ids[1] == INFERENCE_NONE ? NULL : place_of(engine, o.input_ids[1], o.second.data);
    o.in3 = o.input_ids[2] == INFERENCE_NONE ? NULL : place_of(engine, o.input_ids[2], o.third.data);
    o.out = place_of(engine, o.output_id, o.output.data);
    if (engine->model->ends_outside && !are_bound(engine)) {
        error->needed = engine->model->input_count + engine->model->output_count;
        return error->code = INFERENCE_INPUT_MISMATCH;
    }
    if (op_index >= INFERENCE_KNOWN_WAYS) way = way_of(engine, &o);
    o.backward = (way & BACKWARD) != 0, o.touches = (way & TOUCHES) != 0;
    if (way & THROUGH_SCRATCH) o.scratch = engine->arena + engine->used_bytes - operation_scratch_bytes(&o);
    operation_find(o.op.code)->run(&o);
    return INFERENCE_OK;
}

inference_code inference_invoke(inference_engine *engine, inference_error *error) {
    inference_clear(error);
    inference_code code = INFERENCE_OK;
    for (uint32_t i = 0; i < engine->model->operator_count && code == INFERENCE_OK; i++)
        code = inference_invoke_op(engine, i, error);
    return code;
}

// ---- values ----

static void *open_end(inference_engine *engine, uint32_t tensor, inference_tensor *out) {
    if (tensor >= engine->model->tensor_count) return NULL;
    schema_tensor(engine->model, tensor, out);
    return place_of(engine, tensor, out->data);
}

void *inference_input(inference_engine *engine, uint32_t input) {
    inference_tensor tensor;
    return open_end(engine, inference_input_tensor(engine->model, input), &tensor);
}

const void *inference_output(inference_engine *engine, uint32_t output) {
    inference_tensor tensor;
    return open_end(engine, inference_output_tensor(engine->model, output), &tensor);
}

uint32_t inference_input_count(inference_engine *engine, uint32_t input) {
    inference_tensor tensor;
    return open_end(engine, inference_input_tensor(engine->model, input), &tensor) == NULL ? 0 : tensor.elements;
}

uint32_t inference_output_count(inference_engine *engine, uint32_t output) {
    inference_tensor tensor;
    return open_end(engine, inference_output_tensor(engine->model, output), &tensor) == NULL ? 0 : tensor.elements;
}

// Opens an input for the value at `index`; NULL = there is none, and the error says how many there are.
static void *open_input(
    inference_engine *engine, uint32_t input, uint32_t index, inference_tensor *tensor, inference_error *error) {
    inference_clear(error);
    error->tensor = inference_input_tensor(engine->model, input);
    void *place = open_end(engine, error->tensor, tensor);
    if (place != NULL && index < tensor->elements) {
        error->tensor = INFERENCE_NONE;
        return place;
    }
    error->code = INFERENCE_INPUT_MISMATCH;
    error->needed = place == NULL ? 0 : tensor->elements;
    error->available = index + 1;
    return NULL;
}

static int8_t saturated(int32_t value) { return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value); }

inference_code inference_put_float(
    inference_engine *engine, uint32_t input, uint32_t index, float value, inference_error *error) {
    inference_tensor tensor;
    void *place = open_input(engine, input, index, &tensor, error);
    if (place == NULL) return error->code;
    if (tensor.type == INFERENCE_FLOAT32) ((float *)place)[index] = value;
    else ((int8_t *)place)[index] = saturated(quantize_float(value, tensor.scale, tensor.zero_point));
    return INFERENCE_OK;
}

inference_code inference_put_int(
    inference_engine *engine, uint32_t input, uint32_t index, int32_t value, inference_error *error) {
    inference_tensor tensor;
    void *place = open_input(engine, input, index, &tensor, error);
    if (place == NULL) return error->code;
    if (tensor.type == INFERENCE_FLOAT32) ((float *)place)[index] = (float)value;
    else ((int8_t *)place)[index] = saturated(value);
    return INFERENCE_OK;
}

static float real_value(inference_engine *engine, uint32_t id, uint32_t index) {
    inference_tensor tensor;
    const void *place = open_end(engine, id, &tensor);
    if (place == NULL || index >= tensor.elements) return 0;
    if (tensor.type == INFERENCE_FLOAT32) return ((const float *)place)[index];
    return tensor.scale * (float)(((const int8_t *)place)[index] - tensor.zero_point);
}

float inference_get_input(inference_engine *engine, uint32_t input, uint32_t index) {
    return real_value(engine, inference_input_tensor(engine->model, input), index);
}

float inference_get_float(inference_engine *engine, uint32_t output, uint32_t index) {
    return real_value(engine, inference_output_tensor(engine->model, output), index);
}
