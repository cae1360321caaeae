// The host's planner: the smallest arena there is, proven on graphs of up to EXACT_MOST_BLOCKS blocks. Every two blocks
// that live together stand in one of a few relations (one behind the other, or overlapping as far as an operator
// allows), each of which is a least distance between two offsets. A branch and bound picks relations: those picked so
// far give each block a lowest and a highest offset, and relations that no longer fit between them are dropped. Its
// start is the best plan of inference_plan(). Left out: moving a tensor while it lives, changing the operators' order.
#include "planner.h"

// Offset of `to` is at least that of `from` and `distance`. In bytes, a multiple of 4.
typedef struct relation {
    uint16_t from, to;
    int32_t distance;
    uint32_t touching;  // 1: the blocks overlap, which takes the output's scratch
} relation;

typedef struct plan_pair {
    uint16_t out;                 // the block that is written over the other one, where one is
    uint8_t count, settled;       // settled: 1 + the relation that was picked
    relation choices[4];
} plan_pair;

typedef struct exact_search {
    planner *p;
    plan_pair *pairs;
    uint16_t *trail;              // pairs in the order in which they were settled
    uint32_t pair_count, trail_count;
    int32_t best;                 // the smallest arena found
    uint32_t visits_left;            // of pairs
    bool gave_up;
} exact_search;

// Offsets that blocks can have: lowest and highest.
typedef struct offset_bounds {
    int32_t low[EXACT_MOST_BLOCKS], high[EXACT_MOST_BLOCKS];
} offset_bounds;

static int32_t up4(int32_t bytes) { return (int32_t)(((uint32_t)bytes + 3) & ~3u); }
static int32_t down4(int32_t bytes) { return (int32_t)((uint32_t)bytes & ~3u); }

static void add_choice(plan_pair *pair, uint32_t from, uint32_t to, int32_t distance, bool touching) {
    pair->choices[pair->count++] = (relation){(uint16_t)from, (uint16_t)to, up4(distance), touching};
}

static void add_pair(exact_search *s, uint32_t a, uint32_t b) {
    const plan_block *x = &s->p->blocks[a], *y = &s->p->blocks[b];
    if (x->last < y->first || y->last < x->first) return;
    // `out` may be written over `donor`; where neither may, they stand one behind the other.
    uint32_t out = planner_lists(x, b) ? a : b, donor = out == a ? b : a;
    const plan_block *over = &s->p->blocks[out], *under = &s->p->blocks[donor];
    int32_t behind = (int32_t)over->bytes, before = (int32_t)under->bytes;
    plan_pair *pair = &s->pairs[s->pair_count++];
    pair->out = (uint16_t)out;
    pair->count = pair->settled = 0;
    bool overlaps = planner_lists(over, donor), scratch = overlaps && over->scratch != 0;
    int32_t forward = overlaps && over->forward_from < behind ? over->forward_from : behind;
    int32_t backward = overlaps && -over->backward_to < before ? -over->backward_to : before;
    if (scratch && forward < behind) add_choice(pair, out, donor, forward, true);
    if (scratch && backward < before) add_choice(pair, donor, out, backward, true);
    add_choice(pair, out, donor, scratch ? behind : forward, false);
    add_choice(pair, donor, out, scratch ? before : backward, false);
}

// Bytes that must stay free behind what lives at the operator of block `out`.
static int32_t room_behind(const exact_search *s, uint32_t out, bool touching) {
    const plan_block *block = &s->p->blocks[out];
    return (int32_t)(block->workspace + (touching ? block->scratch : 0));
}

static void lower_tops(const exact_search *s, offset_bounds *b, uint32_t op_index, int32_t end) {
    for (uint32_t i = 0; i < s->p->count; i++) {
        const plan_block *block = &s->p->blocks[i];
        if (block->first > op_index || op_index > block->last) continue;
        int32_t top = down4(end - (int32_t)block->bytes);
        if (top < b->high[i]) b->high[i] = top;
    }
}

