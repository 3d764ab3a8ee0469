/* The sweeps' kernels, of every kind that this processor runs, against plain formulas in f64. */
#include "sweep_support.h"

enum { BLOCKS = 3, BLOCK = 1, START = 2 };

static const int all_lanes[] = {1, 3, 10, 16, 24, 40, 64, 100, 128, 512};
static const int all_counts[] = {1, 600, 9000};

/* A run in the middle of a block: `start` and `count` numbers of memory that ends there. */
typedef struct run {
    tam_dtype dtype;
    int lanes, period;
    int64_t start, count;
} run;

typedef void (*check)(const tam_sweep_kernels *kernels, const run *r, uint32_t variant);

static void for_all(check what, uint32_t variants) {
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (size_t l = 0; l < sizeof all_lanes / sizeof all_lanes[0]; l++) {
            for (size_t p = 0; p < sizeof all_counts / sizeof all_counts[0]; p++) {
                for (int dtype = TAM_F32; dtype <= TAM_BF16; dtype++) {
                    int lanes = all_lanes[l], pixels = (all_counts[p] + lanes - 1) / lanes;
                    run r = {(tam_dtype)dtype, lanes, period_of(lanes), (int64_t)START * lanes,
                             (int64_t)pixels * lanes};
                    for (uint32_t variant = 0; variant < variants; variant++) {
                        what(kernels, &r, variant);
                    }
                }
            }
        }
    }
}

static void check_statistics(const tam_sweep_kernels *kernels, const run *r, uint32_t variant) {
    (void)variant;
    void *x = new_numbers(r->dtype, r->start + r->count, 1);
    float *mean = new_pattern(r->period, 0.3, 2);
    float *sum = new_pattern(r->period, 1, 3), *squares = new_pattern(r->period, 1, 4);
    double *expected = calloc((size_t)r->period * 2, sizeof *expected), *size = calloc((size_t)r->period, sizeof *size);
    for (int k = 0; k < r->period; k++) {
        expected[k] = (double)sum[k];
        expected[r->period + k] = (double)squares[k];
        size[k] = 1;
    }
    for (int64_t i = 0; i < r->count; i++) {
        double number = number_at(r->dtype, x, r->start + i);
        int k = (int)(i % r->period);
        expected[k] += number;
        expected[r->period + k] += (number - (double)mean[k]) * (number - (double)mean[k]);
        size[k] += 4;
    }
    kernels->sum(r->dtype, r->period, x, r->start, r->count, sum);
    kernels->squares(r->dtype, r->period, x, r->start, r->count, mean, squares);
    for (int k = 0; k < r->period; k++) {
        check_number(TAM_F32, (double)sum[k], expected[k], size[k]);
        check_number(TAM_F32, (double)squares[k], expected[r->period + k], size[k]);
    }
    free(x), free(mean), free(sum), free(squares), free(expected), free(size);
}

static void statistics_are_right(void **state) {
    (void)state;
    for_all(check_statistics, 1);
}

/* What a variant leaves out. */
enum {
    WITH_SLOPE = 1,
    TWO_TERMS = 2,
    FIRST_PLAIN = 4,
    SECOND_PLAIN = 8,
    WITHOUT_MOVE = 16, /* no by_x */
    WITHOUT_X = 32,    /* of the first term, in the gradient */
    ADDED = 64,        /* to what is in the second term's dx, or the first's where there is one only */
    IN_PLACE = 128,    /* y is x, dx is dy */
    VARIANTS = 256,
    WITH_TOP = 256,
    CURVE = 512 /* times a tam_sweep_curve */
};

typedef struct world {
    tam_sweep sweep;
    void *memory[6];
    float *patterns[2][5], *slope;
} world;

