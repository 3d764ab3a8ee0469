/* The pooled sweeps of every kind that this processor runs, with numbers that no format rounds: every bit counts, ties
 * included. */
#include "sweep_support.h"

enum { BLOCKS = 2, BLOCK = 1 };

typedef struct map {
    tam_dtype dtype;
    tam_sweep sweep;
    tam_sweep_pool pool;
    int64_t x_start, y_start, in, out; /* where the map begins, and its numbers */
    float *mean, *scale, *shift, *slope, *by_x, *constant;
    void *x, *dx, *y, *dy, *kept;
    uint8_t *place;
} map;

static float *pattern_of(int period, float first, float step) {
    float *pattern = malloc((size_t)(BLOCKS * period) * sizeof *pattern);
    for (int i = 0; i < BLOCKS * period; i++) {
        pattern[i] = first + step * (float)(i % 3);
    }
    return pattern;
}

/* Small whole numbers. */
static void *whole_numbers(tam_dtype dtype, int64_t count, uint32_t seed) {
    void *x = malloc((size_t)count * tam_dtype_bytes(dtype));
    for (int64_t i = 0; i < count; i++) {
        set_number(dtype, x, i, rint(3 * next_random(&seed)));
    }
    return x;
}

static map new_map(tam_dtype dtype, int lanes, int h, int w, int kernel) {
    int period = period_of(lanes);
    map m = {.dtype = dtype, .pool = {h, w, h / kernel, w / kernel, kernel, lanes, NULL, NULL}};
    m.in = (int64_t)h * w * lanes;
    m.out = (int64_t)m.pool.out_h * m.pool.out_w * lanes;
    m.x_start = m.in;
    m.y_start = m.out;
    m.mean = pattern_of(period, -1, 1);
    m.scale = pattern_of(period, -2, 3);
    m.shift = pattern_of(period, 0.5F, 0.25F);
    m.slope = pattern_of(period, 0.25F, 0.25F);
    m.by_x = pattern_of(period, 0.25F, -0.5F);
    m.constant = pattern_of(period, -0.5F, 0.5F);
    m.x = whole_numbers(dtype, 2 * m.in, 1);
    m.dx = whole_numbers(dtype, 2 * m.in, 2);
    m.y = whole_numbers(dtype, 2 * m.out, 3);
    m.dy = whole_numbers(dtype, 2 * m.out, 4);
    m.kept = whole_numbers(dtype, 2 * m.out, 5);
    m.place = malloc((size_t)(2 * m.out));
    m.pool.x_kept = m.kept;
    m.pool.place = m.place;
    m.sweep = (tam_sweep){.dtype = dtype, .period = period, .terms = 1, .slope = m.slope, .y = m.y, .dy = m.dy};
    m.sweep.term[0] = (tam_sweep_term){m.x, m.mean, m.scale, m.shift, m.by_x, m.constant, m.dx, false};
    return m;
}

static void free_map(map *m) {
    free(m->mean), free(m->scale), free(m->shift), free(m->slope), free(m->by_x), free(m->constant);
    free(m->x), free(m->dx), free(m->y), free(m->dy), free(m->kept), free(m->place);
}

static double pattern_at(const map *m, const float *pattern, int lane, double otherwise) {
    return pattern == NULL ? otherwise : (double)pattern[BLOCK * m->sweep.period + lane];
}

static double z_of(const map *m, double x, int lane) {
    const tam_sweep_term *term = &m->sweep.term[0];
    return pattern_at(m, term->scale, lane, 1) * (x - pattern_at(m, term->mean, lane, 0)) +
           pattern_at(m, term->shift, lane, 0);
}

static double slope_of(const map *m, double z, int lane) {
    return z > 0 ? 1 : pattern_at(m, m->sweep.slope, lane, 1);
}

static bool same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* The window at (row, column): its maximum against y, x_kept and place. */
static void check_window(const map *m, int row, int column, int lane) {
    const tam_sweep_pool *p = &m->pool;
    double most = -INFINITY, kept = 0;
    int place = 0;
    for (int k = 0; k < p->kernel * p->kernel; k++) {
        int64_t pixel = ((int64_t)row * p->kernel + k / p->kernel) * p->w + column * p->kernel + k % p->kernel;
        double x = number_at(m->dtype, m->x, m->x_start + pixel * p->lanes + lane), z = z_of(m, x, lane);
        double value = slope_of(m, z, lane) * z;
        if (k == 0 || value > most || isnan(value)) {
            most = value;
            kept = x;
            place = k;
        }
    }
    int64_t at = m->y_start + ((int64_t)row * p->out_w + column) * p->lanes + lane;
    assert_true(same(number_at(m->dtype, m->y, at), most));
    assert_true(same(number_at(m->dtype, m->kept, at), kept));
    assert_int_equal(m->place[at], place);
}

