// An application image (esptool's documentation, "Firmware image format"): a header of 24 bytes, segments of
// address, length and data, and a checksum byte that ends a 16-byte row. Everything is checked before anything is
// written, since a half-loaded application cannot complain.

#include "../registers.h"
#include "secondstage.h"

#include <string.h>

#define IMAGE_MAGIC 0xE9
#define CHECKSUM_SEED 0xEF
#define CHIP_ID_ESP32 0
#define MAX_SEGMENTS 16

struct image_header {
    uint8_t magic, segments, flash_mode, flash_size_speed;
    uint32_t entry;
    uint8_t wp_pin, drive[3];
    uint16_t chip_id;
    uint8_t min_revision, revisions[4], reserved[4], hash_appended;
} __attribute__((packed));
_Static_assert(sizeof(struct image_header) == 24, "the image header is 24 bytes");

struct segment {
    uint32_t address, bytes;
};

extern char _loader_iram_start[], _loader_iram_end[], _loader_dram_start[], _loader_dram_end[];

enum place { padding, ram, mapped, nowhere };

static bool within(struct segment segment, uint32_t start, uint32_t end) {
    return segment.address >= start && segment.address <= end && segment.bytes <= end - segment.address;
}

static bool overlaps(struct segment segment, const char *start, const char *end) {
    return segment.address < (uint32_t)end && segment.address + segment.bytes > (uint32_t)start;
}

static enum place place_of(struct segment segment) {
    if (segment.address == 0) return padding;
    if (within(segment, DROM0_BASE, DROM0_END) || within(segment, IROM0_BASE, IROM0_END)) return mapped;
    if (!within(segment, IRAM_BASE, IRAM_END) && !within(segment, DRAM_BASE, DRAM_END)) return nowhere;
    if (overlaps(segment, _loader_iram_start, _loader_iram_end)) return nowhere;
    if (overlaps(segment, _loader_dram_start, _loader_dram_end)) return nowhere;
    return ram;
}

static uint8_t fold(uint32_t sum) {
    return (uint8_t)(sum ^ sum >> 8 ^ sum >> 16 ^ sum >> 24);
}

// Walks the segments: checks them, or (`load`) puts them where they belong. Returns the offset behind the last.
static uint32_t walk(const uint8_t *flash, struct partition app, uint32_t count, bool load, uint32_t *sum) {
    uint32_t at = sizeof(struct image_header);
    for (uint32_t i = 0; i < count; i++) {
        struct segment segment;
        if (app.bytes - at < sizeof segment) fail("image-invalid-header", "segment", i, "offset", at);
        memcpy(&segment, flash + app.offset + at, sizeof segment);
        at += sizeof segment;
        if (segment.bytes % 4 != 0 || segment.bytes > app.bytes - at) {
            fail("image-invalid-header", "segment", i, "size", segment.bytes);
        }
        enum place place = place_of(segment);
        if (place == nowhere) fail("image-invalid-header", "segment", i, "address", segment.address);
        if (place == mapped && (app.offset + at - segment.address) % CACHE_PAGE_BYTES != 0) {
            fail("image-invalid-header", "segment", i, "address", segment.address);
        }
        const uint32_t *words = (const uint32_t *)(flash + app.offset + at);
        for (uint32_t w = 0; w < segment.bytes / 4; w++) {
            if (load && place == ram) ((volatile uint32_t *)segment.address)[w] = words[w];
            *sum ^= words[w];
        }
        at += segment.bytes;
    }
    return at;
}

static void check(const uint8_t *flash, struct partition app, const struct image_header *header) {
    if (header->magic != IMAGE_MAGIC) fail("no-bootable-app", "offset", app.offset, "magic", header->magic);
    if (header->chip_id != CHIP_ID_ESP32) fail("image-invalid-header", "chip", header->chip_id, 0, 0);
    if (header->segments == 0 || header->segments > MAX_SEGMENTS) {
        fail("image-invalid-header", "segments", header->segments, 0, 0);
    }
    uint32_t sum = 0;
    uint32_t end = walk(flash, app, header->segments, false, &sum);
    uint32_t checksum_at = end | 15;
    if (checksum_at >= app.bytes) fail("image-invalid-header", "size", end, 0, 0);
    uint8_t stored = flash[app.offset + checksum_at], computed = fold(sum) ^ CHECKSUM_SEED;
    if (stored != computed) fail("image-invalid-header", "checksum", stored, "computed", computed);
    struct segment entry = {header->entry, 4};
    if (!within(entry, IRAM_BASE, IRAM_END) && !within(entry, IROM0_BASE, IROM0_END)) {
        fail("image-invalid-header", "entry", header->entry, 0, 0);
    }
}

static void map_segments(const struct segment *segments, const uint32_t *offsets, uint32_t count) {
    flash_unmap();
    for (uint32_t i = 0; i < count; i++) flash_map_segment(segments[i].address, offsets[i], segments[i].bytes);
    flash_enable();
}

uint32_t load_application(const uint8_t *flash, struct partition app) {
    struct image_header header;
    if (app.bytes < sizeof header) fail("no-bootable-app", "size", app.bytes, 0, 0);
    memcpy(&header, flash + app.offset, sizeof header);
    check(flash, app, &header);
    uint32_t ignored = 0;
    walk(flash, app, header.segments, true, &ignored);
    // The windows change under the image, so what is to be mapped is noted first.
    struct segment segments[MAX_SEGMENTS];
    uint32_t offsets[MAX_SEGMENTS], count = 0, at = sizeof header;
    for (uint32_t i = 0; i < header.segments; i++) {
        struct segment segment;
        memcpy(&segment, flash + app.offset + at, sizeof segment);
        at += sizeof segment;
        if (place_of(segment) == mapped && segment.bytes != 0) {
            segments[count] = segment;
            offsets[count] = app.offset + at;
            count += 1;
        }
        at += segment.bytes;
    }
    map_segments(segments, offsets, count);
    return header.entry;
}
