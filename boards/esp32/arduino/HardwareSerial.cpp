// Serial and the blocking reads of Stream. Waiting for a byte is WAITI: the interrupt that brings it ends the wait.

#include "HardwareSerial.h"

#include "../registers.h"
#include "../startup/board.h"

HardwareSerial Serial;

size_t HardwareSerial::write(uint8_t byte) {
    uart_write(byte);
    return 1;
}

void HardwareSerial::flush() {
    uart_flush();
}

int HardwareSerial::available() {
    return (int)uart_available();
}

int HardwareSerial::read() {
    return uart_read();
}

int HardwareSerial::peek() {
    return uart_peek();
}

int HardwareSerial::timedRead() {
    int byte = uart_read();
    if (byte >= 0) return byte;
    uint64_t wait = (uint64_t)timeout * (1000 * CPU_CYCLES_PER_US);
    clock_wait_for_input(clock_cycles() + wait);
    return uart_read();
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
