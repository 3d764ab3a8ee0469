/* The second pass over a chunk of classes: the gradient of each tile's weights, and their update while they are in the
 * cache. */
#include <math.h>
#include <string.h>

#include "backend/class_rows.h"
#include "head/head_inside.h"

/* The tile's t as the first pass had them, in its slot. */
static void make_again(const tam_head_job *job, const tam_head_tile *tile, tam_head_scratch *scratch,
                       tam_head_partial *partial) {
    const tam_head *head = job->head;
    head->products->logits(&tile->rows, head->packed[TAM_PACK_FOR_LOGITS], tile->values);
    if (tam_head_is(head, TAM_LOSS_PROXY)) {
        tam_head_proxies(job, tile, true, scratch, partial);
    }
    for (int i = 0; i < job->n && !tam_head_is(head, TAM_LOSS_PROXY); i++) {
        if (job->y[i] >= 0) {
            tam_head_make_values(job, tile, i, true, NULL, scratch, &partial[i]);
        } else {
            memset(tile->values + i * tile->rows.stride, 0, (size_t)tile->rows.rows * sizeof(float));
        }
    }
    head->products->embeddings(&tile->rows, tile->values, tile->slot, NULL);
}

/* Samples whose own class is in the tile: the first of them in head->own, which is in the order of places. */
static int first_own(const tam_head_job *job, int64_t place) {
    int low = 0, high = job->owns;
    while (low < high) {
        int middle = (low + high) / 2;
        if (job->head->own[middle].place < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* In the order of rows: samples of one class may have different sub-centres. */
static int list_owns(const tam_head_job *job, const tam_head_tile *tile, tam_class_own *own) {
    const tam_head *head = job->head;
    int count = 0;
    for (int k = first_own(job, tile->first); k < job->owns && head->own[k].place < tile->first + tile->count; k++) {
        int i = head->own[k].i;
        const tam_head_row *row = &head->row[i];
        double along = row->target_slope * row->target.slope_b * tam_head_inverse(row->own.b);
        int64_t place = (head->own[k].place - tile->first) * head->subs + row->sub;
        int at = count++;
        for (; at > 0 && own[at - 1].place > place; at--) {
            own[at] = own[at - 1];
        }
        own[at] = (tam_class_own){
            .place = place,
            .g = (float)row->target_g,
            .along = tam_head_has(head, TAM_LOSS_UNIT_W) ? 0.0f : (float)along,
            .x = head->x_unit + (int64_t)i * head->dim,
        };
    }
    return count;
}

/* t were made with the tile's m, f with the sample's; NULL where they are the same for all. */
static const float *rescale_of(const tam_head_job *job, const tam_head_tile *tile, float *rescale) {
    const tam_head *head = job->head;
    bool same = true;
    if (!tam_head_is(head, TAM_LOSS_SOFTMAX)) {
        return NULL;
    }
    for (int i = 0; i < job->n; i++) {
        double shift = job->y[i] >= 0 ? (double)tile->m[i] - head->row[i].m : 0.0;
        same = same && shift == 0.0;
        rescale[i] = shift == 0.0 ? 1.0f : (float)exp2(shift);
    }
    return same ? NULL : rescale;
}

/* A bias does not decay. Its gradient is sum_i dL_i/dz_ij. */
static void finish_biases(const tam_head_job *job, const tam_head_tile *tile, const tam_class_update *update,
                          bool left_out, tam_head_scratch *scratch) {
    tam_head *head = job->head;
    float *sums = scratch->column_rest;
    memset(sums, 0, (size_t)tile->count * sizeof *sums);
    if (!left_out) {
        head->products->column_sums(&tile->rows, tile->slot, head->bias_factor, update->rescale, sums);
    }
    for (int k = first_own(job, tile->first); k < job->owns && head->own[k].place < tile->first + tile->count; k++) {
        sums[head->own[k].place - tile->first] += (float)head->row[head->own[k].i].target_slope;
    }
    for (int64_t j = 0; j < tile->count; j++) {
        int64_t class = tile->rows.row[j];
        if (job->dbias != NULL) {
            job->dbias[class] = sums[j];
        }
        if (update->sgd != NULL) {
            float *v = &head->bias_momentum[class];
            *v = update->sgd->momentum * *v + update->sgd->gradient_scale * sums[j];
            head->bias[class] -= update->sgd->lr * *v;
        }
    }
}

void tam_head_second_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    tam_sgd sgd = {0};
    if (job->update != NULL) {
        sgd = (tam_sgd){job->update->lr, job->update->momentum, job->update->weight_decay, job->update->gradient_scale};
        sgd.gradient_scale = sgd.gradient_scale != 0.0f ? sgd.gradient_scale : 1.0f;
    }
    head->chunk_left_out[chunk] = 0;
    for (int64_t k = 0; k < tam_head_tiles_of(&head->cut, chunk); k++) {
        tam_head_tile tile = tam_head_tile_at(head, job->n, chunk, k, scratch);
        bool left_out = tam_head_filters_dw(job, &tile);
        tam_class_update update = {
            .own = scratch->own,
            .owns = list_owns(job, &tile, scratch->own),
            .unit_w = tam_head_has(head, TAM_LOSS_UNIT_W),
            .rescale = rescale_of(job, &tile, scratch->rescale),
            .dw = job->dw,
            .sgd = job->update != NULL ? &sgd : NULL,
            .rounding = job->rounding,
        };
        if (!left_out && !tile.kept) {
            make_again(job, &tile, scratch, partial);
        }
        if (head->bias != NULL) {
            finish_biases(job, &tile, &update, left_out, scratch);
        }
        if (left_out) {
            head->chunk_left_out[chunk]++;
            tam_class_rows_coast(head->dtype, &tile.rows, &update);
        } else {
            head->products->weights(&tile.rows, tile.slot, head->packed[TAM_PACK_FOR_WEIGHTS], &update);
        }
    }
}
