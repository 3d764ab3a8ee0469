/* The sweeps for one kind of processor; included once by each cpu_sweep_<kind>.c, which defines KERNEL_NAME and what
 * cpu_sweep_vector.h and cpu_sweep_pool.h need.
 *
 * A run is seen as rows of `period` numbers. Of each group of rows, columns as wide as four vectors are done one after
 * the other: their patterns and sums stay in registers, and the group in the nearest caches. Meanwhile the memory of
 * the next group is fetched. A position of the period is always summed row after row: its bits depend neither on the
 * kind of processor, but for fused multiplication, nor on where a run is cut between rows. */
#include "backend/cpu/sweep/cpu_sweep_vector.h"

enum { VECTORS = 4, WIDTH = VECTORS * LANES, GROUP = 4096 };

#include "backend/cpu/sweep/cpu_sweep_curve.h"

/* Columns [column, column + width) of rows that begin at `at`, `period` apart. */
typedef struct area {
    int64_t at, rows, ahead; /* ahead: where the fetched memory starts */
    int period, column, width;
} area;

typedef void (*area_kernel)(const void *job, const area *a);

static void run_rows(int period, int64_t at, int64_t rows, int width, area_kernel kernel, const void *job) {
    int64_t ahead = at + rows * period;
    for (int column = 0; column < width; column += WIDTH) {
        area a = {at + column, rows, ahead, period, column, width - column < WIDTH ? width - column : WIDTH};
        kernel(job, &a);
        ahead += rows * a.width;
    }
}

static void run_areas(int period, int64_t start, int64_t count, area_kernel kernel, const void *job) {
    int64_t rows = count / period, group = period < GROUP ? GROUP / period : 1;
    for (int64_t row = 0; row < rows; row += group) {
        int64_t some = rows - row < group ? rows - row : group;
        run_rows(period, start + row * period, some, period, kernel, job);
    }
    if (rows * period < count) {
        run_rows(period, start + rows * period, 1, (int)(count - rows * period), kernel, job);
    }
}

PART void fetch(const tam_dtype dtype, const void *from, int64_t at) {
    const int bytes = dtype == TAM_BF16 ? 2 : 4;
    uintptr_t to = (uintptr_t)from + (uintptr_t)(at * bytes);
    UNROLL
    for (int i = 0; i < WIDTH * bytes; i += 64) {
        __builtin_prefetch((const void *)(to + (uintptr_t)i), 0, 3);
    }
}

PART void fetch_to_write(const tam_dtype dtype, const void *from, int64_t at) {
    const int bytes = dtype == TAM_BF16 ? 2 : 4;
    uintptr_t to = (uintptr_t)from + (uintptr_t)(at * bytes);
    UNROLL
    for (int i = 0; i < WIDTH * bytes; i += 64) {
        __builtin_prefetch((const void *)(to + (uintptr_t)i), 1, 3);
    }
}

/* Forms of a kernel: what is constant in it. Where it is CURVED it is ACTIVE too. */
enum { SHORT = 1, ACTIVE = 2, TWO = 4, CURVED = 8 };
#define EACH_FORM(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(10) X(11) X(14) X(15)

PART tam_dtype dtype_of(const int form) {
    return form & SHORT ? TAM_BF16 : TAM_F32;
}

static int form_of(const tam_sweep *sweep) {
    return (sweep->dtype == TAM_BF16 ? SHORT : 0) | (sweep->slope != NULL ? ACTIVE : 0) |
           (sweep->terms == 2 ? TWO : 0) | (sweep->curve != TAM_CURVE_NONE ? CURVED : 0);
}

/* Statistics. */

typedef struct statistics_job {
    const void *x;
    const float *mean; /* NULL: plain sums */
    float *sum;
} statistics_job;

PART void statistics_rows(const tam_dtype dtype, const bool squares, const int n, const statistics_job *job,
                          const area *a) {
    vec sum[VECTORS], mean[VECTORS];
    get_pattern(dtype, VECTORS, n, job->sum + a->column, sum);
    if (squares) {
        get_pattern(dtype, VECTORS, n, job->mean + a->column, mean);
    }
    for (int64_t row = 0; row < a->rows; row++) {
        vec x[VECTORS];
        fetch(dtype, job->x, a->ahead + row * WIDTH);
        get(dtype, VECTORS, n, job->x, a->at + row * a->period, x);
        UNROLL
        for (int i = 0; i < VECTORS; i++) {
            if (squares) {
                vec away = x[i] - mean[i];
                sum[i] = FMA(away, away, sum[i]);
            } else {
                sum[i] += x[i];
            }
        }
    }
    put_pattern(dtype, VECTORS, n, sum, job->sum + a->column);
}

