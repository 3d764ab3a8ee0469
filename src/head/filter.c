/* Gradient filtering: tiles that hold almost none of the softmax's mass are left out of the gradient. With masses p_i
 * of what a sample leaves out, dx_i of the mean loss is off by at most (1/counted) (s + |ds/d|x|| |x|) (sum of p_i) /
 * |x_i|, since every left-out class adds P_ij s w^_j, of length P_ij s, and the projection shortens. A row of dw is off
 * by at most (1/counted) sum_i s P_ij / |w_j| <= s 2^-k / |w_j|. */
#include <math.h>

#include "head/head_inside.h"

static bool has_own(const tam_head_job *job, const tam_head_tile *tile, int i) {
    return tam_head_place_in(tile, &job->head->row[i]) < tile->count;
}

/* The whole sum is not known yet. It is at least the own class's exponential and what the chunk has so far, this tile
 * included. */
bool tam_head_filters_dx(const tam_head_job *job, const tam_head_tile *tile, tam_head_partial *partial) {
    const tam_head *head = job->head;
    if (head->gradient_filter == 0) {
        return false;
    }
    double most = exp2(-head->gradient_filter);
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] < 0) {
            continue;
        }
        double own = exp2(head->row[i].target.z / TAM_HEAD_LN_2 - (double)tile->m[i]);
        if (has_own(job, tile, i) || !((double)tile->sum[i] <= most * (own + partial[i].sum))) {
            return false;
        }
    }
    for (int i = 0; i < job->n; i++) {
        partial[i].left_out += job->y[i] >= 0 ? (double)tile->sum[i] : 0.0;
    }
    return true;
}

/* The probability of a sum with this m. */
static double probability(const tam_head_row *row, double sum, double m) {
    return row->sum > 0.0 ? row->wrong * sum / row->sum * exp2(m - row->m) : 0.0;
}

bool tam_head_filters_dw(const tam_head_job *job, const tam_head_tile *tile) {
    const tam_head *head = job->head;
    if (head->gradient_filter == 0) {
        return false;
    }
    double most = exp2(-head->gradient_filter);
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        if (job->y[i] >= 0 &&
            (has_own(job, tile, i) || !(probability(row, (double)tile->sum[i], (double)tile->m[i]) <= most))) {
            return false;
        }
    }
    return true;
}

double tam_head_filter_bound(const tam_head_job *job) {
    const tam_head *head = job->head;
    double bound = 0.0;
    for (int i = 0; i < job->n && head->gradient_filter != 0; i++) {
        double left_out = 0.0;
        for (int k = 0; k < head->cut.chunks && job->y[i] >= 0; k++) {
            const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
            left_out += probability(&head->row[i], partial->left_out, (double)partial->m);
        }
        const tam_head_row *row = &head->row[i];
        double slopes = fabs(row->scale.value) + fabs(row->scale.slope_a) * row->own.a;
        bound = fmax(bound, job->weight * slopes * left_out);
    }
    return bound;
}
