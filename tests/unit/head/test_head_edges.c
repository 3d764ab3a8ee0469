/* Heads at the edges of their sizes, in every dtype: the same bits whatever threads and workspace, the same numbers as
 * the reference backend to rounding; numbers that are not finite move nothing; memory is counted to the byte. */
#include <math.h>

#include "head/head_inside.h"
#include "head_support.h"

enum { STEPS = 3, MOST_N = 70, MOST_DIM = 70 };

static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
/* One of each way through the head. */
static const char *const losses[] = {"arcface",
                                     "softmax",
                                     "subcenter-arcface:K=10",
                                     "proxy-anchor",
                                     "adacos",
                                     "p2sgrad",
                                     "arcface:s=8,interclass-filter=0.1",
                                     "softmax+center",
                                     "magface+triplet",
                                     "combined"};
enum { LOSSES = sizeof losses / sizeof losses[0] };
static const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 1e-3f};

typedef enum labels { ANY, NONE, LAST, ONE_IMAGE } labels;

/* Of what the first pass makes, for the second. */
typedef enum keeping { ALL, PART, NOTHING } keeping;

typedef struct edge {
    int n, batch, dim;
    int64_t classes;
    double rate;
    int filter;
    labels labels;
} edge;

static const edge edges[] = {
    {.n = 1, .batch = 1, .dim = 1, .classes = 2},
    {.n = 1, .batch = 3, .dim = 31, .classes = 17, .labels = LAST},
    {.n = 33, .batch = 33, .dim = 1, .classes = 3},
    {.n = 5, .batch = 40, .dim = 7, .classes = 2, .rate = 0.5},
    {.n = 17, .batch = 17, .dim = 33, .classes = 701, .rate = 1e-9},
    {.n = 16, .batch = 16, .dim = 32, .classes = 97, .rate = 96.0 / 97},
    {.n = 70, .batch = 70, .dim = 17, .classes = 1031, .labels = LAST},
    {.n = 49, .batch = 49, .dim = 70, .classes = 530, .labels = NONE},
    {.n = 31, .batch = 31, .dim = 15, .classes = 530, .rate = 0.2, .labels = ONE_IMAGE},
    /* Tiles as small as they are cut: chunks of several, the last one of 8 classes. */
    {.n = 9, .batch = 4096, .dim = 5, .classes = 6008, .rate = 0.9},
    {.n = 34, .batch = 4096, .dim = 3, .classes = 1112},
    {.n = 12, .batch = 12, .dim = 16, .classes = 800, .filter = 1},
    {.n = 12, .batch = 12, .dim = 16, .classes = 800, .filter = 60, .rate = 0.7},
};

static void fill(const edge *e, uint32_t step, float *x, int32_t *y) {
    test_normal(step, (int64_t)e->n * e->dim, 1.0f, x);
    test_labels(step, e->n, e->classes, 6, y);
    for (int i = 0; i < e->n; i++) {
        y[i] = e->labels == NONE ? -1 : e->labels == LAST ? (int32_t)e->classes - 1 : y[i];
        if (e->labels == ONE_IMAGE) {
            memcpy(x + (int64_t)i * e->dim, x, (size_t)e->dim * sizeof *x);
        }
    }
}

static tam_head_config config_of(const edge *e, const char *loss, const char *dtype) {
    return (tam_head_config){.loss = loss,
                             .classes = e->classes,
                             .dim = e->dim,
                             .batch = e->batch,
                             .seed = 9,
                             .dtype = dtype,
                             .sample_rate = e->rate,
                             .gradient_filter = e->filter};
}

/* Below it gradients are noise: dx of unit x, and dw of rows that begin at 1 / 100. */
#define LEAST_DX 1e-3
#define LEAST_DW 1.0

static double distance(int64_t n, const float *a, const float *b) {
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        double difference = (double)a[k] - (b != NULL ? (double)b[k] : 0.0);
        sum += difference * difference;
    }
    return sqrt(sum);
}

/* All that a head has after some steps. */
typedef struct outcome {
    float *w, dx[MOST_N * MOST_DIM];
    int64_t numbers;
    tam_head_result result;
} outcome;

