// Starting the model: the slot, the flatbuffer, the plan, the memory; then predictions and their lines. Every
// failure is one line `espmask: error=CODE ...` with the codes of the command line.

#include <Arduino.h>

#include "Espmask.h"
#include "ModelPartition.h"

#ifdef ARENA
static const uint32_t arenaLimit = ARENA;
#else
static const uint32_t arenaLimit = UINT32_MAX;
#endif

// A pattern on both sides of the arena: a kernel that writes past it must not go unnoticed.
static const uint32_t guardBytes = 16;
static const uint8_t guardValue = 0xA5;

static void printField(const char *name, uint32_t value) {
    if (value == INFERENCE_NONE) return;
    Serial.print(' ');
    Serial.print(name);
    Serial.print('=');
    Serial.print((unsigned long)value);
}

static void printError(const char *code) {
    Serial.print("espmask: error=");
    Serial.print(code);
}

static void printHex(uint32_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) Serial.print("0123456789abcdef"[value >> shift & 15]);
}

static void printOp(uint32_t op) {
    if (op == INFERENCE_NONE) return;
    const char *name = inference_op_name(op);
    if (name == nullptr) {
        printField("op", op);
    } else {
        Serial.print(" op=");
        Serial.print(name);
    }
}

bool Model::fail(const inference_error &error) {
    printError(inference_code_name(error.code));
    switch (error.code) {
    case INFERENCE_ARENA_TOO_SMALL:
        printField("needed", error.needed);
        printField("available", error.available);
        printField("missing", error.missing);
        break;
    case INFERENCE_MODEL_SCHEMA_MISMATCH: printField("version", error.number); break;
    case INFERENCE_INPUT_MISMATCH:
        printField("expected", error.needed);
        printField("got", error.available);
        break;
    default:
        printOp(error.op);
        if (error.reason != INFERENCE_REASON_NONE) printField("reason", error.reason);
        printField("at_op", error.op_index);
        printField("tensor", error.tensor);
        printField("number", error.number);
        break;
    }
    Serial.println();
    return false;
}

bool Model::begin() {
    ready = openSlot() && openModel() && startEngine();
    return ready;
}

bool Model::beginWithTransform() {
    transforming = true;
    return begin();
}

bool Model::openSlot() {
    size_t bytes = 0;
    const uint8_t *partition = modelPartition(&bytes);
    model_slot_result result = MODEL_SLOT_MISSING;
    if (partition != nullptr) result = model_slot_find(partition, bytes, &slot);
    if (result == MODEL_SLOT_FOUND) {
        printIdentity();
        return true;
    }
    printError(result == MODEL_SLOT_MISSING ? "model-missing" : "model-invalid");
    Serial.println(result == MODEL_SLOT_MISSING ? " partition=blank" : " partition=damaged");
    return false;
}

void Model::printIdentity() {
    Serial.print("espmask: model=");
    if (slot.name[0] == 0) Serial.print('-');
    // The line is split at spaces, so the name may have none.
    for (const char *at = slot.name; *at != 0; at++) Serial.print((uint8_t)*at <= ' ' ? '_' : *at);
    Serial.print(" slot=");
    Serial.print(slot.letter);
    printField("bytes", slot.model_bytes);
    Serial.print(" crc32=");
    printHex(slot.model_crc32, 8);
    // What pixel() divides by: a model that was trained with the other one sees other pictures.
    printField("scale", (uint32_t)slot.pixel_scale);
    Serial.println();
}

bool Model::openModel() {
    inference_error error;
    if (inference_open(&model, slot.model, slot.model_bytes, &error) != INFERENCE_OK) return fail(error);
    inference_tensor tensor;
    uint32_t index = inference_input_tensor(&model, 0);
    if (index == INFERENCE_NONE || !inference_get_tensor(&model, index, &tensor) ||
        inference_input_tensor(&model, 1) != INFERENCE_NONE) {
        printError("model-unsupported");
        Serial.println(" inputs=1");
        return false;
    }
    inputs = tensor.elements;
    return !transforming || openTransform();
}

bool Model::openTransform() {
    if (slot.transform == nullptr) {
        printError("model-unsupported");
        Serial.println(" transform=absent");
        return false;
    }
    if (!input_transform_open(&transform, slot.transform, slot.transform_bytes)) {
        printError("model-invalid");
        Serial.println(" transform=malformed");
        return false;
    }
    if (transform.rows != inputs) {
        printError("input-mismatch");
        printField("expected", inputs);
        printField("got", transform.rows);
        Serial.println();
        return false;
    }
    inputs = transform.columns;
    return true;
}

// The slot's plan if it holds, else one made here, at the end of the memory. *available shrinks by what that takes.
const uint32_t *Model::choosePlan(uint8_t *memory, uint32_t *available, uint32_t *words) {
    const uint32_t *plan = (const uint32_t *)slot.plan;
    inference_error error;
    *words = slot.plan_bytes / 4;
    if (plan != nullptr && slot.plan_bytes % 4 == 0 && *words > 1 &&
        inference_check_plan(&model, plan + 1, *words - 1, plan[0], &error) == INFERENCE_OK) {
        return plan;
    }
    if (plan != nullptr) Serial.println("espmask: note=memory-plan-rejected");
    uint32_t workspace = inference_workspace_words(&model);
    if (workspace > *available / 4 - 1) {
        *words = 0;
        return nullptr;
    }
    *available -= (4 * (workspace + 1) + 15) & ~UINT32_C(15);
    uint32_t *own = (uint32_t *)(memory + *available);
    *words = model.tensor_count + 1;
    if (inference_plan(&model, own + 1, workspace, 0, own, &error) != INFERENCE_OK) *words = 0;
    return own;
}

