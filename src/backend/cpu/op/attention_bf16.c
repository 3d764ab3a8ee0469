/* Attention of bf16 factors by matrix registers; sums and softmax in f32. Forward works on rows of scores, a row for
 * each query, 32 queries at a time. Backward works on columns of queries: then what a query needs (the logarithm of its
 * sum, dp along p) is a lane, and the weights lie as the products with dy and q read them. */
#include <math.h>
#include <string.h>

#include "backend/cpu/op/attention.h"
#include "backend/cpu/op/attention_tiles.h"
#include "backend/cpu/op/cpu_rows.h"
#include "base/kernel.h"

enum { SIDE = TAM_ATTENTION_SIDE, LANES = TAM_ATTENTION_LANES, CHUNK_NUMBERS = 1 << 16 };

static int64_t up(int64_t count) {
    return (count + SIDE - 1) / SIDE * SIDE;
}

/* Sides of the products: tokens, numbers of a head, and queries of which backward keeps the weights at once. */
typedef struct sides {
    int64_t tokens, d, chunk;
} sides;

static sides sides_of(const tam_attention *a) {
    sides s = {.tokens = up(a->tokens), .d = up(a->d)};
    int64_t chunk = CHUNK_NUMBERS / s.tokens / SIDE * SIDE;
    chunk = chunk < SIDE ? SIDE : chunk;
    s.chunk = chunk < s.tokens ? chunk : s.tokens;
    return s;
}

/* Takes pieces of a thread's room one after the other, or only counts them. */
typedef struct taker {
    char *at;
    size_t used;
} taker;

