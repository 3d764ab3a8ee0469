/* Maxima and means of windows that may overlap (cpu_sweep_kernel.h includes this). Lanes are done a unit at a time, as
 * in cpu_sweep_pool.h: what a window has found or summed stays in registers. A pixel's gradient is gathered from all
 * windows that reach it, so that it is rounded once. */
#ifndef BACKEND_CPU_CPU_SWEEP_WINDOWS_H
#define BACKEND_CPU_CPU_SWEEP_WINDOWS_H

#include <math.h>

/* What is done, a constant in each kernel: a mean, a maximum alone, or with its place in one byte or two. */
typedef enum task_of_window { MEAN, MAXIMUM, SHORT_PLACE, LONG_PLACE } task_of_window;

static task_of_window task_of(const tam_sweep_windows *w) {
    if (!w->maximum) {
        return MEAN;
    }
    return w->place == NULL ? MAXIMUM : w->kernel <= TAM_SWEEP_SHORT_WINDOW ? SHORT_PLACE : LONG_PLACE;
}

PART void get_some_places(const tam_dtype dtype, const int n, const task_of_window task, const void *from, int64_t at,
                          words *place) {
    if (task == SHORT_PLACE) {
        get_places(dtype, n, (const uint8_t *)from + at, place);
        return;
    }
    uint16_t some[2 * LANES] = {0};
    memcpy(some, (const uint16_t *)from + at, (size_t)n * sizeof *some);
    if (dtype == TAM_BF16) {
        words pairs = *(const words *)(const void *)some;
        place[0] = pairs & 0xffffu;
        place[1] = pairs >> 16;
    } else {
        place[0] = HALVES(some);
    }
}

PART void put_some_places(const tam_dtype dtype, const int n, const task_of_window task, const words *place, void *to,
                          int64_t at) {
    if (task == SHORT_PLACE) {
        put_places(dtype, n, place, (uint8_t *)to + at);
        return;
    }
    uint16_t some[2 * LANES];
    if (dtype == TAM_BF16) {
        *(words *)(void *)some = place[0] | place[1] << 16;
    } else {
        PUT_HALVES(some, place[0]);
    }
    memcpy((uint16_t *)to + at, some, (size_t)n * sizeof *some);
}

/* Numbers that are bf16 already, and need no rounding. */
PART void put_exact(const tam_dtype dtype, const int n, const vec *v, void *y, int64_t at) {
    if (dtype == TAM_F32) {
        put_f32(1, n, v, (float *)y + at);
        return;
    }
    tam_bf16 *to = (tam_bf16 *)y + at;
    words w = (words)v[0] >> 16 | (words)v[1];
    if (n == 2 * LANES) {
        *(words *)(void *)to = w;
    } else {
        PUT_SOME_BF16(to, n, w);
    }
}

/* The part of a window along one side that lies on the map: offsets first .. last-1; where offset 0 lies. */
typedef struct reach {
    int first, last, start;
} reach;

PART reach reach_of(const tam_sweep_windows *w, int at, int side) {
    int start = at * w->stride - w->pad;
    return (reach){start < 0 ? -start : 0, side - start < w->kernel ? side - start : w->kernel, start};
}

PART bool is_whole(const tam_sweep_windows *w, reach r) {
    return r.last - r.first == w->kernel;
}

/* What a window has found so far, or its sum. */
typedef struct window_state {
    vec y[UNIT];
    words place[UNIT];
} window_state;

PART void look_into(const tam_dtype dtype, const int n, const task_of_window task, const tam_sweep_windows *w,
                    int64_t at, int number, window_state *s) {
    vec x[UNIT];
    get(dtype, vectors_of(dtype), n, w->x, at, x);
    words here = (uint32_t)number - (words){0};
    UNROLL
    for (int i = 0; i < vectors_of(dtype); i++) {
        vec most = s->y[i];
        if (task == MEAN) {
            s->y[i] += x[i];
            continue;
        }
        s->y[i] = IF_WINS(x[i], most, x[i], most);
        if (task != MAXIMUM) {
            s->place[i] = (words)IF_WINS(x[i], most, (vec)here, (vec)s->place[i]);
        }
    }
}

/* The whole window of `side` x `side` at x. */
PART void look_around(const tam_dtype dtype, const int n, const task_of_window task, const int side,
                      const tam_sweep_windows *w, int64_t at, window_state *s) {
    const int64_t row = (int64_t)w->w * w->lanes;
    UNROLL
    for (int k = 0; k < side * side; k++) {
        look_into(dtype, n, task, w, at + k / side * row + k % side * w->lanes, k, s);
    }
}

