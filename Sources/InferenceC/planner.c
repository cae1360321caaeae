// Plans the arena: which tensors share bytes over time. Tensors that are the same values (RESHAPE) become one block;
// a block may lie over the input that its operator eats up as far as that operator's overlap rule stands. Largest
// block first into the first gap, then a bounded search over other orders. Left out: fusing operators, streaming.
#include "planner.h"

uint32_t inference_workspace_words(const inference_model *model) {
    uint32_t blocks = model->arena_tensors + (model->ends_outside ? model->output_count : 0);
    return model->tensor_count + blocks * (uint32_t)(sizeof(plan_block) / 4);
}

static void add_block(planner *p, uint32_t tensor, uint32_t op_index) {
    inference_tensor opened;
    schema_tensor(p->model, tensor, &opened);
    plan_block *block = &p->blocks[p->count];
    // What lies outside is a block without bytes: its operator may need memory of its own.
    block->bytes = inference_is_outside(p->model, tensor) ? 0 : opened.bytes;
    block->first = block->last = (uint16_t)op_index;
    block->donors[0] = block->donors[1] = NO_BLOCK;
    block->scratch = block->workspace = 0;
    p->block_of[tensor] = p->count++;
}

// Finds blocks and their lifetimes in the order in which tensors come to be.
static void find_blocks(planner *p) {
    inference_model *m = p->model;
    schema_op op;
    for (uint32_t i = 0; i < m->tensor_count; i++) p->block_of[i] = NO_BLOCK;
    for (uint32_t i = 0; i < m->input_count; i++) {
        uint32_t tensor = inference_input_tensor(m, i);
        if (p->block_of[tensor] == NO_BLOCK && !inference_is_outside(m, tensor)) add_block(p, tensor, 0);
    }
    for (uint32_t i = 0; i < m->operator_count; i++) {
        schema_operator(m, i, &op);
        for (uint32_t place = 0; place < op.inputs.count; place++) {
            uint32_t tensor = schema_index(m, op.inputs, place);
            if (tensor != INFERENCE_NONE && p->block_of[tensor] != NO_BLOCK)
                p->blocks[p->block_of[tensor]].last = (uint16_t)i;
        }
        uint32_t output = schema_index(m, op.outputs, 0), input = schema_index(m, op.inputs, 0);
        if (schema_is_shape(m, output)) continue;
        bool alias = operation_aliases(op.code) && !inference_is_outside(m, output);
        if (alias && p->block_of[input] != NO_BLOCK) p->block_of[output] = p->block_of[input];
        else add_block(p, output, i);
    }
    for (uint32_t i = 0; i < m->output_count; i++) {
        uint32_t tensor = inference_output_tensor(m, i);
        if (p->block_of[tensor] != NO_BLOCK) p->blocks[p->block_of[tensor]].last = (uint16_t)m->operator_count;
    }
}

// Finds which blocks may be written over while they are read.
static void find_donors(planner *p) {
    for (uint32_t i = 0; i < p->model->operator_count; i++) {
        operation o;
        overlap_rule rule;
        operation_open(p->model, i, &o);
        uint32_t index = p->block_of[o.output_id];
        if (index == NO_BLOCK) continue;
        plan_block *block = &p->blocks[index];
        if (block->first != i) continue;  // an alias
        block->workspace = operation_workspace_bytes(&o);
        if (inference_is_outside(p->model, o.output_id)) continue;
        for (uint32_t place = 0; place < 2 && place < o.op.inputs.count; place++) {
            if (o.input_ids[place] == INFERENCE_NONE) continue;
            uint32_t donor = p->block_of[o.input_ids[place]];
            if (donor == NO_BLOCK || donor == index || p->blocks[donor].last != i) continue;
            operation_overlap(&o, place, &rule);
            if (rule.forward_from >= (int32_t)o.output.bytes
                && rule.backward_to <= -(int32_t)p->blocks[donor].bytes)
                continue;
            block->donors[place] = (uint16_t)donor;
            block->forward_from = rule.forward_from;
            block->backward_to = rule.backward_to;
            if (rule.scratch) block->scratch = operation_scratch_bytes(&o);
        }
    }
}

