// See schema.h.
#include "schema.h"

enum { CODE_DEPRECATED_BUILTIN = 0, CODE_BUILTIN = 3 };
enum {
    TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_QUANTIZATION = 4,
    TENSOR_IS_VARIABLE = 5
};
enum { QUANTIZATION_SCALE = 2, QUANTIZATION_ZERO_POINT = 3, QUANTIZATION_DIMENSION = 6 };
enum { OPERATOR_CODE_INDEX = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2, OPERATOR_OPTIONS_TYPE = 3, OPERATOR_OPTIONS = 4 };
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1, BUFFER_SIZE = 2 };

static uint32_t element_bytes(uint32_t type) {
    switch (type) {
        case INFERENCE_FLOAT32: case INFERENCE_INT32: return 4;
        case INFERENCE_INT64: return 8;
        case INFERENCE_INT8: return 1;
        default: return 0;
    }
}

// A u64 field that has to fit 32 bits.
static uint32_t wide_field(inference_model *model, const flat_table *table, uint32_t id) {
    uint32_t at = flat_field(model, table, id, 8);
    if (at == 0) return 0;
    if (flat_word(model, at + 4) != 0) return flat_lie(model, at), 0;
    return flat_word(model, at);
}

// A tensor's values: the buffer's vector, or bytes behind the flatbuffer (Buffer.offset and size; offsets 0 and 1
// mean none). Absent and empty buffers mean a tensor that is computed.
static inference_reason buffer_of(inference_model *model, uint32_t index, flat_vector *out) {
    *out = (flat_vector){0, 0};
    if (index == 0 && model->buffer_count == 0) return INFERENCE_REASON_NONE;
    if (index >= model->buffer_count) return INFERENCE_REASON_BUFFER_INDEX;
    flat_table buffer;
    flat_vector buffers = {model->buffers, model->buffer_count};
    if (!flat_table_element(model, buffers, index, &buffer)) return INFERENCE_REASON_OFFSET;
    *out = flat_vector_field(model, &buffer, BUFFER_DATA, 1);
    if (out->count != 0) return INFERENCE_REASON_NONE;
    uint32_t offset = wide_field(model, &buffer, BUFFER_OFFSET), size = wide_field(model, &buffer, BUFFER_SIZE);
    if (offset <= 1 || size == 0) return INFERENCE_REASON_NONE;
    if (offset > model->size || size > model->size - offset) return flat_lie(model, buffer.at), INFERENCE_REASON_OFFSET;
    *out = (flat_vector){offset, size};
    return INFERENCE_REASON_NONE;
}

static inference_reason read_shape(inference_model *model, const flat_table *table, inference_tensor *out) {
    flat_vector shape = flat_vector_field(model, table, TENSOR_SHAPE, 4);
    out->rank = shape.count;
    out->elements = 1;
    if (shape.count > INFERENCE_MAX_RANK) return INFERENCE_REASON_RANK;
    for (uint32_t i = 0; i < shape.count; i++) {
        uint32_t dim = flat_word(model, shape.at + 4 * i);
        if (dim == 0 || dim > SCHEMA_MAX_TENSOR_BYTES || out->elements > SCHEMA_MAX_TENSOR_BYTES / dim)
            return INFERENCE_REASON_SHAPE;
        out->dims[i] = dim;
        out->elements *= dim;
    }
    out->bytes = out->elements * element_bytes(out->type);
    return out->elements > SCHEMA_MAX_TENSOR_BYTES / 8 ? INFERENCE_REASON_SHAPE : INFERENCE_REASON_NONE;
}

// The zero point is a 64-bit integer in the file; what an int8 tensor can mean fits 32.
static bool read_zero_point(inference_model *model, flat_vector points, int32_t *out) {
    *out = 0;
    if (points.count == 0) return true;
    uint32_t low = flat_word(model, points.at), high = flat_word(model, points.at + 4);
    *out = (int32_t)low;
    return high == ((low & 0x80000000u) != 0 ? 0xFFFFFFFFu : 0u);
}

