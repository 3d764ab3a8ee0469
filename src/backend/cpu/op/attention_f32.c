/* Attention by products in f32. */
#include <math.h>
#include <string.h>

#include "backend/cpu/layer/dnnl_product.h"
#include "backend/cpu/op/attention.h"
#include "backend/cpu/op/cpu_rows.h"
#include "base/kernel.h"
#include "base/vector_math.h"

enum { CHUNK_NUMBERS = 1 << 16, LEAST_CHUNK = 16 };

float tam_attention_scale(const tam_attention *attention) {
    return (float)(1.4426950408889634 / sqrt((double)attention->d));
}

/* Queries that go together. */
static int64_t chunk_of(const tam_attention *a) {
    int64_t chunk = CHUNK_NUMBERS / a->tokens;
    chunk = chunk < LEAST_CHUNK ? LEAST_CHUNK : chunk;
    return chunk < a->tokens ? chunk : a->tokens;
}

/* Rows of tokens; in forward y takes the place of q. */
typedef struct room {
    float *q, *k, *v, *dy, *dq, *dk, *dv;
    float *p, *dp; /* [chunk][tokens] */
    float *sums;   /* [chunk] */
} room;

static room room_of(const tam_attention *a, void *at) {
    int64_t rows = a->tokens * a->d, scores = chunk_of(a) * a->tokens;
    float *q = at;
    room r = {.q = q, .k = q + rows, .v = q + 2 * rows, .p = q + 3 * rows};
    r.dp = r.p + scores;
    r.sums = r.dp; /* forward has no dp */
    r.dq = r.dp + scores;
    r.dk = r.dq + rows;
    r.dv = r.dk + rows;
    r.dy = r.dv + rows;
    return r;
}

static size_t room_bytes(const tam_attention *a) {
    int64_t rows = a->tokens * a->d, scores = chunk_of(a) * a->tokens;
    return (size_t)(a->training ? 7 * rows + 2 * scores : 3 * rows + scores + chunk_of(a)) * sizeof(float);
}

static tam_cpu_pixels place_of(const tam_attention *a, const tam_attention_call *call, int part) {
    return (tam_cpu_pixels){.sample = call->sample,
                            .pixels = a->tokens,
                            .channel = (part * a->heads + call->head) * a->d,
                            .channels = a->d};
}

static void get(const tam_attention *a, const tam_attention_call *call, const tam_layout *layout, const void *x,
                int part, float *rows) {
    tam_cpu_pixels place = place_of(a, call, part);
    tam_cpu_rows_get(layout, x, &place, rows, a->d);
}

static void put(const tam_attention *a, const tam_attention_call *call, const tam_layout *layout, const float *rows,
                int part, void *y) {
    tam_cpu_pixels place = place_of(a, call, part);
    tam_cpu_rows_put(layout, rows, a->d, &place, y);
}

/* Rows of scores, times `scale` in base 2, to 2^(score - the row's most), with their sums. */
TAM_KERNEL static void exponentials(int64_t rows, int64_t tokens, float scale, float *p, float *sums, float *log_sums) {
    for (int64_t t = 0; t < rows; t++) {
        float *row = p + t * tokens, most = row[0], sum = 0;
#pragma omp simd reduction(max : most)
        for (int64_t u = 0; u < tokens; u++) {
            most = row[u] > most ? row[u] : most;
        }
        most *= scale;
#pragma omp simd reduction(+ : sum)
        for (int64_t u = 0; u < tokens; u++) {
            row[u] = tam_exp2_softmax(row[u] * scale - most);
            sum += row[u];
        }
        sums[t] = sum;
        if (log_sums != NULL) {
            log_sums[t] = most + log2f(sum);
        }
    }
}

TAM_KERNEL static void divide_rows(int64_t rows, int64_t d, const float *sums, float *y) {
    for (int64_t t = 0; t < rows; t++) {
        float share = 1.0F / sums[t];
#pragma omp simd
        for (int64_t j = 0; j < d; j++) {
            y[t * d + j] *= share;
        }
    }
}