// The highest offsets under which the arena stays below the best one, as far as scratch goes.
static void open_tops(const exact_search *s, offset_bounds *b) {
    int32_t end = s->best - 4;
    for (uint32_t i = 0; i < s->p->count; i++) b->high[i] = down4(end - (int32_t)s->p->blocks[i].bytes);
    for (uint32_t i = 0; i < s->p->count; i++)
        if (s->p->blocks[i].workspace != 0) lower_tops(s, b, s->p->blocks[i].first, end - room_behind(s, i, false));
    for (uint32_t i = 0; i < s->trail_count; i++) {
        const plan_pair *pair = &s->pairs[s->trail[i]];
        if (pair->choices[pair->settled - 1].touching)
            lower_tops(s, b, s->p->blocks[pair->out].first, end - room_behind(s, pair->out, true));
    }
}

static bool apply(offset_bounds *b, const relation *r, bool *changed) {
    int32_t low = b->low[r->from] + r->distance, high = b->high[r->to] - r->distance;
    if (low > b->low[r->to]) b->low[r->to] = low, *changed = true;
    if (high < b->high[r->from]) b->high[r->from] = high, *changed = true;
    return b->low[r->to] <= b->high[r->to] && b->low[r->from] <= b->high[r->from];
}

// Whether a relation can still be picked, scratch included.
static bool is_open(const exact_search *s, const offset_bounds *b, const plan_pair *pair, const relation *r) {
    if (b->low[r->from] + r->distance > b->high[r->to]) return false;
    if (!r->touching) return true;
    int32_t end = s->best - 4 - room_behind(s, pair->out, true);
    uint32_t op_index = s->p->blocks[pair->out].first;
    for (uint32_t i = 0; i < s->p->count; i++) {
        const plan_block *block = &s->p->blocks[i];
        if (block->first <= op_index && op_index <= block->last && b->low[i] + (int32_t)block->bytes > end) return false;
    }
    return true;
}

static void settle(exact_search *s, uint32_t index, uint32_t choice) {
    s->pairs[index].settled = (uint8_t)(choice + 1);
    s->trail[s->trail_count++] = (uint16_t)index;
}

// Draws what follows from the relations picked; false = nothing below the best arena.
static bool propagate(exact_search *s, offset_bounds *b) {
    bool changed = true;
    open_tops(s, b);
    while (changed) {
        changed = false;
        for (uint32_t i = 0; i < s->trail_count; i++) {
            const plan_pair *pair = &s->pairs[s->trail[i]];
            if (!apply(b, &pair->choices[pair->settled - 1], &changed)) return false;
        }
        for (uint32_t i = 0; i < s->pair_count && !changed; i++) {
            plan_pair *pair = &s->pairs[i];
            uint32_t open = 0, last = 0;
            if (pair->settled) continue;
            s->visits_left -= s->visits_left > 0;
            for (uint32_t c = 0; c < pair->count; c++)
                if (is_open(s, b, pair, &pair->choices[c])) open++, last = c;
            if (open == 0) return false;
            if (open > 1) continue;
            settle(s, i, last);
            if (pair->choices[last].touching) open_tops(s, b);
            changed = true;
        }
    }
    return true;
}

static bool holds(const offset_bounds *b, const relation *r) { return b->low[r->to] >= b->low[r->from] + r->distance; }

// The largest pair that the lowest offsets leave unsettled; pair_count = none, so that they are a plan.
static uint32_t find_conflict(const exact_search *s, const offset_bounds *b) {
    uint32_t worst = s->pair_count, most = 0;
    for (uint32_t i = 0; i < s->pair_count; i++) {
        const plan_pair *pair = &s->pairs[i];
        bool stands = pair->settled != 0;
        for (uint32_t c = 0; c < pair->count && !stands; c++)
            stands = holds(b, &pair->choices[c]) && is_open(s, b, pair, &pair->choices[c]);
        const relation *r = &pair->choices[0];
        uint32_t bytes = s->p->blocks[r->from].bytes + s->p->blocks[r->to].bytes;
        if (!stands && bytes > most) worst = i, most = bytes;
    }
    return worst;
}