static void run(const edge *e, tam_head_config config, int threads, keeping kept, outcome *to) {
    static float x[MOST_N * MOST_DIM];
    int32_t y[MOST_N], best[MOST_N];
    tam_ctx *ctx = test_ctx(threads);
    tam_head *head = NULL;
    tam_head_bytes told;
    config.workspace = kept == NOTHING ? TAM_HEAD_LEAST_WORKSPACE : 0;
    test_ok(ctx, tam_head_count_bytes(ctx, &config, &told));
    if (kept == PART) { /* and one byte more than a number of slots needs */
        config.workspace = told.least + (told.workspace - told.least) / 2 + 1;
        test_ok(ctx, tam_head_count_bytes(ctx, &config, &told));
    }
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    assert_int_equal(tam_ctx_memory(ctx).bytes, told.weights + told.workspace);
    for (uint32_t t = 0; t < STEPS; t++) {
        fill(e, t, x, y);
        test_ok(ctx, tam_head_step(head, e->n, x, y, to->dx, NULL, &update, &to->result));
        assert_true(isfinite(to->result.loss) && to->result.filter_bound >= 0.0);
        assert_true(to->result.tiles_left_out <= to->result.tiles);
    }
    test_ok(ctx, tam_head_classify(head, e->n, x, best));
    to->numbers = e->classes * tam_head_sub_centres(head) * e->dim;
    to->w = test_floats(to->numbers);
    test_ok(ctx, tam_head_read_weights(head, 0, e->classes * tam_head_sub_centres(head), to->w));
    for (int64_t k = 0; k < to->numbers; k++) {
        assert_true(isfinite(to->w[k]));
    }
    tam_head_free(head);
    test_ctx_free(ctx);
}

static void test_same_bits(void **state) {
    (void)state;
    static const int threads[] = {1, 3, 8};
    static const keeping kept[] = {ALL, NOTHING, PART};
    for (size_t at = 0; at < sizeof edges / sizeof edges[0]; at++) {
        const edge *e = &edges[at];
        for (int k = 0; k < (e->filter > 0 ? 1 : LOSSES); k++) {
            for (int d = 0; d < 3; d++) {
                static outcome first, other;
                tam_head_config config = config_of(e, losses[k], dtypes[d]);
                run(e, config, threads[0], kept[0], &first);
                for (int v = 1; v < 3; v++) {
                    run(e, config, threads[v], kept[v], &other);
                    if (memcmp(first.w, other.w, (size_t)first.numbers * sizeof(float)) != 0 ||
                        memcmp(first.dx, other.dx, (size_t)(e->n * e->dim) * sizeof(float)) != 0 ||
                        first.result.loss != other.result.loss) {
                        fail_msg("%s %s, case %zu: other bits with %d threads", losses[k], dtypes[d], at, threads[v]);
                    }
                    free(other.w);
                }
                free(first.w);
            }
        }
    }
}

/* A step of both backends from the same weights: factors of 8 bits are rounded alike, sums and t are not. */
static void compare_backends(tam_ctx *ctx, const edge *e, const char *loss, const char *dtype) {
    static float x[MOST_N * MOST_DIM], dx[2][MOST_N * MOST_DIM];
    double tolerance = strcmp(dtype, "f32") == 0 ? 2e-4 : 2e-2;
    float *dw[2];
    int32_t y[MOST_N];
    int64_t numbers = 0, samples = (int64_t)e->n * e->dim;
    tam_head_result result[2];
    fill(e, 1, x, y);
    for (int b = 0; b < 2; b++) {
        tam_head *head = NULL;
        tam_head_config config = config_of(e, loss, dtype);
        config.backend = b == 0 ? "cpu" : "ref";
        test_ok(ctx, tam_head_create(ctx, &config, &head));
        numbers = e->classes * tam_head_sub_centres(head) * e->dim;
        dw[b] = test_floats(numbers);
        test_ok(ctx, tam_head_gradient(head, e->n, x, y, dx[b], dw[b], NULL, &result[b]));
        tam_head_free(head);
    }
    double off_x = distance(samples, dx[0], dx[1]), off_w = distance(numbers, dw[0], dw[1]);
    double off_loss = fabs(result[0].loss - result[1].loss);
    if (!(off_x <= tolerance * (distance(samples, dx[1], NULL) + LEAST_DX) &&
          off_w <= tolerance * (distance(numbers, dw[1], NULL) + LEAST_DW) &&
          off_loss <= tolerance * (fabs(result[1].loss) + 1.0))) {
        fail_msg("%s %s, N=%d D=%d C=%lld: dx off by %g, dw by %g, the loss by %g", loss, dtype, e->n, e->dim,
                 (long long)e->classes, off_x, off_w, off_loss);
    }
    free(dw[0]);
    free(dw[1]);
}

