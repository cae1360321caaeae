// Print: text and numbers to a byte sink, with the overloads of Arduino's class of that name.

#ifndef ESPMASK_PRINT_H
#define ESPMASK_PRINT_H

#include <stddef.h>
#include <stdint.h>

class Print {
  public:
    virtual size_t write(uint8_t byte) = 0;
    virtual void flush() {}
    size_t write(const uint8_t *bytes, size_t count);
    size_t write(const char *text);

    size_t print(const char *text) { return write(text); }
    size_t print(char character) { return write((uint8_t)character); }
    size_t print(unsigned char value, int base = 10) { return print((unsigned long)value, base); }
    size_t print(int value, int base = 10) { return print((long)value, base); }
    size_t print(unsigned int value, int base = 10) { return print((unsigned long)value, base); }
    size_t print(long value, int base = 10);
    size_t print(unsigned long value, int base = 10);
    size_t print(long long value, int base = 10);
    size_t print(unsigned long long value, int base = 10);
    size_t print(float value, int decimals = 2);
    size_t print(double value, int decimals = 2);

    size_t println() { return write("\r\n"); }
    template <class Value> size_t println(Value value) {
        size_t count = print(value);
        return count + println();
    }
    template <class Value> size_t println(Value value, int format) {
        size_t count = print(value, format);
        return count + println();
    }

  private:
    size_t printNumber(unsigned long long value, int base);
};

#endif
