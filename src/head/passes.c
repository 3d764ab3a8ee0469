/* The two passes over a chunk of classes, tile by tile: docs/head.md on one screen. */
#include <math.h>
#include <string.h>

#include "backend/sgd.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"

/* Consecutive classes of one sample without its target: [begin, end) of the tile that starts at class `first`. */
typedef struct run {
    int64_t first, begin, end;
} run;

bool tam_head_measure_weights(tam_head *head, int64_t first, int64_t count) {
    bool finite = true;
    for (int64_t j = first; j < first + count; j++) {
        const float *w = head->w + j * head->dim;
        double square = tam_dot(head->dim, w, w);
        finite = finite && isfinite(square);
        head->inverse_w[j] = tam_head_has(head, TAM_LOSS_UNIT_W) ? (float)tam_head_inverse(sqrt(square)) : 1.0f;
    }
    return finite;
}

/* tile [N, T] = x^ w^T, one product. */
static void multiply(const tam_head *head, int n, int64_t first, int64_t count, float *tile) {
    int64_t dim = head->dim;
    head->backend->product(false, true, n, count, dim, 1.0f, head->x_unit, dim, head->w + first * dim, dim, 0.0f, tile,
                           head->tile_classes);
}

/* The bias of the tile's classes. */
static const float *bias_of(const tam_head *head, int64_t first) {
    return head->bias != NULL ? head->bias + first : head->no_bias;
}

/* Where a label lies in the tile, or `count` when it does not. The classes before and after it are the runs. */
static int64_t place_of(int32_t label, int64_t first, int64_t count) {
    return label >= first && label < first + count ? label - first : count;
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
static void add_exponentials(const tam_head *head, const tam_head_row *row, run r, float *tile_row,
                             tam_head_scratch *scratch, tam_head_partial *partial) {
    const tam_class_loss *loss = head->loss.class_loss;
    int64_t n = r.end - r.begin;
    float *z = tile_row + r.begin;
    const float *inverse_w = head->inverse_w + r.first + r.begin;
    float largest, top;
    if (n <= 0) {
        return;
    }
    if (loss->scale != NULL) {
        largest = top = tam_row_logits(n, z, inverse_w, bias_of(head, r.first) + r.begin, (float)row->scale.value);
    } else {
        top = tam_row_cosines(n, z, inverse_w);
        loss->other_row(&head->loss.state, &row->own, n, z, scratch->z, scratch->slope);
        z = scratch->z;
        largest = tam_row_largest(n, z);
    }
    partial->top = fmax(partial->top, (double)top);
    merge(partial, (double)largest, (double)tam_row_exp_sum(n, z, largest));
}

/* Lengths of the classes' weights and, for a softmax, the log-sum-exp over every sample's other classes. */
void tam_head_first_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    int64_t end = tam_head_chunk_begin(head, chunk + 1);
    head->chunk_finite[chunk] = true;
    for (int i = 0; i < job->n; i++) {
        partial[i] = (tam_head_partial){.max = -INFINITY, .top = -INFINITY};
    }
    for (int64_t first = tam_head_chunk_begin(head, chunk); first < end; first += head->tile_classes) {
        int64_t count = end - first < head->tile_classes ? end - first : head->tile_classes;
        head->chunk_finite[chunk] = tam_head_measure_weights(head, first, count) && head->chunk_finite[chunk];
        if (head->loss.class_loss->kind == TAM_LOSS_DIRECT) {
            continue;
        }
        multiply(head, job->n, first, count, scratch->tile);
        for (int i = 0; i < job->n; i++) {
            float *tile_row = scratch->tile + i * head->tile_classes;
            int64_t target = place_of(job->y[i], first, count);
            if (job->y[i] < 0) {
                continue;
            }
            add_exponentials(head, &head->row[i], (run){first, 0, target}, tile_row, scratch, &partial[i]);
            add_exponentials(head, &head->row[i], (run){first, target + 1, count}, tile_row, scratch, &partial[i]);
        }
    }
}

/* G_ij / |w_j| of the run in place of its products. */
static void differentiate(const tam_head_job *job, const tam_head_row *row, run r, float *tile_row,
                          tam_head_scratch *scratch, tam_head_partial *partial) {
    const tam_head *head = job->head;
    const tam_class_loss *loss = head->loss.class_loss;
    int64_t n = r.end - r.begin;
    float *g = tile_row + r.begin, *column_gc = scratch->column_gc + r.begin;
    const float *inverse_w = head->inverse_w + r.first + r.begin;
    float weight = (float)job->weight;
    if (n <= 0) {
        return;
    }
    if (loss->scale != NULL) {
        partial->gc +=
            (double)tam_row_gradient(n, g, inverse_w, bias_of(head, r.first) + r.begin, (float)row->scale.value,
                                     (float)row->lse, weight, column_gc, scratch->column_g + r.begin);
        return;
    }
    float top = tam_row_cosines(n, g, inverse_w);
    loss->other_row(&head->loss.state, &row->own, n, g, scratch->z, scratch->slope);
    if (loss->kind == TAM_LOSS_SOFTMAX) {
        tam_row_lengths(n, scratch->slope, scratch->z, (float)row->lse);
    } else {
        partial->top = fmax(partial->top, (double)top);
        partial->loss += (double)tam_row_sum(n, scratch->z);
    }
    partial->gc += (double)tam_row_gradient_of_lengths(n, g, inverse_w, scratch->slope, weight, column_gc);
}

