// The C face of the inference engine: open a .tflite file where it lies, plan its memory, run it. The same
// files compile on the host and on the board. There is no global state, no malloc, no stdio, no libm, no
// double and no 64-bit division at run time. Left out: everything that prints, and everything of a board.
//
// A board needs three calls:
//     inference_open(&model, bytes, size, &error)                          verifies the whole file
//     inference_start(&engine, &model, plan, words, arena, bytes, &error)  memory
//     inference_put_float(...) per value, inference_invoke(&engine, &error), inference_get_float(...)
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What went wrong, one per error code of the command line.
typedef enum inference_code {
    INFERENCE_OK = 0,
    INFERENCE_MODEL_INVALID = 1,        // not a TFLite flatbuffer, truncated, or an offset or a shape lies
    INFERENCE_MODEL_SCHEMA_MISMATCH = 2, // number = the schema version found (3 is known)
    INFERENCE_MODEL_UNSUPPORTED = 3,    // a known operator in a form that is not done (type, rank, activation)
    INFERENCE_OP_MISSING = 4,           // op = the operator's builtin code
    INFERENCE_ARENA_TOO_SMALL = 5,      // needed, available, missing in bytes
    INFERENCE_INPUT_MISMATCH = 6,       // needed = values the input takes, available = values given
    INFERENCE_PLAN_INVALID = 7          // a memory plan that does not fit the model; tensor and op say where
} inference_code;

// The reason behind a code, for the message; 0 = none given.
typedef enum inference_reason {
    INFERENCE_REASON_NONE = 0,
    INFERENCE_REASON_TRUNCATED,           // shorter than a flatbuffer's head
    INFERENCE_REASON_IDENTIFIER,          // no "TFL3" at byte 4
    INFERENCE_REASON_OFFSET,              // number = the byte position whose content points outside or is misaligned
    INFERENCE_REASON_ALIGNMENT,           // the model's first byte is not 4-aligned in memory
    INFERENCE_REASON_NO_SUBGRAPH,
    INFERENCE_REASON_TENSOR_INDEX,        // number = the index that no tensor has
    INFERENCE_REASON_OPCODE_INDEX,        // number = the index that no operator code has
    INFERENCE_REASON_BUFFER_INDEX,        // number = the index that no buffer has
    INFERENCE_REASON_ORDER,               // a tensor is read before it is written, or written twice
    INFERENCE_REASON_SHAPE,               // a tensor's shape is not what the operator makes of its inputs
    INFERENCE_REASON_RANK,                // number = the rank
    INFERENCE_REASON_TYPE,                // number = the TensorType
    INFERENCE_REASON_DATA_SIZE,           // a constant's buffer is not as long as its shape says
    INFERENCE_REASON_NOT_CONSTANT,        // a weight, an axis or a padding that is computed at run time
    INFERENCE_REASON_QUANTIZATION,        // scales or zero points are absent, not positive or out of range
    INFERENCE_REASON_ACTIVATION,          // number = the fused activation function
    INFERENCE_REASON_OPTION,              // an option of the operator: number = its value
    INFERENCE_REASON_VARIABLE,            // a variable (state) tensor
    INFERENCE_REASON_ARITY,               // number of inputs or outputs of the operator
    INFERENCE_REASON_TOO_MANY,            // more tensors or operators than 16 bits count
    INFERENCE_REASON_BOUNDS,              // plan: the tensor ends outside the arena or is misaligned
    INFERENCE_REASON_OVERLAP,             // plan: number = the other tensor that lives in the same bytes
    INFERENCE_REASON_COUNT,               // plan: it has not one word per tensor
    INFERENCE_REASON_SCRATCH,             // plan: an operator's scratch does not fit behind its tensors
    INFERENCE_REASON_MULTIPLIER           // scales whose ratio the integer kernels cannot express
} inference_reason;

#define INFERENCE_NONE UINT32_MAX

// What went wrong, in numbers. Fields that do not apply are INFERENCE_NONE, byte counts 0.
typedef struct inference_error {
    inference_code code;
    inference_reason reason;
    uint32_t op_index;  // position in the main subgraph
    uint32_t op;        // its builtin code
    uint32_t tensor;    // index in the main subgraph
    uint32_t number;    // what `reason` says
    uint32_t needed;
    uint32_t available;
    uint32_t missing;
} inference_error;

// TFLite's TensorType numbers, those that the engine meets.
typedef enum inference_type {
    INFERENCE_FLOAT32 = 0,
    INFERENCE_INT32 = 2,
    INFERENCE_INT64 = 4,
    INFERENCE_INT8 = 9
} inference_type;

