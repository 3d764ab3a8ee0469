/* For each head, with q, k, v [tokens, d]: y = p v, p = softmax(q k^T / sqrt(d)) by rows. */
#include <math.h>

#include "backend/ref/ref.h"

typedef struct head {
    int64_t tokens, d;
    double scale;
    const float *q, *k, *v; /* number j of token t is at [j * tokens + t] */
    int64_t y;              /* where the head's output begins in y */
} head;

static int64_t heads_of(const tam_ref_node *at) {
    return (int64_t)at->node->key[TAM_ATTENTION_HEADS];
}

static head head_of(const tam_ref_node *at, int64_t number) {
    int64_t tokens = (int64_t)at->out.h * at->out.w, c = at->out.c, heads = heads_of(at), d = c / heads;
    int64_t n = number / heads, h = number % heads;
    const float *q = at->x[0] + n * 3 * c * tokens + h * d * tokens;
    return (head){.tokens = tokens,
                  .d = d,
                  .scale = 1 / sqrt((double)d),
                  .q = q,
                  .k = q + c * tokens,
                  .v = q + 2 * c * tokens,
                  .y = n * c * tokens + h * d * tokens};
}

/* The row of p for token t: written over and over, it costs no memory of its own. */
static double weight(const head *h, int64_t t, int64_t u, double most, double sum) {
    double score = 0;
    for (int64_t j = 0; j < h->d; j++) {
        score += (double)h->q[j * h->tokens + t] * (double)h->k[j * h->tokens + u];
    }
    return sum == 0 ? score * h->scale : exp(score * h->scale - most) / sum;
}

static void row_of(const head *h, int64_t t, double *most, double *sum) {
    *most = -INFINITY;
    double total = 0;
    for (int64_t u = 0; u < h->tokens; u++) {
        *most = fmax(*most, weight(h, t, u, 0, 0));
    }
    for (int64_t u = 0; u < h->tokens; u++) {
        total += exp(weight(h, t, u, 0, 0) - *most);
    }
    *sum = total;
}

static void forward(const tam_ref_node *at) {
    for (int64_t number = 0; number < at->n * heads_of(at); number++) {
        head h = head_of(at, number);
        for (int64_t t = 0; t < h.tokens; t++) {
            double most, sum;
            row_of(&h, t, &most, &sum);
            for (int64_t j = 0; j < h.d; j++) {
                at->y[h.y + j * h.tokens + t] = 0;
            }
            for (int64_t u = 0; u < h.tokens; u++) {
                double p = weight(&h, t, u, most, sum);
                for (int64_t j = 0; j < h.d; j++) {
                    at->y[h.y + j * h.tokens + t] += (float)(p * (double)h.v[j * h.tokens + u]);
                }
            }
        }
    }
}

/* dp = dy v^T, dscore = p (dp - sum of dp p) / sqrt(d);  dq = dscore k, dk = dscore^T q, dv = p^T dy. The sum of dp p
 * over a row is the product of dy and y there. */
static void backward_row(const tam_ref_node *at, const head *h, int64_t t) {
    int64_t c = at->out.c;
    float *dq = at->dx[0] + (h->q - at->x[0]), *dk = dq + c * h->tokens, *dv = dk + c * h->tokens;
    const float *dy = at->dy + h->y, *y = at->y + h->y;
    double most, sum, along = 0;
    row_of(h, t, &most, &sum);
    for (int64_t j = 0; j < h->d; j++) {
        along += (double)dy[j * h->tokens + t] * (double)y[j * h->tokens + t];
    }
    for (int64_t u = 0; u < h->tokens; u++) {
        double p = weight(h, t, u, most, sum), dp = 0;
        for (int64_t j = 0; j < h->d; j++) {
            dp += (double)dy[j * h->tokens + t] * (double)h->v[j * h->tokens + u];
        }
        double dscore = p * (dp - along) * h->scale;
        for (int64_t j = 0; j < h->d; j++) {
            dq[j * h->tokens + t] += (float)(dscore * (double)h->k[j * h->tokens + u]);
            dk[j * h->tokens + u] += (float)(dscore * (double)h->q[j * h->tokens + t]);
            dv[j * h->tokens + u] += (float)(p * (double)dy[j * h->tokens + t]);
        }
    }
}

static void backward(const tam_ref_node *at) {
    for (int64_t number = 0; number < at->n * heads_of(at); number++) {
        head h = head_of(at, number);
        for (int64_t t = 0; t < h.tokens; t++) {
            backward_row(at, &h, t);
        }
    }
}

const tam_ref_op tam_ref_attention = {.forward = forward, .backward = backward};
