/* The class with the largest logit, without margin. */
#include <math.h>

#include "backend/class_rows.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"

#define LOG2_E 1.44269504f

/* A scale matters to the order of logits only beside a bias, and no loss with a bias scales by |x|. */
static float scale_of_logits(const tam_head *head) {
    const tam_class_loss *loss = head->loss.class_loss;
    return head->bias != NULL ? (float)loss->scale(&head->loss.state, 1.0).value : 1.0f;
}

/* Ties go to the lowest class. */
static void best_of_row(const tam_head *head, int64_t first, int64_t count, const float *products,
                        tam_head_scratch *scratch, tam_head_partial *partial) {
    const float *inverse_w = scratch->inverse_w, *z = scratch->z;
    double largest;
    if (head->subs > 1) {
        largest = (double)tam_row_nearest(count, head->subs, products, inverse_w, scratch->z, scratch->nearest);
    } else if (head->bias != NULL) {
        largest = (double)tam_row_biased_logits(count, products, inverse_w, head->bias + first,
                                                scale_of_logits(head) * LOG2_E, scratch->z);
    } else {
        largest = (double)tam_row_scaled_logits(count, products, inverse_w, 1.0f, scratch->z);
    }
    if (!(largest > partial->top)) {
        return;
    }
    partial->top = largest;
    for (int64_t j = 0; j < count; j++) {
        if ((double)z[j] == largest) {
            partial->best = first + j;
            return;
        }
    }
}

/* One tile of all classes, whichever take part in steps. */
static void classify_tile(const tam_head_job *job, int64_t first, int64_t count, tam_head_scratch *scratch,
                          tam_head_partial *partial) {
    tam_head *head = job->head;
    int64_t rows = count * head->subs;
    for (int64_t k = 0; k < rows; k++) {
        scratch->rows[k] = first * head->subs + k;
    }
    (void)tam_class_rows_measure(head->dtype, head->w, head->dim, rows, scratch->rows,
                                 tam_head_has(head, TAM_LOSS_UNIT_W), scratch->inverse_w);
    tam_class_tile tile = {
        .n = job->n,
        .dim = head->dim,
        .rows = rows,
        .row = scratch->rows,
        .w = head->w,
        .inverse_w = scratch->inverse_w,
        .stride = tam_class_stride(rows),
        .room = scratch->room,
    };
    head->products->logits(&tile, head->packed[TAM_PACK_FOR_LOGITS], scratch->values);
    for (int i = 0; i < job->n; i++) {
        best_of_row(head, first, count, scratch->values + i * tile.stride, scratch, &partial[i]);
    }
}

static void classify_chunk(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    const tam_head_cut cut = tam_head_cut_of(head, head->classes);
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    int64_t begin = tam_head_chunk_begin(&cut, chunk), end = tam_head_chunk_begin(&cut, chunk + 1);
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.top = -INFINITY, .best = begin};
    }
    for (int64_t first = begin; first < end; first += cut.tile_classes) {
        int64_t left = end - first;
        classify_tile(job, first, left < cut.tile_classes ? left : cut.tile_classes, scratch, partial);
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
    int chunks = tam_head_cut_of(head, head->classes).chunks;
    for (int64_t start = 0; start < n; start += head->batch) {
        int64_t rows = n - start < head->batch ? n - start : head->batch;
        for (int64_t i = 0; i < rows; i++) {
            const float *from = x + (start + i) * dim;
            double inverse = tam_head_inverse(sqrt(tam_dot(dim, from, from)));
            tam_scale_row(dim, tam_head_has(head, TAM_LOSS_UNIT_X) ? inverse : 1.0, from, head->x_unit + i * dim);
        }
        tam_head_job job = {.head = head, .n = (int)rows, .packing = TAM_PACK_FOR_LOGITS};
        tam_team_run(head->ctx, head->products->pack_tasks(job.packing, job.n, head->dim), tam_head_pack, &job);
        tam_team_run(head->ctx, chunks, classify_chunk, &job);
        for (int64_t i = 0; i < rows; i++) {
            const tam_head_partial *winner = &head->partial[i];
            for (int64_t k = 1; k < chunks; k++) {
                const tam_head_partial *candidate = &head->partial[k * head->batch + i];
                winner = candidate->top > winner->top ? candidate : winner;
            }
            best[start + i] = (int32_t)winner->best;
        }
    }
    return TAM_OK;
}
