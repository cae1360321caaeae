// The reader of the `model` partition. Every offset is checked before it is followed; a header that lies is as
// good as none.

#include "ModelSlot.h"

#include <string.h>

#define HEADERS 4
#define FORMAT_VERSION 1

// zlib's polynomial, four bits at a time: 16 words instead of 256, quick enough for a model.
uint32_t model_slot_crc32(const uint8_t *bytes, size_t count) {
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static uint32_t word(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t sequence_of(const uint8_t *header) {
    return word(header + 8);
}

static bool header_holds(const uint8_t *header) {
    if (memcmp(header, "ESPM", 4) != 0) return false;
    if (word(header + 4) != (FORMAT_VERSION | MODEL_SLOT_HEADER_BYTES << 16)) return false;
    uint32_t sequence = sequence_of(header), sections = word(header + 20);
    if (sequence == 0 || sequence == UINT32_MAX) return false;
    if (sections == 0 || sections > MODEL_SLOT_SECTIONS) return false;
    return word(header + 252) == model_slot_crc32(header, 252);
}

static bool is_blank(const uint8_t *header) {
    for (size_t i = 0; i < MODEL_SLOT_HEADER_BYTES; i++) {
        if (header[i] != 0xFF) return false;
    }
    return true;
}

static void note_section(struct model_slot *slot, uint32_t kind, const uint8_t *bytes, uint32_t count, uint32_t crc) {
    switch (kind) {
    case SECTION_MODEL:
        slot->model = bytes;
        slot->model_bytes = count;
        slot->model_crc32 = crc;
        break;
    case SECTION_PLAN:
        slot->plan = bytes;
        slot->plan_bytes = count;
        break;
    case SECTION_TRANSFORM:
        slot->transform = bytes;
        slot->transform_bytes = count;
        break;
    case SECTION_LABELS:
        slot->labels = bytes;
        slot->labels_bytes = count;
        break;
    }
}

// The pixel scale is 127 or 128 by the format; any other positive finite number is taken as it stands.
static float pixel_scale(const uint8_t *header) {
    uint32_t bits = word(header + 16);
    float scale = 128;
    if (bits >= 0x00800000 && bits < 0x7F800000) memcpy(&scale, &bits, sizeof scale);
    return scale;
}

static bool read_slot(const uint8_t *base, const uint8_t *header, struct model_slot *slot) {
    memset(slot, 0, sizeof *slot);
    slot->sequence = sequence_of(header);
    slot->arena_bytes = word(header + 12);
    slot->pixel_scale = pixel_scale(header);
    memcpy(slot->name, header + 120, 32);
    uint32_t sections = word(header + 20);
    for (uint32_t i = 0; i < sections; i++) {
        const uint8_t *entry = header + 24 + 16 * i;
        uint32_t kind = word(entry), offset = word(entry + 4), count = word(entry + 8), crc = word(entry + 12);
        if (offset % 16 != 0 || offset < MODEL_SLOT_PAYLOAD_OFFSET || offset > MODEL_SLOT_BYTES) return false;
        if (count > MODEL_SLOT_BYTES - offset) return false;
        if (model_slot_crc32(base + offset, count) != crc) return false;
        note_section(slot, kind, base + offset, count, crc);
    }
    return slot->model != NULL;
}

enum model_slot_result model_slot_find(const uint8_t *partition, size_t bytes, struct model_slot *slot) {
    uint32_t slots = bytes / MODEL_SLOT_BYTES >= 2 ? 2 : (uint32_t)(bytes / MODEL_SLOT_BYTES);
    const uint8_t *headers[HEADERS];
    bool usable[HEADERS];
    bool blank = true;
    uint32_t count = 2 * slots;
    for (uint32_t i = 0; i < count; i++) {
        headers[i] = partition + i / 2 * MODEL_SLOT_BYTES + i % 2 * MODEL_SLOT_COPY_OFFSET;
        usable[i] = header_holds(headers[i]);
        blank = blank && is_blank(headers[i]);
    }
    // The newest first; a header whose sections do not hold gives way to the next.
    for (;;) {
        uint32_t best = HEADERS;
        for (uint32_t i = 0; i < count; i++) {
            if (!usable[i]) continue;
            if (best == HEADERS || sequence_of(headers[i]) > sequence_of(headers[best])) best = i;
        }
        if (best == HEADERS) return blank ? MODEL_SLOT_MISSING : MODEL_SLOT_INVALID;
        if (read_slot(partition + best / 2 * MODEL_SLOT_BYTES, headers[best], slot)) {
            slot->letter = best < 2 ? 'A' : 'B';
            return MODEL_SLOT_FOUND;
        }
        usable[best] = false;
    }
}
