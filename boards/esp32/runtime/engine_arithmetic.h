// Gives the inference engine the board's own arithmetic; read before each of its sources: the loops of products.S, and
// the LX6's high multiplication, which the lx106 compiler does not know. Results are those of the engine's own C.

#ifndef ESPMASK_ENGINE_ARITHMETIC_H
#define ESPMASK_ENGINE_ARITHMETIC_H

#include <stdint.h>

#define INFERENCE_OWN_PRODUCTS
#define INFERENCE_OWN_MULTIPLY_HIGH

// The assembler is told an instruction's bytes (ISA reference, MULUH: op2 = 10, op1 = 2; MULSH: op2 = 11); registers become numbers by
// way of symbols.
__asm__(
    ".set .Lreg_a0, 0\n.set .Lreg_a1, 1\n.set .Lreg_sp, 1\n.set .Lreg_a2, 2\n.set .Lreg_a3, 3\n.set .Lreg_a4, 4\n"
    ".set .Lreg_a5, 5\n.set .Lreg_a6, 6\n.set .Lreg_a7, 7\n.set .Lreg_a8, 8\n.set .Lreg_a9, 9\n.set .Lreg_a10, 10\n"
    ".set .Lreg_a11, 11\n.set .Lreg_a12, 12\n.set .Lreg_a13, 13\n.set .Lreg_a14, 14\n.set .Lreg_a15, 15\n");

// The upper half of a 64-bit product.
static inline uint32_t multiply_high_word(uint32_t a, uint32_t b) {
    uint32_t high;
    __asm__(".byte .Lreg_%2 << 4, .Lreg_%0 << 4 | .Lreg_%1, 0xA2" : "=r"(high) : "r"(a), "r"(b));
    return high;
}

static inline int32_t multiply_high_signed(int32_t a, int32_t b) {
    int32_t high;
    __asm__(".byte .Lreg_%2 << 4, .Lreg_%0 << 4 | .Lreg_%1, 0xB2" : "=r"(high) : "r"(a), "r"(b));
    return high;
}

#endif
