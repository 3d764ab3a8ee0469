/* The class with the largest logit, without margin. */
#include <math.h>

#include "head/head_inside.h"
#include "head/row_kernels.h"

/* A scale matters to the order of logits only beside a bias, and no loss with a bias scales by |x|. */
static float scale_of_logits(const tam_head *head) {
    const tam_class_loss *loss = head->loss.class_loss;
    return head->bias != NULL ? (float)loss->scale(&head->loss.state, 1.0).value : 1.0f;
}

/* Ties go to the lowest class. */
static void best_of_row(const tam_head *head, tam_head_tile tile, const float *products, tam_head_scratch *scratch,
                        tam_head_partial *partial) {
    const float *inverse_w = head->inverse_w + tile.first * head->subs, *z = scratch->z;
    double largest;
    if (head->subs > 1) {
        largest = (double)tam_row_nearest(tile.count, head->subs, products, inverse_w, scratch->z, scratch->nearest);
    } else {
        const float *bias = head->bias != NULL ? head->bias + tile.first : head->no_bias;
        largest = (double)tam_row_logits(tile.count, products, inverse_w, bias, scale_of_logits(head), scratch->z);
    }
    if (!(largest > partial->top)) {
        return;
    }
    partial->top = largest;
    for (int64_t j = 0; j < tile.count; j++) {
        if ((double)z[j] == largest) {
            partial->best = tile.first + j;
            return;
        }
    }
}

static void classify_chunk(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    int64_t dim = head->dim, subs = head->subs, end = tam_head_chunk_begin(head, chunk + 1);
    int64_t begin = tam_head_chunk_begin(head, chunk);
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.top = -INFINITY, .best = begin};
    }
    for (int64_t first = begin; first < end; first += head->tile_classes) {
        tam_head_tile tile = tam_head_tile_at(head, first, end, scratch->tile);
        (void)tam_head_measure_weights(head, first, tile.count);
        head->backend->product(false, true, job->n, tile.count * subs, dim, 1.0f, head->x_unit, dim,
                               head->w + first * subs * dim, dim, 0.0f, tile.values, tile.stride);
        for (int i = 0; i < job->n; i++) {
            best_of_row(head, tile, tile.values + i * tile.stride, scratch, &partial[i]);
        }
    }
}

tam_status tam_head_classify(tam_head *head, int64_t n, const float *x, int32_t *best) {
    int64_t dim = head->dim;
    if (n < 0) {
        return tam_fail(head->ctx, TAM_CONFIG, "cannot classify %lld samples", (long long)n);
    }
    if (head->loss.class_loss == NULL) {
        return tam_fail(head->ctx, TAM_CONFIG, "a loss on pairs has no classes to tell apart");
    }
    for (int64_t start = 0; start < n; start += head->batch) {
        int64_t rows = n - start < head->batch ? n - start : head->batch;
        for (int64_t i = 0; i < rows; i++) {
            const float *from = x + (start + i) * dim;
            double inverse = tam_head_inverse(sqrt(tam_dot(dim, from, from)));
            tam_scale_row(dim, tam_head_has(head, TAM_LOSS_UNIT_X) ? inverse : 1.0, from, head->x_unit + i * dim);
        }
        tam_head_job job = {.head = head, .n = (int)rows};
        tam_team_run(head->ctx, head->chunks, classify_chunk, &job);
        for (int64_t i = 0; i < rows; i++) {
            const tam_head_partial *winner = &head->partial[i];
            for (int64_t k = 1; k < head->chunks; k++) {
                const tam_head_partial *candidate = &head->partial[k * head->batch + i];
                winner = candidate->top > winner->top ? candidate : winner;
            }
            best[start + i] = (int32_t)winner->best;
        }
    }
    return TAM_OK;
}