/* The whole tile's G_ij / |w_j|, with its sums by column and by row. */
static void differentiate_tile(const tam_head_job *job, int64_t first, int64_t count, tam_head_scratch *scratch,
                               tam_head_partial *partial) {
    const tam_head *head = job->head;
    memset(scratch->column_gc, 0, (size_t)count * sizeof(float));
    memset(scratch->column_g, 0, (size_t)count * sizeof(float));
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        float *tile_row = scratch->tile + i * head->tile_classes;
        int64_t target = place_of(job->y[i], first, count);
        if (job->y[i] < 0) {
            memset(tile_row, 0, (size_t)count * sizeof(float));
            continue;
        }
        differentiate(job, row, (run){first, 0, target}, tile_row, scratch, &partial[i]);
        differentiate(job, row, (run){first, target + 1, count}, tile_row, scratch, &partial[i]);
        if (target == count) {
            continue;
        }
        double g = row->target_g * (double)head->inverse_w[job->y[i]];
        tile_row[target] = (float)g;
        scratch->column_gc[target] += (float)(g * row->own.c);
        scratch->column_g[target] += (float)row->target_slope;
    }
}

/* dw_j = (sum_i G_ij x^_i - (sum_i G_ij c_ij) w^_j) / |w_j| from dw = g^T x^, then on to the caller or into w. */
static void finish_weights(const tam_head_job *job, int64_t first, int64_t count, const tam_head_scratch *scratch,
                           float *dw) {
    tam_head *head = job->head;
    const tam_head_update *update = job->update;
    int64_t dim = head->dim;
    tam_sgd sgd = {0};
    if (update != NULL) {
        sgd = (tam_sgd){update->lr, update->momentum, update->weight_decay, update->gradient_scale};
        sgd.gradient_scale = sgd.gradient_scale != 0.0f ? sgd.gradient_scale : 1.0f;
    }
    for (int64_t j = 0; j < count; j++) {
        float *w = head->w + (first + j) * dim;
        if (tam_head_has(head, TAM_LOSS_UNIT_W)) {
            tam_subtract_unit_row(dim, scratch->column_gc[j], head->inverse_w[first + j], w, dw + j * dim);
        }
        if (update != NULL) {
            tam_sgd_row(&sgd, dim, w, head->momentum + (first + j) * dim, dw + j * dim);
        }
    }
    for (int64_t j = 0; j < count && job->dbias != NULL; j++) {
        job->dbias[first + j] = head->bias != NULL ? scratch->column_g[j] : 0.0f;
    }
    if (update != NULL && head->bias != NULL) {
        sgd.weight_decay = 0.0f; /* a bias does not decay */
        tam_sgd_row(&sgd, count, head->bias + first, head->bias_momentum + first, scratch->column_g);
    }
}

/* Gradients: the tile's products again, G from them, then dx += g w and dw = g^T x^. */
void tam_head_second_pass(void *argument, int64_t chunk, int worker) {
    const tam_head_job *job = argument;
    tam_head *head = job->head;
    tam_head_scratch *scratch = tam_head_scratch_of(head, chunk, worker);
    tam_head_partial *partial = head->partial + chunk * head->batch;
    float *dx = head->dx_chunk + chunk * head->batch * head->dim;
    int64_t n = job->n, dim = head->dim, stride = head->tile_classes;
    int64_t begin = tam_head_chunk_begin(head, chunk), end = tam_head_chunk_begin(head, chunk + 1);
    for (int64_t first = begin; first < end; first += head->tile_classes) {
        int64_t count = end - first < head->tile_classes ? end - first : head->tile_classes;
        multiply(head, job->n, first, count, scratch->tile);
        differentiate_tile(job, first, count, scratch, partial);
        head->backend->product(false, false, n, dim, count, 1.0f, scratch->tile, stride, head->w + first * dim, dim,
                               first == begin ? 0.0f : 1.0f, dx, dim);
        if (job->update == NULL && job->dw == NULL && job->dbias == NULL) {
            continue;
        }
        float *dw = job->dw != NULL ? job->dw + first * dim : scratch->dw;
        head->backend->product(true, false, count, dim, n, 1.0f, scratch->tile, stride, head->x_unit, dim, 0.0f, dw,
                               dim);
        finish_weights(job, first, count, scratch, dw);
    }
}