/* The memory that the windows of the next row see and those of this one do not. */
PART void fetch_below(const tam_dtype dtype, const tam_sweep_windows *w, int64_t at) {
    for (int down = w->kernel; down < w->kernel + w->stride; down++) {
        for (int across = 0; across < w->stride; across++) {
            fetch_pixel(dtype, w->x, at + ((int64_t)down * w->w + across) * w->lanes, 0);
        }
    }
}

/* One row of windows, in the lanes of a unit: x where the map begins, y the row. */
PART void window_row(const tam_dtype dtype, const int n, const task_of_window task, const tam_sweep_windows *w,
                     reach down, int64_t x, int64_t y) {
    const float whole = 1.0F / (float)(w->kernel * w->kernel);
    for (int column = 0; column < w->out_w; column++, y += w->lanes) {
        reach across = reach_of(w, column, w->w);
        int64_t at = x + ((int64_t)down.start * w->w + across.start) * w->lanes;
        bool inside = is_whole(w, down) && is_whole(w, across);
        uint32_t first = (uint32_t)(down.first * w->kernel + across.first);
        window_state s;
        UNROLL
        for (int i = 0; i < UNIT; i++) {
            s.y[i] = all(task == MEAN ? 0 : -INFINITY);
            s.place[i] = first - (words){0};
        }
        fetch_below(dtype, w, at);
        if (inside && w->kernel == 3 && task != LONG_PLACE) {
            look_around(dtype, n, task, 3, w, at, &s);
        } else if (inside && w->kernel == 2 && task != LONG_PLACE) {
            look_around(dtype, n, task, 2, w, at, &s);
        } else {
            for (int ky = down.first; ky < down.last; ky++) {
                for (int kx = across.first; kx < across.last; kx++) {
                    int64_t from = at + ((int64_t)ky * w->w + kx) * w->lanes;
                    look_into(dtype, n, task, w, from, ky * w->kernel + kx, &s);
                }
            }
        }
        if (task == MEAN) {
            int pixels = (down.last - down.first) * (across.last - across.first);
            float share = inside ? whole : 1.0F / (float)pixels;
            UNROLL
            for (int i = 0; i < vectors_of(dtype); i++) {
                s.y[i] *= share;
            }
            put(dtype, vectors_of(dtype), n, s.y, w->y, y);
            continue;
        }
        put_exact(dtype, n, s.y, w->y, y);
        if (task != MAXIMUM) {
            put_some_places(dtype, n, task, s.place, w->place, y);
        }
    }
}

/* The windows along one side that reach a place: first .. last-1. */
typedef struct reaching {
    int first, last;
} reaching;

/* From those of the place before, or of none. */
PART void go_to(const tam_sweep_windows *w, int at, int count, reaching *r) {
    while (r->last < count && r->last * w->stride - w->pad <= at) {
        r->last++;
    }
    while (r->first < r->last && r->first * w->stride - w->pad + w->kernel <= at) {
        r->first++;
    }
}

/* What windows have for the pixels that they reach: dy, and where it goes. */
typedef struct window_gradient {
    vec dy[UNIT];
    words place[UNIT];
} window_gradient;

PART void get_gradient(const tam_dtype dtype, const int n, const task_of_window task, const tam_sweep_windows *w,
                       int64_t at, window_gradient *g) {
    get(dtype, vectors_of(dtype), n, w->dy, at, g->dy);
    if (task != MEAN) {
        get_some_places(dtype, n, task, w->place, at, g->place);
    }
}

/* For the pixel at place `number` of the window, of which a mean has that share. */
PART void take_from(const tam_dtype dtype, const task_of_window task, const window_gradient *g, int number, float share,
                    vec *sum) {
    words here = (uint32_t)number - (words){0};
    UNROLL
    for (int i = 0; i < vectors_of(dtype); i++) {
        if (task == MEAN) {
            sum[i] = FMA(g->dy[i], all(share), sum[i]);
        } else {
            sum[i] = IF_SAME(g->place[i], here, sum[i] + g->dy[i], sum[i]);
        }
    }
}

/* A row of pixels of a map, and where its numbers and those of the map's windows begin. */
typedef struct pixel_job {
    const tam_sweep_windows *windows;
    /* pixels first .. last-1 under any windows, n lanes of them; a function, not a part, for it stands in many places
     */
    void (*any)(const struct pixel_job *job, int n, int first, int last);
    int row;
    reaching down;
    int64_t x, y;
} pixel_job;

