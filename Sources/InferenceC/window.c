// See window.h.
#include "window.h"

#define LARGEST_STEP 32767  // of kernel sizes, strides and dilation: keeps every product inside 32 bits

inference_reason window_dims(operation *o, window *w) {
    if (o->input.rank != 4) return refuse(o, INFERENCE_REASON_RANK, o->input_ids[0], o->input.rank);
    if (o->output.rank != 4) return refuse(o, INFERENCE_REASON_RANK, o->output_id, o->output.rank);
    const uint32_t *in = o->input.dims, *out = o->output.dims;
    if (in[0] != out[0]) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, out[0]);
    w->batches = (int32_t)in[0];
    w->in_h = (int32_t)in[1], w->in_w = (int32_t)in[2], w->in_c = (int32_t)in[3];
    w->out_h = (int32_t)out[1], w->out_w = (int32_t)out[2], w->out_c = (int32_t)out[3];
    return INFERENCE_REASON_NONE;
}

// TensorFlow's SAME and VALID: the output's size along an axis, and the padding before it; 0 = the kernel is larger.
static int32_t output_size(int32_t in, int32_t k, int32_t stride, int32_t dilation, bool same, int32_t *before) {
    int32_t extent = (k - 1) * dilation + 1;
    *before = 0;
    if (!same) return in < extent ? 0 : (in - extent + stride) / stride;
    int32_t out = (in + stride - 1) / stride;
    int32_t total = (out - 1) * stride + extent - in;
    if (total > 0) *before = total / 2;
    return out;
}

static bool is_step(int32_t x) { return x >= 1 && x <= LARGEST_STEP; }

inference_reason window_finish(operation *o, window *w, uint32_t padding) {
    const int32_t steps[] = {w->k_h, w->k_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w};
    for (uint32_t i = 0; i < 6; i++)
        if (!is_step(steps[i])) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, (uint32_t)steps[i]);
    if (padding > 1) return refuse(o, INFERENCE_REASON_OPTION, INFERENCE_NONE, padding);
    bool same = padding == 0;
    int32_t h = output_size(w->in_h, w->k_h, w->stride_h, w->dilation_h, same, &w->pad_top);
    int32_t v = output_size(w->in_w, w->k_w, w->stride_w, w->dilation_w, same, &w->pad_left);
    if (h != w->out_h) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, (uint32_t)w->out_h);
    if (v != w->out_w) return refuse(o, INFERENCE_REASON_SHAPE, o->output_id, (uint32_t)w->out_w);
    return INFERENCE_REASON_NONE;
}

void window_flatten(window *w) {
    if (w->k_h != 1 || w->k_w != 1 || w->stride_h != 1 || w->stride_w != 1) return;
    w->in_w *= w->in_h, w->out_w *= w->out_h;
    w->in_h = w->out_h = 1;
}

window_span window_taps(int32_t out, int32_t stride, int32_t pad, int32_t k, int32_t dilation, int32_t in) {
    int32_t start = out * stride - pad;
    window_span span = {0, k, start};
    if (start < 0) {
        span.first = dilation == 1 ? -start : (-start + dilation - 1) / dilation;
        span.at = start + span.first * dilation;
    }
    if (start + (k - 1) * dilation >= in)
        span.end = dilation == 1 ? in - start : (in - start + dilation - 1) / dilation;
    return span;
}

// Lowest and highest input position that the window of an output position reaches along an axis.
static int32_t lowest(int32_t out, int32_t stride, int32_t pad) {
    int32_t at = out * stride - pad;
    return at < 0 ? 0 : at;
}

static int32_t highest(int32_t out, int32_t stride, int32_t pad, int32_t extent, int32_t in) {
    int32_t at = out * stride - pad + extent - 1;
    return at >= in ? in - 1 : at;
}