static inference_reason read_quantization(inference_model *model, const flat_table *table, inference_tensor *out) {
    flat_table quantization;
    if (!flat_table_field(model, table, TENSOR_QUANTIZATION, &quantization)) return INFERENCE_REASON_NONE;
    flat_vector scales = flat_vector_field(model, &quantization, QUANTIZATION_SCALE, 4);
    flat_vector points = flat_vector_field(model, &quantization, QUANTIZATION_ZERO_POINT, 8);
    bool fits = read_zero_point(model, points, &out->zero_point);
    out->channel_dim = (uint32_t)flat_i32(model, &quantization, QUANTIZATION_DIMENSION, 0);
    if (scales.count == 0) return INFERENCE_REASON_NONE;
    out->scales = (const float *)(const void *)(model->bytes + scales.at);
    out->scale = out->scales[0];
    out->scale_count = scales.count;
    if (out->type != INFERENCE_INT8) return INFERENCE_REASON_NONE;
    if (!fits || out->zero_point < -128 || out->zero_point > 127) return INFERENCE_REASON_QUANTIZATION;
    if (model->verified) return INFERENCE_REASON_NONE;
    for (uint32_t i = 0; i < scales.count; i++) {
        uint32_t bits = flat_word(model, scales.at + 4 * i);
        if (bits < 0x00800000u || bits >= 0x7F800000u) return INFERENCE_REASON_QUANTIZATION;  // positive, normal, finite
    }
    return INFERENCE_REASON_NONE;
}

static void clear_tensor(inference_tensor *out) {
    // Field by field: a board's compiler would call memset for `= {0}`.
    out->type = out->rank = out->elements = out->bytes = out->scale_count = out->channel_dim = out->name_length = 0;
    out->scale = 0;
    out->zero_point = 0;
    out->scales = NULL;
    out->data = NULL;
    out->name = NULL;
}

const void *schema_known_data(const inference_model *model, uint32_t tensor) {
    const uint8_t *table = flat_target(model->bytes + model->tensors + 4 * tensor);
    const uint8_t *number = flat_known_field(table, TENSOR_BUFFER);
    if (model->buffer_count == 0) return NULL;
    const uint8_t *buffer =
        flat_target(model->bytes + model->buffers + 4 * (number == NULL ? 0 : flat_word_at(number)));
    const uint8_t *data = flat_known_target(buffer, BUFFER_DATA);
    if (data != NULL && flat_word_at(data) != 0) return data + 4;
    const uint8_t *offset = flat_known_field(buffer, BUFFER_OFFSET), *size = flat_known_field(buffer, BUFFER_SIZE);
    if (offset == NULL || size == NULL || flat_word_at(offset) <= 1 || flat_word_at(size) == 0) return NULL;
    return model->bytes + flat_word_at(offset);
}

// A tensor of a walked model, straight to the point: this is what running a model spends its time on besides the
// operators' own work.
static void known_tensor(const inference_model *model, uint32_t index, inference_tensor *out) {
    const uint8_t *table = flat_target(model->bytes + model->tensors + 4 * index);
    const uint8_t *type = flat_known_field(table, TENSOR_TYPE), *shape = flat_known_target(table, TENSOR_SHAPE);
    out->type = type == NULL ? INFERENCE_FLOAT32 : *type;
    out->rank = shape == NULL ? 0 : flat_word_at(shape);
    out->elements = 1;
    for (uint32_t i = 0; i < out->rank; i++) {
        out->dims[i] = flat_word_at(shape + 4 + 4 * i);
        out->elements *= out->dims[i];
    }
    out->bytes = out->elements * element_bytes(out->type);
    out->data = schema_known_data(model, index);
    out->scale_count = 0;
    if (out->type == INFERENCE_FLOAT32) return;
    const uint8_t *quantization = flat_known_target(table, TENSOR_QUANTIZATION);
    const uint8_t *scales = quantization == NULL ? NULL : flat_known_target(quantization, QUANTIZATION_SCALE);
    if (scales == NULL || flat_word_at(scales) == 0) return;
    out->scale_count = flat_word_at(scales);
    out->scales = (const float *)(const void *)(scales + 4);
    out->scale = out->scales[0];
    const uint8_t *points = flat_known_target(quantization, QUANTIZATION_ZERO_POINT);
    out->zero_point = points == NULL || flat_word_at(points) == 0 ? 0 : (int32_t)flat_word_at(points + 4);
    const uint8_t *dimension = flat_known_field(quantization, QUANTIZATION_DIMENSION);
    out->channel_dim = dimension == NULL ? 0 : flat_word_at(dimension);
}

