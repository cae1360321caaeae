// Single-precision arithmetic under the names the compiler calls for a core without an FPU, one FPU instruction
// each: the lx106 compiler knows no FPU, the LX6 has one. Each operation rounds once, to nearest; nothing is
// fused, so results equal the host's bit for bit. Division stays with the compiler's own library (exact too).

#include "../xtensa-lx6.inc"

    .text

    .macro function name
    .align 4
    .global \name
    .type \name, @function
\name:
    .endm

    .macro binary name, op2
    function \name
    wfr     0, 2
    wfr     1, 3
    fp_op   \op2, 0, 0, 1
    rfr     2, 0
    ret
    .endm

    binary  __addsf3, FP_ADD
    binary  __subsf3, FP_SUB
    binary  __mulsf3, FP_MUL

    function __floatsisf
    fp_op   FP_FLOAT, 0, 2, 0
    rfr     2, 0
    ret

    function __floatunsisf
    fp_op   FP_UFLOAT, 0, 2, 0
    rfr     2, 0
    ret

    // Towards zero, as C converts.
    function __fixsfsi
    wfr     0, 2
    fp_op   FP_TRUNC, 2, 0, 0
    ret

    function __fixunssfsi
    wfr     0, 2
    fp_op   FP_UTRUNC, 2, 0, 0
    ret

// Comparisons answer with a number whose sign the caller tests (GCC manual, "Soft float library routines"):
// equal 0, less negative, greater positive; with a NaN every test must fail.

    function __ltsf2
    .global __lesf2
__lesf2:
    wfr     0, 2
    wfr     1, 3
    movi    a2, 1                   // greater, or a NaN
    movi    a3, -1
    movi    a4, 0
    fp_compare FP_OLT, 0, 0, 1
    movt    2, 3, 0
    fp_compare FP_OEQ, 0, 0, 1
    movt    2, 4, 0
    ret

    function __gtsf2
    .global __gesf2
__gesf2:
    wfr     0, 2
    wfr     1, 3
    movi    a2, -1                  // less, or a NaN
    movi    a3, 1
    movi    a4, 0
    fp_compare FP_OLT, 0, 1, 0
    movt    2, 3, 0
    fp_compare FP_OEQ, 0, 0, 1
    movt    2, 4, 0
    ret

    function __eqsf2
    .global __nesf2
__nesf2:
    wfr     0, 2
    wfr     1, 3
    movi    a2, 1
    movi    a3, 0
    fp_compare FP_OEQ, 0, 0, 1
    movt    2, 3, 0
    ret

    function __unordsf2
    wfr     0, 2
    wfr     1, 3
    movi    a2, 0
    movi    a3, 1
    fp_compare FP_UN, 0, 0, 1
    movt    2, 3, 0
    ret
