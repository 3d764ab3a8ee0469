#include "eval/own_scores.h"

#include <stdlib.h>

#include "base/memory.h"

/* Merges the two orders: where each query's class lies in the gallery. */
static void find_classes(tam_own_scores *set, const int32_t *gallery_labels, const int32_t *query_labels) {
    const tam_groups *groups = &set->gallery_groups;
    int64_t at = 0, count = set->gallery.count;
    for (int64_t i = 0; i < set->queries.count; i++) {
        int32_t label = query_labels[set->query_groups.order[i]];
        while (at < count && gallery_labels[groups->order[at]] < label) {
            at = groups->end[at];
        }
        bool found = at < count && gallery_labels[groups->order[at]] == label;
        set->from[i] = (uint32_t)at;
        set->to[i] = found ? groups->end[at] : (uint32_t)at;
    }
    for (int64_t top = 0; top < set->queries.count; top += TAM_TILE) {
        int64_t sum = 0;
        for (int64_t i = top; i < top + TAM_TILE && i < set->queries.count; i++) {
            sum += set->to[i] - set->from[i];
        }
        set->most_own = sum > set->most_own ? sum : set->most_own;
    }
}

static tam_status take_memory(tam_ctx *ctx, const int32_t *gallery_labels, const int32_t *query_labels,
                              tam_own_scores *set) {
    size_t threads = (size_t)tam_ctx_threads(ctx), queries = (size_t)set->queries.count;
    set->from = tam_allocate(ctx, queries, 2 * sizeof *set->from, "places of classes");
    if (set->from == NULL) {
        return TAM_RESOURCES;
    }
    set->to = set->from + queries;
    find_classes(set, gallery_labels, query_labels);
    set->own = tam_allocate(ctx, threads * (size_t)set->most_own, sizeof *set->own, "answers");
    set->before = tam_allocate(ctx, threads * ((size_t)set->most_own + TAM_TILE), sizeof *set->before, "answers");
    return set->own != NULL && set->before != NULL ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_own_scores_make(tam_ctx *ctx, int d, int64_t gallery_count, const float *gallery,
                               const int32_t *gallery_labels, int64_t query_count, const float *queries,
                               const int32_t *query_labels, tam_own_scores *set) {
    *set = (tam_own_scores){.itself = gallery == NULL};
    if (set->itself) {
        gallery = queries;
        gallery_labels = query_labels;
        gallery_count = query_count;
    }
    TAM_TRY(tam_groups_make(ctx, gallery_count, gallery_labels, &set->gallery_groups));
    TAM_TRY(tam_groups_make(ctx, query_count, query_labels, &set->query_groups));
    TAM_TRY(tam_rows_pack(ctx, gallery_count, d, gallery, set->gallery_groups.order, &set->gallery));
    TAM_TRY(tam_rows_pack(ctx, query_count, d, queries, set->query_groups.order, &set->queries));
    return take_memory(ctx, gallery_labels, query_labels, set);
}

void tam_own_scores_free(tam_ctx *ctx, tam_own_scores *set) {
    tam_rows_free(ctx, &set->gallery);
    tam_rows_free(ctx, &set->queries);
    tam_groups_free(ctx, &set->gallery_groups);
    tam_groups_free(ctx, &set->query_groups);
    tam_release(ctx, set->from);
    tam_release(ctx, set->own);
    tam_release(ctx, set->before);
}

static void lay_out(const tam_own_scores *set, int64_t tile, int worker, tam_own_tile *t) {
    tam_answer *own = set->own + worker * set->most_own;
    uint32_t *before = set->before + worker * (set->most_own + TAM_TILE);
    t->top = tile * TAM_TILE;
    t->rows = (int)(set->queries.count - t->top < TAM_TILE ? set->queries.count - t->top : TAM_TILE);
    for (int r = 0; r < t->rows; r++) {
        int64_t most = set->to[t->top + r] - set->from[t->top + r];
        t->own[r] = own;
        t->count[r] = 0;
        t->before[r] = before;
        for (int64_t k = 0; k <= most; k++) {
            before[k] = 0;
        }
        own += most;
        before += most + 1;
    }
}

static int by_place(const void *a, const void *b) {
    const tam_answer *x = a, *y = b;
    return tam_comes_before(*x, *y) ? -1 : tam_comes_before(*y, *x);
}

void tam_own_tile_begin(const tam_own_scores *set, int64_t tile, int worker, float *scores, tam_own_tile *t) {
    lay_out(set, tile, worker, t);
    int64_t first = set->from[t->top] / TAM_TILE, end = set->to[t->top + t->rows - 1];
    for (int64_t other = first; other * TAM_TILE < end; other++) {
        int64_t left = other * TAM_TILE;
        tam_rows_tile(&set->queries, tile, &set->gallery, other, scores);
        for (int r = 0; r < t->rows; r++) {
            int64_t i = t->top + r;
            int64_t from = set->from[i] > left ? set->from[i] : left;
            int64_t to = set->to[i] < left + TAM_TILE ? set->to[i] : left + TAM_TILE;
            for (int64_t j = from; j < to; j++) {
                if (!(set->itself && i == j)) {
                    t->own[r][t->count[r]++] =
                        (tam_answer){scores[r * TAM_TILE + j - left], set->gallery_groups.order[j]};
                }
            }
        }
    }
    for (int r = 0; r < t->rows; r++) {
        qsort(t->own[r], (size_t)t->count[r], sizeof(tam_answer), by_place);
    }
}

int64_t tam_own_place(const tam_own_tile *t, int r, tam_answer other) {
    int64_t low = 0, high = t->count[r];
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (tam_comes_before(other, t->own[r][middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}
