// Checked reading of a flatbuffer in place: tables, fields, vectors and strings, each access inside the file and
// aligned. The first lie is remembered in `fault` and reads as absent. What a table means is in schema.h.
#pragma once

#include "InferenceC.h"

// A table: its position, its vtable's, and how many bytes each has. at == 0: there is none.
typedef struct flat_table {
    uint32_t at, vtable;
    uint32_t bytes, vtable_bytes;
} flat_table;

// A vector's elements. count == 0: empty or absent.
typedef struct flat_vector {
    uint32_t at, count;
} flat_vector;

// Opens the table at `at`.
bool flat_table_at(inference_model *model, uint32_t at, flat_table *out);
// Follows the 32-bit offset that lies at `at`; 0 = it leads outside.
uint32_t flat_follow(inference_model *model, uint32_t at);
// Position of a scalar field of `width` bytes; 0 = absent.
uint32_t flat_field(inference_model *model, const flat_table *table, uint32_t id, uint32_t width);
// A field that is a table; false = absent.
bool flat_table_field(inference_model *model, const flat_table *table, uint32_t id, flat_table *out);
// A field that is a vector of elements of `width` bytes (4 for tables); absent = empty.
flat_vector flat_vector_field(inference_model *model, const flat_table *table, uint32_t id, uint32_t width);
// A field that is a string, its NUL checked; absent = empty.
flat_vector flat_string_field(inference_model *model, const flat_table *table, uint32_t id);
// The table that element `index` of a vector of tables leads to.
bool flat_table_element(inference_model *model, flat_vector vector, uint32_t index, flat_table *out);
// Scalar fields with their default.
uint32_t flat_u8(inference_model *model, const flat_table *table, uint32_t id, uint32_t absent);
int32_t flat_i32(inference_model *model, const flat_table *table, uint32_t id, int32_t absent);
// Remembers a lie at `at`.
void flat_lie(inference_model *model, uint32_t at);

// A 4-aligned word that is known to lie inside.
static inline uint32_t flat_word(const inference_model *model, uint32_t at) {
    uint32_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(model->bytes + at, 4), 4);
    return word;
}

static inline uint32_t flat_half(const uint8_t *at) {
    uint16_t value;
    __builtin_memcpy(&value, __builtin_assume_aligned(at, 2), 2);
    return value;
}

// ---- the same without checks, for a file that was walked (model->verified): by address ----

static inline uint32_t flat_word_at(const uint8_t *at) {
    uint32_t word;
    __builtin_memcpy(&word, __builtin_assume_aligned(at, 4), 4);
    return word;
}

// Where the offset at `at` leads.
static inline const uint8_t *flat_target(const uint8_t *at) { return at + flat_word_at(at); }

// A table's field; NULL = absent.
static inline const uint8_t *flat_known_field(const uint8_t *table, uint32_t id) {
    const uint8_t *vtable = table - (int32_t)flat_word_at(table);
    uint32_t entry = 4 + 2 * id;
    if (entry >= flat_half(vtable)) return NULL;
    uint32_t offset = flat_half(vtable + entry);
    return offset == 0 ? NULL : table + offset;
}

// A field that is a table or a vector: the vector starts with its count. NULL = absent.
static inline const uint8_t *flat_known_target(const uint8_t *table, uint32_t id) {
    const uint8_t *field = flat_known_field(table, id);
    return field == NULL ? NULL : flat_target(field);
}
