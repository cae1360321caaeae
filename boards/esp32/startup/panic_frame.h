// The layout of the register frame that the panic entry fills and the panic report prints, shared by both.

#ifndef ESPMASK_PANIC_FRAME_H
#define ESPMASK_PANIC_FRAME_H

#define PANIC_PC 0
#define PANIC_PS 4
#define PANIC_A(n) (8 + 4 * (n))
#define PANIC_SAR 72
#define PANIC_EXCCAUSE 76
#define PANIC_EXCVADDR 80
#define PANIC_LBEG 84
#define PANIC_LEND 88
#define PANIC_LCOUNT 92

// Causes beyond EXCCAUSE's 0 to 63.
#define PANIC_CAUSE_DOUBLE 64
#define PANIC_CAUSE_DEBUG 65
#define PANIC_CAUSE_INTERRUPT 66

#ifndef __ASSEMBLER__
#include <stdint.h>

struct panic_frame {
    uint32_t pc, ps, a[16], sar, exccause, excvaddr, lbeg, lend, lcount;
};
#endif

#endif