static void test_as_the_reference(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (size_t at = 0; at < sizeof edges / sizeof edges[0]; at++) {
        for (int k = 0; k < LOSSES && edges[at].filter == 0; k++) {
            for (int d = 0; d < 3; d++) {
                compare_backends(ctx, &edges[at], losses[k], dtypes[d]);
            }
        }
    }
    test_ctx_free(ctx);
}

/* A copy of all that a checkpoint would hold; the caller frees it. */
static unsigned char *snapshot(tam_head *head, size_t *bytes) {
    *bytes = 0;
    for (int k = 0; k < tam_head_tensor_count(head); k++) {
        *bytes += tam_head_tensor_at(head, k).bytes;
    }
    unsigned char *copy = malloc(*bytes), *to = copy;
    assert_non_null(copy);
    for (int k = 0; k < tam_head_tensor_count(head); k++) {
        tam_head_tensor tensor = tam_head_tensor_at(head, k);
        memcpy(to, tensor.data, tensor.bytes);
        to += tensor.bytes;
    }
    return copy;
}

static void assert_nothing_moves(tam_head *head, const edge *e, const float *x, const int32_t *y) {
    static float dx[MOST_N * MOST_DIM];
    tam_head_result result;
    size_t bytes;
    unsigned char *before = snapshot(head, &bytes);
    test_ok(head->ctx, tam_head_step(head, e->n, x, y, dx, NULL, &update, &result));
    unsigned char *after = snapshot(head, &bytes);
    assert_true(isnan(result.loss));
    assert_memory_equal(before, after, bytes);
    for (int64_t k = 0; k < (int64_t)e->n * e->dim; k++) {
        assert_true(isnan(dx[k]));
    }
    free(before);
    free(after);
}

/* In x, and in the last class's row of w; after them the head goes on. */
static void try_bad_number(tam_head *head, const edge *e, float bad, float *x, const int32_t *y) {
    float *number = x + e->dim + 5, kept = *number, row[2][MOST_DIM];
    int64_t last = e->classes * tam_head_sub_centres(head) - 1;
    *number = bad;
    assert_nothing_moves(head, e, x, y);
    *number = kept;
    test_ok(head->ctx, tam_head_read_weights(head, last, 1, row[0]));
    memcpy(row[1], row[0], sizeof row[0]);
    row[1][e->dim - 1] = bad;
    test_ok(head->ctx, tam_head_write_weights(head, last, 1, row[1]));
    assert_nothing_moves(head, e, x, y);
    test_ok(head->ctx, tam_head_write_weights(head, last, 1, row[0]));
}

