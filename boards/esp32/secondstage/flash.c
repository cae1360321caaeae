// Flash through the PRO CPU's cache (TRM, "Memory and cache"): the page table has one word per 64 KB page, 256
// means invalid; the cache is off while the table changes and is flushed before it goes on again.

#include "../registers.h"
#include "secondstage.h"

#define MMU_ENTRIES 256
#define DROM_PAGES 64

static void cache_off(void) {
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_ENABLE;
}

void flash_enable(void) {
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_FLUSH_ENA;
    DPORT_PRO_CACHE_CTRL_REG |= DPORT_PRO_CACHE_FLUSH_ENA;
    while (!(DPORT_PRO_CACHE_CTRL_REG & DPORT_PRO_CACHE_FLUSH_DONE)) {}
    DPORT_PRO_CACHE_CTRL_REG &= ~DPORT_PRO_CACHE_FLUSH_ENA;
    DPORT_PRO_CACHE_CTRL1_REG &= ~(DPORT_PRO_CACHE_MASK_DROM0 | DPORT_PRO_CACHE_MASK_IROM0);
    DPORT_PRO_CACHE_CTRL_REG |= DPORT_PRO_CACHE_ENABLE;
}

const uint8_t *flash_map_all(void) {
    flash_unmap();
    flash_map_segment(DROM0_BASE, 0, DROM_PAGES * CACHE_PAGE_BYTES);
    flash_enable();
    return (const uint8_t *)DROM0_BASE;
}

void flash_unmap(void) {
    cache_off();
    for (uint32_t entry = 0; entry < MMU_ENTRIES; entry++) DPORT_PRO_FLASH_MMU_TABLE(entry) = DPORT_MMU_INVALID;
}

void flash_map_segment(uint32_t address, uint32_t flash_offset, uint32_t bytes) {
    uint32_t first = address / CACHE_PAGE_BYTES, last = (address + bytes - 1) / CACHE_PAGE_BYTES;
    uint32_t page = flash_offset / CACHE_PAGE_BYTES;
    for (uint32_t virtual_page = first; virtual_page <= last; virtual_page++, page++) {
        uint32_t base = virtual_page * CACHE_PAGE_BYTES;
        uint32_t entry = base < DROM0_END ? DROM0_ENTRY(base) : IROM0_ENTRY(base);
        DPORT_PRO_FLASH_MMU_TABLE(entry) = page;
    }
}
