/* One head of attention by each kind of kernel, forward and backward, against plain f64 sums over the same numbers, in
 * every layout; memory of exact size, the room full of NaN. */
#include <math.h>

#include "backend/cpu/op/attention.h"
#include "backend/cpu/op/attention_tiles.h"
#include "base/bf16.h"
#include "base/random.h"
#include "support.h"

typedef struct shape {
    int n, heads, d, h, w, lanes; /* lanes 0: as many as channels */
    tam_dtype dtype;
} shape;

static void *new_memory(size_t bytes) {
    void *memory = malloc(bytes);
    assert_non_null(memory);
    return memory;
}

static double number_at(const tam_layout *layout, const void *x, int64_t i) {
    return layout->dtype == TAM_BF16 ? (double)tam_bf16_value(((const tam_bf16 *)x)[i]) : (double)((const float *)x)[i];
}

static int64_t place_of(const tam_layout *layout, int sample, int c, int64_t pixel) {
    return sample * tam_layout_sample(layout) + c / layout->lanes * tam_layout_run(layout) + pixel * layout->lanes +
           c % layout->lanes;
}

/* Normal numbers; the fill is 0. */
static void *new_map(const tam_layout *layout, uint32_t stream) {
    void *x = new_memory(tam_layout_bytes(layout));
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, stream, 0);
    memset(x, 0, tam_layout_bytes(layout));
    for (int sample = 0; sample < layout->n; sample++) {
        for (int c = 0; c < layout->c; c++) {
            for (int64_t p = 0; p < tam_layout_pixels(layout); p++) {
                int64_t i = place_of(layout, sample, c, p);
                float value = tam_random_normal(&random);
                if (layout->dtype == TAM_BF16) {
                    ((tam_bf16 *)x)[i] = tam_bf16_nearest(value);
                } else {
                    ((float *)x)[i] = value;
                }
            }
        }
    }
    return x;
}

/* One head in f64: q, k, v and dy by token, y and the gradients. */
typedef struct head {
    int64_t tokens;
    int d;
    double *part[3], *dy, *y, *gradient[3];
} head;

static double *take_rows(const tam_layout *layout, const void *x, int sample, int first, int d) {
    int64_t tokens = tam_layout_pixels(layout);
    double *rows = new_memory((size_t)(tokens * d) * sizeof *rows);
    for (int64_t t = 0; t < tokens; t++) {
        for (int j = 0; j < d; j++) {
            rows[t * d + j] = number_at(layout, x, place_of(layout, sample, first + j, t));
        }
    }
    return rows;
}

static double along(const double *a, const double *b, int d) {
    double sum = 0;
    for (int j = 0; j < d; j++) {
        sum += a[j] * b[j];
    }
    return sum;
}

static void solve_row(head *h, int64_t t, double *p) {
    int d = h->d;
    const double *q = h->part[0] + t * d, *dy = h->dy + t * d;
    double most = -INFINITY, sum = 0, mean = 0, scale = 1 / sqrt((double)d);
    for (int64_t u = 0; u < h->tokens; u++) {
        p[u] = along(q, h->part[1] + u * d, d) * scale;
        most = fmax(most, p[u]);
    }
    for (int64_t u = 0; u < h->tokens; u++) {
        p[u] = exp(p[u] - most);
        sum += p[u];
    }
    for (int64_t u = 0; u < h->tokens; u++) {
        p[u] /= sum;
        mean += p[u] * along(dy, h->part[2] + u * d, d);
    }
    for (int64_t u = 0; u < h->tokens; u++) {
        double dscore = p[u] * (along(dy, h->part[2] + u * d, d) - mean) * scale;
        for (int j = 0; j < d; j++) {
            h->y[t * d + j] += p[u] * h->part[2][u * d + j];
            h->gradient[0][t * d + j] += dscore * h->part[1][u * d + j];
            h->gradient[1][u * d + j] += dscore * q[j];
            h->gradient[2][u * d + j] += p[u] * dy[j];
        }
    }
}

static head solve(const tam_attention *a, const void *x, const void *dy, int sample, int number) {
    head h = {.tokens = a->tokens, .d = a->d};
    size_t count = (size_t)(a->tokens * a->d);
    double *p = new_memory((size_t)a->tokens * sizeof *p);
    h.dy = take_rows(&a->out, dy, sample, number * a->d, a->d);
    h.y = calloc(count, sizeof *h.y);
    assert_non_null(h.y);
    for (int part = 0; part < 3; part++) {
        h.part[part] = take_rows(&a->in, x, sample, (part * a->heads + number) * a->d, a->d);
        h.gradient[part] = calloc(count, sizeof(double));
        assert_non_null(h.gradient[part]);
    }
    for (int64_t t = 0; t < a->tokens; t++) {
        solve_row(&h, t, p);
    }
    free(p);
    return h;
}

