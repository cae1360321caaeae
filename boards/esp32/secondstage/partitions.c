// The partition table at 0x8000: rows of 32 bytes (magic AA 50, type, subtype, offset, size, label, flags), an MD5
// row (magic EB EB) over the rows before it, then 0xFF. The application is `factory` (type 0, subtype 0), else the
// first OTA slot; this second stage keeps no OTA state.

#include "../registers.h"
#include "secondstage.h"

#define TABLE_OFFSET 0x8000
#define ROW_BYTES 32
#define MAX_ROWS (0xC00 / ROW_BYTES)
#define FLASH_WINDOW_BYTES (DROM0_END - DROM0_BASE)

static uint32_t word(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void check_digest(const uint8_t *table, const uint8_t *row) {
    uint8_t digest[16];
    md5(table, (uint32_t)(row - table), digest);
    for (int i = 0; i < 16; i++) {
        if (digest[i] != row[16 + i]) fail("partition-table-corrupt", "offset", TABLE_OFFSET, 0, 0);
    }
}

// Lower is better; 255 is no application.
static uint32_t rank(struct partition partition) {
    if (partition.type != 0) return 255;
    if (partition.subtype == 0) return 0;
    return partition.subtype >= 0x10 && partition.subtype < 0x20 ? partition.subtype : 255;
}

struct partition find_application(const uint8_t *flash) {
    const uint8_t *table = flash + TABLE_OFFSET;
    struct partition best = {0, 0, 0xFF, 0xFF};
    uint32_t rows = 0;
    for (const uint8_t *row = table; row < table + MAX_ROWS * ROW_BYTES; row += ROW_BYTES) {
        uint32_t magic = (uint32_t)row[0] | (uint32_t)row[1] << 8;
        if (magic == 0xFFFF) break;
        if (magic == 0xEBEB) {
            check_digest(table, row);
            break;
        }
        if (magic != 0x50AA) {
            fail("partition-table-corrupt", "offset", TABLE_OFFSET + (uint32_t)(row - table), "magic", magic);
        }
        struct partition partition = {word(row + 4), word(row + 8), row[2], row[3]};
        rows += 1;
        if (rank(partition) < rank(best)) best = partition;
    }
    if (rows == 0) fail("partition-table-corrupt", "offset", TABLE_OFFSET, 0, 0);
    if (rank(best) == 255) fail("no-bootable-app", "partitions", rows, 0, 0);
    if (best.offset % CACHE_PAGE_BYTES != 0 || best.bytes > FLASH_WINDOW_BYTES ||
        best.offset > FLASH_WINDOW_BYTES - best.bytes) {
        fail("partition-table-corrupt", "app", best.offset, "size", best.bytes);
    }
    return best;
}
