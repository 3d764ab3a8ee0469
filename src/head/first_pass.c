/* The first pass over a chunk of classes, tile by tile: lengths of the weights, products, t with its sums, and dx up to
 * each sample's factor. docs/head.md shows it on one screen. */
#include <math.h>
#include <string.h>

#include "backend/class_rows.h"
#include "head/head_inside.h"

void tam_head_pack(void *argument, int64_t task, int worker) {
    const tam_head_job *job = argument;
    const tam_head *head = job->head;
    const float *factor = job->packing == TAM_PACK_FOR_WEIGHTS ? head->factor : NULL;
    (void)worker;
    head->products->pack(job->packing, job->n, head->dim, head->x_unit, factor, head->packed[job->packing], task);
}

/* 1/|w_j|; false when a weight is NaN or infinite. */
static bool measure(const tam_head *head, const tam_head_tile *tile) {
    return tam_class_rows_measure(head->dtype, head->w, head->dim, tile->rows.rows, tile->rows.row,
                                  tam_head_has(head, TAM_LOSS_UNIT_W), head->inverse_w + tile->first * head->subs);
}

static void make_tile(const tam_head_job *job, const tam_head_tile *tile, float *dx, tam_head_scratch *scratch,
                      tam_head_partial *partial) {
    const tam_head *head = job->head;
    if (tam_head_is(head, TAM_LOSS_PROXY)) {
        tam_head_proxies(job, tile, false, scratch, partial);
        return;
    }
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            tam_head_make_values(job, tile, i, false, dx + (int64_t)i * head->dim, scratch, &partial[i]);
        } else {
            memset(tile->values + i * tile->rows.stride, 0, (size_t)tile->rows.rows * sizeof(float));
            tile->m[i] = 0.0f;
        }
    }
}

void tam_head_first_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    float *dx = head->dx_chunk + chunk * head->batch * head->dim;
    bool finite = !job->again || head->chunk_finite[chunk];
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.top = -INFINITY};
    }
    memset(dx, 0, (size_t)job->n * (size_t)head->dim * sizeof *dx);
    for (int64_t k = 0; k < tam_head_tiles_of(&head->cut, chunk); k++) {
        tam_head_tile tile = tam_head_tile_at(head, job->n, chunk, k, scratch);
        if (!job->again && !head->products->lengths_late) {
            finite = measure(head, &tile) && finite;
        }
        head->products->logits(&tile.rows, head->packed[TAM_PACK_FOR_LOGITS], tile.values);
        if (!job->again && head->products->lengths_late) {
            finite = measure(head, &tile) && finite;
        }
        if (job->sums_only) {
            for (int i = 0; i < job->n; i++) {
                if (job->y[i] >= 0) {
                    tam_head_add_logits(job, &tile, i, scratch, &partial[i]);
                }
            }
            continue;
        }
        make_tile(job, &tile, dx, scratch, partial);
        head->products->embeddings(&tile.rows, tile.values, tile.kept ? tile.slot : NULL,
                                   tam_head_filters_dx(job, &tile, partial) ? NULL : dx);
    }
    head->chunk_finite[chunk] = finite;
}
