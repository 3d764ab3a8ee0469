/* Near duplicates: pairs of images whose looks differ in few of 64 bits, and whose small versions are alike.
 *
 * The looks are cut into four pieces of 16 bits. Of two looks that differ in at most 7 bits one piece differs in at
 * most one bit, so every such pair is found among the images that share a piece, or a piece but for one bit, in one of
 * four sorted lists. Memory: 16 bytes for each image beside the prints. A piece that very many images have (pictures of
 * one kind on plain ground) is not compared all with all: TAM_NEAR_NEIGHBOURS each. */
#ifndef CHECK_NEAR_H
#define CHECK_NEAR_H

#include "base/ctx.h"
#include "check/print.h"

enum { TAM_NEAR_BITS = 7, TAM_NEAR_NEIGHBOURS = 1024 };

/* Correlation of the small versions from which on two images count as near duplicates. */
#define TAM_NEAR_ALIKE 0.995f

typedef struct tam_near_pair {
    uint32_t a, b; /* a < b */
    float alike;
    bool mirrored;
} tam_near_pair;

typedef struct tam_near_pairs {
    int64_t count;
    tam_near_pair *pairs; /* by a, then by b; tam_release */
    bool cut;             /* some comparisons were left out */
} tam_near_pairs;

/* Among images image [count], by their prints and small versions. wanted(user, a, b): whether a pair is of interest. */
TAM_MUST_USE tam_status tam_near_search(tam_ctx *ctx, int64_t count, const uint32_t *image, const tam_print *prints,
                                        const uint8_t *small, bool (*wanted)(const void *user, uint32_t a, uint32_t b),
                                        const void *user, tam_near_pairs *out);

#endif