/* Rows of scores to p, and of dp to dscore = p (dp - sum of dp p) / sqrt(d). */
TAM_KERNEL static void score_gradients(int64_t rows, int64_t tokens, float scale, float share, const float *log_sums,
                                       float *p_rows, float *dp_rows) {
    for (int64_t t = 0; t < rows; t++) {
        float *p = p_rows + t * tokens, *dp = dp_rows + t * tokens, along = 0, log_sum = log_sums[t];
#pragma omp simd reduction(+ : along)
        for (int64_t u = 0; u < tokens; u++) {
            p[u] = tam_exp2_softmax(p[u] * scale - log_sum);
            along += p[u] * dp[u];
        }
#pragma omp simd
        for (int64_t u = 0; u < tokens; u++) {
            dp[u] = p[u] * (dp[u] - along) * share;
        }
    }
}

/* c [rows, columns] = beta c + a b, with b [columns, depth] where `transposed`; a may lie [depth, rows]. */
static void multiply(bool turned, bool transposed, int64_t rows, int64_t columns, int64_t depth, const float *a,
                     const float *b, float beta, float *c) {
    tam_dnnl_product(turned, transposed, rows, columns, depth, 1.0F, a, turned ? rows : depth, b,
                     transposed ? depth : columns, beta, c, columns);
}

static void forward(const tam_attention *a, const tam_attention_call *call) {
    int64_t tokens = a->tokens, d = a->d, chunk = chunk_of(a);
    room r = room_of(a, call->room);
    get(a, call, &a->in, call->x, 0, r.q);
    get(a, call, &a->in, call->x, 1, r.k);
    get(a, call, &a->in, call->x, 2, r.v);
    for (int64_t t = 0; t < tokens; t += chunk) {
        int64_t rows = tokens - t < chunk ? tokens - t : chunk;
        float *y = r.q + t * d;
        multiply(false, true, rows, tokens, d, y, r.k, 0, r.p);
        exponentials(rows, tokens, tam_attention_scale(a), r.p, r.sums,
                     call->log_sums != NULL ? call->log_sums + t : NULL);
        multiply(false, false, rows, d, tokens, r.p, r.v, 0, y);
        divide_rows(rows, d, r.sums, y);
    }
    put(a, call, &a->out, r.q, 0, call->y);
}

/* dp = dy v^T;  dq = dscore k, dk = dscore^T q, dv = p^T dy. */
static void backward(const tam_attention *a, const tam_attention_call *call) {
    int64_t tokens = a->tokens, d = a->d, chunk = chunk_of(a);
    room r = room_of(a, call->room);
    get(a, call, &a->in, call->x, 0, r.q);
    get(a, call, &a->in, call->x, 1, r.k);
    get(a, call, &a->in, call->x, 2, r.v);
    get(a, call, &a->out, call->dy, 0, r.dy);
    for (int64_t t = 0; t < tokens; t += chunk) {
        int64_t rows = tokens - t < chunk ? tokens - t : chunk;
        float beta = t > 0 ? 1.0F : 0.0F;
        multiply(false, true, rows, tokens, d, r.q + t * d, r.k, 0, r.p);
        multiply(false, true, rows, tokens, d, r.dy + t * d, r.v, 0, r.dp);
        score_gradients(rows, tokens, tam_attention_scale(a), (float)(1 / sqrt((double)d)), call->log_sums + t, r.p,
                        r.dp);
        multiply(false, false, rows, d, tokens, r.dp, r.k, 0, r.dq + t * d);
        multiply(true, false, tokens, d, rows, r.dp, r.q + t * d, beta, r.dk);
        multiply(true, false, tokens, d, rows, r.p, r.dy + t * d, beta, r.dv);
    }
    put(a, call, &a->in, r.dq, 0, call->dx);
    put(a, call, &a->in, r.dk, 1, call->dx);
    put(a, call, &a->in, r.dv, 2, call->dx);
}

const tam_attention_kind tam_attention_f32 = {
    .name = "f32", .room_bytes = room_bytes, .forward = forward, .backward = backward};
