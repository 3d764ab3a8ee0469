/* Changes of layout and dtype, in tiles of 16 pixels x 16 channels that lie in the nearest cache as f32. */
#include <string.h>

#include "backend/cpu/plan/cpu_layout.h"
#include "backend/cpu/sweep/cpu_sweep.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum { TILE = 16, GROUP = 64, PIECE = 1 << 15 };

/* A sample as the other side sees it: a map, whose vector has the same numbers with lanes = 1. */
typedef struct side {
    tam_dtype dtype;
    int lanes;
    int64_t sample; /* numbers from one sample to the next */
} side;

typedef struct copy_job {
    side from, to;
    int c, fill; /* channels, and those of the layout with its fill */
    int64_t pixels, groups;
    const void *x;
    void *y;
} copy_job;

/* Where channel c of a sample starts; its pixels follow each other at a distance of `lanes`. */
static int64_t channel_start(const side *s, int64_t sample, int64_t pixels, int c) {
    return sample * s->sample + c / s->lanes * pixels * s->lanes + c % s->lanes;
}

TAM_KERNEL_PART void read_row(const tam_dtype dtype, const int count, const void *x, int64_t at, float *row) {
    if (dtype == TAM_BF16) {
        const tam_bf16 *from = (const tam_bf16 *)x + at;
#pragma omp simd
        for (int i = 0; i < count; i++) {
            row[i] = tam_bf16_value(from[i]);
        }
    } else {
        memcpy(row, (const float *)x + at, (size_t)count * sizeof *row);
    }
}

TAM_KERNEL_PART void write_row(const tam_dtype dtype, const int count, const float *row, void *y, int64_t at) {
    if (dtype == TAM_BF16) {
        tam_bf16 *to = (tam_bf16 *)y + at;
#pragma omp simd
        for (int i = 0; i < count; i++) {
            to[i] = tam_bf16_nearest(row[i]);
        }
    } else {
        memcpy((float *)y + at, row, (size_t)count * sizeof *row);
    }
}

typedef float tile[TILE][TILE];

TAM_KERNEL_PART void turn(const int rows, const int columns, tile in, tile out) {
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            out[c][r] = in[r][c];
        }
    }
}

/* `channels` x `pixels` numbers that start at x and y; in memory rows are pixels, or channels where lanes is 1. */
TAM_KERNEL_PART void copy_tile(const tam_dtype from, const tam_dtype to, const int channels, const int pixels,
                               const copy_job *job, int64_t x, int64_t y) {
    tile numbers, turned;
    bool by_channel = job->from.lanes == 1, to_channel = job->to.lanes == 1;
    int64_t stride = by_channel ? job->pixels : job->from.lanes;
    for (int r = 0; r < (by_channel ? channels : pixels); r++) {
        read_row(from, by_channel ? pixels : channels, job->x, x + r * stride, numbers[r]);
    }
    float(*out)[TILE] = numbers;
    if (by_channel != to_channel) {
        turn(by_channel ? channels : pixels, by_channel ? pixels : channels, numbers, turned);
        out = turned;
    }
    stride = to_channel ? job->pixels : job->to.lanes;
    for (int r = 0; r < (to_channel ? channels : pixels); r++) {
        write_row(to, to_channel ? pixels : channels, out[r], job->y, y + r * stride);
    }
}

/* All pixels of `channels` channels that lie in one block on either side. */
TAM_KERNEL_PART void copy_channels(const tam_dtype from, const tam_dtype to, const copy_job *job, int channels,
                                   int64_t x, int64_t y) {
    int64_t p = 0;
    for (; p + TILE <= job->pixels && channels == TILE; p += TILE) {
        copy_tile(from, to, TILE, TILE, job, x + p * job->from.lanes, y + p * job->to.lanes);
    }
    for (; p < job->pixels; p += TILE) {
        int some = (int)(job->pixels - p < TILE ? job->pixels - p : TILE);
        copy_tile(from, to, channels, some, job, x + p * job->from.lanes, y + p * job->to.lanes);
    }
}

#define COPY(name, from, to)                                                                      \
    TAM_KERNEL static void copy_##name(const copy_job *job, int channels, int64_t x, int64_t y) { \
        copy_channels(from, to, job, channels, x, y);                                             \
    }
COPY(f32, TAM_F32, TAM_F32)
COPY(f32_to_bf16, TAM_F32, TAM_BF16)
COPY(bf16_to_f32, TAM_BF16, TAM_F32)
COPY(bf16, TAM_BF16, TAM_BF16)
#undef COPY

static void copy_any(const copy_job *job, int channels, int64_t x, int64_t y) {
    if (job->from.dtype == TAM_F32) {
        (job->to.dtype == TAM_F32 ? copy_f32 : copy_f32_to_bf16)(job, channels, x, y);
    } else {
        (job->to.dtype == TAM_F32 ? copy_bf16_to_f32 : copy_bf16)(job, channels, x, y);
    }
}