PART void statistics_area(const tam_dtype dtype, const bool squares, const statistics_job *job, const area *a) {
    if (a->width == WIDTH) {
        statistics_rows(dtype, squares, WIDTH, job, a);
    } else {
        statistics_rows(dtype, squares, a->width, job, a);
    }
}

CALL void sum_f32(const void *job, const area *a) {
    statistics_area(TAM_F32, false, job, a);
}

CALL void sum_bf16(const void *job, const area *a) {
    statistics_area(TAM_BF16, false, job, a);
}

CALL void squares_f32(const void *job, const area *a) {
    statistics_area(TAM_F32, true, job, a);
}

CALL void squares_bf16(const void *job, const area *a) {
    statistics_area(TAM_BF16, true, job, a);
}

static void sum(tam_dtype dtype, int period, const void *x, int64_t start, int64_t count, float *into) {
    statistics_job job = {x, NULL, into};
    run_areas(period, start, count, dtype == TAM_BF16 ? sum_bf16 : sum_f32, &job);
}

static void squares(tam_dtype dtype, int period, const void *x, int64_t start, int64_t count, const float *mean,
                    float *into) {
    statistics_job job = {x, mean, into};
    run_areas(period, start, count, dtype == TAM_BF16 ? squares_bf16 : squares_f32, &job);
}

/* Terms. */

typedef struct sweep_job {
    const tam_sweep *sweep;
    int64_t pattern;
    float *sums;
} sweep_job;

/* Of one term, in columns. */
typedef struct norm {
    vec mean[VECTORS], scale[VECTORS], shift[VECTORS];
} norm;

/* A pattern, or one number everywhere. */
PART void get_or(const tam_dtype dtype, const int vectors, const int n, const float *from, int64_t at, float otherwise,
                 vec *v) {
    if (from != NULL) {
        get_pattern(dtype, vectors, n, from + at, v);
        return;
    }
    UNROLL
    for (int i = 0; i < vectors; i++) {
        v[i] = all(otherwise);
    }
}

PART void get_norm(const tam_dtype dtype, const int vectors, const int n, const tam_sweep_term *term, int64_t at,
                   norm *p) {
    get_or(dtype, vectors, n, term->mean, at, 0, p->mean);
    get_or(dtype, vectors, n, term->scale, at, 1, p->scale);
    get_or(dtype, vectors, n, term->shift, at, 0, p->shift);
}

/* z, of one vector, term by term: the same bits wherever it is made. `away`: x - mean. */
PART vec z_of_first(const norm *p, int i, vec away) {
    return FMA(p->scale[i], away, p->shift[i]);
}

PART vec z_of_next(const norm *p, int i, vec z, vec away) {
    return FMA(p->scale[i], away, z + p->shift[i]);
}

/* x - mean of a term. */
PART void get_away(const tam_dtype dtype, const int n, const tam_sweep_term *term, const norm *p, int64_t at,
                   vec *away) {
    get(dtype, VECTORS, n, term->x, at, away);
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
        away[i] -= p->mean[i];
    }
}

/* x - mean of the terms, and z. */
PART void get_z(const int form, const int n, const tam_sweep *sweep, const norm *p, int64_t at,
                vec away[TAM_SWEEP_TERMS][VECTORS], vec *z) {
    const int terms = form & TWO ? 2 : 1;
    UNROLL
    for (int k = 0; k < terms; k++) {
        get_away(dtype_of(form), n, &sweep->term[k], &p[k], at, away[k]);
        UNROLL
        for (int i = 0; i < VECTORS; i++) {
            z[i] = k == 0 ? z_of_first(&p[k], i, away[k][i]) : z_of_next(&p[k], i, z[i], away[k][i]);
        }
    }
}

/* What no number reaches where there is no top. */
PART vec top_of(const tam_sweep *sweep) {
    return all(sweep->top > 0 ? sweep->top : NAN);
}

