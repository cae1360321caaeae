// What the two planners share: tensors as blocks of bytes with a lifetime, and which blocks may lie how near to each
// other. planner.c places them one after the other, exact_plan.c searches all ways; a board has only the former.
#pragma once

#include "operation.h"

#define NO_BLOCK 0xFFFFu
// The exact planner's bounds: blocks, relations picked one within the other, and looks at a pair per round of effort.
#define EXACT_MOST_BLOCKS 64
#define EXACT_MOST_DEPTH 400
#define EXACT_VISITS_PER_EFFORT 20000u

typedef struct plan_block {
    uint32_t bytes;
    uint16_t first, last;    // operators
    uint16_t donors[2];      // blocks that end where this one begins and may be written over
    int32_t forward_from, backward_to;
    uint32_t scratch;        // bytes needed when it touches its donor; 0 = none
    uint32_t workspace;      // bytes that its operator needs wherever it lies; 0 = none
    uint32_t offset;         // in the order under trial
    uint32_t best_offset;
    uint16_t order, trial;   // entry i of two lists: the best order so far and the one under trial
} plan_block;

typedef struct planner {
    inference_model *model;
    uint32_t *block_of;  // per tensor; NO_BLOCK = none
    plan_block *blocks;
    uint32_t count;
    uint32_t seed;
} planner;

// Finds the blocks of a model. `words` is the workspace of inference_workspace_words(). False = so many bytes that
// offsets could pass 32 bits.
bool planner_open(planner *p, inference_model *model, uint32_t *words);
// Places the blocks, `effort` rounds beyond the first; returns the arena's bytes and leaves the best offsets.
uint32_t planner_place(planner *p, uint32_t effort);
// Whether two blocks constrain each other; then a stands where its offset is at least b's + *above or at most
// b's - *below. They may touch at the price of scratch, which planner_end() counts.
bool planner_constrains(const planner *p, uint32_t a, uint32_t b, int32_t *above, int32_t *below);
// Whether a block may be written over another one, which ends where it begins.
bool planner_lists(const plan_block *block, uint32_t donor);
// Where the arena ends, with scratch and workspace behind all that lives then.
uint32_t planner_end(const planner *p);
// Writes the best offsets to the plan's words, which lie before the blocks.
void planner_write(planner *p, uint32_t *words);
// The error of a model that is too large to plan.
inference_code planner_refuse(inference_error *error);
