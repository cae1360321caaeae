// See Profile.h. Cycles are the CPU's own counter (CCOUNT), read around each operator; nothing is printed in between.

#include "Profile.h"

#ifdef PROFILE

#include <Arduino.h>

static inline uint32_t cycleCount() {
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=a"(count));
    return count;
}

#ifdef ARDUINO_ESPMASK_BARE

extern "C" uint32_t _stack_bottom[], _stack_top[];

// Words at the stack's lowest end belong to its guard (stack_guard.c).
static const uint32_t guardWords = 8, pattern = 0x5AC35AC3;

static uint32_t stackSize() { return (uint32_t)((uint8_t *)_stack_top - (uint8_t *)_stack_bottom); }

// Fills what lies below this function's own frame.
static void __attribute__((noinline)) paintStack() {
    uint32_t *here = (uint32_t *)__builtin_frame_address(0) - 32;
    for (volatile uint32_t *word = _stack_bottom + guardWords; word < here; word++) *word = pattern;
}

// Bytes from the top down to the lowest word that changed.
static uint32_t stackUsed() {
    const volatile uint32_t *word = _stack_bottom + guardWords;
    while (word < _stack_top && *word == pattern) word++;
    return (uint32_t)((uint8_t *)_stack_top - (uint8_t *)word);
}

#else

static uint32_t stackSize() { return getArduinoLoopTaskStackSize(); }
static void paintStack() {}
static uint32_t stackUsed() { return stackSize() - uxTaskGetStackHighWaterMark(nullptr); }

#endif

void Profile::begin() { paintStack(); }

inference_code Profile::invoke(inference_engine *engine, inference_error *error) {
    inference_code code = INFERENCE_OK;
    total = 0;
    for (uint32_t i = 0; i < engine->model->operator_count && code == INFERENCE_OK; i++) {
        uint32_t start = cycleCount();
        code = inference_invoke_op(engine, i, error);
        uint32_t took = cycleCount() - start;
        if (i < most) cycles[i] = took;
        total += took;
    }
    return code;
}

static void printNumber(const char *name, uint32_t value) {
    Serial.print(' ');
    Serial.print(name);
    Serial.print('=');
    Serial.print((unsigned long)value);
}

void Profile::print(inference_model *model, uint32_t freeBytes) const {
    uint32_t stack = stackUsed();
    for (uint32_t i = 0; i < model->operator_count && i < most; i++) {
        Serial.print("espmask: profile=op");
        printNumber("index", i);
        Serial.print(" op=");
        Serial.print(inference_op_name(inference_get_op(model, i)));
        printNumber("cycles", cycles[i]);
        Serial.println();
    }
    Serial.print("espmask: profile=all");
    printNumber("cycles", total);
    printNumber("stack", stack);
    printNumber("stack_size", stackSize());
    printNumber("free", freeBytes);
    Serial.println();
}

#endif
