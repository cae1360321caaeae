// UART0 as the ROM left it (115200 8N1): interrupt-driven input into a ring that holds a whole input line, output that
// sleeps while the FIFO is full. The divider is not touched.

#include "../registers.h"
#include "board.h"

#ifndef SERIAL_RX_BUFFER
#define SERIAL_RX_BUFFER 16384
#endif
_Static_assert((SERIAL_RX_BUFFER & (SERIAL_RX_BUFFER - 1)) == 0, "SERIAL_RX_BUFFER must be a power of two");

static uint8_t ring[SERIAL_RX_BUFFER];
static volatile uint32_t received;
static volatile uint32_t taken;
static volatile uint32_t overruns;

void uart_start(void) {
    // One interrupt per byte: at 115200 baud that is one in 3472 cycles, and none can sit below a threshold.
    UART_CONF1_REG = UART_RXFIFO_FULL_THRHD(1) | UART_TXFIFO_EMPTY_THRHD(16);
    UART_INT_CLR_REG = UINT32_MAX;
    UART_INT_ENA_REG = UART_RXFIFO_FULL_INT | UART_RXFIFO_OVF_INT;
    DPORT_PRO_UART_INTR_MAP_REG = CPU_INTERRUPT_UART;
}

IN_IRAM void uart_interrupt(void) {
    if (UART_INT_ST_REG & UART_RXFIFO_OVF_INT) overruns += 1;
    while (UART_RXFIFO_CNT(UART_STATUS_REG) != 0) {
        uint8_t byte = (uint8_t)UART_FIFO_REG;
        if (received - taken < SERIAL_RX_BUFFER) {
            ring[received % SERIAL_RX_BUFFER] = byte;
            received += 1;
        } else {
            overruns += 1;
        }
    }
    // The FIFO stays below its threshold until someone writes, so this one is asked for anew each time.
    UART_INT_ENA_REG &= ~UART_TXFIFO_EMPTY_INT;
    UART_INT_CLR_REG = UART_RXFIFO_FULL_INT | UART_RXFIFO_OVF_INT | UART_TXFIFO_EMPTY_INT;
}

IN_IRAM size_t uart_available(void) {
    return received - taken;
}

int uart_peek(void) {
    return received == taken ? -1 : ring[taken % SERIAL_RX_BUFFER];
}

int uart_read(void) {
    int byte = uart_peek();
    if (byte >= 0) taken += 1;
    return byte;
}

uint32_t uart_overruns(void) {
    return overruns;
}

static inline bool output_is_full(void) {
    return UART_TXFIFO_CNT(UART_STATUS_REG) >= UART_FIFO_BYTES - 2;
}

// The status read between two writes also keeps writes to the FIFO apart, which the chip's errata ask for.
IN_IRAM void uart_write_polled(uint8_t byte) {
    while (output_is_full()) {}
    UART_FIFO_REG = byte;
}

// Sleeps until the FIFO is nearly empty; where interrupts are masked there is no waking up, so it spins.
static IN_IRAM void wait_for_room(void) {
    uint32_t ps = interrupts_mask();
    if ((ps & 15) == 0 && output_is_full()) {
        UART_INT_ENA_REG |= UART_TXFIFO_EMPTY_INT;
        __asm__ volatile("waiti 0" ::: "memory");
    }
    interrupts_restore(ps);
}

IN_IRAM void uart_write(uint8_t byte) {
    while (output_is_full()) wait_for_room();
    UART_FIFO_REG = byte;
}

IN_IRAM void uart_flush(void) {
    uint32_t status;
    do status = UART_STATUS_REG;
    while (UART_TXFIFO_CNT(status) != 0 || UART_ST_UTX_OUT(status) != 0);
}
