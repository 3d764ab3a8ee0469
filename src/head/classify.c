/* The class with the largest logit, without margin. */
#include <math.h>

#include "head/head_inside.h"
#include "head/row_kernels.h"

/* Ties go to the lowest class. */
static void classify_chunk(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    float *tile = tam_head_scratch_of(head, chunk, worker)->tile;
    tam_head_partial *partial = head->partial + chunk * head->batch;
    int64_t dim = head->dim, end = tam_head_chunk_begin(head, chunk + 1);
    int64_t begin = tam_head_chunk_begin(head, chunk);
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.top = -INFINITY, .best = begin};
    }
    for (int64_t first = begin; first < end; first += head->tile_classes) {
        int64_t count = end - first < head->tile_classes ? end - first : head->tile_classes;
        (void)tam_head_measure_weights(head, first, count);
        head->backend->product(false, true, job->n, count, dim, 1.0f, head->x_unit, dim, head->w + first * dim, dim,
                               0.0f, tile, head->tile_classes);
        for (int i = 0; i < job->n; i++) {
            const float *bias = head->bias != NULL ? head->bias + first : head->no_bias;
            float *z = tile + i * head->tile_classes;
            double largest = (double)tam_row_logits(count, z, head->inverse_w + first, bias, 1.0f);
            if (!(largest > partial[i].top)) {
                continue;
            }
            partial[i].top = largest;
            for (int64_t j = 0; j < count; j++) {
                if ((double)z[j] == largest) {
                    partial[i].best = first + j;
                    break;
                }
            }
        }
    }
}

tam_status tam_head_classify(tam_head *head, int64_t n, const float *x, int32_t *best) {
    int64_t dim = head->dim;
    if (n < 0) {
        return tam_fail(head->ctx, TAM_CONFIG, "cannot classify %lld samples", (long long)n);
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
