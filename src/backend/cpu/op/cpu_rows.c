#include "backend/cpu/op/cpu_rows.h"

#include <string.h>

#include "base/bf16.h"
#include "base/kernel.h"

enum { TILE = 16 };

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Where a channel of the place's first pixel lies. */
static int64_t start_of(const tam_layout *layout, const tam_cpu_pixels *place, int channel) {
    return place->sample * tam_layout_sample(layout) + channel / layout->lanes * tam_layout_run(layout) +
           place->pixel * layout->lanes + channel % layout->lanes;
}

TAM_KERNEL_PART void widen(const tam_dtype dtype, const int64_t count, const void *x, int64_t at, float *to) {
    if (dtype == TAM_BF16) {
        const tam_bf16 *from = (const tam_bf16 *)x + at;
#pragma omp simd
        for (int64_t i = 0; i < count; i++) {
            to[i] = tam_bf16_value(from[i]);
        }
    } else {
        memcpy(to, (const float *)x + at, (size_t)count * sizeof *to);
    }
}

TAM_KERNEL_PART void narrow(const tam_dtype dtype, const int64_t count, const float *from, void *y, int64_t at) {
    if (dtype == TAM_BF16) {
        tam_bf16 *to = (tam_bf16 *)y + at;
#pragma omp simd
        for (int64_t i = 0; i < count; i++) {
            to[i] = tam_bf16_nearest(from[i]);
        }
    } else {
        memcpy((float *)y + at, from, (size_t)count * sizeof *from);
    }
}

TAM_KERNEL_PART void clear(const tam_dtype dtype, int64_t count, void *y, int64_t at) {
    size_t bytes = tam_dtype_bytes(dtype);
    memset((char *)y + (size_t)at * bytes, 0, (size_t)count * bytes);
}

/* Channels of one block, which lie side by side. */
TAM_KERNEL_PART void get_block(const tam_dtype dtype, const int64_t channels, const tam_layout *layout, const void *x,
                               int64_t at, int64_t pixels, float *rows, int64_t stride) {
    for (int64_t p = 0; p < pixels; p++) {
        widen(dtype, channels, x, at + p * layout->lanes, rows + p * stride);
    }
}

TAM_KERNEL_PART void put_block(const tam_dtype dtype, const int64_t channels, int64_t fill, const tam_layout *layout,
                               const float *rows, int64_t stride, int64_t pixels, void *y, int64_t at) {
    for (int64_t p = 0; p < pixels; p++) {
        narrow(dtype, channels, rows + p * stride, y, at + p * layout->lanes);
        if (fill > 0) {
            clear(dtype, fill, y, at + p * layout->lanes + channels);
        }
    }
}

/* Where pixels lie side by side: tiles of channels and pixels change places. */
TAM_KERNEL_PART void get_plain(const tam_dtype dtype, const tam_layout *layout, const void *x,
                               const tam_cpu_pixels *place, float *rows, int64_t stride) {
    float tile[TILE][TILE];
    for (int c = 0; c < place->channels; c += TILE) {
        int channels = (int)least(TILE, place->channels - c);
        for (int64_t p = 0; p < place->pixels; p += TILE) {
            int64_t pixels = least(TILE, place->pixels - p);
            for (int i = 0; i < channels; i++) {
                widen(dtype, pixels, x, start_of(layout, place, place->channel + c + i) + p, tile[i]);
            }
            for (int64_t k = 0; k < pixels; k++) {
                for (int i = 0; i < channels; i++) {
                    rows[(p + k) * stride + c + i] = tile[i][k];
                }
            }
        }
    }
}

TAM_KERNEL_PART void put_plain(const tam_dtype dtype, const tam_layout *layout, const float *rows, int64_t stride,
                               const tam_cpu_pixels *place, void *y) {
    float tile[TILE][TILE];
    for (int c = 0; c < place->channels; c += TILE) {
        int channels = (int)least(TILE, place->channels - c);
        for (int64_t p = 0; p < place->pixels; p += TILE) {
            int64_t pixels = least(TILE, place->pixels - p);
            for (int64_t k = 0; k < pixels; k++) {
                for (int i = 0; i < channels; i++) {
                    tile[i][k] = rows[(p + k) * stride + c + i];
                }
            }
            for (int i = 0; i < channels; i++) {
                narrow(dtype, pixels, tile[i], y, start_of(layout, place, place->channel + c + i) + p);
            }
        }
    }
}