static void set_term(world *w, const run *r, int k, uint32_t variant) {
    tam_sweep_term *term = &w->sweep.term[k];
    uint32_t seed = 10 + (uint32_t)k * 10;
    for (uint32_t part = 0; part < 5; part++) {
        w->patterns[k][part] = new_pattern((int64_t)BLOCKS * r->period, part == 1 ? 1 : 0.2, seed + part);
    }
    if (!(variant & (k == 0 ? FIRST_PLAIN : SECOND_PLAIN))) {
        term->mean = w->patterns[k][0];
        term->scale = w->patterns[k][1];
        term->shift = w->patterns[k][2];
        term->constant = w->patterns[k][4];
        term->by_x = variant & WITHOUT_MOVE ? NULL : w->patterns[k][3];
    }
    w->memory[k] = new_numbers(r->dtype, r->start + r->count, seed + 5);
    w->memory[2 + k] = new_numbers(r->dtype, r->start + r->count, seed + 6);
    term->x = w->memory[k];
    term->dx = w->memory[2 + k];
}

static world new_world(const run *r, uint32_t variant) {
    world w = {.sweep = {.dtype = r->dtype, .period = r->period, .terms = variant & TWO_TERMS ? 2 : 1}};
    for (int k = 0; k < w.sweep.terms; k++) {
        set_term(&w, r, k, variant);
    }
    w.slope = new_pattern((int64_t)BLOCKS * r->period, 0.25, 40);
    w.sweep.slope = variant & WITH_SLOPE ? w.slope : NULL;
    w.sweep.top = variant & WITH_TOP ? 0.9F : 0;
    w.sweep.curve = (tam_sweep_curve)(variant / CURVE);
    w.memory[4] = new_numbers(r->dtype, r->start + r->count, 50);
    w.memory[5] = new_numbers(r->dtype, r->start + r->count, 51);
    w.sweep.y = variant & IN_PLACE ? w.memory[w.sweep.terms - 1] : w.memory[4];
    w.sweep.dy = w.memory[5];
    if (variant & IN_PLACE) {
        w.sweep.term[0].dx = w.memory[5];
    }
    w.sweep.term[w.sweep.terms - 1].add = (variant & ADDED) != 0;
    return w;
}

static void free_world(world *w) {
    for (int i = 0; i < 6; i++) {
        free(w->memory[i]);
    }
    for (int i = 0; i < 10; i++) {
        free(w->patterns[i / 5][i % 5]);
    }
    free(w->slope);
}

static double pattern_at(const float *pattern, const run *r, int64_t i, double otherwise) {
    return pattern == NULL ? otherwise : (double)pattern[BLOCK * r->period + i % r->period];
}

/* x - mean of term k, from the numbers as they were. */
static double away_of(const world *w, const run *r, void *const before[6], int k, int64_t i) {
    return number_at(r->dtype, before[k], r->start + i) - pattern_at(w->sweep.term[k].mean, r, i, 0);
}

static double z_of(const world *w, const run *r, void *const before[6], int64_t i) {
    double z = 0;
    for (int k = 0; k < w->sweep.terms; k++) {
        const tam_sweep_term *term = &w->sweep.term[k];
        z += pattern_at(term->scale, r, i, 1) * away_of(w, r, before, k, i) + pattern_at(term->shift, r, i, 0);
    }
    return z;
}

/* f(z), and its slope. Near a kink the sign of what is left depends on the last bit. */
static double value_of(const world *w, double z, double slope) {
    double s = 1 / (1 + exp(-z)), h = fmin(fmax((z + 3) / 6, 0), 1), top = (double)w->sweep.top;
    switch (w->sweep.curve) {
    case TAM_CURVE_SIGMOID:
        return slope * s;
    case TAM_CURVE_HSIGMOID:
        return slope * h;
    case TAM_CURVE_SWISH:
        return slope * z * s;
    case TAM_CURVE_HSWISH:
        return slope * z * h;
    case TAM_CURVE_GELU:
        return slope * z * 0.5 * erfc(-z * sqrt(0.5));
    case TAM_CURVE_TANH:
        return slope * tanh(z);
    default:
        return top > 0 && z > top ? top : z > 0 ? z : slope * z;
    }
}

static bool is_at_kink(const world *w, double z) {
    double top = (double)w->sweep.top;
    if (w->sweep.curve != TAM_CURVE_NONE) {
        return fabs(fabs(z) - 3) < 1e-4; /* the curves' slopes are found by differences */
    }
    return fabs(z) < 1e-5 || (top > 0 && fabs(z - top) < 1e-5);
}

static double slope_of(const world *w, double z, double slope) {
    const double step = 1e-6;
    return (value_of(w, z + step, slope) - value_of(w, z - step, slope)) / (2 * step);
}

