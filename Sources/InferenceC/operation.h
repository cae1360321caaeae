// One operator, ready to be checked, planned or run: its tensors and, when it runs, where they lie. Each operator
// family's file offers a `check` (types, shapes, options: run once, when the model is opened), a `run`, and where
// it may write over its own input, an `overlap` rule.
#pragma once

#include "schema.h"

// Which distance d = (input offset - output offset) an operator stands. It runs forward when d >= forward_from,
// backward when d <= backward_to, in bytes. Two tensors that do not touch satisfy one of the two.
typedef struct overlap_rule {
    int32_t forward_from, backward_to;
    bool scratch;  // needs one output pixel of scratch when they do touch
} overlap_rule;

typedef struct operation {
    inference_model *model;
    schema_op op;
    uint32_t index;
    uint32_t number;  // detail of a refusal
    uint32_t faulty;  // tensor of a refusal
    uint32_t input_ids[3], output_id;
    inference_tensor input, second, third, output;  // of a verified model, third has only its data
    // Only when it runs:
    const inference_engine *engine;
    const void *in, *in2, *in3;
    void *out;
    void *scratch;  // NULL = write straight to the output
    bool backward;
    bool touches;   // input and output lie in the same bytes
} operation;

// A refusal, with its number.
static inline inference_reason refuse(operation *o, inference_reason reason, uint32_t tensor, uint32_t number) {
    o->faulty = tensor;
    o->number = number;
    return reason;
}

typedef struct operation_kind {
    uint8_t code;
    uint8_t fewest_inputs, most_inputs;
    inference_reason (*check)(operation *);
    void (*run)(operation *);
    void (*overlap)(operation *, overlap_rule *);  // NULL = the output must not touch an input
} operation_kind;

// Where the values of any input of a running operator lie.
const void *operation_input_place(const operation *o, uint32_t place);
// The kind of a builtin code; NULL = not one of ours.
const operation_kind *operation_find(uint32_t code);
// Opens an operator and its tensors.
inference_reason operation_open(inference_model *model, uint32_t index, operation *out);
// The rule for input `place` of an opened operator: which distances from the output it stands.
void operation_overlap(operation *o, uint32_t place, overlap_rule *rule);
// Bytes of scratch, where the rule asks for it.
uint32_t operation_scratch_bytes(const operation *o);
// Bytes of memory of its own that an operator needs wherever its tensors lie; 0 = none. It lies where scratch does.
uint32_t operation_workspace_bytes(const operation *o);
// Whether float32 activations meet int8 weights, which are then multiplied in integers (dynamic-range quantisation).
uint32_t hybrid_workspace_bytes(const operation *o);
static inline bool operation_is_hybrid(const operation *o) {
    return o->input.type == INFERENCE_FLOAT32 && o->input_ids[1] != INFERENCE_NONE && o->second.type == INFERENCE_INT8;
}
// Whether the input may lie in the same bytes as the output by being the same values (RESHAPE).
static inline bool operation_aliases(uint32_t code) {
    return code == INFERENCE_RESHAPE || code == INFERENCE_EXPAND_DIMS || code == INFERENCE_SQUEEZE;
}

inference_reason convolution_check(operation *), depthwise_check(operation *), fully_connected_check(operation *);
inference_reason pool_check(operation *), reshape_check(operation *), relu_check(operation *);
inference_reason logistic_check(operation *), softmax_check(operation *), pairwise_check(operation *);
inference_reason mean_check(operation *), pad_check(operation *), quantize_check(operation *);
inference_reason dequantize_check(operation *), concatenation_check(operation *), shape_check(operation *);
void convolution_run(operation *), depthwise_run(operation *), fully_connected_run(operation *);
void max_pool_run(operation *), average_pool_run(operation *), reshape_run(operation *), relu_run(operation *);
void logistic_run(operation *), softmax_run(operation *), pairwise_run(operation *), mean_run(operation *);
void pad_run(operation *), quantize_run(operation *), dequantize_run(operation *);
void concatenation_run(operation *), shape_run(operation *);
void convolution_overlap(operation *, overlap_rule *), depthwise_overlap(operation *, overlap_rule *);
void pool_overlap(operation *, overlap_rule *), elementwise_overlap(operation *, overlap_rule *);
void pairwise_overlap(operation *, overlap_rule *), reshape_overlap(operation *, overlap_rule *);
void softmax_overlap(operation *, overlap_rule *), fully_connected_overlap(operation *, overlap_rule *);

// ---- checks that several families share (operation.c) ----
inference_reason check_same_type(operation *o);      // input and output are both float32 or both int8, quantised
inference_reason check_same_elements(operation *o);  // and have as many elements
inference_reason check_constant(operation *o, uint32_t place, uint32_t type);
bool same_dims(const inference_tensor *a, const inference_tensor *b);
