/* Which triplets of a batch are looked at: anchor a, positive p (another sample of its class), negative n (a sample of
 * another class). Nothing is listed: each is handed to a visitor, in an order that depends on the batch only. */
#ifndef LOSS_PAIR_MINER_H
#define LOSS_PAIR_MINER_H

#include "loss/batch_term.h"
#include "loss/pair/distance.h"

/* The words of the key `miner`, in the order of the enumeration. */
#define TAM_MINER_WORDS "all|semi-hard|batch-hard|distance-weighted"
#define TAM_MINER_KEY \
    TAM_WORDS("miner", TAM_MINER_WORDS, TAM_MINER_DISTANCE_WEIGHTED, "which triplets of the batch count")

typedef enum tam_miner {
    TAM_MINER_ALL,
    /* d_ap < d_an < d_ap + margin (Schroff et al., FaceNet, CVPR 2015, section 3.2) */
    TAM_MINER_SEMI_HARD,
    /* for each anchor its farthest positive and its nearest negative, the first among equals (Hermans et al. 2017,
       arXiv 1703.07737, eq. 5) */
    TAM_MINER_BATCH_HARD,
    /* for each anchor and positive one negative, drawn with a probability as 1 / q(d): all distances become equally
       frequent (Wu et al., ICCV 2017, arXiv 1706.07567, section 4.2) */
    TAM_MINER_DISTANCE_WEIGHTED
} tam_miner;

typedef struct tam_triplet {
    int anchor, positive, negative;
} tam_triplet;

typedef void (*tam_triplet_visitor)(void *argument, tam_triplet triplet);

/* Bytes of `room` for batches of n. */
size_t tam_miner_room(int n);

/* Visits the triplets that `miner` chooses; distance and margin are those of TAM_MINER_SEMI_HARD. `room` has
 * tam_miner_room bytes. */
void tam_mine(const tam_pair_batch *batch, tam_miner miner, tam_distance distance, double margin, void *room,
              tam_triplet_visitor visit, void *argument);

#endif
