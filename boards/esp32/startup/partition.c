// Looks a partition up and maps it into the last megabyte of the data window, which no application's constants
// reach (application.ld). The second stage has checked the table's digest before it started us.

#include "partition.h"

#include "../registers.h"
#include "board.h"

#define TABLE_OFFSET 0x8000
#define ROWS 96
#define WINDOW UINT32_C(0x3F700000)
#define WINDOW_BYTES (DROM0_END - WINDOW)

struct row {
    uint16_t magic;
    uint8_t type, subtype;
    uint32_t offset, bytes;
    char label[16];
    uint32_t flags;
};

const void *partition_map(uint8_t type, uint8_t subtype, size_t *bytes) {
    flash_window_map(WINDOW, 0, CACHE_PAGE_BYTES);
    const struct row *row = (const struct row *)(WINDOW + TABLE_OFFSET);
    for (int i = 0; i < ROWS && row->magic == 0x50AA; i++, row++) {
        if (row->type != type || row->subtype != subtype) continue;
        if (row->offset % CACHE_PAGE_BYTES != 0) break;
        uint32_t offset = row->offset;
        *bytes = row->bytes < WINDOW_BYTES ? row->bytes : WINDOW_BYTES;
        flash_window_map(WINDOW, offset, *bytes);
        return (const void *)WINDOW;
    }
    *bytes = 0;
    return NULL;
}
