// Level-1 interrupts: which lines are on, and who serves them. Two sources exist: CCOMPARE0 and UART0, the
// latter routed through the DPORT interrupt matrix (TRM, "Interrupt matrix").

#include "../registers.h"
#include "board.h"

IN_IRAM uint32_t interrupts_mask(void) {
    uint32_t ps;
    __asm__ volatile("rsil %0, 3" : "=a"(ps)::"memory");
    return ps;
}

IN_IRAM void interrupts_restore(uint32_t ps) {
    __asm__ volatile("wsr %0, ps\n rsync" ::"a"(ps) : "memory");
}

void interrupts_enable(uint32_t lines) {
    __asm__ volatile("wsr %0, intenable\n rsync" ::"a"(lines) : "memory");
}

IN_IRAM void interrupts_dispatch(void) {
    uint32_t pending, enabled;
    __asm__ volatile("rsr %0, interrupt" : "=a"(pending));
    __asm__ volatile("rsr %0, intenable" : "=a"(enabled));
    pending &= enabled;
    if (pending & BIT(CPU_INTERRUPT_TIMER0)) clock_interrupt();
    if (pending & BIT(CPU_INTERRUPT_UART)) uart_interrupt();
    stack_guard_check();
}