/* Pixels first .. last-1. */
PART void any_pixels(const tam_dtype dtype, const int n, const task_of_window task, const pixel_job *job, int first,
                     int last) {
    const tam_sweep_windows *w = job->windows;
    reaching across = {0, 0};
    for (int column = first; column < last; column++) {
        vec sum[UNIT] = {{0}};
        go_to(w, column, w->out_w, &across);
        for (int oy = job->down.first; oy < job->down.last; oy++) {
            reach rows = reach_of(w, oy, w->h);
            for (int ox = across.first; ox < across.last; ox++) {
                reach columns = reach_of(w, ox, w->w);
                int pixels = (rows.last - rows.first) * (columns.last - columns.first);
                window_gradient g;
                get_gradient(dtype, n, task, w, job->y + ((int64_t)oy * w->out_w + ox) * w->lanes, &g);
                take_from(dtype, task, &g, (job->row - rows.start) * w->kernel + column - columns.start,
                          1.0F / (float)pixels, sum);
            }
        }
        put(dtype, vectors_of(dtype), n, sum, w->dx, job->x + (int64_t)column * w->lanes);
    }
}

enum { MOST_STRIDE = 2, MOST_REACHING = 3 };

/* The `stride` pixels from the first of window `ox` on, which the `stride` windows' worth before it may reach too; all
 * of them whole across the map. */
PART void pixels_of_step(const tam_dtype dtype, const int n, const task_of_window task, const int kernel,
                         const int stride, const pixel_job *job, const float *share, int ox) {
    const tam_sweep_windows *w = job->windows;
    vec sum[MOST_STRIDE][UNIT] = {{{0}}};
    for (int oy = job->down.first; oy < job->down.last; oy++) {
        int number = (job->row - (oy * stride - w->pad)) * kernel;
        int64_t at = job->y + ((int64_t)oy * w->out_w + ox) * w->lanes;
        UNROLL
        for (int before = (kernel - 1) / stride; before >= 0; before--) {
            window_gradient g;
            get_gradient(dtype, n, task, w, at - (int64_t)before * w->lanes, &g);
            UNROLL
            for (int k = 0; k < stride; k++) {
                if (before * stride + k < kernel) {
                    take_from(dtype, task, &g, number + before * stride + k, share[oy - job->down.first], sum[k]);
                }
            }
        }
    }
    int64_t to = job->x + ((int64_t)ox * stride - w->pad) * w->lanes;
    UNROLL
    for (int k = 0; k < stride; k++) {
        fetch_pixel(dtype, w->dx, to + ((int64_t)w->w + k) * w->lanes, 1);
        put(dtype, vectors_of(dtype), n, sum[k], w->dx, to + k * w->lanes);
    }
}

/* A row of pixels under windows of a kernel and a stride that nets use: those at the edges apart. */
PART void known_pixels(const tam_dtype dtype, const int n, const task_of_window task, const int kernel,
                       const int stride, const pixel_job *job) {
    const tam_sweep_windows *w = job->windows;
    int first = (w->pad + stride - 1) / stride + (kernel - 1) / stride, last = (w->w + w->pad - kernel) / stride + 1;
    last = last < w->out_w ? last : w->out_w;
    if (first >= last) {
        job->any(job, n, 0, w->w);
        return;
    }
    float share[MOST_REACHING];
    for (int oy = job->down.first; oy < job->down.last; oy++) {
        reach rows = reach_of(w, oy, w->h);
        share[oy - job->down.first] = 1.0F / (float)((rows.last - rows.first) * kernel);
    }
    job->any(job, n, 0, first * stride - w->pad);
    for (int ox = first; ox < last; ox++) {
        pixels_of_step(dtype, n, task, kernel, stride, job, share, ox);
    }
    job->any(job, n, last * stride - w->pad, w->w);
}

/* In the lanes of a unit. */
PART void pixel_row(const tam_dtype dtype, const int n, const task_of_window task, const pixel_job *job) {
    const tam_sweep_windows *w = job->windows;
    if (task == LONG_PLACE) {
        job->any(job, n, 0, w->w);
    } else if (w->kernel == 3 && w->stride == 2) {
        known_pixels(dtype, n, task, 3, 2, job);
    } else if (w->kernel == 3 && w->stride == 1) {
        known_pixels(dtype, n, task, 3, 1, job);
    } else if (w->kernel == 2 && w->stride == 2) {
        known_pixels(dtype, n, task, 2, 2, job);
    } else {
        job->any(job, n, 0, w->w);
    }
}

