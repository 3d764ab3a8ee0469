#include "backend/cpu/layer/weight_gradient_cut.h"
#include "backend/cpu/layer/weight_gradient_product.h"

enum {
    LEAST_CHANNELS = 8, /* of fewer a register would be zeros for the most part */
    LEAST_GROUP = 4,
    SEGMENT = 1200 * 1000, /* bytes of x and dy, turned, that go together */
    MOST_SEGMENT = 8 * 1000 * 1000
};

typedef tam_gradient_cut cut;

static int64_t up(int64_t count, int64_t unit) {
    return (count + unit - 1) / unit * unit;
}

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Phases beyond the taps' are never read. */
static int phases_along(const tam_window *window, int kernel) {
    return least(window->stride, kernel);
}

static void cut_bands(cut *c, int rows) {
    c->band_rows = rows;
    c->bands = (c->out_h + rows - 1) / rows;
    c->steps = (int)(up((int64_t)rows * c->width, DEPTH) / DEPTH);
    c->length = up((int64_t)c->steps * DEPTH + (int64_t)c->reach_h * c->width + c->reach_w, DEPTH);
}

static int64_t band_bytes(const cut *c) {
    return 2 * (c->length * c->x_lanes * c->phases + (int64_t)c->steps * DEPTH * c->dy_lanes) * LANES;
}

cut tam_gradient_cut_of(const tam_layer_shape *shape) {
    const tam_window *window = &shape->window;
    cut c = {
        .n = shape->in.n,
        .ic = shape->in.c,
        .oc = shape->out,
        .taps = window->kernel_h * window->kernel_w,
        .window = *window,
        .phases_h = phases_along(window, window->kernel_h),
        .phases_w = phases_along(window, window->kernel_w),
        .h = shape->in.h,
        .w = shape->in.w,
        .out_h = shape->out_h,
        .out_w = shape->out_w,
        .reach_h = (window->kernel_h - 1) / window->stride,
        .reach_w = (window->kernel_w - 1) / window->stride,
    };
    c.group = shape->groups > 1 ? c.ic / shape->groups : 0;
    c.x_lanes = (c.ic + LANES - 1) / LANES;
    c.dy_lanes = (c.oc + LANES - 1) / LANES;
    c.x_groups = (c.ic + CHANNELS - 1) / CHANNELS;
    c.dy_groups = (c.oc + CHANNELS - 1) / CHANNELS;
    c.tiles = c.group > 0 ? (int64_t)c.x_groups * GROUP_TILES : (int64_t)c.x_lanes * c.dy_lanes;
    c.phases = c.phases_h * c.phases_w;
    c.width = c.out_w + c.reach_w;
    c.dw_bytes = c.taps * c.tiles * TILE * (int64_t)sizeof(float);
    int64_t room = c.dw_bytes / 2 < SEGMENT ? SEGMENT : c.dw_bytes / 2 < MOST_SEGMENT ? c.dw_bytes / 2 : MOST_SEGMENT;
    int rows = c.out_h;
    for (cut_bands(&c, rows); band_bytes(&c) > room && rows > 1; cut_bands(&c, rows)) {
        rows = (rows + 1) / 2;
    }
    int64_t fit = room / band_bytes(&c), all = (int64_t)c.n * c.bands;
    c.together = (int)(fit < 1 ? 1 : fit < all ? fit : all);
    /* an odd number of cache lines: rows do not fall on each other in the cache */
    c.row = up(c.together * c.length, DEPTH);
    c.row += c.row / DEPTH % 2 == 0 ? DEPTH : 0;
    c.x_bytes = c.row * c.x_lanes * LANES * c.phases * 2;
    c.dy_bytes = (int64_t)c.together * c.steps * STEP_NUMBERS * c.dy_lanes * 2;
    c.at_bytes = up((int64_t)c.together * c.steps * (int64_t)sizeof(int32_t), 64);
    return c;
}

static bool is_nhwc_bf16(const tam_layout *layout) {
    return layout->dtype == TAM_BF16 && layout->lanes == layout->c;
}

/* Groups that fit in a pair of registers, as many channels out as in. */
static bool has_narrow_groups(const tam_layer_shape *s) {
    const int group = s->in.c / s->groups;
    return s->in.c == s->out && group >= LEAST_GROUP && CHANNELS % group == 0;
}

/* Of few outputs too the registers would be zeros for the most part. */
static bool is_image(const tam_layer_shape *s) {
    return s->out >= LANES && tam_gradient_product_suits(s);
}

bool tam_weight_gradient_suits(const tam_layer *layer) {
    const tam_layer_shape *s = &layer->shape;
    return s->op == TAM_LAYER_CONVOLUTION && s->training && (s->groups == 1 || has_narrow_groups(s)) &&
           s->window.kernel_h * s->window.kernel_w <= MOST_TAPS && (layer->x.c >= LEAST_CHANNELS || is_image(s)) &&
           is_nhwc_bf16(&layer->x) && is_nhwc_bf16(&layer->y) && tam_layer_suits_bf16() && tam_gradient_amx_runs_here();
}

void tam_weight_gradient_take(tam_layer *layer) {
    cut c = tam_gradient_cut_of(&layer->shape);
    size_t bytes = tam_gradient_product_suits(&layer->shape)
                       ? tam_gradient_product_scratch(layer)
                       : (size_t)(c.x_bytes + c.dy_bytes + c.dw_bytes + c.at_bytes);
    layer->scratch_bytes = bytes > layer->scratch_bytes ? bytes : layer->scratch_bytes;
    layer->algorithm[2] = "tiles";
}