inference_reason schema_checked_tensor(inference_model *model, uint32_t index, inference_tensor *out) {
    clear_tensor(out);
    if (index >= model->tensor_count) return INFERENCE_REASON_TENSOR_INDEX;
    flat_table table;
    flat_vector tensors = {model->tensors, model->tensor_count};
    if (!flat_table_element(model, tensors, index, &table)) return INFERENCE_REASON_OFFSET;
    out->type = flat_u8(model, &table, TENSOR_TYPE, INFERENCE_FLOAT32);
    inference_reason shape = read_shape(model, &table, out);
    inference_reason quantization = read_quantization(model, &table, out);
    // Everything is read before anything is refused: later reads rely on this walk.
    bool variable = flat_u8(model, &table, TENSOR_IS_VARIABLE, 0) != 0;
    flat_vector data;
    inference_reason buffer = buffer_of(model, (uint32_t)flat_i32(model, &table, TENSOR_BUFFER, 0), &data);
    if (data.count != 0) out->data = model->bytes + data.at;
    if (model->fault != 0) return INFERENCE_REASON_OFFSET;
    if (buffer != INFERENCE_REASON_NONE) return buffer;
    if (shape != INFERENCE_REASON_NONE) return shape;
    if (element_bytes(out->type) == 0) return INFERENCE_REASON_TYPE;
    if (quantization != INFERENCE_REASON_NONE) return quantization;
    if (data.count != 0 && data.count < out->bytes) return INFERENCE_REASON_DATA_SIZE;
    if (data.at % (element_bytes(out->type) == 1 ? 1 : 4) != 0) return INFERENCE_REASON_DATA_SIZE;
    return variable ? INFERENCE_REASON_VARIABLE : INFERENCE_REASON_NONE;
}

inference_reason schema_tensor(inference_model *model, uint32_t index, inference_tensor *out) {
    if (!model->verified || index >= model->tensor_count) return schema_checked_tensor(model, index, out);
    // Of a walked model, tensors that no operator names may still be unusable; nobody asks for those to run them.
    known_tensor(model, index, out);
    return INFERENCE_REASON_NONE;
}

// Old files have only the 8-bit code, new ones the 32-bit one beside 127: the larger counts.
static inference_reason builtin_code(inference_model *model, uint32_t index, uint32_t *out) {
    flat_vector codes = {model->opcodes, model->opcode_count};
    flat_table code;
    if (index >= model->opcode_count) return INFERENCE_REASON_OPCODE_INDEX;
    if (!flat_table_element(model, codes, index, &code)) return INFERENCE_REASON_OFFSET;
    int32_t old = (int8_t)flat_u8(model, &code, CODE_DEPRECATED_BUILTIN, 0);
    int32_t new = flat_i32(model, &code, CODE_BUILTIN, 0);
    *out = (uint32_t)(old > new ? old : new);
    return INFERENCE_REASON_NONE;
}

static flat_vector known_vector(const inference_model *model, const uint8_t *table, uint32_t id) {
    const uint8_t *vector = flat_known_target(table, id);
    if (vector == NULL) return (flat_vector){0, 0};
    return (flat_vector){(uint32_t)(vector + 4 - model->bytes), flat_word_at(vector)};
}

