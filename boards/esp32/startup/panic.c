// The panic report, in the lines the chip's usual firmware prints, so that the usual monitors read it: cause,
// registers, backtrace, reboot. Code of the call0 ABI has no frame chain: beyond PC and a0 the callers are
// guessed from stack words that follow a call instruction, and printed as guesses.

#include "../registers.h"
#include "board.h"
#include "panic_frame.h"

extern uint32_t _stack_bottom[], _stack_top[];
extern uint32_t _iram_text_start[], _iram_text_end[], _flash_text_start[], _flash_text_end[];

struct panic_frame panic_frame;
static const char *panic_reason;
static bool panicking;

static void print(const char *text) {
    for (; *text != 0; text++) uart_write_polled((uint8_t)*text);
}

static void print_hex(uint32_t value) {
    print("0x");
    for (int shift = 28; shift >= 0; shift -= 4) uart_write_polled("0123456789abcdef"[value >> shift & 15]);
}

// EXCCAUSE values as the ISA reference numbers them, in the spelling of the chip's usual firmware.
static const char *cause_name(uint32_t cause) {
    static const struct {
        uint8_t cause;
        const char *name;
    } names[] = {
        {0, "IllegalInstruction"},
        {1, "Syscall"},
        {2, "InstructionFetchError"},
        {3, "LoadStoreError"},
        {4, "Level1Interrupt"},
        {5, "Alloca"},
        {6, "IntegerDivideByZero"},
        {8, "Privileged"},
        {9, "LoadStoreAlignment"},
        {12, "InstrPDAddrError"},
        {13, "LoadStorePIFDataError"},
        {14, "InstrPIFAddrError"},
        {15, "LoadStorePIFAddrError"},
        {16, "InstTLBMiss"},
        {17, "InstTLBMultiHit"},
        {18, "InstFetchPrivilege"},
        {20, "InstrFetchProhibited"},
        {24, "LoadStoreTLBMiss"},
        {25, "LoadStoreTLBMultihit"},
        {26, "LoadStorePrivilege"},
        {28, "LoadProhibited"},
        {29, "StoreProhibited"},
        {PANIC_CAUSE_DOUBLE, "Double exception"},
        {PANIC_CAUSE_DEBUG, "Unhandled debug exception"},
        {PANIC_CAUSE_INTERRUPT, "Unhandled interrupt"},
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].cause == cause) return names[i].name;
    }
    return cause >= 32 && cause < 40 ? "Coprocessor exception" : "Unknown";
}

static void print_registers(const struct panic_frame *frame) {
    static const char names[][9] = {
        "PC      ", "PS      ", "A0      ", "A1      ", "A2      ", "A3      ", "A4      ", "A5      ",
        "A6      ", "A7      ", "A8      ", "A9      ", "A10     ", "A11     ", "A12     ", "A13     ",
        "A14     ", "A15     ", "SAR     ", "EXCCAUSE", "EXCVADDR", "LBEG    ", "LEND    ", "LCOUNT  ",
    };
    const uint32_t *values = &frame->pc;
    print("Core  0 register dump:\r\n");
    for (int i = 0; i < 24; i++) {
        print(names[i]);
        print(": ");
        print_hex(values[i]);
        print(i % 4 == 3 ? "  \r\n" : "  ");
    }
}

static bool is_code(uint32_t address) {
    return (address >= (uint32_t)_iram_text_start && address < (uint32_t)_iram_text_end) ||
           (address >= (uint32_t)_flash_text_start && address < (uint32_t)_flash_text_end);
}

// Code is readable in aligned words only.
static uint8_t code_byte(uint32_t address) {
    return (uint8_t)(*(const uint32_t *)(address & ~UINT32_C(3)) >> 8 * (address & 3));
}

// CALL0 has 5 in its low six bits; CALLX0 is 0000 0000 0000 ssss 1100 0000 (ISA reference).
static bool follows_call(uint32_t address) {
    if (!is_code(address) || !is_code(address - 3)) return false;
    uint8_t first = code_byte(address - 3);
    if ((first & 0x3F) == 0x05) return true;
    return first == 0xC0 && (code_byte(address - 2) & 0xF0) == 0 && code_byte(address - 1) == 0;
}

static void print_frame(uint32_t pc, uint32_t sp) {
    print_hex(pc);
    print(":");
    print_hex(sp);
    print(" ");
}

static void print_backtrace(const struct panic_frame *frame) {
    uint32_t sp = frame->a[1];
    print("\r\n\r\nBacktrace: ");
    print_frame(frame->pc, sp);
    if (follows_call(frame->a[0])) print_frame(frame->a[0] - 3, sp);
    print("\r\n");
    uint32_t bottom = (uint32_t)_stack_bottom, top = (uint32_t)_stack_top;
    if (sp < bottom || sp >= top) sp = bottom;
    int guesses = 0;
    for (uint32_t word = sp & ~UINT32_C(3); word < top && guesses < 24; word += 4) {
        uint32_t value = *(const uint32_t *)word;
        if (value == frame->a[0] || !follows_call(value)) continue;
        if (guesses == 0) print("Guessed callers, from stack words that follow a call: ");
        print_frame(value - 3, word);
        guesses += 1;
    }
    if (guesses != 0) print("\r\n");
}

// The first eight bytes of the ELF file's SHA-256, which the image maker writes into the descriptor.
static void print_elf_digest(void) {
    const volatile uint8_t *digest = application_elf_sha256;
    print("\r\n\r\nELF file SHA256: ");
    for (int i = 0; i < 8; i++) {
        uart_write_polled((uint8_t)"0123456789abcdef"[digest[i] >> 4]);
        uart_write_polled((uint8_t)"0123456789abcdef"[digest[i] & 15]);
    }
}

// The stack guard is gone, or the fault was an access with or by a stack pointer outside the stack.
static bool stack_overflowed(const struct panic_frame *frame) {
    return stack_guard_broken() || frame->a[1] < (uint32_t)_stack_bottom;
}

void board_restart(void) {
    uart_flush();
    RTC_CNTL_OPTIONS0_REG |= RTC_CNTL_SW_PROCPU_RST;
    for (;;) {}
}

void panic_report(const struct panic_frame *frame) {
    if (panicking) {
        print("\r\nPanic handler entered multiple times. Abort panic handling. Rebooting ...\r\n");
        board_restart();
    }
    panicking = true;
    print("\r\n");
    if (stack_overflowed(frame)) {
        print("***ERROR*** A stack overflow in task loopTask has been detected.\r\n");
        panic_reason = "Stack canary overwritten";
    }
    print("Guru Meditation Error: Core  0 panic'ed (");
    print(panic_reason != 0 ? panic_reason : cause_name(frame->exccause));
    print("). Exception was unhandled.\r\n\r\n");
    print_registers(frame);
    print_backtrace(frame);
    print_elf_digest();
    print("\r\n\r\nRebooting...\r\n");
    board_restart();
}

// The illegal instruction carries the registers of this place into the report.
void panic_because(const char *reason) {
    panic_reason = reason;
    __asm__ volatile("ill");
    __builtin_unreachable();
}
