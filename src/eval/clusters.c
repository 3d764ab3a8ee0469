/* How well clusters find classes: sums over the cells of their table, cluster by cluster. */
#include <math.h>
#include <stdbool.h>

#include "base/memory.h"
#include "eval/groups.h"
#include "eval/radix.h"
#include "tammes/clustering.h"

static double pairs_of(int64_t rows) {
    return 0.5 * (double)rows * (double)(rows - 1);
}

/* -sum p ln p over the runs of equal labels, the sum of their pairs, and their number. */
typedef struct partition {
    double entropy, pairs;
    int64_t parts;
} partition;

static partition measure(const tam_groups *groups) {
    partition p = {0};
    for (int64_t at = 0; at < groups->count; at = groups->end[at]) {
        int64_t rows = groups->end[at] - at;
        double share = (double)rows / (double)groups->count;
        p.entropy -= share * log(share);
        p.pairs += pairs_of(rows);
        p.parts++;
    }
    return p;
}

/* Both numberings at once: rows of a cluster, by label, give the cells. */
static void measure_cells(const tam_groups *clusters, const int32_t *labels, uint32_t *keys, uint32_t *spare,
                          partition *cells) {
    for (int64_t at = 0; at < clusters->count; at = clusters->end[at]) {
        int64_t rows = clusters->end[at] - at;
        for (int64_t i = 0; i < rows; i++) {
            keys[i] = tam_key_of_label(labels[clusters->order[at + i]]);
        }
        tam_radix_sort(keys, spare, NULL, NULL, rows);
        for (int64_t i = 0, begin = 0; i < rows; i++) {
            if (i + 1 == rows || keys[i + 1] != keys[i]) {
                double share = (double)(i + 1 - begin) / (double)clusters->count;
                cells->entropy -= share * log(share);
                cells->pairs += pairs_of(i + 1 - begin);
                cells->parts++;
                begin = i + 1;
            }
        }
    }
}

tam_status tam_eval_clusters(tam_ctx *ctx, int64_t n, const int32_t *cluster, const int32_t *labels,
                             tam_clustering *result) {
    if (n < 0 || n > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld rows cannot be evaluated", (long long)n);
    }
    tam_groups clusters = {0}, classes = {0};
    uint32_t *keys = tam_allocate(ctx, (size_t)n, 2 * sizeof *keys, "labels of clusters");
    tam_status status = keys == NULL ? TAM_RESOURCES : tam_groups_make(ctx, n, cluster, &clusters);
    if (status == TAM_OK) {
        status = tam_groups_make(ctx, n, labels, &classes);
    }
    if (status == TAM_OK) {
        partition by_cluster = measure(&clusters), by_class = measure(&classes), cells = {0};
        measure_cells(&clusters, labels, keys, keys + n, &cells);
        double shared = by_cluster.entropy + by_class.entropy - cells.entropy;
        double mean = 0.5 * (by_cluster.entropy + by_class.entropy);
        double precision = by_cluster.pairs > 0 ? cells.pairs / by_cluster.pairs : NAN;
        double recall = by_class.pairs > 0 ? cells.pairs / by_class.pairs : NAN;
        bool one_set = by_cluster.parts <= 1 && by_class.parts <= 1;
        *result = (tam_clustering){
            .rows = n,
            .clusters = by_cluster.parts,
            .classes = by_class.parts,
            .nmi = n == 0     ? NAN
                   : one_set  ? 1
                   : mean > 0 ? fmax(shared, 0) / mean
                              : 0,
            .precision = precision,
            .recall = recall,
            .f = cells.pairs > 0 ? 2 * precision * recall / (precision + recall) : precision * recall,
        };
    }
    tam_groups_free(ctx, &clusters);
    tam_groups_free(ctx, &classes);
    tam_release(ctx, keys);
    return status;
}