PART vec activated(vec z, vec slope, vec top) {
    vec y = IF_POSITIVE(z, z, slope * z);
    return IF_REACHED(z, top, top, y);
}

PART void apply_rows(const int form, const int n, const sweep_job *job, const area *a) {
    const tam_dtype dtype = dtype_of(form);
    const tam_sweep *sweep = job->sweep;
    int64_t pattern = job->pattern + a->column;
    norm p[TAM_SWEEP_TERMS];
    vec slope[VECTORS], top = top_of(sweep);
    get_norm(dtype, VECTORS, n, &sweep->term[0], pattern, &p[0]);
    if (form & TWO) {
        get_norm(dtype, VECTORS, n, &sweep->term[1], pattern, &p[1]);
    }
    if (form & ACTIVE) {
        get_pattern(dtype, VECTORS, n, sweep->slope + pattern, slope);
    }
    for (int64_t row = 0; row < a->rows; row++) {
        vec away[TAM_SWEEP_TERMS][VECTORS], z[VECTORS];
        fetch(dtype, sweep->term[0].x, a->ahead + row * WIDTH);
        if (form & TWO) {
            fetch(dtype, sweep->term[1].x, a->ahead + row * WIDTH);
        }
        fetch_to_write(dtype, sweep->y, a->ahead + row * WIDTH);
        get_z(form, n, sweep, p, a->at + row * a->period, away, z);
        if (form & CURVED) {
            curve_values(dtype, sweep->curve, z);
        }
        UNROLL
        for (int i = 0; i < VECTORS; i++) {
            if (form & CURVED) {
                z[i] *= slope[i];
            } else if (form & ACTIVE) {
                z[i] = activated(z[i], slope[i], top);
            }
        }
        put(dtype, VECTORS, n, z, sweep->y, a->at + row * a->period);
    }
}

#define X(form)                                              \
    CALL void apply_##form(const void *job, const area *a) { \
        if (a->width == WIDTH) {                             \
            apply_rows(form, WIDTH, job, a);                 \
        } else {                                             \
            apply_rows(form, a->width, job, a);              \
        }                                                    \
    }
EACH_FORM(X)
#undef X
#define X(form) [form] = apply_##form,
static const area_kernel apply_kernels[] = {EACH_FORM(X)};
#undef X

static void apply(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern) {
    sweep_job job = {sweep, pattern, NULL};
    run_areas(sweep->period, start, count, apply_kernels[form_of(sweep)], &job);
}

#include "backend/cpu/sweep/cpu_sweep_gradient.h"
#include "backend/cpu/sweep/cpu_sweep_keep.h"
#include "backend/cpu/sweep/cpu_sweep_pool.h"
#include "backend/cpu/sweep/cpu_sweep_windows.h"

CALL void shorten(const float *x, tam_bf16 *y, int64_t count) {
    vec v[2];
    int64_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        get_pattern(TAM_BF16, 2, 2 * LANES, x + i, v);
        put_bf16(2, 2 * LANES, v, y + i);
    }
    get_pattern(TAM_BF16, 2, (int)(count - i), x + i, v);
    put_bf16(2, (int)(count - i), v, y + i);
}

CALL void lengthen(const tam_bf16 *x, float *y, int64_t count) {
    vec v[2];
    int64_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        get_bf16(2, 2 * LANES, x + i, v);
        put_pattern(TAM_BF16, 2, 2 * LANES, v, y + i);
    }
    get_bf16(2, (int)(count - i), x + i, v);
    put_pattern(TAM_BF16, 2, (int)(count - i), v, y + i);
}

static void convert(tam_dtype from, const void *x, tam_dtype to, void *y, int64_t count) {
    if (from == to) {
        memmove(y, x, (size_t)count * tam_dtype_bytes(from));
    } else if (from == TAM_F32) {
        shorten(x, y, count);
    } else {
        lengthen(x, y, count);
    }
}

static const tam_sweep_kernels table = {
    .name = KERNEL_NAME,
    .sum = sum,
    .squares = squares,
    .apply = apply,
    .gradient_sums = gradient_sums,
    .gradient = gradient,
    .apply_pooled = apply_pooled,
    .gradient_pooled = gradient_pooled,
    .windows = windows,
    .windows_gradient = windows_gradient,
    .keep = keep,
    .convert = convert,
};
