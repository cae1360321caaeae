// The exception vectors, at the offsets from VECBASE that the LX6 core was configured with (ISA reference,
// "Exception vectors"; the offsets are also in the ESP32's core configuration). The code is call0, PS.WOE is
// never set, so the window vectors stay empty. Level-1 interrupts are dispatched; everything else panics.

#include "../xtensa-lx6.inc"
#include "panic_frame.h"

    .section .vectors, "ax"
    .global _vector_base
    .align 1024
_vector_base:

// An interrupt of a level nobody enabled: give it the shape of a level-1 exception and panic with a cause of ours.
    .macro high_level_vector level, cause
    wsr     a0, excsave1
    rsr_number 0, SR_EPC(\level)
    wsr     a0, epc1
    movi    a0, \cause
    wsr     a0, exccause
    rsr_number 0, SR_EPS(\level)
    j       _panic_with_ps
    .endm

    .org    _vector_base + 0x180
    high_level_vector 2, PANIC_CAUSE_INTERRUPT
    .org    _vector_base + 0x1C0
    high_level_vector 3, PANIC_CAUSE_INTERRUPT
    .org    _vector_base + 0x200
    high_level_vector 4, PANIC_CAUSE_INTERRUPT
    .org    _vector_base + 0x240
    high_level_vector 5, PANIC_CAUSE_INTERRUPT
    .org    _vector_base + 0x280
    high_level_vector 6, PANIC_CAUSE_DEBUG
    .org    _vector_base + 0x2C0
    high_level_vector 7, PANIC_CAUSE_INTERRUPT

    // Kernel and user exceptions; which one is taken depends on PS.UM alone.
    .org    _vector_base + 0x300
    wsr     a0, excsave1
    j       _exception
    .org    _vector_base + 0x340
    wsr     a0, excsave1
    j       _exception

    // An exception while PS.EXCM was set. DEPC has the address, EXCCAUSE the cause of the second one.
    .org    _vector_base + 0x3C0
    wsr     a0, excsave1
    rsr     a0, depc
    wsr     a0, epc1
    movi    a0, PANIC_CAUSE_DOUBLE
    wsr     a0, exccause
    j       _panic
    .org    _vector_base + 0x400

// Level-1 interrupt: save what a call0 callee may change and call the dispatcher. a12 to a15 are the callee's to
// keep, and the dispatcher's code uses neither the floating-point nor the boolean registers.
#define FRAME_A0 0
#define FRAME_A(n) (4 * ((n) - 1))
#define FRAME_SAR 44
#define FRAME_EPC1 48
#define FRAME_PS 52
#define FRAME_BYTES 64

    .align 4
    .literal_position
_exception:
    rsr     a0, exccause
    beqi    a0, 4, .Llevel1
    j       _panic
.Llevel1:
    addi    a1, a1, -FRAME_BYTES
    rsr     a0, excsave1
    s32i    a0, a1, FRAME_A0
    s32i    a2, a1, FRAME_A(2)
    s32i    a3, a1, FRAME_A(3)
    s32i    a4, a1, FRAME_A(4)
    s32i    a5, a1, FRAME_A(5)
    s32i    a6, a1, FRAME_A(6)
    s32i    a7, a1, FRAME_A(7)
    s32i    a8, a1, FRAME_A(8)
    s32i    a9, a1, FRAME_A(9)
    s32i    a10, a1, FRAME_A(10)
    s32i    a11, a1, FRAME_A(11)
    rsr     a2, sar
    s32i    a2, a1, FRAME_SAR
    rsr     a2, epc1
    s32i    a2, a1, FRAME_EPC1
    rsr     a2, ps
    s32i    a2, a1, FRAME_PS
    // With EXCM clear a fault in the dispatcher is reported under its own cause, not as a double exception.
    movi    a2, 0x23
    wsr     a2, ps
    rsync
    call0   interrupts_dispatch
    l32i    a2, a1, FRAME_PS
    wsr     a2, ps
    rsync
    l32i    a2, a1, FRAME_EPC1
    wsr     a2, epc1
    l32i    a2, a1, FRAME_SAR
    wsr     a2, sar
    l32i    a11, a1, FRAME_A(11)
    l32i    a10, a1, FRAME_A(10)
    l32i    a9, a1, FRAME_A(9)
    l32i    a8, a1, FRAME_A(8)
    l32i    a7, a1, FRAME_A(7)
    l32i    a6, a1, FRAME_A(6)
    l32i    a5, a1, FRAME_A(5)
    l32i    a4, a1, FRAME_A(4)
    l32i    a3, a1, FRAME_A(3)
    l32i    a2, a1, FRAME_A(2)
    l32i    a0, a1, FRAME_A0
    addi    a1, a1, FRAME_BYTES
    rfe

// A fault: every register into one static frame, a stack of its own, then the report in C. a0 is in EXCSAVE1.
    .align 4
    .literal_position
_panic:
    rsr     a0, ps
_panic_with_ps:
    wsr     a0, depc
    movi    a0, panic_frame
    s32i    a1, a0, PANIC_A(1)
    s32i    a2, a0, PANIC_A(2)
    s32i    a3, a0, PANIC_A(3)
    s32i    a4, a0, PANIC_A(4)
    s32i    a5, a0, PANIC_A(5)
    s32i    a6, a0, PANIC_A(6)
    s32i    a7, a0, PANIC_A(7)
    s32i    a8, a0, PANIC_A(8)
    s32i    a9, a0, PANIC_A(9)
    s32i    a10, a0, PANIC_A(10)
    s32i    a11, a0, PANIC_A(11)
    s32i    a12, a0, PANIC_A(12)
    s32i    a13, a0, PANIC_A(13)
    s32i    a14, a0, PANIC_A(14)
    s32i    a15, a0, PANIC_A(15)
    rsr     a2, excsave1
    s32i    a2, a0, PANIC_A(0)
    rsr     a2, epc1
    s32i    a2, a0, PANIC_PC
    rsr     a2, depc
    s32i    a2, a0, PANIC_PS
    rsr     a2, sar
    s32i    a2, a0, PANIC_SAR
    rsr     a2, exccause
    s32i    a2, a0, PANIC_EXCCAUSE
    rsr     a2, excvaddr
    s32i    a2, a0, PANIC_EXCVADDR
    rsr_number 2, SR_LBEG
    s32i    a2, a0, PANIC_LBEG
    rsr_number 2, SR_LEND
    s32i    a2, a0, PANIC_LEND
    rsr_number 2, SR_LCOUNT
    s32i    a2, a0, PANIC_LCOUNT
    movi    a1, _panic_stack_top
    movi    a2, 0x2F
    wsr     a2, ps
    rsync
    mov     a2, a0
    call0   panic_report
.Lforever:
    j       .Lforever
