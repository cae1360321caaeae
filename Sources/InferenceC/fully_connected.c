// FULLY_CONNECTED for float32 and int8. The weights are [outputs][inputs]; leading dimensions are batches.
#include "channels.h"
#include "products.h"

enum { FUSED = 0, WEIGHTS_FORMAT = 1, ASYMMETRIC_INPUTS = 3 };
enum { OPTIONS_TYPE = 8 };

typedef struct fully_connected {
    int32_t batches, inputs, outputs;
    bool asymmetric;  // hybrid layers: the input is quantised about a zero point
    activation_range range;
} fully_connected;

static inference_reason fully_connected_open(operation *o, fully_connected *f) {
    uint32_t function = 0, format = 0;
    f->asymmetric = false;
    if (o->op.options_type == OPTIONS_TYPE) {
        function = flat_u8(o->model, &o->op.options, FUSED, 0);
        format = flat_u8(o->model, &o->op.options, WEIGHTS_FORMAT, 0);
        f->asymmetric = flat_u8(o->model, &o->op.options, ASYMMETRIC_INPUTS, 0) != 0;
    }
    if (format != 0) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, format);
    if (o->second.rank != 2) return refuse(o, INFERENCE_REASON_RANK, o->input_ids[1], o->second.rank);
    if (o->output.rank == 0) return refuse(o, INFERENCE_REASON_RANK, o->output_id, 0);
    uint32_t outputs = o->second.dims[0], inputs = o->second.dims[1], batches = o->input.elements / inputs;
    if (o->input.elements % inputs != 0)
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[0], o->input.elements);
    if (o->output.dims[o->output.rank - 1] != outputs || o->output.elements / outputs != batches)
        return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, o->output.elements);
    f->batches = (int32_t)batches, f->inputs = (int32_t)inputs, f->outputs = (int32_t)outputs;
    return activation_range_of(o, function, &f->range);
}

inference_reason fully_connected_check(operation *o) {
    fully_connected f;
    inference_reason reason = fully_connected_open(o, &f);
    return reason != INFERENCE_REASON_NONE ? reason : channels_check(o, (uint32_t)f.outputs, 0, true);
}

static void open_products(products *p, const fully_connected *f, int32_t element) {
    p->rows = 1, p->n = f->inputs;
    p->step_a = p->step_b = element;
    p->skip_a = p->skip_b = 0;
    p->next_a = 0, p->next_b = f->inputs * element, p->next_out = 4;
    p->more = 0;
}

static void run_float(const fully_connected *f, const operation *o) {
    const float *in = o->in;
    float *out = o->out;
    products p;
    open_products(&p, f, 4);
    for (int32_t batch = 0; batch < f->batches; batch++, in += f->inputs, out += f->outputs) {
        products_float(out, in, o->second.data, f->outputs, &p);
        products_finish(out, f->outputs, o->in3, f->range.real);
    }
}

// How many int8 outputs are summed at a time.
#define SUMS 8

// Int8 and hybrid layers, outputs [factors->first, end).
static void run_int8(
    const fully_connected *f, const operation *o, channel_factors *factors, int32_t end, const hybrid_input *hybrid) {
    const int8_t *in = hybrid != NULL ? hybrid->values : o->in, *weights = o->second.data;
    uint8_t *out = o->out;
    int32_t offset = -o->input.zero_point;
    products p;
    open_products(&p, f, 1);
    // Only one scale for all weights comes with a zero point that counts.
    int32_t weight_zero = o->second.scale_count == 1 && hybrid == NULL ? o->second.zero_point : 0;
    for (int32_t batch = 0; batch < f->batches; batch++, in += f->inputs) {
        uint32_t correction = 0;
        if (hybrid != NULL) factors->in_scale = hybrid->scales[batch], offset = -hybrid->zero_points[batch];
        if (weight_zero != 0)
            for (int32_t i = 0; i < f->inputs; i++) correction += (uint32_t)((in[i] + offset) * weight_zero);
        for (int32_t unit = factors->first; unit < end;) {
            uint32_t sums[SUMS];
            int32_t count = end - unit < SUMS ? end - unit : SUMS;
            products_int8(sums, in, weights + unit * f->inputs, count, offset, &p);
            for (int32_t k = 0; k < count && correction != 0; k++) sums[k] -= correction;
            channels_output(factors, unit, sums, count, out);
            unit += count;
        }
        out += f->outputs * (hybrid != NULL ? 4 : 1);
    }
}

void fully_connected_overlap(operation *o, overlap_rule *rule) {
    if (operation_is_hybrid(o)) hybrid_overlap(o, rule);
}

void fully_connected_run(operation *o) {
    fully_connected f;
    if (fully_connected_open(o, &f) != INFERENCE_REASON_NONE) return;
    bool is_hybrid = operation_is_hybrid(o);
    if (o->input.type == INFERENCE_FLOAT32 && !is_hybrid) {
        run_float(&f, o);
        return;
    }
    operation inner;
    hybrid_input input;
    if (is_hybrid) input = hybrid_open_input(o, (uint32_t)f.batches, !f.asymmetric, &inner);
    channel_factors factors;
    factors.range = f.range;
    int32_t block = channels_per_block(o, f.outputs);
    for (int32_t first = 0; first < f.outputs; first += block) {
        int32_t end = first + block < f.outputs ? first + block : f.outputs;
        channels_open(o, &factors, first, end - first, true);
        run_int8(&f, o, &factors, end, is_hybrid ? &input : NULL);
    }
}
