// MAX_POOL_2D and AVERAGE_POOL_2D for float32 and int8. Int8 pools work on the raw values: input and output have
// the same scale and zero point.
#include "fixedpoint.h"
#include "rounding.h"
#include "window.h"

enum { PADDING = 0, STRIDE_W = 1, STRIDE_H = 2, FILTER_W = 3, FILTER_H = 4, FUSED = 5 };
enum { OPTIONS_TYPE = 5 };

typedef struct pool {
    window w;
    activation_range range;
    bool average;
} pool;

static inference_reason pool_open(operation *o, pool *p) {
    inference_reason reason = window_dims(o, &p->w);
    if (reason != INFERENCE_REASON_NONE) return reason;
    if (o->op.options_type != OPTIONS_TYPE) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, 0);
    const flat_table *options = &o->op.options;
    p->average = o->op.code == INFERENCE_AVERAGE_POOL_2D;
    p->w.k_w = flat_i32(o->model, options, FILTER_W, 0), p->w.k_h = flat_i32(o->model, options, FILTER_H, 0);
    p->w.stride_w = flat_i32(o->model, options, STRIDE_W, 0), p->w.stride_h = flat_i32(o->model, options, STRIDE_H, 0);
    p->w.dilation_w = p->w.dilation_h = 1;
    if (p->w.in_c != p->w.out_c) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, (uint32_t)p->w.out_c);
    reason = activation_range_of(o, flat_u8(o->model, options, FUSED, 0), &p->range);
    return reason != INFERENCE_REASON_NONE ? reason : window_finish(o, &p->w, flat_u8(o->model, options, PADDING, 0));
}

inference_reason pool_check(operation *o) {
    pool p;
    inference_reason reason = check_same_type(o);
    if (reason == INFERENCE_REASON_NONE) reason = pool_open(o, &p);
    if (reason != INFERENCE_REASON_NONE || o->input.type != INFERENCE_INT8) return reason;
    float difference = o->input.scale - o->output.scale;
    if (difference > 1e-6f || difference < -1e-6f || o->input.zero_point != o->output.zero_point)
        return refuse(o, INFERENCE_REASON_QUANTIZATION, o->output_id, 0);
    return INFERENCE_REASON_NONE;
}

void pool_overlap(operation *o, overlap_rule *rule) {
    pool p;
    if (pool_open(o, &p) == INFERENCE_REASON_NONE) window_overlap(o, &p.w, WINDOW_CHANNELWISE, rule);
}

static float max_float(const window *w, const float *in, int32_t rows, int32_t columns) {
    float most = -0x1.fffffep127f;
    for (int32_t y = 0; y < rows; y++, in += (w->in_w - columns) * w->in_c)
        for (int32_t x = 0; x < columns; x++, in += w->in_c)
            if (most < *in) most = *in;
    return most;
}

static float sum_float(const window *w, const float *in, int32_t rows, int32_t columns) {
    float sum = 0;
    for (int32_t y = 0; y < rows; y++, in += (w->in_w - columns) * w->in_c)
        for (int32_t x = 0; x < columns; x++, in += w->in_c) sum += *in;
    return sum;
}

static int32_t max_int8(const window *w, const int8_t *in, int32_t rows, int32_t columns) {
    int32_t most = -128;
    for (int32_t y = 0; y < rows; y++, in += (w->in_w - columns) * w->in_c)
        for (int32_t x = 0; x < columns; x++, in += w->in_c)
            if (most < *in) most = *in;
    return most;
}

static int32_t sum_int8(const window *w, const int8_t *in, int32_t rows, int32_t columns) {
    int32_t sum = 0;
    for (int32_t y = 0; y < rows; y++, in += (w->in_w - columns) * w->in_c)
        for (int32_t x = 0; x < columns; x++, in += w->in_c) sum += *in;
    return sum;
}

typedef struct pool_job {
    const pool *layer;
    const operation *o;
} pool_job;

static void pixels_float(const void *context, const window_pixels *pixels) {
    const pool_job *job = context;
    const pool *p = job->layer;
    int32_t channels = p->w.out_c, rows = pixels->rows, columns = pixels->columns;
    int32_t first = job->o->backward ? channels - 1 : 0, step = job->o->backward ? -1 : 1;
    const uint8_t *in = pixels->in;
    uint8_t *out = pixels->out;
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        const float *from = (const void *)in;
        float *to = (void *)out;
        for (int32_t channel = first; channel >= 0 && channel < channels; channel += step) {
            float value = p->average ? sum_float(&p->w, from + channel, rows, columns) / (float)(rows * columns)
                : max_float(&p->w, from + channel, rows, columns);
            to[channel] = clamp_float(value, &p->range);
        }
    }
}

static void pixels_int8(const void *context, const window_pixels *pixels) {
    const pool_job *job = context;
    const pool *p = job->layer;
    int32_t channels = p->w.out_c, rows = pixels->rows, columns = pixels->columns, count = rows * columns;
    int32_t first = job->o->backward ? channels - 1 : 0, step = job->o->backward ? -1 : 1;
    const int8_t *in = (const int8_t *)pixels->in;
    int8_t *out = (int8_t *)pixels->out;
    for (int32_t i = pixels->count; i > 0; i--, in += pixels->in_step, out += pixels->out_step) {
        for (int32_t channel = first; channel >= 0 && channel < channels; channel += step) {
            int32_t value;
            if (p->average) {
                // Rounded to nearest, halves away from zero: the division truncates.
                int32_t sum = sum_int8(&p->w, in + channel, rows, columns);
                value = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
            } else {
                value = max_int8(&p->w, in + channel, rows, columns);
            }
            out[channel] = (int8_t)clamp(value, p->range.low_q, p->range.high_q);
        }
    }
}

static void pool_run(operation *o) {
    pool p;
    if (pool_open(o, &p) != INFERENCE_REASON_NONE) return;
    pool_job job = {&p, o};
    window_run(o, &p.w, o->input.type == INFERENCE_INT8 ? pixels_int8 : pixels_float, &job);
}

void max_pool_run(operation *o) { pool_run(o); }
void average_pool_run(operation *o) { pool_run(o); }
