/* Proxies: a class weighs its samples against one another, so that sums go down the columns of a tile:
 *     L = 1/C sum_j log(1 + sum_{i: y_i != j} e^z_ij)  +  1/C+ sum_{j in batch} log(1 + sum_{i: y_i = j} e^z_ij),
 *     G_ij = dz_ij/dc e^z_ij / (1 + the sum that it is in) / (C or C+). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector_math.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"

static int compare_labels(const void *a, const void *b) {
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

int tam_head_count_classes(const tam_head_job *job) {
    int32_t *labels = job->head->sorted_labels;
    int n = 0, classes = 0;
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            labels[n++] = job->y[i];
        }
    }
    qsort(labels, (size_t)n, sizeof *labels, compare_labels);
    for (int i = 0; i < n; i++) {
        classes += i == 0 || labels[i] != labels[i - 1];
    }
    return classes;
}

/* Both sums of every column. */
static void add_columns(const tam_head_job *job, const tam_head_tile *tile, bool again, tam_head_scratch *scratch,
                        tam_head_partial *partial) {
    const tam_head *head = job->head;
    memset(scratch->column_own, 0, (size_t)tile->count * sizeof(float));
    memset(scratch->column_rest, 0, (size_t)tile->count * sizeof(float));
    for (int i = 0; i < job->n; i++) {
        tam_head_run runs[2];
        tam_head_set_runs(tile, &head->row[i], runs);
        for (int r = 0; r < 2 && job->y[i] >= 0; r++) {
            int64_t begin = runs[r].begin, n = runs[r].end - begin;
            if (n > 0) {
                double top =
                    tam_head_others(head, &head->row[i], tile, runs[r], tile->values + i * tile->rows.stride, scratch);
                partial[i].top = again ? partial[i].top : fmax(partial[i].top, top);
                tam_row_add_exponentials(n, scratch->z + begin, scratch->column_rest + begin);
            }
        }
        if (runs[0].end < tile->count && job->y[i] >= 0) {
            scratch->column_own[runs[0].end] += tam_exp((float)head->row[i].target.z);
        }
    }
}

/* A sample's t over the tile, and the gradient length of its own class. */
static void share(const tam_head_job *job, const tam_head_tile *tile, int i, tam_head_scratch *scratch) {
    tam_head *head = job->head;
    tam_head_row *row = &head->row[i];
    float *t = tile->values + i * tile->rows.stride;
    tam_head_run runs[2];
    tam_head_set_runs(tile, &head->row[i], runs);
    for (int r = 0; r < 2; r++) {
        int64_t begin = runs[r].begin, n = runs[r].end - begin;
        if (n <= 0) {
            continue;
        }
        (void)tam_head_others(head, row, tile, runs[r], t, scratch);
        tam_row_shares(n, scratch->slope + begin, scratch->z + begin, scratch->column_rest + begin);
        if (head->subs == 1) {
            memcpy(t + begin, scratch->slope + begin, (size_t)n * sizeof *t);
        } else {
            tam_head_spread(head, runs[r], scratch->slope, scratch->nearest, t);
        }
    }
    int64_t own = runs[0].end;
    if (own < tile->count) {
        double sum = (double)scratch->column_own[own];
        row->target_g = row->target.slope_c * exp(row->target.z) / (1.0 + sum) * job->own_weight;
        memset(t + own * head->subs, 0, (size_t)head->subs * sizeof *t);
    }
}

void tam_head_proxies(const tam_head_job *job, const tam_head_tile *tile, bool again, tam_head_scratch *scratch,
                      tam_head_partial *partial) {
    tam_head *head = job->head;
    add_columns(job, tile, again, scratch, partial);
    if (!again && job->counted > 0) { /* the tile's loss, laid down with the first sample */
        partial[0].loss += tam_row_log_sums(tile->count, scratch->column_rest) / (double)head->taking +
                           tam_row_log_sums(tile->count, scratch->column_own) * job->own_weight;
    }
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            share(job, tile, i, scratch);
        } else {
            memset(tile->values + i * tile->rows.stride, 0, (size_t)tile->rows.rows * sizeof(float));
        }
    }
}
