// Maps flash pages into the data window through the PRO CPU's cache page table (TRM, "Memory and cache"; the
// order of steps is the one the boot ROM uses). The cache is off meanwhile, so this runs from IRAM with
// interrupts masked and touches no constant in flash.

#include "../registers.h"
#include "board.h"

IN_IRAM void flash_window_map(uint32_t address, uint32_t flash_offset, uint32_t bytes) {
    uint32_t entry = DROM0_ENTRY(address), page = flash_offset / CACHE_PAGE_BYTES;
    uint32_t end = entry + (bytes + CACHE_PAGE_BYTES - 1) / CACHE_PAGE_BYTES;
    uint32_t ps = interrupts_mask();
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_ENABLE;
    while (entry < end) {
        DPORT_PRO_FLASH_MMU_TABLE(entry) = page;
        entry += 1;
        page += 1;
    }
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_FLUSH_ENA;
    DPORT_PRO_CACHE_CTRL_REG |= DPORT_PRO_CACHE_FLUSH_ENA;
    while (!(DPORT_PRO_CACHE_CTRL_REG & DPORT_PRO_CACHE_FLUSH_DONE)) {}
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_FLUSH_ENA;
    DPORT_PRO_CACHE_CTRL_REG |= DPORT_PRO_CACHE_ENABLE;
    interrupts_restore(ps);
}