static void check_forward(const tam_sweep_kernels *kernels, const map *m) {
    void *before = copy_of(m->y, (size_t)m->out * tam_dtype_bytes(m->dtype));
    kernels->apply_pooled(&m->sweep, &m->pool, m->x_start, m->y_start, (int64_t)BLOCK * m->sweep.period);
    for (int64_t i = 0; i < m->out; i++) {
        check_window(m, (int)(i / m->pool.lanes / m->pool.out_w), (int)(i / m->pool.lanes % m->pool.out_w),
                     (int)(i % m->pool.lanes));
    }
    assert_memory_equal(m->y, before, (size_t)m->out * tam_dtype_bytes(m->dtype));
    free(before);
}

/* From x_kept and place as they are. */
static void check_backward(const tam_sweep_kernels *kernels, const map *m) {
    const tam_sweep_pool *p = &m->pool;
    const tam_sweep_term *term = &m->sweep.term[0];
    void *before = copy_of(m->dx, (size_t)(2 * m->in) * tam_dtype_bytes(m->dtype));
    kernels->gradient_pooled(&m->sweep, &m->pool, m->x_start, m->y_start, (int64_t)BLOCK * m->sweep.period);
    for (int64_t i = 0; i < m->in; i++) {
        int lane = (int)(i % p->lanes), x = (int)(i / p->lanes % p->w), y = (int)(i / p->lanes / p->w);
        int row = y / p->kernel, column = x / p->kernel;
        double dz = 0, expected = pattern_at(m, term->constant, lane, 0);
        if (row < p->out_h && column < p->out_w) {
            int64_t at = m->y_start + ((int64_t)row * p->out_w + column) * p->lanes + lane;
            double z = z_of(m, number_at(m->dtype, m->kept, at), lane);
            bool here = m->place[at] == y % p->kernel * p->kernel + x % p->kernel;
            dz = here ? slope_of(m, z, lane) * number_at(m->dtype, m->dy, at) : 0;
        }
        expected += pattern_at(m, term->scale, lane, 1) * dz;
        if (term->x != NULL && term->by_x != NULL) {
            double away = number_at(m->dtype, m->x, m->x_start + i) - pattern_at(m, term->mean, lane, 0);
            expected += pattern_at(m, term->by_x, lane, 0) * away;
        }
        expected += term->add ? number_at(m->dtype, before, m->x_start + i) : 0;
        double computed = number_at(m->dtype, m->dx, m->x_start + i);
        if (!same(computed, expected)) {
            fail_msg("%s: %g, but %g is expected", kernels->name, computed, expected);
        }
    }
    assert_memory_equal(m->dx, before, (size_t)m->in * tam_dtype_bytes(m->dtype));
    free(before);
}

static void for_all(void (*check)(const tam_sweep_kernels *kernels, map *m)) {
    static const int all_lanes[] = {1, 3, 8, 10, 16, 24, 32, 40, 64, 100};
    static const int sizes[][3] = {{4, 4, 2}, {7, 5, 2}, {3, 3, 3}, {8, 10, 3}, {2, 2, 1}, {31, 17, 15}, {1, 5, 2}};
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (size_t l = 0; l < sizeof all_lanes / sizeof all_lanes[0]; l++) {
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
                for (int dtype = TAM_F32; dtype <= TAM_BF16; dtype++) {
                    map m = new_map((tam_dtype)dtype, all_lanes[l], sizes[s][0], sizes[s][1], sizes[s][2]);
                    check(kernels, &m);
                    free_map(&m);
                }
            }
        }
    }
}

static void check_both(const tam_sweep_kernels *kernels, map *m) {
    check_forward(kernels, m);
    check_backward(kernels, m);
}

static void windows_are_right(void **state) {
    (void)state;
    for_all(check_both);
}

/* A maximum behind a PReLU alone, then behind nothing; a gradient that is added to another. */
static void check_plain(const tam_sweep_kernels *kernels, map *m) {
    tam_sweep_term *term = &m->sweep.term[0];
    term->mean = term->scale = term->shift = term->by_x = term->constant = NULL;
    check_both(kernels, m);
    m->sweep.slope = NULL;
    term->add = true;
    check_forward(kernels, m);
    term->x = NULL;
    check_backward(kernels, m);
}

static void windows_of_plain_numbers_are_right(void **state) {
    (void)state;
    for_all(check_plain);
}

/* What follows a NaN in its window does not cover it. */
static void check_nan(const tam_sweep_kernels *kernels, map *m) {
    for (int64_t i = 0; i < m->in; i += 11) {
        set_number(m->dtype, m->x, m->x_start + i, (double)NAN);
    }
    check_forward(kernels, m);
}

static void a_nan_goes_through(void **state) {
    (void)state;
    for_all(check_nan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_right),
        cmocka_unit_test(windows_of_plain_numbers_are_right),
        cmocka_unit_test(a_nan_goes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
