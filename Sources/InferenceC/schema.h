// What the engine reads of a TFLite model (schema version 3): tensors and operators of the main subgraph, through
// the checked reader of flatbuffer.h. Field numbers are those of schema.fbs. Subgraphs other than the first,
// metadata and signatures are not looked at.
#pragma once

#include "flatbuffer.h"

// Bounds of what is taken: beyond them sizes could overflow 32 bits or checks take too long.
#define SCHEMA_MAX_FILE_BYTES 0x40000000u
#define SCHEMA_MAX_TENSOR_BYTES 0x10000000u
#define SCHEMA_MAX_COUNT 4096u

// An operator as the file has it.
typedef struct schema_op {
    uint32_t code;          // BuiltinOperator
    uint32_t options_type;  // BuiltinOptions; 0 = none
    flat_table options;
    flat_vector inputs, outputs;
} schema_op;

// Opens a tensor; its reason says why it cannot be used by an operator.
inference_reason schema_tensor(inference_model *model, uint32_t index, inference_tensor *out);
// The same, everything checked again: for tensors that perhaps no operator names.
inference_reason schema_checked_tensor(inference_model *model, uint32_t index, inference_tensor *out);
// A constant's values, of a walked model; NULL = none.
const void *schema_known_data(const inference_model *model, uint32_t tensor);
// Opens an operator.
inference_reason schema_operator(inference_model *model, uint32_t index, schema_op *out);
// Tensor index at a place of an index vector; INFERENCE_NONE = past the end, or -1 (an optional input left out).
uint32_t schema_index(const inference_model *model, flat_vector vector, uint32_t place);
// Whether the tensor is an int32 that operators compute from shapes: known when the file was written, never computed.
bool schema_is_shape(inference_model *model, uint32_t tensor);
// Whether the tensor lives in the caller's memory.
bool inference_is_outside(const inference_model *model, uint32_t tensor);
// Whether the tensor has values in the file.
bool schema_is_constant(inference_model *model, uint32_t tensor);
// The per-channel scale, or the only one.
static inline float schema_scale(const inference_tensor *tensor, uint32_t channel) {
    return tensor->scales[tensor->scale_count > 1 ? channel : 0];
}

// ---- filling errors ----
// An error that says nothing yet.
void inference_clear(inference_error *error);
// ARENA_TOO_SMALL with its numbers; returns the code.
inference_code inference_too_small(inference_error *error, uint32_t needed, uint32_t available);
