// What the board's C files offer each other and the Arduino-style core: console output, time, interrupts,
// flash windows and the panic. Nothing here allocates; everything runs on one core.

#ifndef ESPMASK_BOARD_H
#define ESPMASK_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Code that must run while the flash cache is off or be quick: it lives in IRAM with its literals.
#define IN_IRAM __attribute__((section(".iram.code")))

// uart.c
void uart_start(void);
void uart_write(uint8_t byte);
/// The same without interrupts, for the panic report.
void uart_write_polled(uint8_t byte);
void uart_flush(void);
void uart_interrupt(void);
size_t uart_available(void);
int uart_read(void);
int uart_peek(void);
/// Received bytes that found the buffer full and were dropped, since the start.
uint32_t uart_overruns(void);

// clock.c
void clock_start(void);
void clock_interrupt(void);
uint64_t clock_cycles(void);
void clock_wait_until(uint64_t cycle);
/// Sleeps until a byte was received or the cycle is reached; true if there is a byte.
bool clock_wait_for_input(uint64_t cycle);

// interrupts.c
uint32_t interrupts_mask(void);
void interrupts_restore(uint32_t ps);
void interrupts_enable(uint32_t lines);

// flash_window.c
/// Maps flash pages of 64 KB into the data window; all three values are multiples of 64 KB.
void flash_window_map(uint32_t address, uint32_t flash_offset, uint32_t bytes);

// stack_guard.c
void stack_guard_arm(void);
void stack_guard_check(void);
bool stack_guard_broken(void);

// start.c
/// The ELF file's SHA-256 in the application descriptor; zeros until the image is made.
extern const uint8_t *const application_elf_sha256;

// panic.c
void panic_because(const char *reason) __attribute__((noreturn));
void board_restart(void) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
