/* TAR at the nearest FAR of a thinned ROC, as IJB's tables are made. */
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "eval/radix.h"
#include "tammes/templates.h"

/* False and true accepts. */
typedef struct point {
    int64_t wrong, right;
} point;

typedef struct search {
    int levels;
    const double *far;
    double *tar, *nearest; /* [levels] */
    int64_t impostors, genuine;
} search;

/* Points come with rising FAR, so a later one that is as near wins. */
static void offer(search *s, point p) {
    double far = (double)p.wrong / (double)s->impostors;
    for (int i = 0; i < s->levels; i++) {
        double distance = fabs(far - s->far[i]);
        if (distance <= s->nearest[i]) {
            s->nearest[i] = distance;
            s->tar[i] = (double)p.right / (double)s->genuine;
        }
    }
}

/* Whether b lies half way between its neighbours: scikit-learn drops it. */
static bool is_between(point a, point b, point c) {
    return c.wrong - 2 * b.wrong + a.wrong == 0 && c.right - 2 * b.right + a.right == 0;
}

static void walk(const uint32_t *keys, const uint32_t *order, const uint8_t *same, int64_t pairs, search *s) {
    point before = {0, 0}, here = {0, 0}, next = {0, 0};
    int64_t points = 0;
    offer(s, here);
    for (int64_t i = pairs - 1; i >= 0;) {
        uint32_t key = keys[i];
        for (; i >= 0 && keys[i] == key; i--) {
            next.right += same[order[i]] != 0;
            next.wrong += same[order[i]] == 0;
        }
        points++;
        if (points == 2 || (points > 2 && !is_between(before, here, next))) {
            offer(s, here);
        }
        before = here;
        here = next;
    }
    offer(s, here);
}

tam_status tam_eval_published_tar(tam_ctx *ctx, int64_t pairs, const float *scores, const uint8_t *same, int levels,
                                  const double *far, double *tar) {
    if (pairs < 0 || pairs > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be evaluated", (long long)pairs);
    }
    uint32_t *keys = tam_allocate(ctx, (size_t)pairs, 4 * sizeof *keys, "scores of pairs");
    double *nearest = tam_allocate(ctx, (size_t)levels, sizeof *nearest, "rates");
    tam_status status = keys != NULL && nearest != NULL ? TAM_OK : TAM_RESOURCES;
    search s = {levels, far, tar, nearest, 0, 0};
    for (int64_t i = 0; status == TAM_OK && i < pairs; i++) {
        if (isnan(scores[i])) {
            status = tam_fail(ctx, TAM_INPUT, "pair %lld has a score that is no number", (long long)i);
        }
        keys[i] = tam_key_of_float(scores[i]);
        keys[2 * pairs + i] = (uint32_t)i;
        s.genuine += same[i] != 0;
        s.impostors += same[i] == 0;
    }
    for (int i = 0; status == TAM_OK && i < levels; i++) {
        tar[i] = NAN;
        nearest[i] = INFINITY;
    }
    if (status == TAM_OK && s.genuine > 0 && s.impostors > 0) {
        tam_radix_sort(keys, keys + pairs, keys + 2 * pairs, keys + 3 * pairs, pairs);
        walk(keys, keys + 2 * pairs, same, pairs, &s);
    }
    tam_release(ctx, keys);
    tam_release(ctx, nearest);
    return status;
}