static void remember(const world *w, const run *r, void *before[6]) {
    for (int i = 0; i < 6; i++) {
        size_t bytes = (size_t)(r->start + r->count) * tam_dtype_bytes(r->dtype);
        before[i] = w->memory[i] == NULL ? NULL : copy_of(w->memory[i], bytes);
    }
}

static void forget(void *before[6]) {
    for (int i = 0; i < 6; i++) {
        free(before[i]);
    }
}

/* Of curves that bf16 has in a short form, whose bounds test_sweep_curves.c holds: 3e-4 and 5e-5 of a slope. */
static double size_of_curve(const world *w, const run *r) {
    tam_sweep_curve curve = w->sweep.curve;
    bool is_short = curve == TAM_CURVE_SIGMOID || curve == TAM_CURVE_SWISH || curve == TAM_CURVE_GELU;
    return r->dtype == TAM_BF16 && is_short ? 4e-4 / 2e-6 : 0;
}

static void check_apply(const tam_sweep_kernels *kernels, const run *r, uint32_t variant) {
    if (variant & (WITHOUT_X | WITHOUT_MOVE | ADDED)) {
        return;
    }
    world w = new_world(r, variant);
    void *before[6];
    remember(&w, r, before);
    kernels->apply(&w.sweep, r->start, r->count, (int64_t)BLOCK * r->period);
    for (int64_t i = 0; i < r->count; i++) {
        double z = z_of(&w, r, before, i), slope = pattern_at(w.sweep.slope, r, i, 1);
        double y = value_of(&w, z, slope), size = 8 + size_of_curve(&w, r) * fabs(y);
        check_number(r->dtype, number_at(r->dtype, w.sweep.y, r->start + i), y, size);
    }
    for (int64_t i = 0; i < r->start; i++) {
        void *old = variant & IN_PLACE ? before[w.sweep.terms - 1] : before[4];
        assert_true(number_at(r->dtype, w.sweep.y, i) == number_at(r->dtype, old, i));
    }
    forget(before);
    free_world(&w);
}

static void values_are_right(void **state) {
    (void)state;
    for_all(check_apply, VARIANTS);
}

static double dz_of(const world *w, const run *r, void *const before[6], int64_t i) {
    double dy = number_at(r->dtype, before[5], r->start + i);
    if (w->sweep.slope == NULL) {
        return dy;
    }
    double z = z_of(w, r, before, i);
    return is_at_kink(w, z) ? (double)NAN : slope_of(w, z, pattern_at(w->sweep.slope, r, i, 1)) * dy;
}

/* x and dx that nobody needs or wants. */
static void leave_out(world *w, uint32_t variant) {
    if (variant & WITHOUT_X) {
        w->sweep.term[0].x = NULL;
    }
}

static bool possible(uint32_t variant) {
    bool no_x_with_slope = (variant & WITHOUT_X) && (variant & WITH_SLOPE);
    return !no_x_with_slope && !((variant & (SECOND_PLAIN)) && !(variant & TWO_TERMS));
}

static void check_gradient_sums(const tam_sweep_kernels *kernels, const run *r, uint32_t variant) {
    if (!possible(variant) || (variant & (WITHOUT_MOVE | ADDED | IN_PLACE))) {
        return;
    }
    world w = new_world(r, variant);
    int parts = 2 + w.sweep.terms;
    leave_out(&w, variant);
    float *sums = new_pattern((int64_t)parts * r->period, 0, 60);
    double *expected = calloc((size_t)(parts * r->period), sizeof *expected);
    double *size = calloc((size_t)r->period, sizeof *size);
    for (int k = 0; k < parts * r->period; k++) {
        expected[k] = (double)sums[k];
    }
    for (int64_t i = 0; i < r->count; i++) {
        int64_t k = i % r->period;
        double dz = dz_of(&w, r, w.memory, i), dy = number_at(r->dtype, w.sweep.dy, r->start + i);
        double z = z_of(&w, r, w.memory, i);
        if (isnan(dz)) {
            size[k] += 1e8;
            continue;
        }
        size[k] += 10 + size_of_curve(&w, r) * fabs(dy);
        expected[k] += dz;
        expected[r->period + k] += w.sweep.slope != NULL && z <= 0 ? z * dy : 0;
        for (int term = 0; term < w.sweep.terms; term++) {
            bool there = w.sweep.term[term].x != NULL;
            expected[(2 + term) * r->period + k] += there ? dz * away_of(&w, r, w.memory, term, i) : 0;
        }
    }
    kernels->gradient_sums(&w.sweep, r->start, r->count, (int64_t)BLOCK * r->period, sums);
    for (int k = 0; k < parts * r->period; k++) {
        bool meant = variant < CURVE || k / r->period != 1;
        if (meant) {
            check_number(TAM_F32, (double)sums[k], expected[k], size[k % r->period] + 1);
        }
    }
    free(sums), free(expected), free(size);
    free_world(&w);
}

