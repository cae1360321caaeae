// Time, pins and random numbers of the Arduino-style core.

#include "Arduino.h"

#include "../registers.h"
#include "../startup/board.h"

unsigned long micros(void) {
    return (unsigned long)(clock_cycles() / CPU_CYCLES_PER_US);
}

unsigned long millis(void) {
    return (unsigned long)(clock_cycles() / (1000 * CPU_CYCLES_PER_US));
}

void delay(uint32_t milliseconds) {
    clock_wait_until(clock_cycles() + (uint64_t)milliseconds * (1000 * CPU_CYCLES_PER_US));
}

void delayMicroseconds(uint32_t microseconds) {
    clock_wait_until(clock_cycles() + (uint64_t)microseconds * CPU_CYCLES_PER_US);
}

void yield(void) {}

// Offsets of the pads' registers in IO_MUX (TRM, "IO_MUX pad list"); 0 where the chip has no such pad.
static const uint8_t pad_offsets[40] = {
    0x44, 0x88, 0x40, 0x84, 0x48, 0x6C, 0x60, 0x64, 0x68, 0x54,
    0x58, 0x5C, 0x34, 0x38, 0x30, 0x3C, 0x4C, 0x50, 0x70, 0x74,
    0x78, 0x7C, 0x80, 0x8C, 0, 0x24, 0x28, 0x2C, 0, 0,
    0, 0, 0x1C, 0x20, 0x14, 0x18, 0x04, 0x08, 0x0C, 0x10,
};

// Pins 34 to 39 have no output driver.
static bool exists(uint8_t pin) {
    return pin < 40 && pad_offsets[pin] != 0;
}

void pinMode(uint8_t pin, uint8_t mode) {
    if (!exists(pin)) return;
    uint32_t pad = IO_MUX_MCU_SEL(IO_MUX_FUNCTION_GPIO) | IO_MUX_FUN_DRV(2) | IO_MUX_FUN_IE;
    if (mode == INPUT_PULLUP) pad |= IO_MUX_FUN_WPU;
    if (mode == INPUT_PULLDOWN) pad |= IO_MUX_FUN_WPD;
    uint32_t bit = BIT(pin % 32);
    if (mode == OUTPUT && pin < 34) {
        GPIO_FUNC_OUT_SEL_CFG_REG(pin) = GPIO_SIG_OUT;
        if (pin < 32) GPIO_ENABLE_W1TS_REG = bit;
        else GPIO_ENABLE1_W1TS_REG = bit;
    } else {
        if (pin < 32) GPIO_ENABLE_W1TC_REG = bit;
        else GPIO_ENABLE1_W1TC_REG = bit;
    }
    IO_MUX_REG(pad_offsets[pin]) = pad;
}

void digitalWrite(uint8_t pin, uint8_t level) {
    if (!exists(pin) || pin >= 34) return;
    uint32_t bit = BIT(pin % 32);
    if (pin < 32) {
        if (level != LOW) GPIO_OUT_W1TS_REG = bit;
        else GPIO_OUT_W1TC_REG = bit;
    } else {
        if (level != LOW) GPIO_OUT1_W1TS_REG = bit;
        else GPIO_OUT1_W1TC_REG = bit;
    }
}

int digitalRead(uint8_t pin) {
    if (!exists(pin)) return LOW;
    return (int)((pin < 32 ? GPIO_IN_REG : GPIO_IN1_REG) >> pin % 32 & 1);
}

// Random numbers come from the chip's generator until a seed asks for a repeatable sequence (xorshift32).
static uint32_t random_state;

uint32_t esp_random(void) {
    return RNG_DATA_REG;
}

void randomSeed(unsigned long seed) {
    random_state = (uint32_t)seed;
}

static uint32_t next_random(void) {
    if (random_state == 0) return esp_random();
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

long random(long end) {
    return end <= 0 ? 0 : (long)(next_random() % (uint32_t)end);
}

long random(long start, long end) {
    return start >= end ? start : start + random(end - start);
}
