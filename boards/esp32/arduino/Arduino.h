// A small Arduino-style core: the names a sketch expects, on top of the board's C files. What is here behaves as
// in the real core; what is not here (String, analog, PWM, interrupts on pins) does not exist.

#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARDUINO 10819
// Under ESP-IDF the same names stand on its drivers; only the bare-metal firmware has the board's own.
#ifndef ESP_PLATFORM
#define ARDUINO_ESPMASK_BARE 1
#endif

#define HIGH 1
#define LOW 0
#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05
#define INPUT_PULLDOWN 0x09

#define DEC 10
#define HEX 16
#define OCT 8
#define BIN 2

#define PROGMEM
#define F(text) (text)

typedef uint8_t byte;
typedef bool boolean;

#ifdef __cplusplus
#include "HardwareSerial.h"

extern "C" {
#endif

unsigned long millis(void);
unsigned long micros(void);
void delay(uint32_t milliseconds);
void delayMicroseconds(uint32_t microseconds);
void yield(void);
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
int digitalRead(uint8_t pin);
void randomSeed(unsigned long seed);
uint32_t esp_random(void);
void setup(void);
void loop(void);

#ifdef __cplusplus
}

long random(long end);
long random(long start, long end);

template <class A, class B> static inline auto min(A a, B b) { return a < b ? a : b; }
template <class A, class B> static inline auto max(A a, B b) { return a > b ? a : b; }
#define constrain(value, low, high) ((value) < (low) ? (low) : (value) > (high) ? (high) : (value))
#endif

#endif
