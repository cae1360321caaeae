// What the sketches use of Arduino's core for the ESP32, declared only.
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
class Print {
  public:
    size_t print(const char *text);
    size_t print(char character);
    size_t print(unsigned char value, int base = 10);
    size_t print(int value, int base = 10);
    size_t print(unsigned long value, int base = 10);
    size_t print(double value, int digits = 2);
    size_t println();
    size_t println(const char *text);
    size_t println(int value, int base = 10);
    size_t println(unsigned long value, int base = 10);
    size_t println(double value, int digits = 2);
};

class Stream : public Print {
  public:
    int available();
    int read();
    void setTimeout(unsigned long milliseconds);
    size_t readBytes(uint8_t *bytes, size_t count);
    float parseFloat();
};

class HardwareSerial : public Stream {
  public:
    void begin(unsigned long baud);
};

extern HardwareSerial Serial;
long random(long end);
long random(long start, long end);
template <class A, class B> auto min(A a, B b) { return a < b ? a : b; }
extern "C" {
#endif
unsigned long millis(void);
unsigned long micros(void);
void delay(uint32_t milliseconds);
void setup(void);
void loop(void);
#ifdef __cplusplus
}
#endif
