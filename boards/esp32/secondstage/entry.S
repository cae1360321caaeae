// The second stage's entry, where the boot ROM jumps to: a stack of our own, interrupts masked, no windows.

    .section .entry, "ax"
    .literal_position
    .align 4
    .global _entry
_entry:
    movi    a0, 0
    wsr     a0, intenable
    movi    a2, 0x2F
    wsr     a2, ps
    rsync
    movi    a1, _stack_top
    movi    a2, _bss_start
    movi    a3, _bss_end
.Lzero:
    bgeu    a2, a3, .Lzeroed
    s32i    a0, a2, 0
    addi    a2, a2, 4
    j       .Lzero
.Lzeroed:
    call0   second_stage
.Lforever:
    j       .Lforever
