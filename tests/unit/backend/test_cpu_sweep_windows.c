/* Maxima and means of windows, by every kind of kernels that this processor runs, with numbers that no format rounds
 * and shares that are powers of two or compared to the last digit: ties and NaN included. */
#include "sweep_support.h"

enum { MAPS = 2 };

typedef struct world {
    tam_sweep_windows w;
    int64_t in, out; /* numbers */
    double *dx;      /* what is expected */
} world;

static void *whole_numbers(tam_dtype dtype, int64_t count, uint32_t seed) {
    void *x = malloc((size_t)count * tam_dtype_bytes(dtype));
    for (int64_t i = 0; i < count; i++) {
        set_number(dtype, x, i, rint(4 * next_random(&seed)));
    }
    return x;
}

typedef struct size {
    int h, w, kernel, stride, pad;
} size;

static size_t place_bytes(const tam_sweep_windows *w) {
    return w->kernel <= TAM_SWEEP_SHORT_WINDOW ? 1 : 2;
}

static world new_world(tam_dtype dtype, bool maximum, int lanes, const size *s) {
    world m = {.w = {.dtype = dtype,
                     .maximum = maximum,
                     .h = s->h,
                     .w = s->w,
                     .kernel = s->kernel,
                     .stride = s->stride,
                     .pad = s->pad,
                     .lanes = lanes}};
    m.w.out_h = (s->h + 2 * s->pad - s->kernel) / s->stride + 1;
    m.w.out_w = (s->w + 2 * s->pad - s->kernel) / s->stride + 1;
    m.in = (int64_t)MAPS * s->h * s->w * lanes;
    m.out = (int64_t)MAPS * m.w.out_h * m.w.out_w * lanes;
    m.w.x = whole_numbers(dtype, m.in, 1);
    m.w.dx = whole_numbers(dtype, m.in, 2);
    m.w.y = whole_numbers(dtype, m.out, 3);
    m.w.dy = whole_numbers(dtype, m.out, 4);
    m.w.place = maximum ? malloc((size_t)m.out * place_bytes(&m.w)) : NULL;
    m.dx = calloc((size_t)m.in, sizeof *m.dx);
    return m;
}

static void free_world(world *m) {
    free((void *)(uintptr_t)m->w.x), free((void *)(uintptr_t)m->w.dy);
    free(m->w.y), free(m->w.dx), free(m->w.place), free(m->dx);
}

static int place_at(const tam_sweep_windows *w, int64_t i) {
    return place_bytes(w) == 1 ? ((const uint8_t *)w->place)[i] : ((const uint16_t *)w->place)[i];
}

/* Of all windows the numbers on the map, one after the other, of one window and lane. */
typedef struct found {
    double most, sum;
    int place, pixels;
} found;

static bool on_map(const tam_sweep_windows *w, int y, int x) {
    return y >= 0 && y < w->h && x >= 0 && x < w->w;
}

static int64_t pixel_of(const tam_sweep_windows *w, int64_t window, int k) {
    int64_t map = window / w->out_w / w->out_h;
    int y = (int)(window / w->out_w % w->out_h) * w->stride - w->pad + k / w->kernel;
    int x = (int)(window % w->out_w) * w->stride - w->pad + k % w->kernel;
    return on_map(w, y, x) ? (map * w->h + y) * w->w + x : -1;
}

static found look(const tam_sweep_windows *w, int64_t window, int lane) {
    found f = {0};
    for (int k = 0; k < w->kernel * w->kernel; k++) {
        int64_t pixel = pixel_of(w, window, k);
        if (pixel < 0) {
            continue;
        }
        double x = number_at(w->dtype, w->x, pixel * w->lanes + lane);
        if (f.pixels == 0 || x > f.most || isnan(x)) {
            f.most = x;
            f.place = k;
        }
        f.sum += x;
        f.pixels++;
    }
    return f;
}

static void expect(const char *name, const tam_sweep_windows *w, const char *what, double computed, double expected) {
    double most = w->maximum ? 0 : fabs(expected) / (w->dtype == TAM_BF16 ? 256 : 1 << 20);
    if (!(fabs(computed - expected) <= most) && computed != expected && !(isnan(computed) && isnan(expected))) {
        fail_msg("%s, %s of %d lanes, kernel %d, stride %d, pad %d: %s %g, but %g is expected", name,
                 w->dtype == TAM_BF16 ? "bf16" : "f32", w->lanes, w->kernel, w->stride, w->pad, what, computed,
                 expected);
    }
}

