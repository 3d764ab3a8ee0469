#include "eval/histogram.h"

#include "base/kernel.h"
#include "tammes/scores.h"

enum { CHUNK = 128, HALF = TAM_SCORE_BINS / 2 };

/* The product with a power of two is exact, so a score lies in the bin whose edges it lies between. */
TAM_KERNEL static void find_bins(int n, const float *restrict scores, int *restrict bin) {
    for (int i = 0; i < n; i++) {
        float place = scores[i] * HALF;
        place = place > -HALF ? place : -HALF;
        place = place < HALF ? place : HALF;
        int floor = (int)place;
        floor -= (float)floor > place;
        bin[i] = floor < HALF ? floor + HALF : TAM_SCORE_BINS - 1;
    }
}

void tam_histogram_count(int64_t *bins, int64_t n, const float *scores) {
    int bin[CHUNK];
    for (int64_t at = 0; at < n; at += CHUNK) {
        int here = (int)(n - at < CHUNK ? n - at : CHUNK);
        find_bins(here, scores + at, bin);
        for (int i = 0; i < here; i++) {
            bins[bin[i]]++;
        }
    }
}
