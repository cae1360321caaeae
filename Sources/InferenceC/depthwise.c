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
    if (o->input.type == INFERENCE_INT8 && channels_per_block(o, d.w.out_c) < d.w.out_c) return;
    window_overlap(o, &d.w, d.multiplier == 1, rule);
}

// One output pixel, channels from `first` to `end`; last one first when it runs backward. Sums run over rows and
// columns from 0, and the bias comes last.
static void pixel_float(
    const depthwise *d, const operation *o, const float *image, window_span y, window_span x, float *out) {
    const window *w = &d->w;
    const float *bias = o->in3;
    int32_t step = w->dilation_w * w->in_c, taps_w = x.end - x.first;
    for (int32_t i = 0; i < w->out_c; i++) {
        int32_t channel = o->backward ? w->out_c - 1 - i : i;
        const float *in = image + (y.at * w->in_w + x.at) * w->in_c
            + (d->multiplier == 1 ? channel : channel / d->multiplier);
        const float *taps = (const float *)o->second.data + (y.first * w->k_w + x.first) * w->out_c + channel;
        float sum = 0;
        for (int32_t ky = y.first; ky < y.end; ky++) {
            sum = dot_float(sum, in, step, taps, w->out_c, taps_w);
            in += w->dilation_h * w->in_w * w->in_c;
            taps += w->k_w * w->out_c;
        }
        out[channel] = clamp_float(sum + (bias != NULL ? bias[channel] : 0.0f), d->range.low, d->range.high);
    }
}

static void pixel_int8(
    const depthwise *d, const operation *o, const channel_factors *factors, int32_t end, const int8_t *image,
    window_span y, window_span x, int8_t *out) {
    const window *w = &d->w;
    int32_t step = w->dilation_w * w->in_c, taps_w = x.end - x.first;
    for (int32_t i = factors->first; i < end; i++) {
        int32_t channel = o->backward ? factors->first + end - 1 - i : i;
        const int8_t *in = image + (y.at * w->in_w + x.at) * w->in_c
            + (d->multiplier == 1 ? channel : channel / d->multiplier);
        const int8_t *taps = (const int8_t *)o->second.data + (y.first * w->k_w + x.first) * w->out_c + channel;
        uint32_t sum = 0;
        for (int32_t ky = y.first; ky < y.end; ky++) {
            sum = dot_int8(sum, in, step, -o->input.zero_point, taps, w->out_c, taps_w);
            in += w->dilation_h * w->in_w * w->in_c;
            taps += w->k_w * w->out_c;
        }
        out[channel] = channels_output(factors, channel, sum);
    }
}

typedef struct depthwise_job {
    const depthwise *layer;
    const channel_factors *factors;  // NULL = float32
    int32_t end;
} depthwise_job;

static void pixel(const operation *o, const void *image, window_span y, window_span x, void *out, const void *context) {
    const depthwise_job *job = context;
    if (job->factors == NULL) pixel_float(job->layer, o, image, y, x, out);
    else pixel_int8(job->layer, o, job->factors, job->end, image, y, x, out);
}

void depthwise_run(operation *o) {
    depthwise d;
    if (depthwise_open(o, &d) != INFERENCE_REASON_NONE) return;
    depthwise_job job = {&d, NULL, 0};
    if (o->input.type == INFERENCE_FLOAT32) {
        window_run(o, &d.w, pixel, &job);
        return;
    }
    channel_factors factors;
    factors.range = d.range;
    job.factors = &factors;
    int32_t block = channels_per_block(o, d.w.out_c);
    for (int32_t first = 0; first < d.w.out_c; first += block) {
        job.end = first + block < d.w.out_c ? first + block : d.w.out_c;
        channels_open(o, &factors, first, job.end - first, false);
        window_run(o, &d.w, pixel, &job);
    }
}
