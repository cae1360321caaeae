// From the first C statement to the sketch: watchdogs off, console, clock, interrupts, C++ constructors, then
// setup() once and loop() for ever.

#include "../registers.h"
#include "board.h"

extern void (*_constructors_start[])(void);
extern void (*_constructors_end[])(void);
extern void setup(void);
extern void loop(void);

// What the usual image tools read from the start of the data in flash (application descriptor, 256 bytes). The
// times stay empty, so that the same sources give the same bytes.
struct application_descriptor {
    uint32_t magic, secure_version, reserved[2];
    char version[32], project_name[32], time[16], date[16], idf_version[32];
    uint8_t elf_sha256[32];
    uint8_t reserved_2[80];
};
_Static_assert(sizeof(struct application_descriptor) == 256, "the descriptor is 256 bytes");

__attribute__((section(".flash.appdesc"), used)) const struct application_descriptor application_descriptor = {
    .magic = 0xABCD5432,
    .version = "1",
    .project_name = SKETCH_NAME,
};

const uint8_t *const application_elf_sha256 = application_descriptor.elf_sha256;

// The second stage has done this already; a watchdog that some other loader left on must not bite either.
static void stop_watchdogs(void) {
    RTC_CNTL_WDTWPROTECT_REG = WDT_WKEY;
    RTC_CNTL_WDTCONFIG0_REG = 0;
    for (int group = 0; group < 2; group++) {
        TIMG_WDTWPROTECT_REG(group) = WDT_WKEY;
        TIMG_WDTCONFIG0_REG(group) = 0;
    }
}

void start_application(void) {
    stop_watchdogs();
    stack_guard_arm();
    uart_start();
    clock_start();
    interrupts_enable(BIT(CPU_INTERRUPT_TIMER0) | BIT(CPU_INTERRUPT_UART));
    interrupts_restore(0x20);
    // The last one first: that is the order of .ctors, which this compiler uses.
    for (void (**next)(void) = _constructors_end; next != _constructors_start;) (*--next)();
    setup();
    for (;;) {
        loop();
        stack_guard_check();
    }
}
