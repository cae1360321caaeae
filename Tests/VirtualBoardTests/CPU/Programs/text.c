/* Strings in bytes: searching, reversing, numbers to text and back; checksums over bytes with and without tables. */

#include "programs.h"

static size_t length(const char *text) {
    const char *end = text;
    while (*end) end++;
    return (size_t)(end - text);
}

static const char *find(const char *text, const char *part) {
    size_t count = length(part);
    for (; *text; text++)
        if (!memcmp(text, part, count < length(text) ? count : length(text)) && length(text) >= count) return text;
    return 0;
}

static char *print_number(char *to, int32_t value, unsigned base) {
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char turned[34];
    int count = 0;
    uint32_t left = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    do turned[count++] = digits[left % base];
    while (left /= base);
    if (value < 0) *to++ = '-';
    while (count) *to++ = turned[--count];
    *to = 0;
    return to;
}

static int32_t read_number(const char *text, unsigned base) {
    int isNegative = *text == '-';
    uint32_t value = 0;
    for (text += isNegative; *text; text++) value = value * base + (uint32_t)(*text <= '9' ? *text - '0' : *text - 'a' + 10);
    return (int32_t)(isNegative ? 0u - value : value);
}

void strings(uint32_t *results) {
    static const char text[] = "the board that is not there answers as the board that is";
    char buffer[128];
    *results++ = (uint32_t)length(text);
    *results++ = (uint32_t)(find(text, "board that is") - text);
    *results++ = (uint32_t)(find(text + 5, "board that is") - text);
    *results++ = find(text, "absent") == 0;
    memset(buffer, 0x2A, sizeof buffer);
    memcpy(buffer + 3, text, sizeof text);
    memmove(buffer + 5, buffer + 3, sizeof text);
    memmove(buffer, buffer + 7, 40);
    uint32_t sum = 0;
    for (unsigned index = 0; index < sizeof buffer; index++) sum = sum * 131 + (uint8_t)buffer[index];
    *results++ = sum;
    static const int32_t numbers[] = {0, 7, -1, 2147483647, -2147483647 - 1, 123456789};
    for (unsigned index = 0; index < 6; index++) {
        for (unsigned base = 2; base <= 36; base += 7) {
            char *end = print_number(buffer, numbers[index], base);
            sum = sum * 131 + (uint32_t)(end - buffer) + (uint8_t)buffer[0];
            sum += read_number(buffer, base) == numbers[index] ? 1000 : 0;
        }
        *results++ = sum;
    }
    for (char *left = buffer, *right = buffer + length(buffer) - 1; left < right; left++, right--) {
        char kept = *left;
        *left = *right;
        *right = kept;
    }
    *results = (uint32_t)read_number(buffer, 10);
}

void checksums(uint32_t *results) {
    static uint32_t table[256];
    static uint8_t data[500];
    uint32_t state = 99;
    for (unsigned index = 0; index < sizeof data; index++) data[index] = (uint8_t)next_random(&state);
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
        table[byte] = value;
    }
    uint32_t crc = 0xFFFFFFFF, a = 1, b = 0;
    uint16_t ccitt = 0xFFFF;
    uint64_t fnv = 0xCBF29CE484222325;
    for (unsigned index = 0; index < sizeof data; index++) {
        crc = crc >> 8 ^ table[(crc ^ data[index]) & 0xFF];
        a = (a + data[index]) % 65521;
        b = (b + a) % 65521;
        ccitt ^= (uint16_t)(data[index] << 8);
        for (int bit = 0; bit < 8; bit++) ccitt = (uint16_t)(ccitt & 0x8000 ? ccitt << 1 ^ 0x1021 : ccitt << 1);
        fnv = (fnv ^ data[index]) * 0x100000001B3;
    }
    *results++ = ~crc;
    *results++ = b << 16 | a;
    *results++ = ccitt;
    *results++ = (uint32_t)fnv;
    *results++ = (uint32_t)(fnv >> 32);
}
