/* From the products of one sample with a tile of classes to t, the gradient lengths up to the sample's factor f:
 *     z2_j = log2(e) z_j,   t_j = dz_j/dc 2^(z2_j - m),   G_j = f t_j,
 * and t_j = dz_j/dc itself for losses that are given by their gradient. The own class has t = 0: what it adds comes
 * from the sample's row, in f64. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"

double tam_head_others(const tam_head *head, const tam_head_row *row, const tam_head_tile *tile, tam_head_run run,
                       const float *products, tam_head_scratch *scratch) {
    const tam_class_loss *loss = head->loss.class_loss;
    const tam_loss_state *state = &head->state;
    int64_t n = run.end - run.begin, begin = run.begin;
    const float *inverse_w = tile->rows.inverse_w + begin * head->subs;
    float limit = (float)state->options.interclass_filter, *c = scratch->c + begin, *z = scratch->z + begin;
    float *slope = scratch->slope + begin;
    double scale = row->scale.value;
    products += begin * head->subs;
    double top =
        (double)(head->subs == 1 ? tam_row_cosines(n, products, inverse_w, c)
                                 : tam_row_nearest(n, head->subs, products, inverse_w, c, scratch->nearest + begin));
    if (loss->scale != NULL) {
        tam_row_scaled(n, c, (float)scale, z, slope);
    } else {
        loss->other_row(state, &row->own, n, c, z, slope);
    }
    if (limit <= 1.0f) {
        float removed = loss->kind == TAM_LOSS_DIRECT ? 0.0f : -INFINITY;
        tam_row_filter(n, c, limit, removed, z, slope);
    }
    return scale * top;
}

/* z2 of the run into the scratch, with slopes where the loss is not plain. Returns the largest. */
static float logits_of(const tam_head *head, const tam_head_row *row, const tam_head_tile *tile, tam_head_run run,
                       const float *products, tam_head_scratch *scratch, double *top) {
    int64_t n = run.end - run.begin, begin = run.begin;
    float *z = scratch->z + begin;
    if (!tam_head_is_plain(head)) {
        *top = fmax(*top, tam_head_others(head, row, tile, run, products, scratch));
        return tam_row_to_base_2(n, z);
    }
    float scale2 = (float)(row->scale.value / TAM_HEAD_LN_2), largest;
    const float *p = products + begin, *inverse_w = tile->rows.inverse_w + begin;
    if (head->bias != NULL) {
        largest = tam_row_biased_logits(n, p, inverse_w, tile->bias + begin, scale2, z);
    } else {
        largest = tam_row_scaled_logits(n, p, inverse_w, scale2, z);
    }
    *top = fmax(*top, (double)largest * TAM_HEAD_LN_2);
    return largest;
}

/* Both runs; returns the largest z2. */
static float all_logits(const tam_head_job *job, const tam_head_tile *tile, int i, const tam_head_run runs[2],
                        tam_head_scratch *scratch, double *top) {
    const tam_head *head = job->head;
    const float *products = tile->values + i * tile->rows.stride;
    float largest = -INFINITY;
    for (int r = 0; r < 2; r++) {
        if (runs[r].begin < runs[r].end) {
            float of_run = logits_of(head, &head->row[i], tile, runs[r], products, scratch, top);
            largest = of_run > largest ? of_run : largest;
        }
    }
    return largest;
}

TAM_KERNEL static void shift_row(int64_t n, float shift, float *y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] *= shift;
    }
}

/* Moves m when the tile's largest z2 leaves its window; returns what sums so far must be multiplied by. */
static float move_m(const tam_head_row *row, float largest, tam_head_partial *partial) {
    float before = partial->started ? partial->m : row->start;
    bool leaves = largest > before + row->above || (!partial->started && largest < before - TAM_HEAD_BELOW);
    if (largest == -INFINITY) { /* all are filtered */
        partial->m = before;
        return 1.0f;
    }
    float shift = 1.0f;
    if (leaves) {
        partial->m = ceilf(largest);
        shift = partial->started ? exp2f(before - partial->m) : 1.0f;
    } else {
        partial->m = before;
    }
    partial->started = true;
    return shift;
}

