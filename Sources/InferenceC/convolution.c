// CONV_2D for float32 and int8, with groups. The weights are [outputs][rows][columns][inputs of a group].
#include "channels.h"
#include "products.h"

enum { PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, FUSED = 3, DILATION_W = 4, DILATION_H = 5 };
enum { OPTIONS_TYPE = 1 };

typedef struct convolution {
    window w;
    int32_t group_in, group_out;  // channels of a group
    activation_range range;
} convolution;

static inference_reason convolution_open(operation *o, convolution *c) {
    inference_reason reason = window_dims(o, &c->w);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->second.rank != 4) return refuse(o, INFERENCE_REASON_RANK, o->input_ids[1], o->second.rank);
    if (o->op.options_type != OPTIONS_TYPE) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, 0);
    const flat_table *options = &o->op.options;
    c->w.k_h = (int32_t)o->second.dims[1], c->w.k_w = (int32_t)o->second.dims[2];
    c->w.stride_w = flat_i32(o->model, options, STRIDE_W, 0);
    c->w.stride_h = flat_i32(o->model, options, STRIDE_H, 0);
    c->w.dilation_w = flat_i32(o->model, options, DILATION_W, 1);
    c->w.dilation_h = flat_i32(o->model, options, DILATION_H, 1);
    c->group_in = (int32_t)o->second.dims[3];
    if (c->w.out_c != (int32_t)o->second.dims[0] || c->w.in_c % c->group_in != 0
        || c->w.out_c % (c->w.in_c / c->group_in) != 0)
        return refuse(o, INFERENCE_REASON_SHAPE, o->input_ids[1], o->second.dims[3]);
    c->group_out = c->w.out_c / (c->w.in_c / c->group_in);
    reason = activation_range_of(o, flat_u8(o->model, options, FUSED, 0), &c->range);
    return reason != INFERENCE_REASON_NONE ? reason : window_finish(o, &c->w, flat_u8(o->model, options, PADDING, 0));
}

inference_reason convolution_check(operation *o) {
    convolution c;
    inference_reason reason = convolution_open(o, &c);
    return reason != INFERENCE_REASON_NONE ? reason : channels_check(o, (uint32_t)c.w.out_c, 0, false);
}

void convolution_overlap(operation *o, overlap_rule *rule) {
    convolution c;
    if (convolution_open(o, &c) != INFERENCE_REASON_NONE) return;
    if (operation_is_hybrid(o)) {
        hybrid_overlap(o, rule);
        return;
    }
    if (o->input.type == INFERENCE_INT8 && channels_per_block(o, c.w.out_c) < c.w.out_c) return;
    bool at_once = c.w.out_c <= WINDOW_HELD && (o->input.type != INFERENCE_INT8 || c.group_out == c.w.out_c);
    window_overlap(o, &c.w, at_once ? WINDOW_AT_ONCE : WINDOW_WITH_SCRATCH, rule);
}

typedef struct convolution_job {
    const convolution *layer;
    const operation *o;
    channel_factors *factors;    // of a block of channels; NULL = float32
    int32_t end;                 // of that block
    const hybrid_input *hybrid;  // NULL = not a hybrid layer
} convolution_job;

// What is the same for all pixels of a run. Without dilation and groups the taps of a row are contiguous, so that
// they are one row of products; otherwise each tap is.
typedef struct taps {
    products p;
    int32_t runs_y, runs_x;                    // products_...() is called for each
    int32_t in_y, in_x, filter_y, filter_x;    // bytes from one run to the next
    int32_t first;                             // bytes from the filter's start to the first tap
    bool contiguous;
} taps;

static void open_taps(taps *t, const convolution *c, const window_pixels *pixels, int32_t element) {
    const window *w = &c->w;
    int32_t tap = c->group_in * element, in_pixel = w->in_c * element, row = w->k_w * tap;
    t->contiguous = w->dilation_w == 1 && c->group_in == w->in_c;
    t->first = pixels->first_row * row + pixels->first_column * tap;
    t->in_y = w->dilation_h * w->in_w * in_pixel, t->in_x = w->dilation_w * in_pixel;
    t->filter_y = row, t->filter_x = tap;
    t->runs_y = t->contiguous ? 1 : pixels->rows;
    t->runs_x = t->contiguous ? 1 : pixels->columns;
    t->p.rows = t->contiguous ? pixels->rows : 1;
    t->p.n = t->contiguous ? pixels->columns * c->group_in : c->group_in;
    t->p.step_a = t->p.step_b = element;
    t->p.skip_a = t->in_y - t->p.n * element, t->p.skip_b = row - t->p.n * element;
    t->p.next_a = 0, t->p.next_b = w->k_h * row, t->p.next_out = 4;
    t->p.more = 0;
    if (pixels->rows > 0 && pixels->columns > 0) return;
    // No tap inside: sums of nothing.
    t->runs_y = t->runs_x = 1;
    t->p.rows = 0;
}

// The channels of one pixel, float32, before bias and activation. Every sum runs over rows, columns and inputs in
// that order.
static void pixel_float(taps *t, const convolution *c, const uint8_t *in, const uint8_t *filter, float *out) {
    const window *w = &c->w;
    int32_t group = c->group_in * 4;
    for (int32_t channel = 0; channel < w->out_c; channel += c->group_out, in += group) {
        t->p.more = 0;
        for (int32_t y = 0; y < t->runs_y; y++)
            for (int32_t x = 0; x < t->runs_x; x++, t->p.more = 1)
                products_float(out + channel, (const void *)(in + y * t->in_y + x * t->in_x),
                    (const void *)(filter + channel * t->p.next_b + y * t->filter_y + x * t->filter_x),
                    c->group_out, &t->p);
    }
}