static void test_not_finite(void **state) {
    (void)state;
    static const edge e = {.n = 12, .batch = 20, .dim = 19, .classes = 530};
    static float x[MOST_N * MOST_DIM], dx[MOST_N * MOST_DIM];
    int32_t y[MOST_N];
    tam_ctx *ctx = test_ctx(2);
    fill(&e, 0, x, y);
    for (int k = 0; k < 3 * LOSSES; k++) {
        tam_head *head = NULL;
        tam_head_result result;
        tam_head_config config = config_of(&e, losses[k / 3], dtypes[k % 3]);
        test_ok(ctx, tam_head_create(ctx, &config, &head));
        test_ok(ctx, tam_head_step(head, e.n, x, y, dx, NULL, &update, &result));
        try_bad_number(head, &e, NAN, x, y);
        try_bad_number(head, &e, INFINITY, x, y);
        try_bad_number(head, &e, -INFINITY, x, y);
        test_ok(ctx, tam_head_step(head, e.n, x, y, dx, NULL, &update, &result));
        assert_true(isfinite(result.loss));
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

/* Losses on the sphere see directions alone: with x and w of any length dx is the same, divided by the length of x. */
static void test_any_length(void **state) {
    (void)state;
    static const edge e = {.n = 12, .batch = 12, .dim = 19, .classes = 530};
    static const char *const on_sphere[] = {"arcface", "subcenter-arcface:K=10", "proxy-anchor", "p2sgrad"};
    static const float lengths[] = {1.0f, 1e30f, 1e-30f, 1e18f, 1e-18f};
    static float x[MOST_N * MOST_DIM], dx[2][MOST_N * MOST_DIM], w[5300 * 19];
    int32_t y[MOST_N];
    int64_t samples = (int64_t)e.n * e.dim;
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; k < 12; k++) {
        tam_head *head = NULL;
        tam_head_result result[2];
        tam_head_config config = config_of(&e, on_sphere[k / 3], dtypes[k % 3]);
        test_ok(ctx, tam_head_create(ctx, &config, &head));
        int64_t rows = e.classes * tam_head_sub_centres(head);
        for (int f = 0; f < 25; f++) {
            float *out = dx[f > 0], length = lengths[f % 5];
            test_normal(5, rows * e.dim, lengths[f / 5], w);
            test_ok(ctx, tam_head_write_weights(head, 0, rows, w));
            fill(&e, 0, x, y);
            for (int64_t j = 0; j < samples; j++) {
                x[j] *= length;
            }
            test_ok(ctx, tam_head_step(head, e.n, x, y, out, NULL, NULL, &result[f > 0]));
            for (int64_t j = 0; j < samples; j++) {
                out[j] *= length;
            }
            assert_true(fabs(result[f > 0].loss - result[0].loss) <= 0.02 * fabs(result[0].loss));
            double off = distance(samples, dx[f > 0], dx[0]);
            if (!(off <= 0.03 * distance(samples, dx[0], NULL))) {
                fail_msg("%s %s, |w| * %g, |x| * %g: dx off by %g", config.loss, config.dtype, (double)lengths[f / 5],
                         (double)length, off);
            }
        }
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

/* The same logits from tiny x and huge w: a softmax's dx grows with w. */
static void test_long_weights(void **state) {
    (void)state;
    static const edge e = {.n = 12, .batch = 12, .dim = 19, .classes = 530};
    static float x[MOST_N * MOST_DIM], dx[2][MOST_N * MOST_DIM], w[530 * 19];
    int32_t y[MOST_N];
    int64_t samples = (int64_t)e.n * e.dim;
    tam_ctx *ctx = test_ctx(2);
    for (int d = 0; d < 3; d++) {
        tam_head *head = NULL;
        tam_head_result result[2];
        tam_head_config config = config_of(&e, "softmax", dtypes[d]);
        test_ok(ctx, tam_head_create(ctx, &config, &head));
        for (int huge = 0; huge < 2; huge++) {
            test_normal(5, e.classes * e.dim, huge ? 1e30f : 1.0f, w);
            test_ok(ctx, tam_head_write_weights(head, 0, e.classes, w));
            fill(&e, 0, x, y);
            for (int64_t j = 0; j < samples; j++) {
                x[j] *= huge ? 3e-30f : 3.0f;
            }
            test_ok(ctx, tam_head_step(head, e.n, x, y, dx[huge], NULL, NULL, &result[huge]));
            for (int64_t j = 0; j < samples; j++) {
                dx[huge][j] *= huge ? 1e-30f : 1.0f;
            }
        }
        assert_true(fabs(result[1].loss - result[0].loss) <= 0.02 * result[0].loss);
        assert_true(distance(samples, dx[1], dx[0]) <= 0.05 * distance(samples, dx[0], NULL));
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits),  cmocka_unit_test(test_as_the_reference), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_any_length), cmocka_unit_test(test_long_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