static bool reportSmallArena(uint32_t needed, uint32_t available) {
    printError("arena-too-small");
    printField("needed", needed);
    printField("available", available);
    printField("missing", needed - available);
    Serial.println();
    return false;
}

bool Model::startEngine() {
    size_t bytes = 0;
    uint8_t *memory = modelMemory(&bytes);
    uint32_t available = (uint32_t)bytes & ~UINT32_C(15), words = 0;
    uint32_t staging = transforming ? (4 * inputs + 15) & ~UINT32_C(15) : 0;
    if (available < staging + 4 * guardBytes) return reportSmallArena(staging + 4 * guardBytes, available);
    available -= staging;
    staged = (float *)(memory + available);
    const uint32_t *plan = choosePlan(memory, &available, &words);
    available = min(available - 2 * guardBytes, arenaLimit);
    if (slot.arena_bytes > available) return reportSmallArena(slot.arena_bytes, available);
    uint32_t arena = slot.arena_bytes != 0 ? slot.arena_bytes : available;
    inference_error error;
    if (inference_start(&engine, &model, plan, words, memory + guardBytes, arena, &error) != INFERENCE_OK) {
        return fail(error);
    }
    if (slot.arena_bytes == 0) arena = engine.used_bytes;
    freeBytes = (uint32_t)bytes - staging - arena - 2 * guardBytes;
    guards[0] = memory;
    guards[1] = memory + guardBytes + arena;
    for (uint8_t *guard : guards) memset(guard, guardValue, guardBytes);
    Serial.print("espmask: arena=");
    Serial.print((unsigned long)arena);
    printField("used", engine.used_bytes);
    Serial.println();
    return true;
}

bool Model::guardsHold() const {
    for (const uint8_t *guard : guards) {
        for (uint32_t i = 0; i < guardBytes; i++) {
            if (guard[i] != guardValue) return false;
        }
    }
    return true;
}

bool Model::setInput(uint32_t index, const input_value &value) {
    if (index >= inputs) return false;
    float real = value.kind == INPUT_PIXEL ? pixel(value.integer) : value.real;
    if (transforming) {
        staged[index] = real;
        return true;
    }
    inference_error error;
    if (value.kind == INPUT_INTEGER) return inference_put_int(&engine, 0, index, value.integer, &error) == INFERENCE_OK;
    return inference_put_float(&engine, 0, index, real, &error) == INFERENCE_OK;
}

float Model::input(uint32_t index) const {
    if (transforming) return index < inputs ? staged[index] : 0;
    return inference_get_input(const_cast<inference_engine *>(&engine), 0, index);
}

void Model::transformInput() {
    inference_error error;
    for (uint32_t row = 0; row < transform.rows; row++) {
        inference_put_float(&engine, 0, row, input_transform_row(&transform, row, staged), &error);
    }
}

bool Model::predict() {
    inference_error error;
#ifdef PROFILE
    profile.begin();
#endif
    unsigned long start = micros();
#ifdef PROFILE
    inference_code code = profile.invoke(&engine, &error);
#else
    inference_code code = inference_invoke(&engine, &error);
#endif
    microseconds = micros() - start;
    if (code != INFERENCE_OK) return fail(error);
#ifdef PROFILE
    profile.print(&model, freeBytes);
#endif
    predictions += 1;
    if (guardsHold()) return true;
    printError("heap-corruption");
    Serial.println(" where=arena");
    ready = false;
    return false;
}

void Model::printPrediction() {
    Serial.print("predicted: ");
    bool first = true;
    for (uint32_t output = 0; inference_output(&engine, output) != nullptr; output++) {
        for (uint32_t i = 0; i < inference_output_count(&engine, output); i++) {
            if (!first) Serial.print(',');
            first = false;
            Serial.print(inference_get_float(&engine, output, i), 2);
        }
    }
    Serial.println();
    Serial.print("espmask: n=");
    Serial.print((unsigned long)predictions);
    Serial.print(" out=");
    printBits();
    printField("us", microseconds);
    Serial.println();
}

// The raw outputs: eight hex digits for a float32, two for an int8, with commas between.
void Model::printBits() {
    bool first = true;
    for (uint32_t output = 0; inference_output(&engine, output) != nullptr; output++) {
        inference_tensor tensor;
        if (!inference_get_tensor(&model, inference_output_tensor(&model, output), &tensor)) return;
        const uint8_t *bytes = (const uint8_t *)inference_output(&engine, output);
        for (uint32_t i = 0; i < tensor.elements; i++) {
            if (!first) Serial.print(',');
            first = false;
            if (tensor.type == INFERENCE_INT8) {
                printHex(bytes[i], 2);
            } else {
                printHex(((const uint32_t *)bytes)[i], 8);
            }
        }
    }
}
