// One trial of the inference engine on bytes that may be a model: opened from a block of exactly its size, planned, and
// run in an arena of exactly the planned size, so that a byte outside is a fault that a sanitizer reports. Included by
// the drivers beside it.
#pragma once

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

static void fail(const char *what, uint32_t number) {
    fprintf(stderr, "%s (%u)\n", what, number);
    abort();
}

// Memory of exactly their size for inputs and outputs that live outside.
static void bind_ends(inference_engine *engine, void **ends) {
    inference_model *m = engine->model;
    inference_error error;
    inference_tensor tensor;
    for (uint32_t i = 0; m->ends_outside && i < m->input_count + m->output_count && i < INFERENCE_MOST_BOUND; i++) {
        bool is_input = i < m->input_count;
        uint32_t end = is_input ? i : i - m->input_count;
        inference_get_tensor(m, is_input ? inference_input_tensor(m, end) : inference_output_tensor(m, end), &tensor);
        ends[i] = calloc(tensor.bytes, 1);
        if (is_input) inference_bind_input(engine, end, ends[i], &error);
        else inference_bind_output(engine, end, ends[i], &error);
    }
}

// Runs the model under a plan with fixed inputs; returns a sum over the outputs' bits.
static uint32_t run(inference_model *m, const uint32_t *plan, uint32_t words) {
    inference_engine engine;
    inference_error error;
    inference_tensor tensor;
    inference_code code;
    uint32_t bytes = plan[0], sum = 0;
    // malloc aligns to 16, and the arena ends where the block ends.
    uint8_t *arena = malloc(bytes == 0 ? 1 : bytes);
    memset(arena, 0x5A, bytes);
    if (inference_start(&engine, m, plan, words, arena, bytes, &error) == INFERENCE_OK && engine.offsets == plan + 1) {
        void *ends[INFERENCE_MOST_BOUND] = {NULL};
        bind_ends(&engine, ends);
        for (uint32_t i = 0; i < m->input_count; i++)
            for (uint32_t k = 0; k < inference_input_count(&engine, i); k++)
                inference_put_float(&engine, i, k, (float)((int)((k * 2654435761u >> 20) % 401) - 200) / 50.0f, &error);
        code = inference_invoke(&engine, &error);
        counts.ran++;
        for (uint32_t i = 0; i < m->output_count && code == INFERENCE_OK; i++) {
            inference_get_tensor(m, inference_output_tensor(m, i), &tensor);
            const uint8_t *out = inference_output(&engine, i);
            for (uint32_t k = 0; k < tensor.bytes; k++) sum = sum * 31 + out[k];
        }
        for (uint32_t i = 0; i < INFERENCE_MOST_BOUND; i++) free(ends[i]);
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
            abort();
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
    if (code != error.code) fail("another code in the error", code);
    if (code != INFERENCE_OK) {
        counts.refused++;
        free(copy);
        return;
    }
    counts.opened++;
    if (random_below(4) == 0) inference_keep_ends_outside(&m);
    uint32_t words = inference_exact_workspace_words(&m), arena = 0, greedy = 0;
    uint32_t *plan = malloc(4 * words + 4);
    bool proven;
    code = inference_plan(&m, plan + 1, words, 0, &greedy, &error);
    if (code == INFERENCE_OK) code = inference_plan_exactly(&m, plan + 1, words, 4, &arena, &proven, &error);
    plan[0] = arena;
    if (code == INFERENCE_OK && arena > greedy) fail("the exact plan is larger than the greedy one", arena);
    if (code == INFERENCE_OK) code = inference_check_plan(&m, plan + 1, m.tensor_count, arena, &error);
    if (code != INFERENCE_OK && error.reason != INFERENCE_REASON_TOO_MANY) fail("the planner's own plan is refused", error.reason);
    if (code == INFERENCE_OK && arena <= MOST_ARENA && work_of(&m) <= MOST_WORK)
        try_plans(&m, plan, m.tensor_count + 1, plan_rounds);
    free(plan);
    free(copy);
}
