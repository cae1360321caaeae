// The stack's guard: words at its lowest end that nobody may change. They are checked at every interrupt, after
// every loop() and when a panic is reported.

#include "board.h"

#define GUARD_WORDS 8
#define GUARD_VALUE UINT32_C(0xBAADCA9A)

extern uint32_t _stack_bottom[];

void stack_guard_arm(void) {
    for (int i = 0; i < GUARD_WORDS; i++) _stack_bottom[i] = GUARD_VALUE;
}

IN_IRAM bool stack_guard_broken(void) {
    for (int i = 0; i < GUARD_WORDS; i++) {
        if (_stack_bottom[i] != GUARD_VALUE) return true;
    }
    return false;
}

IN_IRAM void stack_guard_check(void) {
    if (stack_guard_broken()) panic_because("Stack canary overwritten");
}
