// Names for messages: of the codes as the command line spells them, and of the operators that the engine runs.
#include "InferenceC.h"

const char *inference_code_name(inference_code code) {
    switch (code) {
        case INFERENCE_OK: return "ok";
        case INFERENCE_MODEL_INVALID: return "model-invalid";
        case INFERENCE_MODEL_SCHEMA_MISMATCH: return "model-schema-mismatch";
        case INFERENCE_MODEL_UNSUPPORTED: return "model-unsupported";
        case INFERENCE_OP_MISSING: return "op-missing";
        case INFERENCE_ARENA_TOO_SMALL: return "arena-too-small";
        case INFERENCE_INPUT_MISMATCH: return "input-mismatch";
        case INFERENCE_PLAN_INVALID: return "plan-invalid";
    }
    return "model-invalid";
}

const char *inference_op_name(uint32_t op) {
    switch (op) {
        case INFERENCE_ADD: return "ADD";
        case INFERENCE_AVERAGE_POOL_2D: return "AVERAGE_POOL_2D";
        case INFERENCE_CONCATENATION: return "CONCATENATION";
        case INFERENCE_EXPAND_DIMS: return "EXPAND_DIMS";
        case INFERENCE_MUL: return "MUL";
        case INFERENCE_PACK: return "PACK";
        case INFERENCE_SHAPE: return "SHAPE";
        case INFERENCE_SQUEEZE: return "SQUEEZE";
        case INFERENCE_STRIDED_SLICE: return "STRIDED_SLICE";
        case INFERENCE_CONV_2D: return "CONV_2D";
        case INFERENCE_DEPTHWISE_CONV_2D: return "DEPTHWISE_CONV_2D";
        case INFERENCE_DEQUANTIZE: return "DEQUANTIZE";
        case INFERENCE_FULLY_CONNECTED: return "FULLY_CONNECTED";
        case INFERENCE_LOGISTIC: return "LOGISTIC";
        case INFERENCE_MAX_POOL_2D: return "MAX_POOL_2D";
        case INFERENCE_RELU: return "RELU";
        case INFERENCE_RELU6: return "RELU6";
        case INFERENCE_RESHAPE: return "RESHAPE";
        case INFERENCE_SOFTMAX: return "SOFTMAX";
        case INFERENCE_PAD: return "PAD";
        case INFERENCE_MEAN: return "MEAN";
        case INFERENCE_QUANTIZE: return "QUANTIZE";
        default: return NULL;
    }
}