static void sums_of_gradients_are_right(void **state) {
    (void)state;
    for_all(check_gradient_sums, VARIANTS);
}

static void check_gradient(const tam_sweep_kernels *kernels, const run *r, uint32_t variant) {
    if (!possible(variant)) {
        return;
    }
    world w = new_world(r, variant);
    void *before[6];
    remember(&w, r, before);
    leave_out(&w, variant);
    kernels->gradient(&w.sweep, r->start, r->count, (int64_t)BLOCK * r->period);
    for (int k = 0; k < w.sweep.terms; k++) {
        const tam_sweep_term *term = &w.sweep.term[k];
        const void *old = term->dx == w.memory[5] ? before[5] : before[2 + k];
        for (int64_t i = 0; i < r->count; i++) {
            double dz = dz_of(&w, r, before, i), by_x = term->x == NULL ? 0 : pattern_at(term->by_x, r, i, 0);
            double expected = pattern_at(term->scale, r, i, 1) * dz + by_x * away_of(&w, r, before, k, i) +
                              pattern_at(term->constant, r, i, 0) +
                              (term->add ? number_at(r->dtype, old, r->start + i) : 0);
            if (!isnan(dz)) {
                double size = 10 + size_of_curve(&w, r) * fabs(number_at(r->dtype, before[5], r->start + i));
                check_number(r->dtype, number_at(r->dtype, term->dx, r->start + i), expected, size);
            }
        }
        for (int64_t i = 0; i < r->start; i++) {
            assert_true(number_at(r->dtype, term->dx, i) == number_at(r->dtype, old, i));
        }
    }
    forget(before);
    free_world(&w);
}

static void gradients_are_right(void **state) {
    (void)state;
    for_all(check_gradient, VARIANTS);
}

/* With a top or a curve, of one term and of two, in place and not. */
static void check_bent(const tam_sweep_kernels *kernels, const run *r, uint32_t number) {
    uint32_t bent = number % 7 == 0 ? WITH_TOP : number % 7 * CURVE;
    uint32_t variant =
        WITH_SLOPE | bent | (number / 7 % 2 ? TWO_TERMS | SECOND_PLAIN : 0) | (number / 14 ? IN_PLACE : 0);
    check_apply(kernels, r, variant);
    check_gradient_sums(kernels, r, variant);
    check_gradient(kernels, r, variant | ADDED);
}

static void bent_activations_are_right(void **state) {
    (void)state;
    for_all(check_bent, 28);
}

/* A term whose gradient nobody wants, and one that is there for its gradient only. */
static void unwanted_gradients_stay_away(void **state) {
    (void)state;
    run r = {TAM_BF16, 16, 64, 0, 1000 * 16};
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        world w = new_world(&r, WITH_SLOPE | TWO_TERMS), all = new_world(&r, WITH_SLOPE | TWO_TERMS);
        w.sweep.term[0].dx = NULL;
        kernels->gradient(&w.sweep, 0, r.count, 64);
        kernels->gradient(&all.sweep, 0, r.count, 64);
        assert_memory_equal(w.memory[3], all.memory[3], (size_t)r.count * 2);
        free_world(&w);
        free_world(&all);
    }
}

