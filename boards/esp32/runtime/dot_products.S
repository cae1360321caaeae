// The inner loops of float layers on the FPU, in the engine's own order: product and sum are rounded apart, from left
// to right, so that the bits are those of the host. Pointers are moved by integer instructions: whether an updating
// load moves them before or after the access depends on the generation of the FPU.

#include "../xtensa-lx6.inc"

    .macro lsx r, s, t              // f[r] = word at a[s] + a[t]
    .byte (\t << 4), (\r << 4) | \s, 0x08
    .endm

    // f[t] = word at a[s] + bytes
    .macro lsi t, s, bytes
    .byte (\t << 4) | 3, \s, (\bytes / 4)
    .endm

    // word at a[s] + bytes = f[t]
    .macro ssi t, s, bytes
    .byte (\t << 4) | 3, 0x40 | \s, (\bytes / 4)
    .endm

    .text

// float lx6_dot(float sum, const float *a, int32_t step_a, const float *b, int32_t step_b, int32_t n)
    .align 4
    .global lx6_dot
    .type lx6_dot, @function
lx6_dot:
    blti    a7, 1, .Ldone
    wfr     0, 2
    slli    a4, a4, 2
    slli    a6, a6, 2
.Lnext:
    lsi     1, 3, 0
    lsi     2, 5, 0
    add     a3, a3, a4
    add     a5, a5, a6
    fp_op   FP_MUL, 1, 1, 2
    addi    a7, a7, -1
    fp_op   FP_ADD, 0, 0, 1
    bnez    a7, .Lnext
    rfr     2, 0
.Ldone:
    ret

// void lx6_dot_four(float sums[4], const float *a, const float *b, int32_t row, int32_t n)
    .align 4
    .global lx6_dot_four
    .type lx6_dot_four, @function
lx6_dot_four:
    blti    a6, 1, .Lfour_done
    lsi     0, 2, 0
    lsi     1, 2, 4
    lsi     2, 2, 8
    lsi     3, 2, 12
    slli    a5, a5, 2
    movi    a10, 0
    add     a7, a4, a5
    add     a8, a7, a5
    add     a9, a8, a5
.Lfour:
    lsx     4, 3, 10
    lsx     5, 4, 10
    lsx     6, 7, 10
    lsx     7, 8, 10
    lsx     8, 9, 10
    addi    a10, a10, 4
    fp_op   FP_MUL, 5, 4, 5
    fp_op   FP_MUL, 6, 4, 6
    fp_op   FP_MUL, 7, 4, 7
    fp_op   FP_MUL, 8, 4, 8
    addi    a6, a6, -1
    fp_op   FP_ADD, 0, 0, 5
    fp_op   FP_ADD, 1, 1, 6
    fp_op   FP_ADD, 2, 2, 7
    fp_op   FP_ADD, 3, 3, 8
    bnez    a6, .Lfour
    ssi     0, 2, 0
    ssi     1, 2, 4
    ssi     2, 2, 8
    ssi     3, 2, 12
.Lfour_done:
    ret
