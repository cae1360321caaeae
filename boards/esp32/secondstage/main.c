// The second stage: what the boot ROM loads from 0x1000. It stops the watchdogs the ROM armed, finds the
// application in the partition table, loads it and jumps. It calls nothing in the mask ROM.

#include "../registers.h"
#include "secondstage.h"

static void stop_watchdogs(void) {
    RTC_CNTL_WDTWPROTECT_REG = WDT_WKEY;
    RTC_CNTL_WDTCONFIG0_REG = 0;
    for (int group = 0; group < 2; group++) {
        TIMG_WDTWPROTECT_REG(group) = WDT_WKEY;
        TIMG_WDTCONFIG0_REG(group) = 0;
    }
}

void second_stage(void) {
    stop_watchdogs();
    const uint8_t *flash = flash_map_all();
    uint32_t entry = load_application(flash, find_application(flash));
    ((void (*)(void))entry)();
}