/* Where a run is cut between rows makes no difference, nor does it which vectors do it as long as they fuse. */
static void check_cuts(const tam_sweep_kernels *kernels, const run *r, uint32_t variant) {
    uint32_t what = WITH_SLOPE | (variant ? TWO_TERMS : 0);
    world w = new_world(r, what), cut = new_world(r, what);
    const tam_sweep_kernels *best = tam_cpu_sweep_kernels();
    const tam_sweep_kernels *other = strcmp(kernels->name, "plain") == 0 ? kernels : best;
    float *sums = new_pattern((int64_t)5 * r->period, 0, 60), *cut_sums = new_pattern((int64_t)5 * r->period, 0, 60);
    float *mean = new_pattern(r->period, 0.2, 61);
    int64_t pattern = (int64_t)BLOCK * r->period, first = r->count / r->period / 3 * r->period;
    other->apply(&w.sweep, r->start, r->count, pattern);
    other->gradient_sums(&w.sweep, r->start, r->count, pattern, sums);
    other->gradient(&w.sweep, r->start, r->count, pattern);
    other->sum(r->dtype, r->period, w.sweep.dy, r->start, r->count, sums);
    other->squares(r->dtype, r->period, w.sweep.dy, r->start, r->count, mean, sums + 4 * (int64_t)r->period);
    for (int part = 0; part < 2; part++) {
        int64_t start = part == 0 ? r->start : r->start + first, count = part == 0 ? first : r->count - first;
        kernels->apply(&cut.sweep, start, count, pattern);
        kernels->gradient_sums(&cut.sweep, start, count, pattern, cut_sums);
        kernels->gradient(&cut.sweep, start, count, pattern);
    }
    for (int part = 0; part < 2; part++) {
        int64_t start = part == 0 ? r->start : r->start + first, count = part == 0 ? first : r->count - first;
        kernels->sum(r->dtype, r->period, cut.sweep.dy, start, count, cut_sums);
        kernels->squares(r->dtype, r->period, cut.sweep.dy, start, count, mean, cut_sums + 4 * (int64_t)r->period);
    }
    assert_memory_equal(sums, cut_sums, (size_t)r->period * 5 * sizeof *sums);
    for (int i = 0; i < 6; i++) {
        if (w.memory[i] != NULL) {
            assert_memory_equal(w.memory[i], cut.memory[i], (size_t)(r->start + r->count) * tam_dtype_bytes(r->dtype));
        }
    }
    free(sums), free(cut_sums), free(mean);
    free_world(&w);
    free_world(&cut);
}

static void cuts_leave_the_bits(void **state) {
    (void)state;
    for_all(check_cuts, 2);
}

/* A NaN comes out wherever it goes in. */
static void a_nan_goes_through(void **state) {
    (void)state;
    const tam_sweep_kernels *kernels;
    for (int kind = 0; (kernels = tam_cpu_sweep_kernels_at(kind)) != NULL; kind++) {
        for (int dtype = TAM_F32; dtype <= TAM_BF16; dtype++) {
            run r = {(tam_dtype)dtype, 16, 64, 0, 320};
            world w = new_world(&r, WITH_SLOPE);
            float sums[3 * 64] = {0}, sum[64] = {0}, zero[3 * 64] = {0};
            w.sweep.slope = zero;
            set_number(r.dtype, w.memory[0], 67, (double)NAN);
            kernels->apply(&w.sweep, 0, r.count, 64);
            kernels->gradient_sums(&w.sweep, 0, r.count, 64, sums);
            kernels->gradient(&w.sweep, 0, r.count, 64);
            kernels->sum(r.dtype, 64, w.memory[0], 0, r.count, sum);
            assert_true(isnan(number_at(r.dtype, w.sweep.y, 67)) && isnan(sums[128 + 3]) && isnan(sum[3]));
            assert_true(isnan(number_at(r.dtype, w.sweep.term[0].dx, 67)));
            assert_false(isnan(number_at(r.dtype, w.sweep.y, 66)) || isnan(sum[4]));
            free_world(&w);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_are_right),        cmocka_unit_test(values_are_right),
        cmocka_unit_test(sums_of_gradients_are_right), cmocka_unit_test(gradients_are_right),
        cmocka_unit_test(bent_activations_are_right),  cmocka_unit_test(unwanted_gradients_stay_away),
        cmocka_unit_test(cuts_leave_the_bits),         cmocka_unit_test(a_nan_goes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
