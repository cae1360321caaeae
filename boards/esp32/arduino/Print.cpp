// Numbers as text, with Arduino's rules: decimals rounded half up, `nan`, `inf` without a sign, `ovf` beyond what
// 32 bits hold. The digits are worked out exactly from the float's bits.

#include "Print.h"

#include <string.h>

size_t Print::write(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) write(bytes[i]);
    return count;
}

size_t Print::write(const char *text) {
    return write((const uint8_t *)text, strlen(text));
}

size_t Print::printNumber(unsigned long long value, int base) {
    char digits[65];
    char *at = digits + sizeof digits - 1;
    unsigned long long divisor = base < 2 ? 10 : (unsigned)base;
    *at = 0;
    // 32-bit division is one instruction; the long one is a library call.
    while (value > UINT32_MAX) {
        *--at = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % divisor];
        value /= divisor;
    }
    uint32_t rest = (uint32_t)value;
    do {
        *--at = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest % (uint32_t)divisor];
        rest /= (uint32_t)divisor;
    } while (rest != 0);
    return write(at);
}

size_t Print::print(unsigned long value, int base) {
    return printNumber(value, base);
}

size_t Print::print(unsigned long long value, int base) {
    return printNumber(value, base);
}

// A negative number has a sign in base 10 only; in others its bits are printed.
size_t Print::print(long value, int base) {
    if (value >= 0 || base != 10) return printNumber((unsigned long)value, base);
    return write((uint8_t)'-') + printNumber(0 - (unsigned long)value, base);
}

size_t Print::print(long long value, int base) {
    if (value >= 0 || base != 10) return printNumber((unsigned long long)value, base);
    return write((uint8_t)'-') + printNumber(0 - (unsigned long long)value, base);
}

size_t Print::print(double value, int decimals) {
    return print((float)value, decimals);
}

size_t Print::print(float value, int decimals) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) return write("nan");
    if (magnitude == 0x7F800000) return write("inf");
    // 4294967040, the largest float below 2^32.
    if (magnitude > 0x4F7FFFFF) return write("ovf");
    if (decimals < 0) decimals = 2;
    if (decimals > 9) decimals = 9;
    uint32_t scale = 1;
    for (int i = 0; i < decimals; i++) scale *= 10;
    // value * scale = product * 2^exponent exactly; the product has at most 24 + 30 bits.
    int exponent = magnitude < 0x800000 ? -149 : (int)(magnitude >> 23) - 150;
    uint64_t significand = magnitude < 0x800000 ? magnitude : (magnitude & 0x7FFFFF) | 0x800000;
    uint64_t product = significand * scale, scaled;
    if (exponent >= 0) {
        scaled = product << exponent;
    } else if (exponent > -64) {
        // Half up: add one half at the cut, then cut.
        scaled = (product >> -exponent) + (product >> (-exponent - 1) & 1);
    } else {
        scaled = 0;
    }
    size_t count = 0;
    if ((bits >> 31) != 0 && magnitude != 0) count += write((uint8_t)'-');
    count += printNumber(scaled / scale, 10);
    if (decimals == 0) return count;
    uint32_t fraction = (uint32_t)(scaled % scale);
    count += write((uint8_t)'.');
    for (uint32_t place = scale / 10; place > 1 && fraction < place; place /= 10) count += write((uint8_t)'0');
    return count + printNumber(fraction, 10);
}
