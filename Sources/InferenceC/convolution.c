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
    if (o->input.type == INFERENCE_INT8 && channels_per_block(o, c.w.out_c) < c.w.out_c) return;
    window_overlap(o, &c.w, false, rule);
}

// One output pixel, float32: every channel's sum runs over rows, columns and inputs in that order, from 0, and the
// bias comes last.
static void pixel_float(
    const convolution *c, const operation *o, const float *image, window_span y, window_span x, float *out) {
    const window *w = &c->w;
    const float *weights = o->second.data, *bias = o->in3;
    int32_t taps_w = x.end - x.first, filter_row = w->k_w * c->group_in, filter = w->k_h * filter_row;
    bool contiguous = w->dilation_w == 1 && c->group_in == w->in_c;
    int32_t runs = contiguous ? 1 : taps_w, length = contiguous ? taps_w * c->group_in : c->group_in;
    for (int32_t channel = 0; channel < w->out_c;) {
        int32_t group = channel / c->group_out;
        bool four = channel + 4 <= (group + 1) * c->group_out;
        float sums[4] = {0, 0, 0, 0};
        for (int32_t ky = y.first, in_y = y.at; ky < y.end; ky++, in_y += w->dilation_h) {
            const float *in = image + (in_y * w->in_w + x.at) * w->in_c + group * c->group_in;
            const float *taps = weights + channel * filter + ky * filter_row + x.first * c->group_in;
            for (int32_t r = 0; r < runs; r++, in += w->dilation_w * w->in_c, taps += c->group_in) {
                if (four) dot_float_four(sums, in, taps, filter, length);
                else sums[0] = dot_float(sums[0], in, 1, taps, 1, length);
            }
        }
        for (int32_t i = 0; i < (four ? 4 : 1); i++, channel++)
            out[channel] = clamp_float(sums[i] + (bias != NULL ? bias[channel] : 0.0f), c->range.low, c->range.high);
    }
}

static void pixel_int8(
    const convolution *c, const operation *o, const channel_factors *factors, int32_t end, const int8_t *image,
    window_span y, window_span x, int8_t *out) {
    const window *w = &c->w;
    int32_t filter_row = w->k_w * c->group_in, taps_w = x.end - x.first;
    bool contiguous = w->dilation_w == 1 && c->group_in == w->in_c;
    int32_t runs = contiguous ? 1 : taps_w, length = contiguous ? taps_w * c->group_in : c->group_in;
    for (int32_t channel = factors->first; channel < end; channel++) {
        const int8_t *weights = (const int8_t *)o->second.data + channel * w->k_h * filter_row;
        int32_t group = channel / c->group_out;
        uint32_t sum = 0;
        for (int32_t ky = y.first, in_y = y.at; ky < y.end; ky++, in_y += w->dilation_h) {
            const int8_t *in = image + (in_y * w->in_w + x.at) * w->in_c + group * c->group_in;
            const int8_t *taps = weights + ky * filter_row + x.first * c->group_in;
            for (int32_t r = 0; r < runs; r++, in += w->dilation_w * w->in_c, taps += c->group_in)
                sum = dot_int8(sum, in, 1, -o->input.zero_point, taps, 1, length);
        }
        out[channel] = channels_output(factors, channel, sum);
    }
}

typedef struct convolution_job {
    const convolution *layer;
    const channel_factors *factors;  // NULL = float32
    int32_t end;
} convolution_job;

static void pixel(const operation *o, const void *image, window_span y, window_span x, void *out, const void *context) {
    const convolution_job *job = context;
    if (job->factors == NULL) pixel_float(job->layer, o, image, y, x, out);
    else pixel_int8(job->layer, o, job->factors, job->end, image, y, x, out);
}

void convolution_run(operation *o) {
    convolution c;
    if (convolution_open(o, &c) != INFERENCE_REASON_NONE) return;
    convolution_job job = {&c, NULL, 0};
    if (o->input.type == INFERENCE_FLOAT32) {
        window_run(o, &c.w, pixel, &job);
        return;
    }
    channel_factors factors;
    factors.range = c.range;
    job.factors = &factors;
    int32_t block = channels_per_block(o, c.w.out_c);
    for (int32_t first = 0; first < c.w.out_c; first += block) {
        job.end = first + block < c.w.out_c ? first + block : c.w.out_c;
        channels_open(o, &factors, first, job.end - first, false);
        window_run(o, &c.w, pixel, &job);
    }
}
