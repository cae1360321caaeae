// DEPTHWISE_CONV_2D for float32 and int8. The weights are [1][rows][columns][outputs]; output channel
// i * multiplier + m reads input channel i only.
#include "channels.h"
#include "products.h"

enum { PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, MULTIPLIER = 3, FUSED = 4, DILATION_W = 5, DILATION_H = 6 };
enum { OPTIONS_TYPE = 2 };

typedef struct depthwise {
    window w;
    int32_t multiplier;
    activation_range range;
} depthwise;

static inference_reason depthwise_open(operation *o, depthwise *d) {
    inference_reason reason = window_dims(o, &d->w);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->second.rank != 4) return refuse(o, INFERENCE_REASON_RANK, o->input_ids[1], o->second.rank);
    if (o->op.options_type != OPTIONS_TYPE) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, 0);
    const flat_table *options = &o->op.options;
    d->w.k_h = (int32_t)o->second.dims[1], d->w.k_w = (int32_t)o->second.dims[2];
    d->w.stride_w = flat_i32(o->model, options, STRIDE_W, 0);
    d->w.stride_h = flat_i32(o->model, options, STRIDE_H, 0);
    d->w.dilation_w = flat_i32(o->model, options, DILATION_W, 1);
    d->w.dilation_h = flat_i32(o->model, options, DILATION_H, 1);
    d->multiplier = d->w.out_c / d->w.in_c;
    if (o->second.dims[0] != 1 || (int32_t)o->second.dims[3] != d->w.out_c || d->w.out_c % d->w.in_c != 0)
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[1], o->second.dims[3]);
    int32_t multiplier = flat_i32(o->model, options, MULTIPLIER, 0);
    if (multiplier != d->multiplier) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, (uint32_t)multiplier);
    reason = activation_range_of(o, flat_u8(o->model, options, FUSED, 0), &d->range);
    return reason != INFERENCE_REASON_NONE ? reason : window_finish(o, &d->w, flat_u8(o->model, options, PADDING, 0));
}

inference_reason depthwise_check(operation *o) {
    depthwise d;
    inference_reason reason = depthwise_open(o, &d);
    return reason != INFERENCE_REASON_NONE ? reason : channels_check(o, (uint32_t)d.w.out_c, 3, false);
}

void depthwise_overlap(operation *o, overlap_rule *rule) {
    depthwise d;
    if (depthwise_open(o, &d) != INFERENCE_REASON_NONE) return;
    if (operation_is_hybrid(o)) {
        hybrid_overlap(o, rule);
        return;
    }
    if (o->input.type == INFERENCE_INT8 && channels_per_block(o, d.w.out_c) < d.w.out_c) return;
    window_overlap(o, &d.w, d.multiplier == 1 ? WINDOW_CHANNELWISE : WINDOW_WITH_SCRATCH, rule);
}

typedef struct depthwise_job {
    const depthwise *layer;
    const operation *o;
    channel_factors *factors;    // of a block of channels; NULL = float32
    int32_t end;                 // of that block
    const hybrid_input *hybrid;  // NULL = not a hybrid layer
} depthwise_job;

// The sum of an output channel runs over rows and columns. With a multiplier of 1 the channels of a pixel follow
// each other in input, weights and output, last one first when it runs backward; with more, each input channel's
// outputs share their input.
static void open_products(products *p, const depthwise_job *job, const window_pixels *pixels, int32_t element) {
    const window *w = &job->layer->w;
    int32_t in_pixel = w->in_c * element, out_pixel = w->out_c * element;
    int32_t direction = job->layer->multiplier == 1 && job->o->backward ? -1 : 1;
    p->rows = pixels->rows, p->n = pixels->columns;
    p->step_a = w->dilation_w * in_pixel, p->step_b = out_pixel;
    p->skip_a = w->dilation_h * w->in_w * in_pixel - p->n * p->step_a;
    p->skip_b = (w->k_w - p->n) * out_pixel;
    p->next_a = job->layer->multiplier == 1 ? direction * element : 0;
    p->next_b = direction * element, p->next_out = direction * 4;
    p->more = 0;
}