static void *take(taker *t, int64_t numbers, size_t bytes) {
    enum { ALIGNMENT = 64 };
    void *piece = t->at == NULL ? NULL : t->at + t->used;
    t->used += ((size_t)numbers * bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
}

static uint16_t *take_factor(taker *t, int64_t numbers) {
    return take(t, numbers, sizeof(uint16_t));
}

static float *take_f32(taker *t, int64_t numbers) {
    return take(t, numbers, sizeof(float));
}

typedef struct forward_room {
    uint16_t *q, *rows; /* [tokens][d] */
    uint16_t *keys;     /* right factor, a column for each key */
    uint16_t *values;   /* right factor, a row for each key */
    uint16_t *p;        /* [32][tokens] */
    float *scores[2];   /* [32][tokens], of these queries and of the next ones */
    float *most, *sums; /* [32] */
    float *y;           /* [tokens][d] */
} forward_room;

static forward_room forward_room_of(const sides *s, taker *t) {
    int64_t numbers = s->tokens * s->d;
    return (forward_room){
        .q = take_factor(t, numbers),
        .rows = take_factor(t, numbers),
        .keys = take_factor(t, numbers),
        .values = take_factor(t, numbers),
        .p = take_factor(t, SIDE * s->tokens),
        .scores = {take_f32(t, SIDE * s->tokens), take_f32(t, SIDE * s->tokens)},
        .most = take_f32(t, SIDE),
        .sums = take_f32(t, SIDE),
        .y = take_f32(t, numbers),
    };
}

typedef struct backward_room {
    uint16_t *rows;                   /* [tokens][d]: of q, then of dy */
    uint16_t *k, *v, *k_turned;       /* left factors: [tokens][d], [d][tokens] */
    uint16_t *q_columns, *dy_columns; /* right factors, a column for each query */
    uint16_t *q_rows, *dy_rows;       /* right factors, a row for each query */
    uint16_t *p, *dscore;             /* left factors, a row for each key: [tokens][chunk] */
    uint16_t *right;                  /* dscore as a right factor, a column for each query */
    float *scores[2];                 /* [32][32], of these keys and of the next ones */
    float *dp;                        /* [tokens][32] */
    float *dq_turned;                 /* [d][chunk] */
    float *dq, *dk, *dv;              /* [tokens][d] */
    float *log_sums, *along;          /* [tokens]; [32] */
} backward_room;

static backward_room backward_room_of(const sides *s, taker *t) {
    int64_t numbers = s->tokens * s->d, weights = s->tokens * s->chunk;
    return (backward_room){
        .rows = take_factor(t, numbers),
        .k = take_factor(t, numbers),
        .v = take_factor(t, numbers),
        .k_turned = take_factor(t, numbers),
        .q_columns = take_factor(t, numbers),
        .dy_columns = take_factor(t, numbers),
        .q_rows = take_factor(t, numbers),
        .dy_rows = take_factor(t, numbers),
        .p = take_factor(t, weights),
        .dscore = take_factor(t, weights),
        .right = take_factor(t, weights),
        .scores = {take_f32(t, SIDE * SIDE), take_f32(t, SIDE * SIDE)},
        .dp = take_f32(t, s->tokens * SIDE),
        .dq_turned = take_f32(t, s->d * s->chunk),
        .dq = take_f32(t, numbers),
        .dk = take_f32(t, numbers),
        .dv = take_f32(t, numbers),
        .log_sums = take_f32(t, s->tokens),
        .along = take_f32(t, SIDE),
    };
}

static size_t room_bytes(const tam_attention *a) {
    sides s = sides_of(a);
    taker forward = {0}, backward = {0};
    (void)forward_room_of(&s, &forward);
    (void)backward_room_of(&s, &backward);
    return a->training && backward.used > forward.used ? backward.used : forward.used;
}

static tam_cpu_pixels pixels_of(const tam_attention *a, const tam_attention_call *call, int part) {
    return (tam_cpu_pixels){.sample = call->sample,
                            .pixels = a->tokens,
                            .channel = (part * a->heads + call->head) * a->d,
                            .channels = a->d};
}

/* Rows of bf16 by way of f32, whatever the layout. */
static void get_any(const tam_attention *a, const tam_layout *layout, const void *x, tam_cpu_pixels place, int64_t d,
                    uint16_t *rows) {
    enum { GROUP = 8, WIDTH = 64 };
    float group[GROUP * WIDTH];
    for (int first = 0; first < a->d; first += WIDTH) {
        tam_cpu_pixels some = place;
        some.channel = place.channel + first;
        some.channels = a->d - first < WIDTH ? a->d - first : WIDTH;
        int64_t width = up(some.channels);
        for (int64_t t = 0; t < a->tokens; t += GROUP) {
            some.pixel = t;
            some.pixels = a->tokens - t < GROUP ? a->tokens - t : GROUP;
            tam_cpu_rows_get(layout, x, &some, group, WIDTH);
            for (int64_t i = 0; i < some.pixels; i++) {
                tam_attention_tiles_round(some.channels, width, group + i * WIDTH, rows + (t + i) * d + first);
            }
        }
    }
}

/* rows [tokens][d], filled up with zeros. */
static void get(const tam_attention *a, const tam_attention_call *call, const tam_layout *layout, const void *x,
                int part, const sides *s, uint16_t *rows) {
    tam_cpu_pixels place = pixels_of(a, call, part);
    memset(rows + a->tokens * s->d, 0, (size_t)((s->tokens - a->tokens) * s->d) * sizeof *rows);
    if (layout->lanes != layout->c || layout->dtype != TAM_BF16) {
        get_any(a, layout, x, place, s->d, rows);
        return;
    }
    const uint16_t *from = (const uint16_t *)x + call->sample * tam_layout_sample(layout) + place.channel;
    tam_attention_tiles_get(a->tokens, a->d, s->d, from, layout->c, rows);
}

static void put(const tam_attention *a, const tam_attention_call *call, const tam_layout *layout, const float *rows,
                int64_t stride, int part, void *y) {
    tam_cpu_pixels place = pixels_of(a, call, part);
    if (layout->lanes == layout->c && layout->dtype == TAM_BF16) {
        uint16_t *to = (uint16_t *)y + call->sample * tam_layout_sample(layout) + place.channel;
        tam_attention_tiles_put(a->tokens, a->d, rows, stride, to, layout->c);
        return;
    }
    tam_cpu_rows_put(layout, rows, stride, &place, y);
}

/* Lines of tokens `first` to `last` of one head come into the second cache; where heads lie apart from each other, the
 * processor does not guess them. */
static void fetch(const tam_attention *a, const tam_layout *layout, const void *x, int64_t sample, int channel,
                  int64_t first, int64_t last, const bool write) {
    enum { LINE = 32 };
    if (layout->lanes != layout->c || layout->dtype != TAM_BF16) {
        return;
    }
    const uint16_t *from = (const uint16_t *)x + sample * tam_layout_sample(layout) + first * layout->c + channel;
    for (int64_t t = first; t < last && t < a->tokens; t++, from += layout->c) {
        for (int64_t j = 0; j < a->d; j += LINE) {
            if (write) {
                __builtin_prefetch(from + j, 1, 3);
            } else {
                __builtin_prefetch(from + j, 0, 2);
            }
        }
    }
}

/* Of q, k and v. */
static void fetch_parts(const tam_attention *a, const void *x, int64_t sample, int head, int64_t first, int64_t last,
                        const bool write) {
    for (int part = 0; part < 3; part++) {
        fetch(a, &a->in, x, sample, (part * a->heads + head) * a->d, first, last, write);
    }
}

static void multiply(int64_t rows, int64_t columns, int64_t depth, const uint16_t *a, int64_t a_stride,
                     const uint16_t *b, int64_t b_panel, bool add, float *c, int64_t c_stride) {
    tam_attention_product product = {rows, columns, depth, a, b, a_stride, b_panel, c, c_stride, add};
    tam_attention_tiles_multiply(&product);
}

TAM_KERNEL static void divide_rows(int64_t rows, int64_t d, const float *sums, float *y) {
    for (int64_t i = 0; i < rows; i++) {
        float share = 1.0F / sums[i];
#pragma omp simd
        for (int64_t j = 0; j < d; j++) {
            y[i * d + j] *= share;
        }
    }
}

/* Some scores of the next 32 queries, and lines that will soon be needed: while the processor's vector units make
 * exponentials, its matrix unit and its memory have nothing else to do. */
static void work_ahead(const tam_attention *a, const tam_attention_call *call, const sides *s, const forward_room *r,
                       int64_t first, int64_t column, float *scores) {
    int64_t t = first + column * SIDE / s->tokens, end = first + (column + SIDE) * SIDE / s->tokens;
    if (first + SIDE < s->tokens) {
        multiply(SIDE, SIDE, s->d, r->q + (first + SIDE) * s->d, s->d, r->keys + column * s->d, LANES * s->d, false,
                 scores + column, s->tokens);
    }
    if (call->next_sample >= 0) {
        fetch_parts(a, call->x, call->next_sample, call->next_head, t, end, false);
    }
    fetch(a, &a->out, call->y, call->sample, call->head * a->d, t, end, true);
}

static void forward(const tam_attention *a, const tam_attention_call *call) {
    sides s = sides_of(a);
    taker room = {.at = call->room};
    forward_room r = forward_room_of(&s, &room);
    float scale = tam_attention_scale(a);
    get(a, call, &a->in, call->x, 0, &s, r.q);
    get(a, call, &a->in, call->x, 1, &s, r.rows);
    tam_attention_tiles_columns(s.tokens, s.d, r.rows, r.keys);
    get(a, call, &a->in, call->x, 2, &s, r.rows);
    tam_attention_tiles_rows(s.tokens, s.d, r.rows, r.values);
    tam_attention_tiles_begin();
    multiply(SIDE, s.tokens, s.d, r.q, s.d, r.keys, LANES * s.d, false, r.scores[0], s.tokens);
    for (int64_t first = 0; first < a->tokens; first += SIDE) {
        float *scores = r.scores[first / SIDE % 2], *next = r.scores[1 - first / SIDE % 2], *y = r.y + first * s.d;
        int64_t rows = a->tokens - first < SIDE ? a->tokens - first : SIDE;
        tam_attention_tiles_most(rows, a->tokens, s.tokens, scale, scores, r.most);
        for (int64_t column = 0; column < s.tokens; column += SIDE) {
            work_ahead(a, call, &s, &r, first, column, next);
            tam_attention_tiles_weights(column * rows / s.tokens, (column + SIDE) * rows / s.tokens, s.tokens, scale,
                                        scores, r.most, r.p, r.sums);
        }
        multiply(SIDE, s.d, s.tokens, r.p, s.tokens, r.values, LANES * s.tokens, false, y, s.d);
        divide_rows(rows, s.d, r.sums, y);
        for (int64_t t = first; call->log_sums != NULL && t < first + rows; t++) {
            call->log_sums[t] = r.most[t - first] + log2f(r.sums[t - first]);
        }
    }
    tam_attention_tiles_end();
    put(a, call, &a->out, r.y, s.d, 0, call->y);
}

/* Scores and dp of 32 keys from u on with 32 queries from `first` on. */
static void backward_scores(const sides *s, const backward_room *r, int64_t first, int64_t u) {
    multiply(SIDE, SIDE, s->d, r->k + u * s->d, s->d, r->q_columns + first * s->d, LANES * s->d, false,
             r->scores[u / SIDE % 2], SIDE);
    multiply(SIDE, SIDE, s->d, r->v + u * s->d, s->d, r->dy_columns + first * s->d, LANES * s->d, false,
             r->dp + u * SIDE, SIDE);
}

/* Lines that will soon be needed. */
static void fetch_ahead(const tam_attention *a, const tam_attention_call *call, int64_t first, int64_t last) {
    fetch_parts(a, call->dx, call->sample, call->head, first, last, true);
    if (call->next_sample >= 0) {
        fetch_parts(a, call->x, call->next_sample, call->next_head, first, last, false);
        fetch(a, &a->out, call->dy, call->next_sample, call->next_head * a->d, first, last, false);
    }
}

/* Weights and gradients of scores for 32 queries from `first` on, which are column `column` of the chunk. */
static void backward_columns(const tam_attention *a, const tam_attention_call *call, const sides *s,
                             const backward_room *r, int64_t first, int64_t column) {
    uint16_t *right = r->right + column * s->tokens;
    float share = (float)(1 / sqrt((double)a->d));
    memset(r->along, 0, SIDE * sizeof *r->along);
    backward_scores(s, r, first, 0);
    for (int64_t u = 0; u < a->tokens; u += SIDE) {
        int64_t rows = a->tokens - u < SIDE ? a->tokens - u : SIDE;
        if (u + SIDE < a->tokens) {
            backward_scores(s, r, first, u + SIDE);
        }
        fetch_ahead(a, call, first + u * SIDE / s->tokens, first + (u + SIDE) * SIDE / s->tokens);
        tam_attention_tiles_again(rows, tam_attention_scale(a), r->scores[u / SIDE % 2], r->dp + u * SIDE,
                                  r->log_sums + first, r->along, r->p + u * s->chunk + column, s->chunk);
    }
    tam_attention_tiles_gradients(a->tokens, share, r->p + column, s->chunk, r->dp, r->along, r->dscore + column, right,
                                  LANES * s->tokens);
    for (int panel = 0; panel < 2; panel++) {
        int64_t pairs = (a->tokens + 1) / 2 * 2;
        memset(right + LANES * (panel * s->tokens + pairs), 0, (size_t)(LANES * (s->tokens - pairs)) * sizeof *right);
    }
}

/* dv = p^T dy, dk = dscore^T q, dq = dscore k for a chunk of queries. */
static void backward_products(const sides *s, const backward_room *r, int64_t first, int64_t queries) {
    int64_t panel = LANES * s->tokens;
    const uint16_t *dy = r->dy_rows + first * LANES, *q = r->q_rows + first * LANES;
    multiply(s->tokens, s->d, queries, r->p, s->chunk, dy, panel, first > 0, r->dv, s->d);
    multiply(s->tokens, s->d, queries, r->dscore, s->chunk, q, panel, first > 0, r->dk, s->d);
    multiply(s->d, queries, s->tokens, r->k_turned, s->tokens, r->right, panel, false, r->dq_turned, s->chunk);
    tam_attention_tiles_transpose(s->d, queries, r->dq_turned, s->chunk, r->dq + first * s->d);
}

static void backward(const tam_attention *a, const tam_attention_call *call) {
    sides s = sides_of(a);
    taker room = {.at = call->room};
    backward_room r = backward_room_of(&s, &room);
    get(a, call, &a->in, call->x, 0, &s, r.rows);
    tam_attention_tiles_columns(s.tokens, s.d, r.rows, r.q_columns);
    tam_attention_tiles_rows(s.tokens, s.d, r.rows, r.q_rows);
    get(a, call, &a->out, call->dy, 0, &s, r.rows);
    tam_attention_tiles_columns(s.tokens, s.d, r.rows, r.dy_columns);
    tam_attention_tiles_rows(s.tokens, s.d, r.rows, r.dy_rows);
    get(a, call, &a->in, call->x, 1, &s, r.k);
    get(a, call, &a->in, call->x, 2, &s, r.v);
    tam_attention_tiles_turn(s.tokens, s.d, r.k, r.k_turned);
    for (int64_t i = 0; i < s.tokens; i++) {
        r.log_sums[i] = i < a->tokens ? call->log_sums[i] : INFINITY; /* no weight at all */
    }
    /* what the products read of keys beyond the last one they do not use, but it must be numbers */
    memset(r.p + a->tokens * s.chunk, 0, (size_t)((s.tokens - a->tokens) * s.chunk) * sizeof *r.p);
    memset(r.dscore + a->tokens * s.chunk, 0, (size_t)((s.tokens - a->tokens) * s.chunk) * sizeof *r.dscore);
    tam_attention_tiles_begin();
    for (int64_t first = 0; first < s.tokens; first += s.chunk) {
        int64_t queries = s.tokens - first < s.chunk ? s.tokens - first : s.chunk;
        for (int64_t column = 0; column < queries; column += SIDE) {
            backward_columns(a, call, &s, &r, first + column, column);
        }
        backward_products(&s, &r, first, queries);
    }
    tam_attention_tiles_end();
    put(a, call, &a->in, r.dq, s.d, 0, call->dx);
    put(a, call, &a->in, r.dk, s.d, 1, call->dx);
    put(a, call, &a->in, r.dv, s.d, 2, call->dx);
}

static const tam_attention_kind kind = {
    .name = "tiles", .room_bytes = room_bytes, .forward = forward, .backward = backward};

const tam_attention_kind *tam_attention_bf16(void) {
    return tam_attention_tiles_run_here() ? &kind : NULL;
}
