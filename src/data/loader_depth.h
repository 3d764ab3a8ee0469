/* How far a loader works ahead. */
#ifndef DATA_LOADER_DEPTH_H
#define DATA_LOADER_DEPTH_H

/* Batches in the ring, the caller's included, and images that a thread takes at a time. */
typedef struct tam_loader_depth {
    int ring, at_a_time;
} tam_loader_depth;

/* At least two pieces of work for each thread while the caller holds a batch, so that no thread waits for another's
 * image; three batches at least, and more only where batches are smaller than that needs. */
static inline tam_loader_depth tam_loader_depth_of(int batch, int threads) {
    enum { LEAST_RING = 3, MOST_AT_A_TIME = 8, PIECES = 2 };
    int at_a_time = batch / (PIECES * threads), pieces = PIECES * threads;
    at_a_time = at_a_time < 1 ? 1 : at_a_time > MOST_AT_A_TIME ? MOST_AT_A_TIME : at_a_time;
    int ring = 1 + (pieces + batch - 1) / batch;
    return (tam_loader_depth){ring < LEAST_RING ? LEAST_RING : ring, at_a_time};
}

#endif