void tam_head_spread(const tam_head *head, tam_head_run run, const float *value, const uint8_t *nearest, float *t) {
    int64_t subs = head->subs;
    memset(t + run.begin * subs, 0, (size_t)((run.end - run.begin) * subs) * sizeof *t);
    for (int64_t j = run.begin; j < run.end; j++) {
        t[j * subs + nearest[j]] = value[j];
    }
}

/* t of the run from its z2; returns the sum of its exponentials. */
static double shares_of(const tam_head *head, const tam_head_row *row, tam_head_run run, float m,
                        tam_head_scratch *scratch, float *t) {
    int64_t n = run.end - run.begin;
    const float *z = scratch->z + run.begin, *slope = scratch->slope + run.begin;
    if (tam_head_is_plain(head)) {
        return tam_row_shares_of_scale(n, z, m, (float)row->scale.value, t + run.begin);
    }
    if (head->subs == 1) {
        return tam_row_shares_of_slopes(n, z, m, slope, t + run.begin);
    }
    double sum = tam_row_shares_of_slopes(n, z, m, slope, scratch->c + run.begin);
    tam_head_spread(head, run, scratch->c, scratch->nearest, t);
    return sum;
}

/* The same for a loss that is given by its gradient. */
static void slopes_of(const tam_head_job *job, const tam_head_tile *tile, int i, tam_head_run run, bool again,
                      tam_head_scratch *scratch, tam_head_partial *partial) {
    const tam_head *head = job->head;
    int64_t n = run.end - run.begin;
    float *t = tile->values + i * tile->rows.stride;
    double top = tam_head_others(head, &head->row[i], tile, run, t, scratch);
    if (!again) {
        partial->top = fmax(partial->top, top);
        partial->loss += job->weight * (double)tam_row_sum(n, scratch->z + run.begin);
    }
    if (head->subs == 1) {
        memcpy(t + run.begin, scratch->slope + run.begin, (size_t)n * sizeof *t);
    } else {
        tam_head_spread(head, run, scratch->slope, scratch->nearest, t);
    }
}

void tam_head_make_values(const tam_head_job *job, const tam_head_tile *tile, int i, bool again, float *dx,
                          tam_head_scratch *scratch, tam_head_partial *partial) {
    const tam_head *head = job->head;
    const tam_head_row *row = &head->row[i];
    float *t = tile->values + i * tile->rows.stride;
    tam_head_run runs[2];
    double top = -INFINITY, sum = 0.0;
    tam_head_set_runs(tile, &head->row[i], runs);
    bool softmax = tam_head_is(head, TAM_LOSS_SOFTMAX);
    if (softmax) {
        float largest = all_logits(job, tile, i, runs, scratch, &top);
        if (!again) {
            float shift = move_m(row, largest, partial);
            if (shift != 1.0f) {
                shift_row(head->dim, shift, dx);
                partial->sum *= (double)shift;
                partial->left_out *= (double)shift;
            }
            partial->top = fmax(partial->top, top);
            tile->m[i] = partial->m;
        }
    }
    for (int r = 0; r < 2; r++) {
        if (runs[r].begin < runs[r].end && softmax) {
            sum += shares_of(head, row, runs[r], tile->m[i], scratch, t);
        } else if (runs[r].begin < runs[r].end) {
            slopes_of(job, tile, i, runs[r], again, scratch, partial);
        }
    }
    if (runs[0].end < tile->count) {
        memset(t + runs[0].end * head->subs, 0, (size_t)head->subs * sizeof *t);
    }
    if (!again) {
        partial->sum += sum;
        if (tile->sum != NULL) {
            tile->sum[i] = (float)sum;
        }
    }
}

void tam_head_add_logits(const tam_head_job *job, const tam_head_tile *tile, int i, tam_head_scratch *scratch,
                         tam_head_partial *partial) {
    tam_head_run runs[2];
    double top = -INFINITY;
    tam_head_set_runs(tile, &job->head->row[i], runs);
    float largest = all_logits(job, tile, i, runs, scratch, &top);
    partial->sum *= (double)move_m(&job->head->row[i], largest, partial);
    for (int r = 0; r < 2; r++) {
        if (runs[r].begin < runs[r].end) {
            partial->sum += tam_row_share_sum(runs[r].end - runs[r].begin, scratch->z + runs[r].begin, partial->m);
        }
    }
}