static void check_forward(const tam_sweep_kernels *kernels, const world *m) {
    const tam_sweep_windows *w = &m->w;
    int64_t rows = MAPS * w->out_h;
    kernels->windows(w, 0, rows / 2);
    kernels->windows(w, rows / 2, rows);
    for (int64_t i = 0; i < m->out; i++) {
        found f = look(w, i / w->lanes, (int)(i % w->lanes));
        expect(kernels->name, w, "y", number_at(w->dtype, w->y, i), w->maximum ? f.most : f.sum / f.pixels);
        if (w->maximum && w->place != NULL) {
            expect(kernels->name, w, "place", place_at(w, i), f.place);
        }
    }
}

/* From the places of forward. */
static void check_backward(const tam_sweep_kernels *kernels, const world *m) {
    const tam_sweep_windows *w = &m->w;
    for (int64_t i = 0; i < m->out; i++) {
        int lane = (int)(i % w->lanes);
        found f = look(w, i / w->lanes, lane);
        for (int k = 0; k < w->kernel * w->kernel; k++) {
            int64_t pixel = pixel_of(w, i / w->lanes, k);
            if (pixel >= 0 && (!w->maximum || k == f.place)) {
                m->dx[pixel * w->lanes + lane] += number_at(w->dtype, w->dy, i) / (w->maximum ? 1 : f.pixels);
            }
        }
    }
    int64_t rows = MAPS * w->h;
    kernels->windows_gradient(w, rows / 3, rows);
    kernels->windows_gradient(w, 0, rows / 3);
    for (int64_t i = 0; i < m->in; i++) {
        double bound = w->maximum ? 0 : 4e-6;
        double computed = number_at(w->dtype, w->dx, i);
        if (!(fabs(computed - m->dx[i]) <= bound)) {
            expect(kernels->name, w, "dx", computed, m->dx[i]);
        }
    }
}

static void for_all(bool maximum, void (*check)(const tam_sweep_kernels *kernels, world *m)) {
    static const int all_lanes[] = {1, 3, 8, 10, 16, 24, 32, 58, 64, 100};
    static const size sizes[] = {
        {7, 9, 3, 2, 1}, {8, 8, 3, 2, 0}, {5, 6, 3, 1, 1}, {6, 8, 2, 2, 0},  {7, 5, 2, 2, 1},    {2, 2, 3, 2, 1},
        {9, 4, 2, 3, 0}, {6, 6, 5, 1, 2}, {4, 4, 1, 1, 0}, {11, 7, 4, 3, 2}, {18, 17, 17, 1, 8}, {17, 16, 16, 3, 9},
    };
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (size_t l = 0; l < sizeof all_lanes / sizeof all_lanes[0]; l++) {
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
                for (int dtype = TAM_F32; dtype <= TAM_BF16; dtype++) {
                    world m = new_world((tam_dtype)dtype, maximum, all_lanes[l], &sizes[s]);
                    check(kernels, &m);
                    free_world(&m);
                }
            }
        }
    }
}

static void check_both(const tam_sweep_kernels *kernels, world *m) {
    check_forward(kernels, m);
    check_backward(kernels, m);
}

static void maxima_are_right(void **state) {
    (void)state;
    for_all(true, check_both);
}

static void means_are_right(void **state) {
    (void)state;
    for_all(false, check_both);
}

/* Without places; where nothing is above minus infinity; with a NaN, that what follows does not cover. */
static void check_special(const tam_sweep_kernels *kernels, world *m) {
    void *place = m->w.place;
    void *x = (void *)(uintptr_t)m->w.x;
    for (int64_t i = 0; i < m->in / 2; i++) {
        set_number(m->w.dtype, x, i, -(double)INFINITY);
    }
    check_forward(kernels, m);
    for (int64_t i = 0; i < m->in; i += 11) {
        set_number(m->w.dtype, x, i, (double)NAN);
    }
    check_forward(kernels, m);
    m->w.place = NULL;
    check_forward(kernels, m);
    m->w.place = place;
}

static void special_numbers_go_through(void **state) {
    (void)state;
    for_all(true, check_special);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maxima_are_right),
        cmocka_unit_test(means_are_right),
        cmocka_unit_test(special_numbers_go_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
