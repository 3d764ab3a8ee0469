/* The net's first convolution in bf16 by matrix registers, in inference: the image is copied to a frame of zeros with
 * four channels a pixel, so that the 32 numbers from a pixel on hold a row of the window, and pixels are rows of a
 * product whose depth is 32 for each row of the window. What the weights do not need of it meets zeros. */
#include <string.h>

#include "backend/cpu/layer/cpu_layer.h"
#include "backend/cpu/layer/weight_gradient.h"
#include "base/bf16.h"
#include "base/memory.h"
#include "base/team.h"

enum {
    DEPTH = TAM_GRADIENT_DEPTH,
    LANES = TAM_GRADIENT_LANES,
    CHANNELS = TAM_GRADIENT_CHANNELS,
    PIXEL = 4, /* channels of a pixel in the frame */
    PIXELS = 32,
    MOST_KERNEL = DEPTH / PIXEL
};

typedef struct frame {
    int width, height;
    size_t bytes; /* of a worker */
} frame;

static frame frame_of(const tam_layer_shape *s) {
    int columns = (s->out_w + PIXELS - 1) / PIXELS * PIXELS;
    frame f = {.height = (s->out_h - 1) * s->window.stride + s->window.kernel_h,
               .width = (columns - 1) * s->window.stride + MOST_KERNEL};
    size_t numbers = (size_t)f.width * (size_t)f.height * PIXEL;
    f.bytes = (numbers * sizeof(uint16_t) + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    return f;
}

static uint16_t *weights_of(const tam_layer_memory *memory, const tam_layer_shape *s, int row, int lane) {
    return (uint16_t *)memory->packed + ((int64_t)row * (s->out / LANES) + lane) * DEPTH * LANES;
}

/* [row of the window][16 of out][16 pairs][16][2]: depth = 4 column + channel. */
static void pack(tam_layer *layer, const tam_layer_memory *memory) {
    const tam_layer_shape *s = &layer->shape;
    memset(memory->packed, 0, layer->packed_bytes);
    for (int o = 0; o < s->out; o++) {
        for (int c = 0; c < s->in.c; c++) {
            for (int u = 0; u < s->window.kernel_h; u++) {
                for (int v = 0; v < s->window.kernel_h; v++) {
                    int depth = PIXEL * v + c;
                    float weight =
                        memory->weight[((o * s->in.c + c) * s->window.kernel_h + u) * s->window.kernel_h + v];
                    weights_of(memory, s, u, o / LANES)[depth / 2 * DEPTH + o % LANES * 2 + depth % 2] =
                        tam_bf16_nearest(weight);
                }
            }
        }
    }
}

typedef struct job {
    const tam_layer *layer;
    const tam_layer_memory *memory;
    frame frame;
} job;

static void fill_frame(const job *j, int64_t image, uint16_t *to) {
    const tam_layer_shape *s = &j->layer->shape;
    const float *x = (const float *)j->memory->x + image * tam_layout_sample(&s->in);
    memset(to, 0, j->frame.bytes);
    for (int c = 0; c < s->in.c; c++) {
        for (int y = 0; y < s->in.h && y + s->window.pad_h < j->frame.height; y++) {
            const float *from = x + ((int64_t)c * s->in.h + y) * s->in.w;
            uint16_t *row = to + (((int64_t)y + s->window.pad_h) * j->frame.width + s->window.pad_h) * PIXEL + c;
            int columns = s->in.w < j->frame.width - s->window.pad_h ? s->in.w : j->frame.width - s->window.pad_h;
            for (int i = 0; i < columns; i++) {
                row[(int64_t)i * PIXEL] = tam_bf16_nearest(from[i]);
            }
        }
    }
}

static void convolve_block(const job *j, const uint16_t *image, int64_t y_row, int row, int column, int channel) {
    const tam_layer_shape *s = &j->layer->shape;
    const uint16_t *x[MOST_KERNEL], *w[MOST_KERNEL];
    float sums[PIXELS * CHANNELS];
    int channels = s->out - channel < CHANNELS ? LANES : CHANNELS;
    for (int u = 0; u < s->window.kernel_h; u++) {
        x[u] = image +
               ((int64_t)(row * s->window.stride + u) * j->frame.width + (int64_t)column * s->window.stride) * PIXEL;
        w[u] = weights_of(j->memory, s, u, channel / LANES);
    }
    tam_gradient_amx_multiply_taps(s->window.kernel_h, x, s->window.stride * PIXEL, w, DEPTH, channels, sums);
    const tam_gradient_finish finish = {
        .bias = s->bias ? j->memory->bias + channel : NULL,
        .slope = j->layer->fused && s->prelu ? j->memory->slope + channel : NULL,
        .relu = j->layer->fused && s->relu,
    };
    int pixels = s->out_w - column < PIXELS ? s->out_w - column : PIXELS;
    uint16_t *y = (uint16_t *)j->memory->y + ((y_row + row) * s->out_w + column) * s->out + channel;
    tam_gradient_amx_finish(sums, pixels, channels, &finish, y, s->out);
}

static void forward_image(void *argument, int64_t image, int worker) {
    const job *j = argument;
    const tam_layer_shape *s = &j->layer->shape;
    uint16_t *framed = (uint16_t *)(void *)((char *)j->memory->scratch + (size_t)worker * j->frame.bytes);
    fill_frame(j, image, framed);
    tam_gradient_amx_begin();
    for (int row = 0; row < s->out_h; row++) {
        for (int column = 0; column < s->out_w; column += PIXELS) {
            for (int channel = 0; channel < s->out; channel += CHANNELS) {
                convolve_block(j, framed, image * s->out_h, row, column, channel);
            }
        }
    }
    tam_gradient_amx_end();
}

static void forward(tam_layer *layer, const tam_layer_memory *memory) {
    job j = {layer, memory, frame_of(&layer->shape)};
    tam_team_run(layer->ctx, layer->shape.in.n, forward_image, &j);
}

static void free_layer(tam_layer *layer) {
    tam_release(layer->ctx, layer);
}

static const tam_layer_kind kind = {.pack = pack, .forward = forward, .free = free_layer};

static bool suits(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_CONVOLUTION && !s->training && s->groups == 1 && tam_layer_is_square(s) &&
           s->in.dtype == TAM_F32 && s->in.lanes == 1 && s->out_dtype == TAM_BF16 && s->in.c <= PIXEL &&
           s->window.kernel_h <= MOST_KERNEL && s->out % LANES == 0 && s->in.n > 1 && tam_layer_suits_bf16() &&
           tam_gradient_amx_runs_here();
}

tam_status tam_layer_make_first_tiles(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                      const tam_layer_shape *shape, tam_layer **out) {
    (void)dnnl, (void)tuning, (void)name;
    *out = NULL;
    if (!suits(shape)) {
        return TAM_OK;
    }
    tam_layer *layer = tam_allocate(ctx, 1, sizeof *layer, "a layer");
    if (layer == NULL) {
        return TAM_RESOURCES;
    }
    *layer = (tam_layer){.kind = &kind, .ctx = ctx, .shape = *shape, .x = shape->in, .dx = shape->in};
    layer->y = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, shape->out, TAM_BF16};
    layer->packed_bytes = (size_t)shape->window.kernel_h * (size_t)shape->out * DEPTH * sizeof(uint16_t);
    layer->scratch_bytes = frame_of(shape).bytes * (size_t)ctx->threads;
    layer->algorithm[0] = layer->algorithm[1] = layer->algorithm[2] = "first, tiles";
    layer->fused = !shape->add && !shape->relu6;
    *out = layer;
    return TAM_OK;
}