PART void rows_of_windows(const tam_dtype dtype, const task_of_window task, const tam_sweep_windows *w, int64_t row) {
    const int whole = vectors_of(dtype) * LANES;
    reach down = reach_of(w, (int)(row % w->out_h), w->h);
    int64_t x = row / w->out_h * w->h * w->w * w->lanes, y = row * w->out_w * w->lanes;
    int lane = 0;
    for (; lane + whole <= w->lanes; lane += whole) {
        window_row(dtype, whole, task, w, down, x + lane, y + lane);
    }
    if (lane < w->lanes) {
        window_row(dtype, w->lanes - lane, task, w, down, x + lane, y + lane);
    }
}

PART void rows_of_pixels(const tam_dtype dtype, const task_of_window task, const tam_sweep_windows *w, int64_t row,
                         void (*any)(const pixel_job *job, int n, int first, int last)) {
    const int whole = vectors_of(dtype) * LANES;
    pixel_job job = {
        w, any, (int)(row % w->h), {0, 0}, row * w->w * w->lanes, row / w->h * w->out_h * w->out_w * w->lanes};
    go_to(w, job.row, w->out_h, &job.down);
    int lane = 0;
    for (; lane + whole <= w->lanes; lane += whole, job.x += whole, job.y += whole) {
        pixel_row(dtype, whole, task, &job);
    }
    if (lane < w->lanes) {
        pixel_row(dtype, w->lanes - lane, task, &job);
    }
}

typedef void (*window_kernel)(const tam_sweep_windows *w, int64_t row);

#define ROWS(name, task)                                             \
    CALL void name##_f32(const tam_sweep_windows *w, int64_t row) {  \
        rows_of_windows(TAM_F32, task, w, row);                      \
    }                                                                \
    CALL void name##_bf16(const tam_sweep_windows *w, int64_t row) { \
        rows_of_windows(TAM_BF16, task, w, row);                     \
    }
#define GRADIENT_ROWS(name, task, dtype)                                     \
    CALL void any_##name(const pixel_job *job, int n, int first, int last) { \
        const int whole = vectors_of(dtype) * LANES;                         \
        if (n == whole) {                                                    \
            any_pixels(dtype, whole, task, job, first, last);                \
        } else if (n > 0 && n < whole) {                                     \
            any_pixels(dtype, n, task, job, first, last);                    \
        }                                                                    \
    }                                                                        \
    CALL void name(const tam_sweep_windows *w, int64_t row) {                \
        rows_of_pixels(dtype, task, w, row, any_##name);                     \
    }
ROWS(mean, MEAN)
ROWS(maximum, MAXIMUM)
ROWS(short_place, SHORT_PLACE)
ROWS(long_place, LONG_PLACE)
GRADIENT_ROWS(mean_gradient_f32, MEAN, TAM_F32)
GRADIENT_ROWS(mean_gradient_bf16, MEAN, TAM_BF16)
GRADIENT_ROWS(short_place_gradient_f32, SHORT_PLACE, TAM_F32)
GRADIENT_ROWS(short_place_gradient_bf16, SHORT_PLACE, TAM_BF16)
GRADIENT_ROWS(long_place_gradient_f32, LONG_PLACE, TAM_F32)
GRADIENT_ROWS(long_place_gradient_bf16, LONG_PLACE, TAM_BF16)
#undef ROWS
#undef GRADIENT_ROWS

static void windows(const tam_sweep_windows *w, int64_t first, int64_t last) {
    static const window_kernel kernels[][2] = {
        [MEAN] = {mean_f32, mean_bf16},
        [MAXIMUM] = {maximum_f32, maximum_bf16},
        [SHORT_PLACE] = {short_place_f32, short_place_bf16},
        [LONG_PLACE] = {long_place_f32, long_place_bf16},
    };
    for (int64_t row = first; row < last; row++) {
        kernels[task_of(w)][w->dtype == TAM_BF16](w, row);
    }
}

static void windows_gradient(const tam_sweep_windows *w, int64_t first, int64_t last) {
    static const window_kernel kernels[][2] = {
        [MEAN] = {mean_gradient_f32, mean_gradient_bf16},
        [SHORT_PLACE] = {short_place_gradient_f32, short_place_gradient_bf16},
        [LONG_PLACE] = {long_place_gradient_f32, long_place_gradient_bf16},
    };
    for (int64_t row = first; row < last; row++) {
        kernels[task_of(w)][w->dtype == TAM_BF16](w, row);
    }
}

#endif
