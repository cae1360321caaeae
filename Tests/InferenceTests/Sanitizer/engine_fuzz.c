// Damaged models and random plans against the engine, made to be compiled with the address and undefined-behaviour
// sanitizers (`make sanitize`). Every model is opened from a block of exactly its size, planned, and run in an
// arena of exactly the planned size, so that a byte outside is a fault that the sanitizer reports. Left out:
// comparing outputs with other engines, which the Swift tests do.
//
// usage: engine_fuzz SEED ROUNDS MODEL...
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "InferenceC.h"

static uint32_t state;

static uint32_t random_below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return limit == 0 ? 0 : state % limit;
}

// A model that opens takes at most this much arena; damaged ones may ask for gigabytes.
#define MOST_ARENA (4u << 20)
// Damaged dimensions can make a layer of billions of products: such a model is planned, not run.
#define MOST_WORK (1u << 22)

static struct { unsigned opened, refused, ran, plans, accepted; } counts;

static uint64_t work_of(inference_model *m) {
    uint64_t work = 0;
    inference_tensor tensor;
    for (uint32_t i = 0; i < m->tensor_count; i++)
        if (inference_get_tensor(m, i, &tensor)) work += tensor.elements;
    return work * work / 16 + work;
}

// Runs the model under a plan with fixed inputs; returns a sum over the outputs' bits.
static uint32_t run(inference_model *m, const uint32_t *plan, uint32_t words) {
    inference_engine engine;
    inference_error error;
    inference_tensor tensor;
    uint32_t bytes = plan[0], sum = 0;
    // malloc aligns to 16, and the arena ends where the block ends.
    uint8_t *arena = malloc(bytes == 0 ? 1 : bytes);
    memset(arena, 0x5A, bytes);
    if (inference_start(&engine, m, plan, words, arena, bytes, &error) == INFERENCE_OK && engine.offsets == plan + 1) {
        for (uint32_t i = 0; i < m->input_count; i++)
            for (uint32_t k = 0; k < inference_input_count(&engine, i); k++)
                inference_put_float(&engine, i, k, (float)((int)((k * 2654435761u >> 20) % 401) - 200) / 50.0f, &error);
        inference_invoke(&engine, &error);
        counts.ran++;
        for (uint32_t i = 0; i < m->output_count; i++) {
            inference_get_tensor(m, inference_output_tensor(m, i), &tensor);
            const uint8_t *out = inference_output(&engine, i);
            for (uint32_t k = 0; k < tensor.bytes; k++) sum = sum * 31 + out[k];
        }
    }
    free(arena);
    return sum;
}

// Plans that the check accepts must give the same outputs, whatever they look like.
static void try_plans(inference_model *m, uint32_t *plan, uint32_t words, uint32_t rounds) {
    inference_error error;
    uint32_t expected = run(m, plan, words);
    uint32_t *other = malloc(4 * words);
    for (uint32_t round = 0; round < rounds; round++) {
        memcpy(other, plan, 4 * words);
        other[0] += 4 * random_below(40);
        for (uint32_t changes = 1 + random_below(3); changes > 0; changes--) {
            uint32_t at = 1 + random_below(words - 1);
            if (other[at] == INFERENCE_NONE && random_below(8) != 0) continue;
            uint32_t kind = random_below(4);
            if (kind == 0) other[at] += 4 * (random_below(17) - 8);
            else if (kind == 1) other[at] = 4 * random_below(other[0] / 4 + 2);
            else if (kind == 2) other[at] = other[1 + random_below(words - 1)];
            else other[at] += 4 * (random_below(3) - 1);
        }
        counts.plans++;
        if (inference_check_plan(m, other + 1, words - 1, other[0], &error) != INFERENCE_OK) continue;
        counts.accepted++;
        if (run(m, other, words) != expected) {
            fprintf(stderr, "an accepted plan changes the outputs:");
            for (uint32_t i = 0; i < words; i++) fprintf(stderr, " %d/%d", (int)other[i], (int)plan[i]);
            fprintf(stderr, "\n");
            exit(1);
        }
    }
    free(other);
}

static void try_model(const uint8_t *bytes, size_t size, uint32_t plan_rounds) {
    // The copy ends where its block ends.
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, bytes, size);
    inference_model m;
    inference_error error;
    inference_code code = inference_open(&m, copy, size, &error);
    if (code != error.code) exit(1);
    if (code != INFERENCE_OK) {
        counts.refused++;
        free(copy);
        return;
    }
    counts.opened++;
    uint32_t words = inference_workspace_words(&m), arena = 0;
    uint32_t *plan = malloc(4 * words + 4);
    if (inference_plan(&m, plan + 1, words, 20, &arena, &error) != INFERENCE_OK) exit(1);
    plan[0] = arena;
    if (inference_check_plan(&m, plan + 1, m.tensor_count, arena, &error) != INFERENCE_OK) {
        fprintf(stderr, "the planner's own plan is refused: reason %d\n", error.reason);
        exit(1);
    }
    if (arena <= MOST_ARENA && work_of(&m) <= MOST_WORK) try_plans(&m, plan, m.tensor_count + 1, plan_rounds);
    free(plan);
    free(copy);
}

static void damage(uint8_t *bytes, const uint8_t *whole, size_t size) {
    static const uint32_t words[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, 0x10000, 0x20000000};
    memcpy(bytes, whole, size);
    for (uint32_t changes = 1 + random_below(3); changes > 0; changes--) {
        uint32_t at = random_below((uint32_t)size);
        if (random_below(3) != 0) {
            bytes[at] = (uint8_t)random_below(256);
        } else if (at + 4 <= size) {
            uint32_t word = random_below(2) ? words[random_below(8)] : random_below((uint32_t)size + 8);
            memcpy(bytes + (at & ~3u), &word, 4);
        }
    }
}

int main(int count, char **arguments) {
    if (count < 4) return 2;
    state = (uint32_t)atoi(arguments[1]) * 2654435761u | 1;
    uint32_t rounds = (uint32_t)atoi(arguments[2]);
    for (int i = 3; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        if (file == NULL) return 2;
        static uint8_t whole[1 << 20], bytes[1 << 20];
        size_t size = fread(whole, 1, sizeof whole, file);
        fclose(file);
        try_model(whole, size, rounds);
        for (size_t length = 0; length < size && size < 8192; length++) try_model(whole, length, 1);
        for (size_t at = 0; at < size && size < 8192; at++) {
            memcpy(bytes, whole, size);
            bytes[at] ^= (uint8_t)(1 + random_below(255));
            try_model(bytes, size, 1);
        }
        for (uint32_t round = 0; round < rounds; round++) {
            damage(bytes, whole, size);
            try_model(bytes, size, 1);
        }
    }
    printf("seed %s: %u models opened, %u refused, %u runs, %u of %u changed plans accepted\n", arguments[1],
        counts.opened, counts.refused, counts.ran, counts.accepted, counts.plans);
    return 0;
}