// TFLite's BuiltinOperator numbers, those that the engine runs.
typedef enum inference_op {
    INFERENCE_ADD = 0,
    INFERENCE_AVERAGE_POOL_2D = 1,
    INFERENCE_CONCATENATION = 2,
    INFERENCE_CONV_2D = 3,
    INFERENCE_DEPTHWISE_CONV_2D = 4,
    INFERENCE_DEQUANTIZE = 6,
    INFERENCE_FULLY_CONNECTED = 9,
    INFERENCE_LOGISTIC = 14,
    INFERENCE_MAX_POOL_2D = 17,
    INFERENCE_MUL = 18,
    INFERENCE_RELU = 19,
    INFERENCE_RELU6 = 21,
    INFERENCE_RESHAPE = 22,
    INFERENCE_SOFTMAX = 25,
    INFERENCE_PAD = 34,
    INFERENCE_MEAN = 40,
    INFERENCE_SQUEEZE = 43,
    INFERENCE_STRIDED_SLICE = 45,
    INFERENCE_EXPAND_DIMS = 70,
    INFERENCE_SHAPE = 77,
    INFERENCE_PACK = 83,
    INFERENCE_QUANTIZE = 114
} inference_op;

#define INFERENCE_MAX_RANK 6

// An opened model: positions in its bytes, which stay where they are and must not change. Fields are private.
typedef struct inference_model {
    const uint8_t *bytes;
    uint32_t size;
    uint32_t fault;    // 1 + position of the first lie met while reading, 0 = none
    bool verified;     // the whole file was walked: reads need no checks any more
    uint32_t buffers, buffer_count;
    uint32_t opcodes, opcode_count;
    uint32_t tensors, tensor_count;
    uint32_t operators, operator_count;
    uint32_t inputs, input_count;
    uint32_t outputs, output_count;
    uint32_t arena_tensors;  // how many tensors live in the arena
    bool ends_outside;       // inputs and outputs live in the caller's memory
} inference_model;

// What is known of a tensor. Pointers lead into the model's bytes.
typedef struct inference_tensor {
    uint32_t type;   // TensorType
    uint32_t rank;   // 0 = a scalar
    uint32_t dims[INFERENCE_MAX_RANK];
    uint32_t elements;
    uint32_t bytes;
    float scale;           // first scale; 0 = not quantised
    int32_t zero_point;    // first zero point
    const float *scales;   // one per channel, or one
    uint32_t scale_count;  // 0 = not quantised
    uint32_t channel_dim;  // the dimension that scales go by
    const void *data;      // a constant's values, NULL = in the arena
    const char *name;      // not NUL-terminated for certain: use name_length
    uint32_t name_length;
} inference_tensor;

#define INFERENCE_KNOWN_WAYS 32
#define INFERENCE_MOST_BOUND 4

// What runs a model: where its tensors are. Fields are private.
typedef struct inference_engine {
    inference_model *model;
    const uint32_t *offsets;  // one per tensor
    uint8_t *arena;
    uint32_t arena_bytes;  // given
    uint32_t used_bytes;   // of the plan in force, scratch included
    void *bound[INFERENCE_MOST_BOUND];  // memory of inputs, then of outputs, where they live outside
    uint8_t ways[INFERENCE_KNOWN_WAYS];  // how the first operators run under the plan; later ones are asked each time
} inference_engine;

// ---- the model ----

// Verifies a .tflite file and every operator in it. `bytes` must be 4-aligned; the file is not copied.
inference_code inference_open(inference_model *model, const void *bytes, size_t size, inference_error *error);

// A tensor of the main subgraph; false = no such tensor.
bool inference_get_tensor(inference_model *model, uint32_t tensor, inference_tensor *out);

// The builtin code of an operator of the main subgraph; INFERENCE_NONE = no such operator.
uint32_t inference_get_op(inference_model *model, uint32_t op_index);

// Tensor indices of an operator's inputs and of its output; INFERENCE_NONE = no such one, or one that is left out.
uint32_t inference_op_input(inference_model *model, uint32_t op_index, uint32_t place);
uint32_t inference_op_output(inference_model *model, uint32_t op_index);

// Tensor indices of the model's inputs and outputs; INFERENCE_NONE = no such input or output.
uint32_t inference_input_tensor(inference_model *model, uint32_t input);
uint32_t inference_output_tensor(inference_model *model, uint32_t output);

// Says that the model's inputs and outputs live in the caller's memory (inference_bind_input, inference_bind_output):
// plans made and checked from here on have no place for them. Before any plan is made.
void inference_keep_ends_outside(inference_model *model);

