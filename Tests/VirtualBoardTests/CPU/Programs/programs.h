/* What the programs of the processor tests share. */

#include <stddef.h>
#include <stdint.h>

/* Words each program may write. */
#define RESULT_WORDS 64

typedef void program_t(uint32_t *results);
program_t sorting, long_arithmetic, soft_doubles, strings, checksums, recursion, structures, bit_fields;

void *memcpy(void *target, const void *source, size_t count);
void *memmove(void *target, const void *source, size_t count);
void *memset(void *target, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);

/* A plain congruential generator: the same numbers for both processors. */
static inline uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state ^ *state >> 15;
}
