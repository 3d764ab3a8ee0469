/* The pooled sweeps of cpu_sweep_kernel.h, which includes this. Lanes are done a unit at a time, as many as one load of
 * that dtype gives; what a window has found so far stays in registers. */
#ifndef BACKEND_CPU_CPU_SWEEP_POOL_H
#define BACKEND_CPU_CPU_SWEEP_POOL_H

enum { UNIT = 2 };

PART int vectors_of(const tam_dtype dtype) {
    return dtype == TAM_BF16 ? 2 : 1;
}

/* One map: a block of one sample, `lane` and what follows in the unit. */
typedef struct pool_job {
    const tam_sweep *sweep;
    const tam_sweep_pool *pool;
    int64_t x_start, y_start, pattern;
} pool_job;

/* Places of maxima as they lie beside the numbers of a unit. */
PART void get_places(const tam_dtype dtype, const int n, const uint8_t *from, words *place) {
    uint8_t some[2 * LANES] = {0};
    const int whole = vectors_of(dtype) * LANES;
    if (n < whole) {
        memcpy(some, from, (size_t)n);
        from = some;
    }
    if (dtype == TAM_BF16) {
        words pairs = HALVES(from);
        place[0] = pairs & 0xffu;
        place[1] = pairs >> 8;
    } else {
        place[0] = OCTETS(from);
    }
}

PART void put_places(const tam_dtype dtype, const int n, const words *place, uint8_t *to) {
    uint8_t some[2 * LANES];
    const int whole = vectors_of(dtype) * LANES;
    uint8_t *at = n < whole ? some : to;
    if (dtype == TAM_BF16) {
        PUT_HALVES(at, place[0] | place[1] << 8);
    } else {
        PUT_OCTETS(at, place[0]);
    }
    if (n < whole) {
        memcpy(to, some, (size_t)n);
    }
}

/* What stays the same in the lanes of a unit. */
typedef struct unit {
    norm p;
    vec slope[UNIT], by_x[UNIT], constant[UNIT], top;
} unit;

PART void get_unit(const tam_dtype dtype, const int n, const pool_job *job, int lane, unit *u) {
    const int vectors = vectors_of(dtype);
    const tam_sweep_term *term = &job->sweep->term[0];
    int64_t at = job->pattern + lane;
    get_norm(dtype, vectors, n, term, at, &u->p);
    get_or(dtype, vectors, n, job->sweep->slope, at, 1, u->slope);
    u->top = top_of(job->sweep);
    get_or(dtype, vectors, n, term->by_x, at, 0, u->by_x);
    get_or(dtype, vectors, n, term->constant, at, 0, u->constant);
}

PART void fetch_pixel(const tam_dtype dtype, const void *from, int64_t at, const int to_write) {
    uintptr_t place = (uintptr_t)from + (uintptr_t)(at * (dtype == TAM_BF16 ? 2 : 4));
    if (to_write) {
        __builtin_prefetch((const void *)place, 1, 3);
    } else {
        __builtin_prefetch((const void *)place, 0, 3);
    }
}

/* What a window has found. */
typedef struct found {
    vec y[UNIT], x[UNIT];
    words place[UNIT];
} found;

PART void look_at(const tam_dtype dtype, const int n, const void *from, int64_t at, const unit *u, int number,
                  found *f) {
    const int vectors = vectors_of(dtype);
    vec x[UNIT];
    get(dtype, vectors, n, from, at, x);
    UNROLL
    for (int i = 0; i < vectors; i++) {
        vec z = z_of_first(&u->p, i, x[i] - u->p.mean[i]), y = activated(z, u->slope[i], u->top), most = f->y[i];
        words here = (uint32_t)number - (words){0};
        f->y[i] = IF_WINS(y, most, y, most);
        f->x[i] = IF_WINS(y, most, x[i], f->x[i]);
        f->place[i] = (words)IF_WINS(y, most, (vec)here, (vec)f->place[i]);
    }
}

/* The first pixel of a window. */
PART void start_with(const tam_dtype dtype, const int n, const void *from, int64_t at, const unit *u, found *f) {
    const int vectors = vectors_of(dtype);
    get(dtype, vectors, n, from, at, f->x);
    UNROLL
    for (int i = 0; i < vectors; i++) {
        vec z = z_of_first(&u->p, i, f->x[i] - u->p.mean[i]);
        f->y[i] = activated(z, u->slope[i], u->top);
        f->place[i] = (words){0};
    }
}

/* A row of windows, in the lanes of a unit. */
PART void apply_windows(const tam_dtype dtype, const int n, const int kernel, const pool_job *job, int lane, int row) {
    const int vectors = vectors_of(dtype);
    const tam_sweep_pool *pool = job->pool;
    const void *x = job->sweep->term[0].x;
    const int64_t lanes = pool->lanes, below = (int64_t)kernel * pool->w * lanes;
    unit u;
    get_unit(dtype, n, job, lane, &u);
    for (int column = 0; column < pool->out_w; column++) {
        int64_t start = job->x_start + ((int64_t)row * pool->w + column) * kernel * lanes + lane;
        int64_t at = job->y_start + ((int64_t)row * pool->out_w + column) * lanes + lane;
        found f;
        start_with(dtype, n, x, start, &u, &f);
        for (int down = 0; down < kernel; down++) {
            for (int across = 0; across < kernel; across++) {
                int64_t from = start + ((int64_t)down * pool->w + across) * lanes;
                fetch_pixel(dtype, x, from + below, 0);
                if (down + across > 0) {
                    look_at(dtype, n, x, from, &u, down * kernel + across, &f);
                }
            }
        }
        put(dtype, vectors, n, f.y, job->sweep->y, at);
        put(dtype, vectors, n, f.x, pool->x_kept, at);
        put_places(dtype, n, f.place, pool->place + at);
    }
}

