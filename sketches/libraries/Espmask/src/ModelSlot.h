// Reads the `model` partition: two slots of 512 KB, each with two header copies and a payload of sections
// (the project's format, "The model partition"). It works on bytes in place and can be run on any machine.

#ifndef ESPMASK_MODELSLOT_H
#define ESPMASK_MODELSLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MODEL_SLOT_BYTES 0x80000u
#define MODEL_SLOT_HEADER_BYTES 256u
#define MODEL_SLOT_COPY_OFFSET 0x1000u
#define MODEL_SLOT_PAYLOAD_OFFSET 0x2000u
#define MODEL_SLOT_SECTIONS 6u

enum model_section { SECTION_MODEL = 1, SECTION_PLAN = 2, SECTION_TRANSFORM = 3, SECTION_LABELS = 4 };

enum model_slot_result {
    MODEL_SLOT_FOUND,
    /// No header was ever written: the partition is blank.
    MODEL_SLOT_MISSING,
    /// Something is there, but no header holds together with its sections.
    MODEL_SLOT_INVALID
};

/// The slot in force. Pointers lead into the partition's bytes; an absent section is NULL and has no bytes.
struct model_slot {
    /// 'A' or 'B'.
    char letter;
    uint32_t sequence;
    /// 0 = as planned.
    uint32_t arena_bytes;
    /// Input = (byte - 127) / pixel_scale.
    float pixel_scale;
    char name[33];
    const uint8_t *model;
    uint32_t model_bytes, model_crc32;
    const uint8_t *plan;
    uint32_t plan_bytes;
    const uint8_t *transform;
    uint32_t transform_bytes;
    const uint8_t *labels;
    uint32_t labels_bytes;
};

/// Finds the slot in force: the header with the highest sequence whose own CRC and whose sections' CRCs hold.
enum model_slot_result model_slot_find(const uint8_t *partition, size_t bytes, struct model_slot *slot);

/// zlib's CRC-32.
uint32_t model_slot_crc32(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