static void known_operator(const inference_model *model, uint32_t index, schema_op *out) {
    const uint8_t *table = flat_target(model->bytes + model->operators + 4 * index);
    const uint8_t *number = flat_known_field(table, OPERATOR_CODE_INDEX);
    const uint8_t *code =
        flat_target(model->bytes + model->opcodes + 4 * (number == NULL ? 0 : flat_word_at(number)));
    const uint8_t *old = flat_known_field(code, CODE_DEPRECATED_BUILTIN), *new = flat_known_field(code, CODE_BUILTIN);
    int32_t old_code = old == NULL ? 0 : (int8_t)*old, new_code = new == NULL ? 0 : (int32_t)flat_word_at(new);
    out->code = (uint32_t)(old_code > new_code ? old_code : new_code);
    out->inputs = known_vector(model, table, OPERATOR_INPUTS);
    out->outputs = known_vector(model, table, OPERATOR_OUTPUTS);
    const uint8_t *type = flat_known_field(table, OPERATOR_OPTIONS_TYPE);
    const uint8_t *options = flat_known_target(table, OPERATOR_OPTIONS);
    out->options_type = type == NULL || options == NULL ? 0 : *type;
    out->options.at = 0;
    if (options == NULL) return;
    const uint8_t *vtable = options - (int32_t)flat_word_at(options);
    out->options.at = (uint32_t)(options - model->bytes), out->options.vtable = (uint32_t)(vtable - model->bytes);
    out->options.vtable_bytes = flat_half(vtable), out->options.bytes = flat_half(vtable + 2);
}

inference_reason schema_operator(inference_model *model, uint32_t index, schema_op *out) {
    if (model->verified) {
        known_operator(model, index, out);
        return INFERENCE_REASON_NONE;
    }
    flat_table table;
    flat_vector operators = {model->operators, model->operator_count};
    out->code = INFERENCE_NONE;
    if (!flat_table_element(model, operators, index, &table)) return INFERENCE_REASON_OFFSET;
    uint32_t code_index = (uint32_t)flat_i32(model, &table, OPERATOR_CODE_INDEX, 0);
    inference_reason reason = builtin_code(model, code_index, &out->code);
    if (reason != INFERENCE_REASON_NONE) return reason;
    out->inputs = flat_vector_field(model, &table, OPERATOR_INPUTS, 4);
    out->outputs = flat_vector_field(model, &table, OPERATOR_OUTPUTS, 4);
    out->options_type = flat_u8(model, &table, OPERATOR_OPTIONS_TYPE, 0);
    if (!flat_table_field(model, &table, OPERATOR_OPTIONS, &out->options)) out->options_type = 0;
    return model->fault != 0 ? INFERENCE_REASON_OFFSET : INFERENCE_REASON_NONE;
}

uint32_t schema_index(const inference_model *model, flat_vector vector, uint32_t place) {
    return place < vector.count ? flat_word(model, vector.at + 4 * place) : INFERENCE_NONE;
}

bool schema_is_constant(inference_model *model, uint32_t tensor) {
    flat_table table;
    flat_vector tensors = {model->tensors, model->tensor_count}, data;
    if (tensor >= model->tensor_count || !flat_table_element(model, tensors, tensor, &table)) return false;
    return buffer_of(model, (uint32_t)flat_i32(model, &table, TENSOR_BUFFER, 0), &data) == INFERENCE_REASON_NONE
        && data.count != 0;
}

bool schema_is_shape(inference_model *model, uint32_t tensor) {
    flat_table table;
    flat_vector tensors = {model->tensors, model->tensor_count};
    return tensor < model->tensor_count && flat_table_element(model, tensors, tensor, &table)
        && flat_u8(model, &table, TENSOR_TYPE, INFERENCE_FLOAT32) == INFERENCE_INT32
        && !schema_is_constant(model, tensor);
}