// First and last operator that needs the tensor in the arena; false = it never lives there (a constant).
// An input lives from operator 0 on, an output until after the last one: then *last is operator_count.
bool inference_lifetime(inference_model *model, uint32_t tensor, uint32_t *first, uint32_t *last);

// The error's code as the command line spells it, "model-invalid"; static text.
const char *inference_code_name(inference_code code);

// An operator's name, "CONV_2D"; static text; NULL = an operator that this engine does not run.
const char *inference_op_name(uint32_t op);

// ---- memory ----
// A plan is its arena bytes and one u32 per tensor: the tensor's offset, or 0xFFFFFFFF = not in the arena. The
// arena's base is 16-aligned, offsets are 4-aligned. Scratch that an operator needs (one output pixel, where it
// writes over its own input) has no word: it is the last bytes of the planned arena.

// Words of working memory that planning takes; the first tensor_count of them hold the plan afterwards.
uint32_t inference_workspace_words(const inference_model *model);

// Plans the arena: largest tensor first into the first gap, then `effort` rounds that try other orders (0 on a
// board; the result never gets worse). Writes the plan to words[0 ..< tensor_count] and its bytes to *arena_bytes.
inference_code inference_plan(
    inference_model *model, uint32_t *words, uint32_t word_count, uint32_t effort, uint32_t *arena_bytes,
    inference_error *error);

// The same for a host: on graphs of up to 64 tensors in the arena it searches all placements, beginning with what
// inference_plan() finds, until the smallest arena is proven (*proven) or its patience, 20,000 looks at two tensors per round of effort,
// is used up.
uint32_t inference_exact_workspace_words(const inference_model *model);
inference_code inference_plan_exactly(
    inference_model *model, uint32_t *words, uint32_t word_count, uint32_t effort, uint32_t *arena_bytes, bool *proven,
    inference_error *error);

// Checks a plan made elsewhere: a word per tensor, bounds, alignment, no two live tensors in the same bytes but
// where the operator allows it, room for scratch.
inference_code inference_check_plan(
    inference_model *model, const uint32_t *offsets, uint32_t count, uint32_t arena_bytes, inference_error *error);

// Scratch bytes that an operator takes under a plan.
uint32_t inference_scratch_bytes(inference_model *model, const uint32_t *offsets, uint32_t op_index);

// ---- running ----

// Makes an engine. `plan` is the slot's section: its arena bytes, then a u32 per tensor, read in place; NULL or
// one that does not pass inference_check_plan = it plans itself, inside the arena, whose last 4 * tensor_count
// bytes then hold the plan. `arena` must be 16-aligned. ARENA_TOO_SMALL names the bytes.
inference_code inference_start(
    inference_engine *engine, inference_model *model, const uint32_t *plan, uint32_t plan_words, void *arena,
    uint32_t arena_bytes, inference_error *error);

// Gives an input or an output of a model whose ends live outside its memory: 4-aligned, as large as the tensor. Inputs
// are only read there. At most INFERENCE_MOST_BOUND in all; INPUT_MISMATCH = no such end.
inference_code inference_bind_input(
    inference_engine *engine, uint32_t input, const void *memory, inference_error *error);
inference_code inference_bind_output(inference_engine *engine, uint32_t output, void *memory, inference_error *error);

// Where an input or an output lies in the arena or outside; NULL = no such one. Inputs are overwritten by running.
void *inference_input(inference_engine *engine, uint32_t input);
const void *inference_output(inference_engine *engine, uint32_t output);

// How many values an input or an output has; 0 = no such one.
uint32_t inference_input_count(inference_engine *engine, uint32_t input);
uint32_t inference_output_count(inference_engine *engine, uint32_t output);

// Sets one value of an input. Real values are quantised for int8 inputs (round half away, saturating).
inference_code inference_put_float(
    inference_engine *engine, uint32_t input, uint32_t index, float value, inference_error *error);

// Sets one raw value of an int8 input; a float32 input takes the number itself.
inference_code inference_put_int(
    inference_engine *engine, uint32_t input, uint32_t index, int32_t value, inference_error *error);

// A value of an input or an output as a real number (dequantised); 0 outside.
float inference_get_input(inference_engine *engine, uint32_t input, uint32_t index);
float inference_get_float(inference_engine *engine, uint32_t output, uint32_t index);

// Runs every operator once.
inference_code inference_invoke(inference_engine *engine, inference_error *error);

// Runs one operator, for timing them apart: 0 ..< model->operator_count, in order.
inference_code inference_invoke_op(inference_engine *engine, uint32_t op_index, inference_error *error);

// ---- arithmetic that host and board share ----

// e^x, correctly rounded to float32, in integer arithmetic.
float inference_exp(float x);

#ifdef __cplusplus
}
#endif