static void free_head(head *h) {
    for (int part = 0; part < 3; part++) {
        free(h->part[part]);
        free(h->gradient[part]);
    }
    free(h->dy);
    free(h->y);
}

static void compare(const tam_layout *layout, const void *got, int sample, int first, const double *expected, int d,
                    double tolerance, const char *what, const char *kind) {
    double largest = 0;
    int64_t tokens = tam_layout_pixels(layout);
    for (int64_t i = 0; i < tokens * d; i++) {
        largest = fmax(largest, fabs(expected[i]));
    }
    for (int64_t t = 0; t < tokens; t++) {
        for (int j = 0; j < d; j++) {
            double value = number_at(layout, got, place_of(layout, sample, first + j, t));
            if (!(fabs(value - expected[t * d + j]) <= tolerance * (largest + 0.01))) {
                fail_msg("%s, %lld tokens, d %d, %d lanes: %s[%lld][%d] is %g, not %g", kind, (long long)tokens, d,
                         layout->lanes, what, (long long)t, j, value, expected[t * d + j]);
            }
        }
    }
}

static void assert_fill_is_zero(const tam_layout *layout, const void *x) {
    int last = tam_layout_blocks(layout) * layout->lanes;
    for (int sample = 0; sample < layout->n; sample++) {
        for (int c = layout->c; c < last; c++) {
            for (int64_t p = 0; p < tam_layout_pixels(layout); p++) {
                assert_true(number_at(layout, x, place_of(layout, sample, c, p)) == 0);
            }
        }
    }
}

static void run_heads(const tam_attention_kind *kind, const tam_attention *a, const void *x, const void *dy, void *y,
                      void *dx) {
    size_t bytes = kind->room_bytes(a);
    void *room = NULL;
    float *log_sums = new_memory((size_t)a->tokens * sizeof *log_sums);
    assert_int_equal(posix_memalign(&room, 64, bytes), 0);
    for (int task = 0; task < a->in.n * a->heads; task++) {
        tam_attention_call call = {.sample = task / a->heads, .head = task % a->heads, .x = x, .room = room};
        call.next_sample = task + 1 < a->in.n * a->heads ? (task + 1) / a->heads : -1;
        call.next_head = (task + 1) % a->heads;
        call.y = y;
        call.log_sums = log_sums;
        memset(room, 0xff, bytes);
        kind->forward(a, &call);
        memset(room, 0xff, bytes);
        call.dy = dy;
        call.dx = dx;
        kind->backward(a, &call);
    }
    free(room);
    free(log_sums);
}

static void check(const tam_attention_kind *kind, const shape *s, double tolerance) {
    int c = s->heads * s->d;
    tam_attention a = {.in = {s->n, 3 * c, s->h, s->w, s->lanes > 0 ? s->lanes : 3 * c, s->dtype},
                       .out = {s->n, c, s->h, s->w, s->lanes > 0 ? s->lanes : c, s->dtype},
                       .tokens = (int64_t)s->h * s->w,
                       .heads = s->heads,
                       .d = s->d,
                       .training = true};
    void *x = new_map(&a.in, 1), *dy = new_map(&a.out, 2);
    void *y = new_memory(tam_layout_bytes(&a.out)), *dx = new_memory(tam_layout_bytes(&a.in));
    memset(y, 0xff, tam_layout_bytes(&a.out));
    memset(dx, 0xff, tam_layout_bytes(&a.in));
    run_heads(kind, &a, x, dy, y, dx);
    for (int task = 0; task < s->n * s->heads; task++) {
        static const char *const names[] = {"dq", "dk", "dv"};
        int sample = task / s->heads, number = task % s->heads;
        head h = solve(&a, x, dy, sample, number);
        compare(&a.out, y, sample, number * s->d, h.y, s->d, tolerance, "y", kind->name);
        for (int part = 0; part < 3; part++) {
            compare(&a.in, dx, sample, (part * s->heads + number) * s->d, h.gradient[part], s->d, tolerance,
                    names[part], kind->name);
        }
        free_head(&h);
    }
    assert_fill_is_zero(&a.out, y);
    assert_fill_is_zero(&a.in, dx);
    free(x);
    free(dy);
    free(y);
    free(dx);
}