/* What a window passes down, and where to. */
typedef struct passed {
    vec up[UNIT];
    words place[UNIT];
} passed;

PART void read_window(const tam_dtype dtype, const int n, const pool_job *job, const unit *u, int64_t at,
                      passed *window) {
    const int vectors = vectors_of(dtype);
    vec dy[UNIT], x[UNIT];
    get(dtype, vectors, n, job->sweep->dy, at, dy);
    get(dtype, vectors, n, job->pool->x_kept, at, x);
    get_places(dtype, n, job->pool->place + at, window->place);
    UNROLL
    for (int i = 0; i < vectors; i++) {
        vec z = z_of_first(&u->p, i, x[i] - u->p.mean[i]);
        window->up[i] = u->p.scale[i] * behind(z, u->slope[i], u->top, dy[i]);
    }
}

PART void write_pixel(const tam_dtype dtype, const int n, const tam_sweep_term *term, const unit *u,
                      const passed *window, int number, int64_t at) {
    const int vectors = vectors_of(dtype);
    bool moves = term->x != NULL && term->by_x != NULL;
    vec dx[UNIT], x[UNIT] = {{0}}, before[UNIT] = {{0}};
    if (moves) {
        get(dtype, vectors, n, term->x, at, x);
    }
    if (term->add) {
        get(dtype, vectors, n, term->dx, at, before);
    }
    UNROLL
    for (int i = 0; i < vectors; i++) {
        dx[i] = (vec)((words)window->up[i] & (words)(window->place[i] == (uint32_t)number)) + u->constant[i];
        if (moves) {
            dx[i] = FMA(u->by_x[i], x[i] - u->p.mean[i], dx[i]);
        }
        if (term->add) {
            dx[i] += before[i];
        }
    }
    put(dtype, vectors, n, dx, term->dx, at);
}

/* The gradient of a row of windows, and of the pixels beside them, in the lanes of a unit. */
PART void gradient_windows(const tam_dtype dtype, const int n, const int kernel, const pool_job *job, int lane,
                           int row) {
    const tam_sweep_pool *pool = job->pool;
    const tam_sweep_term *term = &job->sweep->term[0];
    int left = pool->h - row * kernel, rows = left < kernel ? left : kernel;
    int64_t below = (int64_t)kernel * pool->w * pool->lanes;
    unit u;
    get_unit(dtype, n, job, lane, &u);
    for (int first = 0, column = 0; first < pool->w; first += kernel, column++) {
        int columns = pool->w - first < kernel ? pool->w - first : kernel;
        passed window = {{{0}}, {{0}}};
        if (row < pool->out_h && column < pool->out_w) {
            int64_t at = ((int64_t)row * pool->out_w + column) * pool->lanes + lane;
            read_window(dtype, n, job, &u, job->y_start + at, &window);
        }
        for (int down = 0; down < rows; down++) {
            int64_t pixel = ((int64_t)row * kernel + down) * pool->w + first;
            for (int across = 0; across < columns; across++) {
                int64_t at = job->x_start + (pixel + across) * pool->lanes + lane;
                fetch_pixel(dtype, term->x, at + below, 0);
                fetch_pixel(dtype, term->dx, at + below, 1);
                write_pixel(dtype, n, term, &u, &window, down * kernel + across, at);
            }
        }
    }
}

/* All units of the lanes, of a row of windows; windows of 2 x 2, which most are, have loops of their own. */
#define IN_UNITS(name, part)                                                     \
    PART void name(const tam_dtype dtype, const pool_job *job, int row) {        \
        const int whole = vectors_of(dtype) * LANES, kernel = job->pool->kernel; \
        int lane = 0;                                                            \
        for (; lane + whole <= job->pool->lanes && kernel == 2; lane += whole) { \
            part(dtype, whole, 2, job, lane, row);                               \
        }                                                                        \
        for (; lane < job->pool->lanes; lane += whole) {                         \
            int left = job->pool->lanes - lane;                                  \
            part(dtype, left < whole ? left : whole, kernel, job, lane, row);    \
        }                                                                        \
    }                                                                            \
    CALL void name##_f32(const pool_job *job, int row) {                         \
        name(TAM_F32, job, row);                                                 \
    }                                                                            \
    CALL void name##_bf16(const pool_job *job, int row) {                        \
        name(TAM_BF16, job, row);                                                \
    }
IN_UNITS(apply_row, apply_windows)
IN_UNITS(gradient_row, gradient_windows)
#undef IN_UNITS

static void apply_pooled(const tam_sweep *sweep, const tam_sweep_pool *pool, int64_t x_start, int64_t y_start,
                         int64_t pattern) {
    pool_job job = {sweep, pool, x_start, y_start, pattern};
    for (int row = 0; row < pool->out_h; row++) {
        (sweep->dtype == TAM_BF16 ? apply_row_bf16 : apply_row_f32)(&job, row);
    }
}

static void gradient_pooled(const tam_sweep *sweep, const tam_sweep_pool *pool, int64_t x_start, int64_t y_start,
                            int64_t pattern) {
    pool_job job = {sweep, pool, x_start, y_start, pattern};
    for (int row = 0; row * pool->kernel < pool->h && sweep->term[0].dx != NULL; row++) {
        (sweep->dtype == TAM_BF16 ? gradient_row_bf16 : gradient_row_f32)(&job, row);
    }
}

#endif