static void pixels_float(const void *context, const window_pixels *pixels) {
    const depthwise_job *job = context;
    const depthwise *d = job->layer;
    const operation *o = job->o;
    const window *w = &d->w;
    if (w->out_c == 1 && w->dilation_w == 1 && w->k_h == 3 && w->k_w == 3 && pixels->rows == 3 && pixels->columns == 3) {
        float_pixels run = {pixels->in, pixels->out, o->second.data, o->in3, d->range.real, pixels->count,
            pixels->in_step, pixels->out_step, 1, w->dilation_h * w->in_w * 4};
        pixels_three_by_three(&run);
        return;
    }
    products p;
    open_products(&p, job, pixels, 4);
    int32_t first = p.next_b < 0 ? d->w.out_c - 1 : 0;
    const uint8_t *in = pixels->in + 4 * first;
    uint8_t *out = pixels->out;
    const float *taps =
        (const float *)o->second.data + (pixels->first_row * d->w.k_w + pixels->first_column) * d->w.out_c + first;
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        float *to = o->scratch != NULL ? o->scratch : (void *)out;
        if (d->multiplier == 1) {
            products_float(to + first, (const void *)in, taps, d->w.out_c, &p);
        } else {
            for (int32_t channel = 0, c = 0; channel < d->w.in_c; channel++, c += d->multiplier)
                products_float(to + c, (const float *)(const void *)in + channel, taps + c, d->multiplier, &p);
        }
        products_finish(to, d->w.out_c, o->in3, d->range.real);
        if ((uint8_t *)to == out) continue;
        for (int32_t k = 0; k < d->w.out_c; k++) ((float *)(void *)out)[k] = to[k];
    }
}

static void pixels_int8(const void *context, const window_pixels *pixels) {
    const depthwise_job *job = context;
    const depthwise *d = job->layer;
    const operation *o = job->o;
    products p;
    open_products(&p, job, pixels, 1);
    const int8_t *in = (const int8_t *)pixels->in;
    uint8_t *out = pixels->out;
    const int8_t *taps =
        (const int8_t *)o->second.data + (pixels->first_row * d->w.k_w + pixels->first_column) * d->w.out_c;
    int32_t first = job->factors->first, end = job->end, offset = -o->input.zero_point;
    bool backward = p.next_b < 0;
    if (job->hybrid != NULL) {
        offset = -job->hybrid->zero_points[pixels->batch];
        job->factors->in_scale = job->hybrid->scales[pixels->batch];
    }
    // All channels that are summed together are summed before the first of them is written.
    p.next_a = p.next_a < 0 ? 1 : p.next_a, p.next_b = 1, p.next_out = 4;
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        uint8_t *to = o->scratch != NULL ? o->scratch : out;
        for (int32_t done = 0; done < end - first;) {
            uint32_t sums[WINDOW_HELD];
            int32_t left = end - first - done, count = left < WINDOW_HELD ? left : WINDOW_HELD;
            if (d->multiplier != 1) {
                int32_t of_input = d->multiplier - (first + done) % d->multiplier;
                if (count > of_input) count = of_input;
            }
            int32_t channel = backward ? end - done - count : first + done;
            const int8_t *from = in + (d->multiplier == 1 ? channel : channel / d->multiplier);
            products_int8(sums, from, taps + channel, count, offset, &p);
            channels_output(job->factors, channel, sums, count, to);
            done += count;
        }
        if (to == out) continue;
        for (int32_t k = first; k < end; k++) out[k] = to[k];
    }
}

static void run_int8(depthwise_job *job, const operation *o) {
    const depthwise *d = job->layer;
    channel_factors factors;
    factors.range = d->range;
    job->factors = &factors;
    int32_t block = channels_per_block(o, d->w.out_c);
    for (int32_t first = 0; first < d->w.out_c; first += block) {
        job->end = first + block < d->w.out_c ? first + block : d->w.out_c;
        channels_open(o, &factors, first, job->end - first, false);
        window_run(job->o, &d->w, pixels_int8, job);
    }
}

void depthwise_run(operation *o) {
    depthwise d;
    if (depthwise_open(o, &d) != INFERENCE_REASON_NONE) return;
    depthwise_job job = {&d, o, NULL, 0, NULL};
    if (operation_is_hybrid(o)) {
        operation inner;
        hybrid_input input = hybrid_open_input(o, (uint32_t)d.w.batches, false, &inner);
        job.hybrid = &input, job.o = &inner;
        run_int8(&job, o);
    } else if (o->input.type == INFERENCE_INT8) {
        run_int8(&job, o);
    } else {
        window_run(o, &d.w, pixels_float, &job);
    }
}