static void heads_are_what_they_say(void **state) {
    (void)state;
    static const shape shapes[] = {
        {1, 1, 1, 1, 1, 0, TAM_F32},     {2, 3, 5, 3, 4, 1, TAM_F32},     {2, 2, 8, 5, 5, 16, TAM_F32},
        {1, 2, 32, 7, 9, 0, TAM_F32},    {1, 1, 33, 6, 6, 16, TAM_F32},   {1, 1, 4, 20, 19, 1, TAM_F32},
        {2, 2, 1, 3, 3, 0, TAM_BF16},    {1, 3, 16, 6, 11, 0, TAM_BF16},  {2, 2, 32, 8, 4, 0, TAM_BF16},
        {1, 2, 33, 5, 7, 16, TAM_BF16},  {1, 1, 48, 14, 14, 1, TAM_BF16}, {1, 1, 80, 4, 9, 16, TAM_BF16},
        {1, 2, 64, 14, 14, 0, TAM_BF16}, {1, 1, 32, 21, 19, 0, TAM_BF16}, {1, 1, 8, 1, 1, 0, TAM_BF16},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        check(&tam_attention_f32, &shapes[i], shapes[i].dtype == TAM_BF16 ? 0.01 : 1e-5);
        if (shapes[i].dtype == TAM_BF16 && tam_attention_bf16() != NULL) {
            check(tam_attention_bf16(), &shapes[i], 0.02);
        }
    }
}

/* A score of +inf or NaN makes its query's y NaN, as in ref, and nobody else's; one of -inf counts nothing. */
static void what_is_no_number_shows(void **state) {
    (void)state;
    tam_attention a = {
        .in = {1, 6, 5, 1, 6, TAM_F32}, .out = {1, 2, 5, 1, 2, TAM_F32}, .tokens = 5, .heads = 1, .d = 2};
    float x[30], y[10];
    for (int kind = 0; kind < 2; kind++) {
        const tam_attention_kind *by = kind == 0 ? &tam_attention_f32 : tam_attention_bf16();
        tam_bf16 rounded[30], out[10];
        void *room = NULL;
        if (by == NULL) {
            continue;
        }
        a.in.dtype = a.out.dtype = kind == 0 ? TAM_F32 : TAM_BF16;
        for (int i = 0; i < 30; i++) {
            x[i] = (float)(i % 7) * 0.25F;
            x[i] = i % 6 == 2 ? 1.0F : x[i]; /* the keys' first number */
        }
        x[2 * 6] = NAN;       /* the query of token 2 */
        x[3 * 6] = -INFINITY; /* that of token 3: all its scores are -inf */
        for (int i = 0; i < 30; i++) {
            rounded[i] = tam_bf16_nearest(x[i]);
        }
        assert_int_equal(posix_memalign(&room, 64, by->room_bytes(&a)), 0);
        tam_attention_call call = {.x = kind == 0 ? (void *)x : (void *)rounded, .room = room, .next_sample = -1};
        call.y = kind == 0 ? (void *)y : (void *)out;
        by->forward(&a, &call);
        for (int i = 0; i < 10; i++) {
            bool broken = i / 2 == 2 || i / 2 == 3;
            float value = kind == 0 ? y[i] : tam_bf16_value(out[i]);
            assert_int_equal(value != value, broken);
        }
        free(room);
    }
}

/* The product alone: factors and sums of exact size. */
static void products_are_sums(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{32, 32, 32}, {64, 32, 96}, {32, 128, 64}, {96, 64, 224}};
    if (!tam_attention_tiles_run_here()) {
        skip();
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t rows = sizes[i][0], columns = sizes[i][1], depth = sizes[i][2];
        tam_layout left = {1, (int)depth, (int)rows, 1, (int)depth, TAM_BF16};
        tam_layout right = {1, (int)columns, (int)depth, 1, (int)columns, TAM_BF16};
        tam_bf16 *a = new_map(&left, 5), *b = new_map(&right, 6), *packed = new_memory(tam_layout_bytes(&right));
        float *c = new_memory((size_t)(rows * columns) * sizeof *c);
        tam_attention_tiles_rows(depth, columns, b, packed);
        tam_attention_product product = {rows, columns, depth, a, packed, depth, 16 * depth, c, columns, false};
        tam_attention_tiles_begin();
        tam_attention_tiles_multiply(&product);
        product.add = true;
        tam_attention_tiles_multiply(&product);
        tam_attention_tiles_end();
        for (int64_t at = 0; at < rows * columns; at++) {
            double sum = 0;
            for (int64_t k = 0; k < depth; k++) {
                sum += 2 * (double)tam_bf16_value(a[at / columns * depth + k]) *
                       (double)tam_bf16_value(b[k * columns + at % columns]);
            }
            assert_true(fabs(sum - (double)c[at]) <= 1e-5 * (double)depth);
        }
        free(a);
        free(b);
        free(packed);
        free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_what_they_say),
        cmocka_unit_test(what_is_no_number_shows),
        cmocka_unit_test(products_are_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
