/* Where the processor tests enter: each program gets a row of words for what it found out. The compiler may call memcpy,
 * memset, memmove and memcmp by itself; there is no C library here, so they stand below and are tested with the rest. */

#include "programs.h"

static program_t *const programs[] = {
    sorting, long_arithmetic, soft_doubles, strings, checksums, recursion, structures, bit_fields,
};

/* The first word of the piece; literals stand before the code that uses them, so `start` itself cannot be there. */
__asm__(".section .text.entry, \"ax\"\n j start\n .text");

void start(uint32_t *results);

void start(uint32_t *results) {
    for (unsigned index = 0; index < sizeof programs / sizeof programs[0]; index++)
        programs[index](results + index * RESULT_WORDS);
}

void *memcpy(void *target, const void *source, size_t count) {
    unsigned char *to = target;
    const unsigned char *from = source;
    while (count--) *to++ = *from++;
    return target;
}

void *memmove(void *target, const void *source, size_t count) {
    unsigned char *to = target;
    const unsigned char *from = source;
    if (to <= from) return memcpy(target, source, count);
    while (count--) to[count] = from[count];
    return target;
}

void *memset(void *target, int value, size_t count) {
    unsigned char *to = target;
    while (count--) *to++ = (unsigned char)value;
    return target;
}

int memcmp(const void *left, const void *right, size_t count) {
    const unsigned char *a = left, *b = right;
    for (; count; count--, a++, b++)
        if (*a != *b) return *a - *b;
    return 0;
}