TAM_KERNEL_PART void get(const tam_dtype dtype, const tam_layout *layout, const void *x, const tam_cpu_pixels *place,
                         float *rows, int64_t stride) {
    if (layout->lanes == 1) {
        get_plain(dtype, layout, x, place, rows, stride);
        return;
    }
    int end = place->channel + place->channels, channels;
    for (int c = place->channel; c < end; c += channels) {
        channels = (int)least(layout->lanes - c % layout->lanes, end - c);
        int64_t at = start_of(layout, place, c);
        float *to = rows + (c - place->channel);
        if (channels == TILE) {
            get_block(dtype, TILE, layout, x, at, place->pixels, to, stride);
        } else {
            get_block(dtype, channels, layout, x, at, place->pixels, to, stride);
        }
    }
}

TAM_KERNEL_PART void put(const tam_dtype dtype, const tam_layout *layout, const float *rows, int64_t stride,
                         const tam_cpu_pixels *place, void *y) {
    if (layout->lanes == 1) {
        put_plain(dtype, layout, rows, stride, place, y);
        return;
    }
    int end = place->channel + place->channels, channels;
    for (int c = place->channel; c < end; c += channels) {
        channels = (int)least(layout->lanes - c % layout->lanes, end - c);
        int64_t at = start_of(layout, place, c);
        int64_t fill = c + channels == layout->c ? layout->lanes - c % layout->lanes - channels : 0;
        const float *from = rows + (c - place->channel);
        if (channels == TILE) {
            put_block(dtype, TILE, fill, layout, from, stride, place->pixels, y, at);
        } else {
            put_block(dtype, channels, fill, layout, from, stride, place->pixels, y, at);
        }
    }
}

#define ROWS(suffix, dtype)                                                                                \
    TAM_KERNEL static void get_##suffix(const tam_layout *layout, const void *x, const tam_cpu_pixels *at, \
                                        float *rows, int64_t stride) {                                     \
        get(dtype, layout, x, at, rows, stride);                                                           \
    }                                                                                                      \
    TAM_KERNEL static void put_##suffix(const tam_layout *layout, const float *rows, int64_t stride,       \
                                        const tam_cpu_pixels *at, void *y) {                               \
        put(dtype, layout, rows, stride, at, y);                                                           \
    }
ROWS(f32, TAM_F32)
ROWS(bf16, TAM_BF16)
#undef ROWS

void tam_cpu_rows_get(const tam_layout *layout, const void *x, const tam_cpu_pixels *place, float *rows,
                      int64_t stride) {
    (layout->dtype == TAM_BF16 ? get_bf16 : get_f32)(layout, x, place, rows, stride);
}

void tam_cpu_rows_put(const tam_layout *layout, const float *rows, int64_t stride, const tam_cpu_pixels *place,
                      void *y) {
    (layout->dtype == TAM_BF16 ? put_bf16 : put_f32)(layout, rows, stride, place, y);
}

tam_cpu_rows_cut tam_cpu_rows_cut_of(const tam_layout *layout, int n) {
    enum { TASK_NUMBERS = 1 << 15, GROUP_NUMBERS = 1 << 12, MOST_GROUP = 64 };
    tam_cpu_rows_cut cut = {.layout = *layout};
    int64_t pixels = tam_layout_pixels(layout), samples = n;
    if (layout->lanes == layout->c) {
        pixels *= n;
        samples = 1;
    }
    cut.stride = (layout->c + TILE - 1) / TILE * TILE;
    cut.group = GROUP_NUMBERS / cut.stride / TILE * TILE;
    cut.group = cut.group < TILE ? TILE : least(cut.group, MOST_GROUP);
    cut.piece = TASK_NUMBERS / cut.stride / cut.group * cut.group;
    cut.piece = cut.piece < cut.group ? cut.group : cut.piece;
    cut.pieces = (pixels + cut.piece - 1) / cut.piece;
    cut.tasks = samples * cut.pieces;
    cut.pixels = pixels;
    return cut;
}

tam_cpu_pixels tam_cpu_rows_task(const tam_cpu_rows_cut *cut, int64_t task) {
    int64_t first = task % cut->pieces * cut->piece;
    return (tam_cpu_pixels){.sample = task / cut->pieces,
                            .pixel = first,
                            .pixels = least(cut->piece, cut->pixels - first),
                            .channels = cut->layout.c};
}

size_t tam_cpu_rows_bytes(const tam_cpu_rows_cut *cut) {
    return (size_t)(cut->group * cut->stride) * sizeof(float);
}