static void keep(exact_search *s, const offset_bounds *b) {
    for (uint32_t i = 0; i < s->p->count; i++) s->p->blocks[i].offset = (uint32_t)b->low[i];
    int32_t end = (int32_t)planner_end(s->p);
    // What stands at the lowest offsets was checked to stay below the best arena.
    if (end >= s->best) return;
    s->best = end;
    for (uint32_t i = 0; i < s->p->count; i++) s->p->blocks[i].best_offset = s->p->blocks[i].offset;
}

static void search(exact_search *s, const offset_bounds *from, uint32_t depth) {
    uint32_t mark = s->trail_count;
    offset_bounds b = *from;
    while (!s->gave_up && propagate(s, &b)) {
        if (s->visits_left == 0 || depth >= EXACT_MOST_DEPTH) {
            s->gave_up = true;
            break;
        }
        uint32_t index = find_conflict(s, &b);
        if (index == s->pair_count) {
            int32_t before = s->best;
            keep(s, &b);
            if (s->best == before) break;
            continue;
        }
        plan_pair *pair = &s->pairs[index];
        for (uint32_t c = 0; c < pair->count && !s->gave_up; c++) {
            if (!is_open(s, &b, pair, &pair->choices[c])) continue;
            uint32_t inner = s->trail_count;
            settle(s, index, c);
            search(s, &b, depth + 1);
            while (s->trail_count > inner) s->pairs[s->trail[--s->trail_count]].settled = 0;
        }
        break;
    }
    while (s->trail_count > mark) s->pairs[s->trail[--s->trail_count]].settled = 0;
}

static uint32_t most_pairs(uint32_t blocks) { return blocks < 2 ? 1 : blocks * (blocks - 1) / 2; }

// Looks for a smaller arena than *arena_bytes; true = there is none below what it found.
static bool improve(planner *p, plan_pair *pairs, uint32_t visits, uint32_t *arena_bytes) {
    offset_bounds start;
    exact_search s = {p, pairs, (uint16_t *)(void *)(pairs + most_pairs(p->count)), 0, 0, (int32_t)*arena_bytes, visits, false};
    for (uint32_t i = 0; i < EXACT_MOST_BLOCKS; i++) start.low[i] = start.high[i] = 0;
    for (uint32_t a = 0; a < p->count; a++)
        for (uint32_t b = 0; b < a; b++) add_pair(&s, a, b);
    search(&s, &start, 0);
    *arena_bytes = (uint32_t)s.best;
    return !s.gave_up;
}

uint32_t inference_exact_workspace_words(const inference_model *model) {
    uint32_t words = inference_workspace_words(model);
    uint32_t blocks = (words - model->tensor_count) / (uint32_t)(sizeof(plan_block) / 4);
    return blocks > EXACT_MOST_BLOCKS ? words : words + most_pairs(blocks) * (uint32_t)((sizeof(plan_pair) + 4) / 4);
}

inference_code inference_plan_exactly(
    inference_model *model, uint32_t *words, uint32_t word_count, uint32_t effort, uint32_t *arena_bytes, bool *proven,
    inference_error *error) {
    uint32_t needed = inference_exact_workspace_words(model);
    *proven = false;
    inference_clear(error);
    if (word_count < needed) return inference_too_small(error, needed * 4, word_count * 4);
    planner p;
    if (!planner_open(&p, model, words)) return planner_refuse(error);
    *arena_bytes = planner_place(&p, effort);
    if (p.count <= EXACT_MOST_BLOCKS) {
        uint32_t *behind = words + inference_workspace_words(model);
        *proven = improve(&p, (plan_pair *)(void *)behind, EXACT_VISITS_PER_EFFORT * effort, arena_bytes);
    }
    planner_write(&p, words);
    return INFERENCE_OK;
}
