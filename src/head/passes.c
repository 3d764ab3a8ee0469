/* The two passes over a chunk of classes, tile by tile: docs/head.md on one screen. */
#include <math.h>
#include <string.h>

#include "backend/sgd.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"

bool tam_head_measure_weights(tam_head *head, int64_t first, int64_t count) {
    bool finite = true;
    for (int64_t j = first * head->subs; j < (first + count) * head->subs; j++) {
        const float *w = head->w + j * head->dim;
        double square = tam_dot(head->dim, w, w);
        finite = finite && isfinite(square);
        head->inverse_w[j] = tam_head_has(head, TAM_LOSS_UNIT_W) ? (float)tam_head_inverse(sqrt(square)) : 1.0f;
    }
    return finite;
}

/* tile [N, T K] = x^ w^T, one product. */
static void multiply(const tam_head *head, int n, tam_head_tile tile) {
    int64_t dim = head->dim, subs = head->subs;
    head->backend->product(false, true, n, tile.count * subs, dim, 1.0f, head->x_unit, dim,
                           head->w + tile.first * subs * dim, dim, 0.0f, tile.values, tile.stride);
}

/* The bias of the tile's classes. */
static const float *bias_of(const tam_head *head, int64_t first) {
    return head->bias != NULL ? head->bias + first : head->no_bias;
}

/* Adds exponentials sum_j e^(z_j - max) to those of the chunk so far. */
static void merge(tam_head_partial *partial, double max, double sum) {
    if (max > partial->max) {
        partial->sum *= exp(partial->max - max);
        partial->max = max;
    }
    partial->sum += sum * exp(max - partial->max);
}

/* The run's logits into the running log-sum-exp of its sample. */
static void add_exponentials(const tam_head *head, const tam_head_row *row, tam_head_run run, const float *tile_row,
                             tam_head_scratch *scratch, tam_head_partial *partial) {
    int64_t n = run.end - run.begin;
    float largest;
    double top;
    if (n <= 0) {
        return;
    }
    if (tam_head_is_plain(head)) {
        largest = tam_row_logits(n, tile_row + run.begin, head->inverse_w + run.first + run.begin,
                                 bias_of(head, run.first) + run.begin, (float)row->scale.value, scratch->z);
        top = (double)largest;
    } else {
        top = tam_head_others(head, row, run, tile_row, scratch);
        largest = tam_row_largest(n, scratch->z);
    }
    partial->top = fmax(partial->top, top);
    if (largest > -INFINITY) { /* else all are filtered */
        merge(partial, (double)largest, (double)tam_row_exp_sum(n, scratch->z, largest));
    }
}

/* Lengths of the classes' weights and, for a softmax, the log-sum-exp over every sample's other classes. */
void tam_head_first_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    int64_t end = tam_head_chunk_begin(head, chunk + 1);
    if (!job->again) {
        head->chunk_finite[chunk] = true;
    }
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.max = -INFINITY, .top = -INFINITY};
    }
    for (int64_t first = tam_head_chunk_begin(head, chunk); first < end; first += head->tile_classes) {
        tam_head_tile tile = tam_head_tile_at(head, first, end, scratch->tile);
        if (!job->again) {
            head->chunk_finite[chunk] = tam_head_measure_weights(head, first, tile.count) && head->chunk_finite[chunk];
        }
        if (!tam_head_is(head, TAM_LOSS_SOFTMAX)) {
            continue;
        }
        if (head->kept == NULL || !job->again) {
            multiply(head, job->n, tile);
        }
        for (int i = 0; i < job->n; i++) {
            const float *tile_row = tile.values + i * tile.stride;
            int64_t target = tam_head_place_of(job->y[i], first, tile.count);
            if (job->y[i] < 0) {
                continue;
            }
            add_exponentials(head, &head->row[i], (tam_head_run){first, 0, target}, tile_row, scratch, &partial[i]);
            add_exponentials(head, &head->row[i], (tam_head_run){first, target + 1, tile.count}, tile_row, scratch,
                             &partial[i]);
        }
    }
}

/* G_ij / |w_j| of the run in place of its products. */
static void differentiate(const tam_head_job *job, const tam_head_row *row, tam_head_run run, float *tile_row,
                          tam_head_scratch *scratch, tam_head_partial *partial) {
    const tam_head *head = job->head;
    int64_t n = run.end - run.begin;
    float weight = (float)job->weight;
    if (n <= 0) {
        return;
    }
    if (tam_head_is_plain(head)) {
        partial->gc +=
            (double)tam_row_gradient(n, tile_row + run.begin, head->inverse_w + run.first + run.begin,
                                     bias_of(head, run.first) + run.begin, (float)row->scale.value, (float)row->lse,
                                     weight, scratch->column_gc + run.begin, scratch->column_g + run.begin);
        return;
    }
    double top = tam_head_others(head, row, run, tile_row, scratch);
    if (tam_head_is(head, TAM_LOSS_SOFTMAX)) {
        tam_row_lengths(n, scratch->slope, scratch->z, (float)row->lse);
    } else {
        partial->top = fmax(partial->top, top);
        partial->loss += job->weight * (double)tam_row_sum(n, scratch->z);
    }
    partial->gc += tam_head_lengths_of_others(head, run, weight, tile_row, scratch);
}

