// Text on UART0, polled, and the one way to fail.

#include "../registers.h"
#include "secondstage.h"

static void put(char character) {
    while (UART_TXFIFO_CNT(UART_STATUS_REG) >= UART_FIFO_BYTES - 2) {}
    UART_FIFO_REG = (uint8_t)character;
}

void print(const char *text) {
    for (; *text != 0; text++) put(*text);
}

void print_hex(uint32_t value) {
    print("0x");
    int shift = 28;
    while (shift > 0 && value >> shift == 0) shift -= 4;
    for (; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void print_value(const char *name, uint32_t value) {
    if (name == 0) return;
    put(' ');
    print(name);
    put('=');
    print_hex(value);
}

void fail(const char *code, const char *name, uint32_t value, const char *second, uint32_t second_value) {
    print("espmask: error=");
    print(code);
    print_value(name, value);
    print_value(second, second_value);
    print("\r\n");
    for (;;) __asm__ volatile("waiti 15");
}