bool planner_lists(const plan_block *block, uint32_t donor) {
    return block->donors[0] == donor || block->donors[1] == donor;
}

bool planner_constrains(const planner *p, uint32_t a, uint32_t b, int32_t *above, int32_t *below) {
    const plan_block *x = &p->blocks[a], *y = &p->blocks[b];
    if (x->last < y->first || y->last < x->first) return false;
    *above = (int32_t)y->bytes;
    *below = (int32_t)x->bytes;
    if (planner_lists(y, a)) *above = y->forward_from, *below = -y->backward_to;
    else if (planner_lists(x, b)) *above = -x->backward_to, *below = x->forward_from;
    return true;
}

static bool stands(const planner *p, uint32_t index, uint32_t rank, int32_t offset) {
    int32_t above, below;
    for (uint32_t i = 0; i < rank; i++) {
        uint32_t other = p->blocks[i].trial;
        if (!planner_constrains(p, index, other, &above, &below)) continue;
        int32_t at = (int32_t)p->blocks[other].offset;
        if (offset < at + above && offset > at - below) return false;
    }
    return true;
}

// The lowest offset at which a block stands beside those placed before it (the first `rank` of the trial order).
static uint32_t lowest_offset(const planner *p, uint32_t index, uint32_t rank) {
    if (stands(p, index, rank, 0)) return 0;
    int32_t best = INT32_MAX, above, below;
    for (uint32_t i = 0; i < rank; i++) {
        uint32_t other = p->blocks[i].trial;
        if (!planner_constrains(p, index, other, &above, &below)) continue;
        int32_t offset = ((int32_t)p->blocks[other].offset + above + 3) & ~3;
        if (offset >= 0 && offset < best && stands(p, index, rank, offset)) best = offset;
    }
    return (uint32_t)best;
}

// Where what lives at an operator ends.
static uint32_t live_end(const planner *p, uint32_t op_index) {
    uint32_t live = 0;
    for (uint32_t k = 0; k < p->count; k++) {
        const plan_block *other = &p->blocks[k];
        if (other->first <= op_index && op_index <= other->last && other->offset + other->bytes > live)
            live = other->offset + other->bytes;
    }
    return (live + 3) & ~3u;
}

static bool touches(const plan_block *a, const plan_block *b) {
    return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

uint32_t planner_end(const planner *p) {
    uint32_t end = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        const plan_block *block = &p->blocks[i];
        if (block->offset + block->bytes > end) end = block->offset + block->bytes;
        uint32_t scratch = block->workspace;
        if (block->scratch != 0 && touches(block, &p->blocks[block->donors[0]])) scratch += block->scratch;
        if (scratch == 0) continue;
        uint32_t live = live_end(p, block->first) + scratch;
        if (live > end) end = live;
    }
    return (end + 3) & ~3u;
}

static uint32_t place_all(planner *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t index = p->blocks[i].trial;
        p->blocks[index].offset = lowest_offset(p, index, i);
    }
    return planner_end(p);
}

// Sort keys of the orders that are tried first.
static uint32_t key_of(const plan_block *block, uint32_t kind) {
    switch (kind) {
        case 0: return block->bytes;
        case 1: return (uint32_t)(block->last - block->first);
        case 2: return NO_BLOCK - block->first;
        default: return block->last;
    }
}

static void sort_trial(planner *p, uint32_t kind) {
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t k = i;
        for (; k > 0; k--) {
            const plan_block *before = &p->blocks[p->blocks[k - 1].trial];
            if (key_of(before, kind) >= key_of(&p->blocks[i], kind)) break;
            p->blocks[k].trial = p->blocks[k - 1].trial;
        }
        p->blocks[k].trial = (uint16_t)i;
    }
}

