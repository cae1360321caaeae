// Time: CCOUNT made 64 bits wide, and waiting without spinning. CCOMPARE0 is always armed, at most half a turn
// of CCOUNT ahead, so that no turn goes unseen. Waiting is WAITI, which also takes interrupts.

#include "../registers.h"
#include "board.h"

#define HALF_TURN UINT32_C(0x80000000)
// Below this a wait is spun: the match could pass while it is being armed.
#define SHORTEST_SLEEP_CYCLES 400

static uint32_t last_count;
static uint32_t turns;

static inline uint32_t count(void) {
    uint32_t value;
    __asm__ volatile("rsr %0, ccount" : "=a"(value));
    return value;
}

static inline void arm(uint32_t match) {
    __asm__ volatile("wsr %0, ccompare0\n rsync" ::"a"(match));
}

// Interrupts are masked.
static IN_IRAM uint64_t cycles_masked(void) {
    uint32_t now = count();
    if (now < last_count) turns += 1;
    last_count = now;
    return (uint64_t)turns << 32 | now;
}

void clock_start(void) {
    last_count = count();
    arm(last_count + HALF_TURN);
}

IN_IRAM void clock_interrupt(void) {
    arm((uint32_t)cycles_masked() + HALF_TURN);
}

IN_IRAM uint64_t clock_cycles(void) {
    uint32_t ps = interrupts_mask();
    uint64_t now = cycles_masked();
    interrupts_restore(ps);
    return now;
}

// One sleep towards the cycle; true when it has been reached. WAITI 0 lets pending interrupts in and waits in
// one instruction, so that none is lost between the check and the sleep.
static IN_IRAM bool sleep_towards(uint64_t cycle, bool until_input) {
    uint32_t ps = interrupts_mask();
    uint64_t now = cycles_masked();
    if (now >= cycle || (until_input && uart_available() != 0)) {
        interrupts_restore(ps);
        return true;
    }
    uint64_t left = cycle - now;
    if (left >= SHORTEST_SLEEP_CYCLES) {
        arm((uint32_t)now + (left < HALF_TURN ? (uint32_t)left : HALF_TURN));
        __asm__ volatile("waiti 0" ::: "memory");
    }
    interrupts_restore(ps);
    return false;
}

IN_IRAM void clock_wait_until(uint64_t cycle) {
    while (!sleep_towards(cycle, false)) {}
}

IN_IRAM bool clock_wait_for_input(uint64_t cycle) {
    while (!sleep_towards(cycle, true)) {}
    return uart_available() != 0;
}
