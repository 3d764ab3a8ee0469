/* Counter-based randomness: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). A number depends only on (seed, purpose, a, b, position), so resuming is exact and threads cannot matter.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* What a stream is for; two purposes never share numbers. Append only: the order is part of every seed's meaning. */
typedef enum tam_purpose {
    TAM_PURPOSE_TEST,
    TAM_PURPOSE_NET_INIT,     /* a = parameter number */
    TAM_PURPOSE_HEAD_INIT,    /* a = class, b = sub-centre */
    TAM_PURPOSE_SHUFFLE,      /* a = epoch */
    TAM_PURPOSE_AUGMENT,      /* a = epoch, b = sample */
    TAM_PURPOSE_DROPOUT,      /* a = step, b = node */
    TAM_PURPOSE_GLYPH,        /* a = identity, b = 0 for the identity, 1 + k for its sample k */
    TAM_PURPOSE_EPISODE,      /* a = episode */
    TAM_PURPOSE_HEAD_SAMPLE,  /* a, b = lower and upper half of the step */
    TAM_PURPOSE_MARGIN,       /* a = step, b = sample of the batch */
    TAM_PURPOSE_TERM,         /* a = step, b = the term's own */
    TAM_PURPOSE_CLASS_ORDER,  /* a = epoch, b = round of the classes */
    TAM_PURPOSE_CLASS_IMAGES, /* a = step, b = place of the class in the batch */
    TAM_PURPOSE_ROUNDING,     /* a, b = lower and upper half of the step */
    TAM_PURPOSE_CALIBRATION,  /* numbers whose values do not matter */
    TAM_PURPOSE_DISTRACTORS,  /* 0, 0 */
    TAM_PURPOSE_CLUSTERS,     /* a = restart, b = 0 */
    TAM_PURPOSE_FACE,         /* a = identity, b = 0 for the identity, 1 + k for its sample k */
    TAM_PURPOSE_FACE_NOISE,   /* a = identity, b = sample */
    TAM_PURPOSE_BLOCKS,       /* a = epoch, b = 0 for the order of the blocks, 1 + w for the images of window w */
    TAM_PURPOSE_BOOTSTRAP     /* a = resample */
} tam_purpose;

/* One block of the generator: ten rounds over the counter under the key. */
void tam_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* A stream of numbers; a plain value, copy it freely. */
typedef struct tam_random {
    uint32_t key[2];
    uint32_t counter[4]; /* block, purpose, a, b */
    uint32_t block[4];
    int used; /* numbers taken from block, 0..4 */
} tam_random;

tam_random tam_random_at(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b);
uint32_t tam_random_bits(tam_random *random);
/* bits [4 blocks]: the stream's numbers from 4 first on, many at a time; the stream itself stays where it is. */
void tam_random_blocks(const tam_random *random, uint32_t first, int64_t blocks, uint32_t *bits);
/* Uniform in [0, 1): 24 bits. */
float tam_random_uniform(tam_random *random);
/* Uniform in [low, high). */
float tam_random_between(tam_random *random, float low, float high);
/* Normal with mean 0 and deviation 1 (Box-Muller, both numbers from one pair; the second is not kept). */
float tam_random_normal(tam_random *random);
/* values [n]: normal with mean 0 and that deviation, each a function of seed, purpose, a, b and its place alone (at
 * most 2^34 places). None is larger than 6.7 deviations. Not the numbers of tam_random_normal, but many at a time. */
void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *values);
/* Uniform in 0 .. limit-1 without bias; limit > 0. */
uint32_t tam_random_below(tam_random *random, uint32_t limit);
/* Fisher-Yates shuffle. */
void tam_random_shuffle(tam_random *random, uint32_t *items, uint32_t count);

#endif