static uint32_t random_below(planner *p, uint32_t limit) {
    p->seed ^= p->seed << 13;
    p->seed ^= p->seed >> 17;
    p->seed ^= p->seed << 5;
    return p->seed % limit;
}

// The best order with two or four blocks changed.
static void shuffle_trial(planner *p) {
    for (uint32_t i = 0; i < p->count; i++) p->blocks[i].trial = p->blocks[i].order;
    for (uint32_t swaps = 1 + random_below(p, 2); swaps > 0; swaps--) {
        uint32_t a = random_below(p, p->count), b = random_below(p, p->count);
        uint16_t held = p->blocks[a].trial;
        p->blocks[a].trial = p->blocks[b].trial;
        p->blocks[b].trial = held;
    }
}

// No plan is smaller than the largest block, nor than what cannot share bytes at some operator.
static uint32_t lower_bound(const planner *p) {
    uint32_t most = 0;
    for (uint32_t op = 0; op < p->model->operator_count; op++) {
        uint32_t sum = 0;
        for (uint32_t i = 0; i < p->count; i++) {
            const plan_block *block = &p->blocks[i];
            if (block->first > op || op > block->last) continue;
            bool eaten = false;
            for (uint32_t k = 0; k < p->count; k++)
                if (p->blocks[k].first == op && planner_lists(&p->blocks[k], i)) eaten = true;
            if (!eaten) sum += block->bytes;
        }
        if (sum > most) most = sum;
    }
    return (most + 3) & ~3u;
}

static void keep(planner *p) {
    for (uint32_t i = 0; i < p->count; i++) {
        p->blocks[i].best_offset = p->blocks[i].offset;
        p->blocks[i].order = p->blocks[i].trial;
    }
}

#define MOST_BYTES 0x40000000u

bool planner_open(planner *p, inference_model *model, uint32_t *words) {
    *p = (planner){model, words, (plan_block *)(void *)(words + model->tensor_count), 0, 2463534242u};
    find_blocks(p);
    find_donors(p);
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        const plan_block *block = &p->blocks[i];
        uint32_t more[] = {block->bytes, block->scratch, block->workspace, 12};
        for (uint32_t k = 0; k < 4; k++) {
            if (more[k] > MOST_BYTES - bytes) return false;
            bytes += more[k];
        }
    }
    return true;
}

uint32_t planner_place(planner *p, uint32_t effort) {
    sort_trial(p, 0);
    uint32_t best = place_all(p), bound = effort == 0 ? 0 : lower_bound(p);
    keep(p);
    for (uint32_t round = 1; round <= effort && best > bound; round++) {
        if (round < 4) sort_trial(p, round);
        else shuffle_trial(p);
        uint32_t end = place_all(p);
        if (end > best || (round < 4 && end == best)) continue;
        best = end;
        keep(p);
    }
    return best;
}

void planner_write(planner *p, uint32_t *words) {
    for (uint32_t i = 0; i < p->model->tensor_count; i++)
        words[i] = words[i] == NO_BLOCK || inference_is_outside(p->model, i) ? INFERENCE_NONE
                                                                             : p->blocks[words[i]].best_offset;
}

inference_code planner_refuse(inference_error *error) {
    error->code = INFERENCE_MODEL_UNSUPPORTED;
    error->reason = INFERENCE_REASON_TOO_MANY;
    error->number = MOST_BYTES;
    return error->code;
}

inference_code inference_plan(
    inference_model *model, uint32_t *words, uint32_t word_count, uint32_t effort, uint32_t *arena_bytes,
    inference_error *error) {
    inference_clear(error);
    uint32_t needed = inference_workspace_words(model);
    if (word_count < needed) return inference_too_small(error, needed * 4, word_count * 4);
    planner p;
    if (!planner_open(&p, model, words)) return planner_refuse(error);
    *arena_bytes = planner_place(&p, effort);
    planner_write(&p, words);
    return INFERENCE_OK;
}
