// Serial under ESP-IDF: UART0 through its driver, whose buffer takes what arrives while the sketch computes.

#include "HardwareSerial.h"

#include <driver/uart.h>
#include <freertos/FreeRTOS.h>

HardwareSerial Serial;

static const uart_port_t port = UART_NUM_0;
// One line of 400 inputs has about 4 KB.
static const int bufferBytes = 8192;
static int peeked = -1;

// Without the driver there is nothing to read from; the console's rate is the board's already.
void serial_start() {
    if (!uart_is_driver_installed(port)) uart_driver_install(port, bufferBytes, 0, 0, nullptr, 0);
}

static int receive(TickType_t wait) {
    if (peeked >= 0) {
        int byte = peeked;
        peeked = -1;
        return byte;
    }
    uint8_t byte;
    return uart_read_bytes(port, &byte, 1, wait) == 1 ? byte : -1;
}

size_t HardwareSerial::write(uint8_t byte) {
    return uart_write_bytes(port, (const char *)&byte, 1) == 1 ? 1 : 0;
}

void HardwareSerial::flush() {
    uart_wait_tx_done(port, portMAX_DELAY);
}

int HardwareSerial::available() {
    size_t buffered = 0;
    uart_get_buffered_data_len(port, &buffered);
    return (int)buffered + (peeked >= 0 ? 1 : 0);
}

int HardwareSerial::read() {
    return receive(0);
}

int HardwareSerial::peek() {
    if (peeked < 0) peeked = receive(0);
    return peeked;
}

int HardwareSerial::timedRead() {
    return receive(pdMS_TO_TICKS(timeout));
}

size_t Stream::readBytes(uint8_t *bytes, size_t count) {
    for (size_t done = 0; done < count; done++) {
        int byte = timedRead();
        if (byte < 0) return done;
        bytes[done] = (uint8_t)byte;
    }
    return count;
}

size_t Stream::readBytesUntil(char terminator, char *bytes, size_t count) {
    for (size_t done = 0; done < count; done++) {
        int byte = timedRead();
        if (byte < 0 || byte == (unsigned char)terminator) return done;
        bytes[done] = (char)byte;
    }
    return count;
}