// Pixels whose windows are a single value or three by three of one channel: what small models are made of.
static bool run_small(const convolution *c, const operation *o, const window_pixels *pixels) {
    const window *w = &c->w;
    if (w->in_c != 1 || w->dilation_w != 1) return false;
    float_pixels run = {pixels->in, pixels->out, o->second.data, o->in3, c->range.real, pixels->count, pixels->in_step,
        pixels->out_step, w->out_c, w->dilation_h * w->in_w * 4};
    if (w->k_h == 1 && w->k_w == 1 && pixels->rows == 1 && pixels->columns == 1) {
        pixels_one_tap(&run);
        return true;
    }
    if (w->out_c != 1 || w->k_h != 3 || w->k_w != 3 || pixels->rows != 3 || pixels->columns != 3) return false;
    pixels_three_by_three(&run);
    return true;
}

static void pixels_float(const void *context, const window_pixels *pixels) {
    const convolution_job *job = context;
    const convolution *c = job->layer;
    const operation *o = job->o;
    if (run_small(c, o, pixels)) return;
    const uint8_t *in = pixels->in;
    uint8_t *out = pixels->out;
    taps t;
    open_taps(&t, c, pixels, 4);
    const uint8_t *filter = (const uint8_t *)o->second.data + t.first;
    float held[WINDOW_HELD];
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        // Few channels need no scratch to be written over their window.
        float *to = o->scratch != NULL ? o->scratch : o->touches && c->w.out_c <= WINDOW_HELD ? held : (void *)out;
        if (t.contiguous) products_float(to, (const void *)in, (const void *)filter, c->w.out_c, &t.p);
        else pixel_float(&t, c, in, filter, to);
        products_finish(to, c->w.out_c, o->in3, c->range.real);
        if ((uint8_t *)to == out) continue;
        for (int32_t k = 0; k < c->w.out_c; k++) ((float *)(void *)out)[k] = to[k];
    }
}

// Channels [first, first + count) of one pixel, all of one group.
static void sums_int8(
    taps *t, int32_t offset, const uint8_t *in, const uint8_t *filter, int32_t count, uint32_t *sums) {
    t->p.more = 0;
    for (int32_t y = 0; y < t->runs_y; y++)
        for (int32_t x = 0; x < t->runs_x; x++, t->p.more = 1)
            products_int8(sums, (const int8_t *)in + y * t->in_y + x * t->in_x,
                (const int8_t *)filter + y * t->filter_y + x * t->filter_x, count, offset, &t->p);
}

static void pixels_int8(const void *context, const window_pixels *pixels) {
    const convolution_job *job = context;
    const convolution *c = job->layer;
    const operation *o = job->o;
    const uint8_t *in = pixels->in;
    uint8_t *out = pixels->out;
    int32_t offset = -o->input.zero_point;
    if (job->hybrid != NULL) {
        offset = -job->hybrid->zero_points[pixels->batch];
        job->factors->in_scale = job->hybrid->scales[pixels->batch];
    }
    taps t;
    open_taps(&t, c, pixels, 1);
    const uint8_t *filter = (const uint8_t *)o->second.data + t.first;
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        uint8_t *to = o->scratch != NULL ? o->scratch : out;
        for (int32_t channel = job->factors->first; channel < job->end;) {
            int32_t left = job->end - channel, group = 0;
            if (c->group_out != c->w.out_c) {
                group = channel / c->group_out;
                if (left > (group + 1) * c->group_out - channel) left = (group + 1) * c->group_out - channel;
            }
            if (left > WINDOW_HELD) left = WINDOW_HELD;
            uint32_t sums[WINDOW_HELD];
            sums_int8(&t, offset, in + group * c->group_in, filter + channel * t.p.next_b, left, sums);
            channels_output(job->factors, channel, sums, left, to);
            channel += left;
        }
        if (to == out) continue;
        for (int32_t k = job->factors->first; k < job->end; k++) out[k] = to[k];
    }
}

static void run_int8(convolution_job *job, const operation *o) {
    const convolution *c = job->layer;
    channel_factors factors;
    factors.range = c->range;
    job->factors = &factors;
    int32_t block = channels_per_block(o, c->w.out_c);
    for (int32_t first = 0; first < c->w.out_c; first += block) {
        job->end = first + block < c->w.out_c ? first + block : c->w.out_c;
        channels_open(o, &factors, first, job->end - first, false);
        window_run(job->o, &c->w, pixels_int8, job);
    }
}

void convolution_run(operation *o) {
    convolution c;
    if (convolution_open(o, &c) != INFERENCE_REASON_NONE) return;
    convolution_job job = {&c, o, NULL, 0, NULL};
    window_flatten(&c.w);
    if (operation_is_hybrid(o)) {
        operation inner;
        hybrid_input input = hybrid_open_input(o, (uint32_t)c.w.batches, o->second.scale_count == 1, &inner);
        job.hybrid = &input, job.o = &inner;
        run_int8(&job, o);
    } else if (o->input.type == INFERENCE_INT8) {
        run_int8(&job, o);
    } else {
        window_run(o, &c.w, pixels_float, &job);
    }
}
