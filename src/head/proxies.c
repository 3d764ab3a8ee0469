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
static void add_columns(const tam_head_job *job, tam_head_tile tile, tam_head_scratch *scratch,
                        tam_head_partial *partial) {
    const tam_head *head = job->head;
    memset(scratch->column_own, 0, (size_t)tile.count * sizeof(float));
    memset(scratch->column_rest, 0, (size_t)tile.count * sizeof(float));
    for (int i = 0; i < job->n; i++) {
        int64_t target = tam_head_place_of(job->y[i], tile.first, tile.count);
        const tam_head_run runs[2] = {{tile.first, 0, target}, {tile.first, target + 1, tile.count}};
        for (int r = 0; r < 2 && job->y[i] >= 0; r++) {
            int64_t n = runs[r].end - runs[r].begin;
            if (n > 0) {
                double top = tam_head_others(head, &head->row[i], runs[r], tile.values + i * tile.stride, scratch);
                partial[i].top = fmax(partial[i].top, top);
                tam_row_add_exponentials(n, scratch->z, scratch->column_rest + runs[r].begin);
            }
        }
        if (target < tile.count && job->y[i] >= 0) {
            scratch->column_own[target] += tam_exp((float)head->row[i].target.z);
        }
    }
}

void tam_head_proxies(const tam_head_job *job, tam_head_tile tile, tam_head_scratch *scratch,
                      tam_head_partial *partial) {
    tam_head *head = job->head;
    float weight = 1.0f / (float)head->classes;
    add_columns(job, tile, scratch, partial);
    if (job->n > 0 && job->counted > 0) { /* the tile's loss, laid down with the first sample */
        partial[0].loss += tam_row_log_sums(tile.count, scratch->column_rest) / (double)head->classes +
                           tam_row_log_sums(tile.count, scratch->column_own) * job->own_weight;
    }
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        float *tile_row = tile.values + i * tile.stride;
        int64_t target = tam_head_place_of(job->y[i], tile.first, tile.count);
        const tam_head_run runs[2] = {{tile.first, 0, target}, {tile.first, target + 1, tile.count}};
        if (job->y[i] < 0) {
            memset(tile_row, 0, (size_t)(tile.count * head->subs) * sizeof(float));
            continue;
        }
        for (int r = 0; r < 2; r++) {
            int64_t n = runs[r].end - runs[r].begin;
            if (n > 0) {
                (void)tam_head_others(head, row, runs[r], tile_row, scratch);
                tam_row_shares(n, scratch->slope, scratch->z, scratch->column_rest + runs[r].begin);
                partial[i].gc += tam_head_lengths_of_others(head, runs[r], weight, tile_row, scratch);
            }
        }
        if (target < tile.count) {
            double sum = (double)scratch->column_own[target];
            double g = row->target.slope_c * exp(row->target.z) / (1.0 + sum) * job->own_weight;
            partial[i].gc += g * row->own.c;
            tam_head_length_of_own(job, i, target, g, tile_row, scratch);
        }
    }
}