/* The whole tile's G_ij / |w_j|, with its sums by column and by row. */
static void differentiate_tile(const tam_head_job *job, tam_head_tile tile, tam_head_scratch *scratch,
                               tam_head_partial *partial) {
    const tam_head *head = job->head;
    int64_t first = tile.first, count = tile.count;
    size_t bytes = (size_t)count * sizeof(float);
    memset(scratch->column_gc, 0, bytes * (size_t)head->subs);
    memset(scratch->column_g, 0, bytes);
    memset(scratch->column_length, 0, bytes);
    if (tam_head_is(head, TAM_LOSS_PROXY)) {
        tam_head_proxies(job, tile, scratch, partial);
        return;
    }
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        float *tile_row = tile.values + i * tile.stride;
        int64_t target = tam_head_place_of(job->y[i], first, count);
        if (job->y[i] < 0) {
            memset(tile_row, 0, bytes * (size_t)head->subs);
            continue;
        }
        differentiate(job, row, (tam_head_run){first, 0, target}, tile_row, scratch, &partial[i]);
        differentiate(job, row, (tam_head_run){first, target + 1, count}, tile_row, scratch, &partial[i]);
        if (target < count) {
            tam_head_length_of_own(job, i, target, row->target_g, tile_row, scratch);
        }
    }
}

/* dw_j = (sum_i G_ij x^_i - (sum_i G_ij c_ij) w^_j) / |w_j| from dw = g^T x^; a w that is free in its length has no
 * projection, but perhaps a gradient along itself. */
static void project(const tam_head *head, tam_head_tile tile, const tam_head_scratch *scratch, float *dw) {
    int64_t dim = head->dim, subs = head->subs;
    for (int64_t j = 0; j < tile.count * subs; j++) {
        const float *w = head->w + (tile.first * subs + j) * dim;
        if (tam_head_has(head, TAM_LOSS_UNIT_W)) {
            tam_subtract_unit_row(dim, scratch->column_gc[j], head->inverse_w[tile.first * subs + j], w, dw + j * dim);
        } else if (scratch->column_length[j] != 0.0f) {
            tam_subtract_unit_row(dim, -scratch->column_length[j], 1.0f, w, dw + j * dim);
        }
    }
}

/* The tile's gradient goes on to the caller or into w. */
static void finish_weights(const tam_head_job *job, tam_head_tile tile, const tam_head_scratch *scratch, float *dw) {
    tam_head *head = job->head;
    const tam_head_update *update = job->update;
    int64_t dim = head->dim, first_row = tile.first * head->subs;
    project(head, tile, scratch, dw);
    for (int64_t j = 0; j < tile.count && job->dbias != NULL; j++) {
        job->dbias[tile.first + j] = head->bias != NULL ? scratch->column_g[j] : 0.0f;
    }
    if (update == NULL) {
        return;
    }
    tam_sgd sgd = {update->lr, update->momentum, update->weight_decay, update->gradient_scale};
    sgd.gradient_scale = sgd.gradient_scale != 0.0f ? sgd.gradient_scale : 1.0f;
    for (int64_t j = 0; j < tile.count * head->subs; j++) {
        tam_sgd_row(&sgd, dim, head->w + (first_row + j) * dim, head->momentum + (first_row + j) * dim, dw + j * dim);
    }
    if (head->bias != NULL) {
        sgd.weight_decay = 0.0f; /* a bias does not decay */
        tam_sgd_row(&sgd, tile.count, head->bias + tile.first, head->bias_momentum + tile.first, scratch->column_g);
    }
}

/* Gradients: the tile's products kept or made again, G from them, then dx += g w and dw = g^T x^. */
void tam_head_second_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    float *dx = head->dx_chunk + chunk * head->batch * head->dim;
    int64_t n = job->n, dim = head->dim;
    int64_t begin = tam_head_chunk_begin(head, chunk), end = tam_head_chunk_begin(head, chunk + 1);
    for (int64_t first = begin; first < end; first += head->tile_classes) {
        tam_head_tile tile = tam_head_tile_at(head, first, end, scratch->tile);
        int64_t first_row = first * head->subs, rows = tile.count * head->subs;
        if (head->kept == NULL) {
            multiply(head, job->n, tile);
        }
        differentiate_tile(job, tile, scratch, partial);
        head->backend->product(false, false, n, dim, rows, 1.0f, tile.values, tile.stride, head->w + first_row * dim,
                               dim, first == begin ? 0.0f : 1.0f, dx, dim);
        if (job->update == NULL && job->dw == NULL && job->dbias == NULL) {
            continue;
        }
        float *dw = job->dw != NULL ? job->dw + first_row * dim : scratch->dw;
        head->backend->product(true, false, rows, dim, n, 1.0f, tile.values, tile.stride, head->x_unit, dim, 0.0f, dw,
                               dim);
        finish_weights(job, tile, scratch, dw);
    }
}
