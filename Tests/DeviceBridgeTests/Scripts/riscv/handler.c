// The start and the trap handler of a program for QEMU's RISC-V "virt" machine: prints a panic dump in the form that
// ESP-IDF's handler has on the chips of that architecture (registers, then the stack, no backtrace) and switches off.

typedef unsigned int u32;

struct frame {
    u32 x[32];
    u32 mepc, mstatus, mtvec, mcause, mtval, mhartid;
};

extern char stack_top[];

static void put(char c) { *(volatile unsigned char *)0x10000000 = (unsigned char)c; }

static void text(const char *s) {
    while (*s) put(*s++);
}

static void hex(u32 value) {
    for (int shift = 28; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void named(const char *name, u32 value, const char *end) {
    int count = 0;
    while (name[count]) put(name[count++]);
    while (count++ < 8) put(' ');
    text(": 0x");
    hex(value);
    text(end);
}

__attribute__((used)) void panic(const struct frame *f) {
    static const char names[32][6] = {"MEPC", "RA", "SP", "GP", "TP", "T0", "T1", "T2", "S0/FP", "S1", "A0",
        "A1", "A2", "A3", "A4", "A5", "A6", "A7", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "T3",
        "T4", "T5", "T6"};
    text("Guru Meditation Error: Core  0 panic'ed (Store access fault). Exception was unhandled.\r\n\r\n");
    text("Core  0 register dump:\r\n");
    for (int i = 0; i < 32; i++) named(names[i], i == 0 ? f->mepc : f->x[i], i % 4 == 3 ? "\r\n" : "  ");
    named("MSTATUS", f->mstatus, "  ");
    named("MTVEC", f->mtvec, "  ");
    named("MCAUSE", f->mcause, "  ");
    named("MTVAL", f->mtval, "\r\n");
    named("MHARTID", f->mhartid, "\r\n\r\nStack memory:\r\n");
    u32 end = f->x[2] + 1024 < (u32)stack_top ? f->x[2] + 1024 : (u32)stack_top;
    for (u32 row = f->x[2]; row < end; row += 32) {
        hex(row);
        text(":");
        for (u32 at = row; at < row + 32; at += 4) {
            text(" 0x");
            hex(*(const u32 *)at);
        }
        text("\r\n");
    }
    text("\r\nRebooting...\r\n");
    *(volatile u32 *)0x100000 = 0x5555;
    for (;;) {}
}

__attribute__((naked, aligned(4))) void trap(void) {
    __asm__ volatile(
        "csrw mscratch, sp\n addi sp, sp, -160\n"
        "sw x1, 4(sp)\n sw x3, 12(sp)\n sw x4, 16(sp)\n sw x5, 20(sp)\n sw x6, 24(sp)\n sw x7, 28(sp)\n"
        "sw x8, 32(sp)\n sw x9, 36(sp)\n sw x10, 40(sp)\n sw x11, 44(sp)\n sw x12, 48(sp)\n sw x13, 52(sp)\n"
        "sw x14, 56(sp)\n sw x15, 60(sp)\n sw x16, 64(sp)\n sw x17, 68(sp)\n sw x18, 72(sp)\n sw x19, 76(sp)\n"
        "sw x20, 80(sp)\n sw x21, 84(sp)\n sw x22, 88(sp)\n sw x23, 92(sp)\n sw x24, 96(sp)\n sw x25, 100(sp)\n"
        "sw x26, 104(sp)\n sw x27, 108(sp)\n sw x28, 112(sp)\n sw x29, 116(sp)\n sw x30, 120(sp)\n sw x31, 124(sp)\n"
        "csrr t0, mscratch\n sw t0, 8(sp)\n csrr t0, mepc\n sw t0, 128(sp)\n csrr t0, mstatus\n sw t0, 132(sp)\n"
        "csrr t0, mtvec\n sw t0, 136(sp)\n csrr t0, mcause\n sw t0, 140(sp)\n csrr t0, mtval\n sw t0, 144(sp)\n"
        "csrr t0, mhartid\n sw t0, 148(sp)\n mv a0, sp\n la sp, stack_top - 4096\n j panic\n");
}

__attribute__((naked, section(".text.entry"))) void entry(void) {
    __asm__ volatile("la sp, stack_top\n la t0, trap\n csrw mtvec, t0\n li a0, 7\n call app_main\n 1: j 1b\n");
}
