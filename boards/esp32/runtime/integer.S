// Integer arithmetic under the names the compiler calls for a core without a divider: one LX6 instruction each.
// A division by zero is the core's IntegerDivideByZero exception.

#include "../xtensa-lx6.inc"

    .text

    .macro divide name, op2
    .align 4
    .global \name
    .type \name, @function
\name:
    rst2    \op2, 2, 2, 3
    ret
    .endm

    divide  __divsi3, QUOS
    divide  __udivsi3, QUOU
    divide  __modsi3, REMS
    divide  __umodsi3, REMU

// 64 bits times 64 bits, low 64 bits: a3:a2 times a5:a4.
    .align 4
    .global __muldi3
    .type __muldi3, @function
__muldi3:
    rst2    MULUH, 6, 2, 4
    mull    a7, a2, a4
    mull    a3, a3, a4
    mull    a5, a2, a5
    add     a3, a3, a5
    add     a3, a3, a6
    mov     a2, a7
    ret

// 32 bits times 32 bits, all 64 bits.
    .align 4
    .global __umulsidi3
    .type __umulsidi3, @function
__umulsidi3:
    mull    a4, a2, a3
    rst2    MULUH, 3, 2, 3
    mov     a2, a4
    ret
