// The application's entry: the second stage jumps here with the flash windows mapped and interrupts masked.
// It sets up what C needs (stack, vectors, FPU, zeroed .bss) and calls start_application, which never returns.

#include "../xtensa-lx6.inc"

    .section .iram.start, "ax"
    .literal_position
    .align 4
    .global _start
_start:
    movi    a0, 0
    wsr     a0, intenable
    // INTLEVEL 15, user mode, no register windows.
    movi    a2, 0x2F
    wsr     a2, ps
    rsync
    movi    a1, _stack_top
    movi    a2, _vector_base
    wsr     a2, vecbase
    // Coprocessor 0 is the FPU; round to nearest, no exception flags enabled.
    movi    a2, 1
    wsr_number 2, SR_CPENABLE
    rsync
    movi    a2, 0
    .byte   0x20, 232, 0xF3         // wur a2, fcr
    .byte   0x20, 233, 0xF3         // wur a2, fsr
    movi    a2, _bss_start
    movi    a3, _bss_end
    movi    a4, 0
.Lzero:
    bgeu    a2, a3, .Lzeroed
    s32i    a4, a2, 0
    addi    a2, a2, 4
    j       .Lzero
.Lzeroed:
    call0   start_application
.Lforever:
    j       .Lforever