/* The fill of one channel. */
static void clear(const copy_job *job, int64_t start) {
    for (int64_t p = 0; p < job->pixels; p++) {
        int64_t at = start + p * job->to.lanes;
        if (job->to.dtype == TAM_F32) {
            ((float *)job->y)[at] = 0;
        } else {
            ((tam_bf16 *)job->y)[at] = 0;
        }
    }
}

/* Channels up to the end of a block of `lanes`; lanes = 1 puts no end to them. */
static int until_block_end(int lanes, int c) {
    return lanes == 1 ? TILE : lanes - c % lanes;
}

/* A group of channels of one sample. */
static void copy_group(void *argument, int64_t task, int worker) {
    (void)worker;
    const copy_job *job = argument;
    int64_t sample = task / job->groups;
    int first = (int)(task % job->groups) * GROUP, end = first + GROUP, channels;
    end = task % job->groups + 1 == job->groups ? job->fill : end;
    for (int c = first; c < end && c < job->c; c += channels) {
        int from = until_block_end(job->from.lanes, c), to = until_block_end(job->to.lanes, c);
        channels = from < to ? from : to;
        channels = channels < TILE ? channels : TILE;
        channels = channels < job->c - c ? channels : job->c - c;
        channels = channels < end - c ? channels : end - c;
        copy_any(job, channels, channel_start(&job->from, sample, job->pixels, c),
                 channel_start(&job->to, sample, job->pixels, c));
    }
    for (int c = first < job->c ? job->c : first; c < end; c++) {
        clear(job, channel_start(&job->to, sample, job->pixels, c));
    }
}

typedef struct straight_job {
    tam_dtype from, to;
    const char *x;
    char *y;
    int64_t count;
} straight_job;

static void copy_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const straight_job *job = argument;
    int64_t start = task * PIECE, count = job->count - start < PIECE ? job->count - start : PIECE;
    tam_cpu_sweep_kernels()->convert(job->from, job->x + start * (int64_t)tam_dtype_bytes(job->from), job->to,
                                     job->y + start * (int64_t)tam_dtype_bytes(job->to), count);
}

/* True where both have the same numbers in the same order: it may be another dtype. */
static bool is_straight(const tam_layout *from, const tam_layout *to) {
    bool plain = tam_layout_is_plain(from) && tam_layout_is_plain(to);
    return plain || (from->c == to->c && from->h == to->h && from->w == to->w && from->lanes == to->lanes);
}

static side side_of(const tam_layout *layout, int64_t pixels) {
    int lanes = tam_layout_pixels(layout) == pixels ? layout->lanes : 1;
    return (side){layout->dtype, lanes, tam_layout_sample(layout)};
}

/* The side with more pixels a channel gives the order: a vector is the other side's map in NCHW order. */
static copy_job job_of(const tam_layout *from, const void *x, const tam_layout *to, void *y) {
    int64_t from_pixels = tam_layout_pixels(from), to_pixels = tam_layout_pixels(to);
    const tam_layout *map = from_pixels >= to_pixels ? from : to;
    int64_t pixels = tam_layout_pixels(map);
    copy_job job = {.from = side_of(from, pixels), .to = side_of(to, pixels), .c = map->c, .pixels = pixels};
    job.fill = to_pixels == pixels ? tam_layout_blocks(to) * to->lanes : map->c;
    job.groups = (job.c + GROUP - 1) / GROUP;
    job.x = x;
    job.y = y;
    return job;
}

/* A vector's own fill, behind the map's numbers. */
static void clear_rest(int n, const tam_layout *to, const copy_job *job) {
    int64_t used = (int64_t)job->c * job->pixels, sample = tam_layout_sample(to);
    int64_t bytes = (int64_t)tam_dtype_bytes(to->dtype);
    for (int64_t i = 0; i < n && tam_layout_pixels(to) != job->pixels && used < sample; i++) {
        memset((char *)job->y + (i * sample + used) * bytes, 0, (size_t)((sample - used) * bytes));
    }
}

void tam_layout_copy(tam_ctx *ctx, int n, const tam_layout *from, const void *x, const tam_layout *to, void *y) {
    if (is_straight(from, to)) {
        straight_job job = {from->dtype, to->dtype, x, y, n * tam_layout_sample(from)};
        tam_team_run(ctx, (job.count + PIECE - 1) / PIECE, copy_piece, &job);
        return;
    }
    copy_job job = job_of(from, x, to, y);
    tam_team_run(ctx, n * job.groups, copy_group, &job);
    clear_rest(n, to, &job);
}