// Going forward, output pixel q may not touch input that pixel q or a later one reads: the first byte of that is
// the window's own corner or the next row's, whichever is lower. Going backward, likewise from the other end.
// q's own window counts only when channels are written one by one while the window is still read.
void window_overlap(operation *o, const window *w, window_order order, overlap_rule *rule) {
    int32_t element = o->input.type == INFERENCE_INT8 ? 1 : 4;
    int32_t in_pixel = w->in_c * element, out_pixel = w->out_c * element;
    int32_t in_row = w->in_w * in_pixel, in_batch = w->in_h * in_row;
    int32_t extent_h = (w->k_h - 1) * w->dilation_h + 1, extent_w = (w->k_w - 1) * w->dilation_w + 1;
    int32_t row_end = (highest(w->out_w - 1, w->stride_w, w->pad_left, extent_w, w->in_w) + 1) * in_pixel;
    int32_t forward = -(int32_t)o->input.bytes, backward = (int32_t)o->output.bytes, q = 0;
    bool own = order == WINDOW_CHANNELWISE && w->out_c != 1;
    for (int32_t batch = 0; batch < w->batches; batch++) {
        int32_t base = batch * in_batch;
        for (int32_t y = 0; y < w->out_h; y++) {
            int32_t top = base + lowest(y, w->stride_h, w->pad_top) * in_row;
            int32_t next = base + lowest(y + 1, w->stride_h, w->pad_top) * in_row;
            int32_t bottom = base + highest(y, w->stride_h, w->pad_top, extent_h, w->in_h) * in_row;
            int32_t before = base + highest(y - 1, w->stride_h, w->pad_top, extent_h, w->in_h) * in_row + row_end;
            for (int32_t x = 0; x < w->out_w; x++, q += out_pixel) {
                int32_t low = top + lowest(x, w->stride_w, w->pad_left) * in_pixel;
                if (y + 1 < w->out_h && next < low) low = next;
                if ((q > 0 || own) && q - low > forward) forward = q - low;
                int32_t end = bottom + (highest(x, w->stride_w, w->pad_left, extent_w, w->in_w) + 1) * in_pixel;
                if (own && q - (end - in_pixel) < backward) backward = q - (end - in_pixel);
                int32_t earlier = x > 0
                    ? bottom + (highest(x - 1, w->stride_w, w->pad_left, extent_w, w->in_w) + 1) * in_pixel : 0;
                if (y > 0 && before > earlier) earlier = before;
                if (batch > 0 && base > earlier) earlier = base;
                if (q > 0 && q - earlier < backward) backward = q - earlier;
            }
        }
    }
    rule->forward_from = forward;
    rule->backward_to = backward;
    rule->scratch = order == WINDOW_WITH_SCRATCH && w->out_c != 1;
}

// A run over one row: what stays the same, and where it is.
typedef struct row_run {
    window_kernel *kernel;
    const void *context;
    window_pixels pixels;
    const uint8_t *row;         // the input row of the first tap inside
    int32_t in_pixel;
} row_run;

static void run_pixels(row_run *r, window_span columns, int32_t count) {
    if (count <= 0) return;
    r->pixels.in = r->row + columns.at * r->in_pixel;
    r->pixels.first_column = columns.first;
    r->pixels.columns = columns.end - columns.first;
    r->pixels.count = count;
    r->kernel(r->context, &r->pixels);
    r->pixels.out += count * r->pixels.out_step;
}

// The positions along a row whose windows lie inside with all their taps: [first, end).
static window_span whole_windows(const window *w) {
    int32_t room = w->in_w + w->pad_left - (w->k_w - 1) * w->dilation_w - 1;
    window_span span = {(w->pad_left + w->stride_w - 1) / w->stride_w, room < 0 ? 0 : room / w->stride_w + 1, 0};
    if (span.end > w->out_w) span.end = w->out_w;
    if (span.first > span.end) span.first = span.end;
    return span;
}

static window_span columns_at(const window *w, int32_t x) {
    return window_taps(x, w->stride_w, w->pad_left, w->k_w, w->dilation_w, w->in_w);
}

// One output row, from left to right or from right to left: the edges pixel by pixel, the middle in one go.
static void run_row(row_run *r, const window *w, window_span whole, bool backward) {
    int32_t left = backward ? w->out_w - whole.end : whole.first, middle = whole.end - whole.first;
    int32_t x = backward ? w->out_w - 1 : 0, step = backward ? -1 : 1;
    for (int32_t i = 0; i < left; i++, x += step) run_pixels(r, columns_at(w, x), 1);
    if (middle > 0) run_pixels(r, columns_at(w, x), middle);
    x += step * middle;
    for (; x >= 0 && x < w->out_w; x += step) run_pixels(r, columns_at(w, x), 1);
}

void window_run(const operation *o, const window *w, window_kernel *kernel, const void *context) {
    int32_t out_pixel = w->out_c * (o->output.type == INFERENCE_INT8 ? 1 : 4);
    int32_t in_pixel = w->in_c * (o->input.type == INFERENCE_INT8 ? 1 : 4), in_row = w->in_w * in_pixel, image_bytes = w->in_h * in_row;
    int32_t step = o->backward ? -1 : 1, batch = o->backward ? w->batches - 1 : 0;
    window_span whole = whole_windows(w);
    row_run r;
    r.kernel = kernel;
    r.context = context;
    r.in_pixel = in_pixel;
    r.pixels.in_step = step * w->stride_w * in_pixel;
    r.pixels.out_step = step * out_pixel;
    r.pixels.out = (uint8_t *)o->out + (o->backward ? (w->batches * w->out_h * w->out_w - 1) * out_pixel : 0);
    for (; batch >= 0 && batch < w->batches; batch += step) {
        r.pixels.batch = batch;
        const uint8_t *image = (const uint8_t *)o->in + batch * image_bytes;
        for (int32_t y = o->backward ? w->out_h - 1 : 0; y >= 0 && y < w->out_h; y += step) {
            window_span rows = window_taps(y, w->stride_h, w->pad_top, w->k_h, w->dilation_h, w->in_h);
            r.pixels.first_row = rows.first;
            r.pixels.rows = rows.end - rows.first;
            r.row = image + rows.at * in_row;
            run_row(&r, w, whole, o->backward);
        }
    }
}
