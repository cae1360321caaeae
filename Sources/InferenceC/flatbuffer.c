// See flatbuffer.h. The layout (https://flatbuffers.dev, internals): a table starts with the distance back to
// its vtable; a vtable is two u16 lengths and then a u16 position per field; offsets count from where they lie.
// Once the whole file has been walked (model->verified), the same reads skip their checks.
#include "flatbuffer.h"

static uint32_t half(const inference_model *model, uint32_t at) { return flat_half(model->bytes + at); }

// Whether `count` bytes from `at` on lie inside.
static bool inside(const inference_model *model, uint32_t at, uint32_t count) {
    return at <= model->size && count <= model->size - at;
}

void flat_lie(inference_model *model, uint32_t at) {
    if (model->fault == 0) model->fault = at + 1;
}

bool flat_table_at(inference_model *model, uint32_t at, flat_table *out) {
    out->at = 0;
    if (!model->verified && (at == 0 || at % 4 != 0 || !inside(model, at, 4))) return flat_lie(model, at), false;
    uint32_t vtable = at - flat_word(model, at);  // a signed distance: wraps to the right place or fails below
    if (!model->verified && (vtable % 2 != 0 || !inside(model, vtable, 4))) return flat_lie(model, at), false;
    uint32_t vtable_bytes = half(model, vtable), bytes = half(model, vtable + 2);
    if (!model->verified
        && (vtable_bytes < 4 || vtable_bytes % 2 != 0 || bytes < 4 || !inside(model, vtable, vtable_bytes)
            || !inside(model, at, bytes)))
        return flat_lie(model, vtable), false;
    *out = (flat_table){at, vtable, bytes, vtable_bytes};
    return true;
}

uint32_t flat_field(inference_model *model, const flat_table *table, uint32_t id, uint32_t width) {
    uint32_t entry = 4 + 2 * id;
    if (table->at == 0 || entry + 2 > table->vtable_bytes) return 0;
    uint32_t offset = half(model, table->vtable + entry);
    if (offset == 0) return 0;
    uint32_t at = table->at + offset, alignment = width > 4 ? 4 : width;
    if (!model->verified && (offset < 4 || offset + width > table->bytes || at % alignment != 0))
        return flat_lie(model, table->vtable + entry), 0;
    return at;
}

uint32_t flat_follow(inference_model *model, uint32_t at) {
    uint32_t offset = flat_word(model, at), target = at + offset;
    if (!model->verified && (offset == 0 || offset > model->size || target >= model->size))
        return flat_lie(model, at), 0;
    return target;
}

bool flat_table_field(inference_model *model, const flat_table *table, uint32_t id, flat_table *out) {
    out->at = 0;
    uint32_t at = flat_field(model, table, id, 4);
    if (at == 0) return false;
    uint32_t target = flat_follow(model, at);
    return target != 0 && flat_table_at(model, target, out);
}

flat_vector flat_vector_field(inference_model *model, const flat_table *table, uint32_t id, uint32_t width) {
    flat_vector none = {0, 0};
    uint32_t at = flat_field(model, table, id, 4);
    if (at == 0) return none;
    uint32_t target = flat_follow(model, at);
    if (target == 0) return none;
    if (model->verified) return (flat_vector){target + 4, flat_word(model, target)};
    if (target % 4 != 0 || !inside(model, target, 4)) return flat_lie(model, at), none;
    uint32_t count = flat_word(model, target);
    uint32_t room = model->size - target - 4;
    uint32_t most = width == 8 ? room >> 3 : width == 4 ? room >> 2 : room;
    if (count > most) return flat_lie(model, target), none;
    return (flat_vector){target + 4, count};
}

flat_vector flat_string_field(inference_model *model, const flat_table *table, uint32_t id) {
    flat_vector text = flat_vector_field(model, table, id, 1);
    if (model->verified || text.at == 0) return text;
    uint32_t end = text.at + text.count;
    if (!inside(model, end, 1) || model->bytes[end] != 0) {
        flat_lie(model, text.at - 4);
        return (flat_vector){0, 0};
    }
    return text;
}

bool flat_table_element(inference_model *model, flat_vector vector, uint32_t index, flat_table *out) {
    uint32_t target = flat_follow(model, vector.at + 4 * index);
    return target != 0 ? flat_table_at(model, target, out) : (out->at = 0, false);
}

// The address of a field in a walked file; NULL = absent.
static const uint8_t *known_place(const inference_model *model, const flat_table *table, uint32_t id) {
    uint32_t entry = 4 + 2 * id;
    if (table->at == 0 || entry >= table->vtable_bytes) return NULL;
    uint32_t offset = half(model, table->vtable + entry);
    return offset == 0 ? NULL : model->bytes + table->at + offset;
}

uint32_t flat_u8(inference_model *model, const flat_table *table, uint32_t id, uint32_t absent) {
    if (model->verified) {
        const uint8_t *place = known_place(model, table, id);
        return place == NULL ? absent : *place;
    }
    uint32_t at = flat_field(model, table, id, 1);
    return at == 0 ? absent : model->bytes[at];
}

int32_t flat_i32(inference_model *model, const flat_table *table, uint32_t id, int32_t absent) {
    if (model->verified) {
        const uint8_t *place = known_place(model, table, id);
        return place == NULL ? absent : (int32_t)flat_word_at(place);
    }
    uint32_t at = flat_field(model, table, id, 4);
    return at == 0 ? absent : (int32_t)flat_word(model, at);
}
