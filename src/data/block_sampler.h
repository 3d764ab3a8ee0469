/* Shuffled epochs that read a large file in pieces: for data on disks that are slow at single images.
 *
 * An epoch cuts the data, which are taken as a ring and begun at a random image, into blocks of images that follow one
 * another. The blocks come in a random order; of every `window` of them the images are shuffled together. Each image
 * comes once an epoch. The order depends on (seed, epoch) alone, so the state is the step. */
#ifndef DATA_BLOCK_SAMPLER_H
#define DATA_BLOCK_SAMPLER_H

#include "data/dataset.h"

typedef struct tam_block_sampler tam_block_sampler;

/* count images (1 to 2^32 - 1), `block` in a block, `window` blocks that are shuffled together. */
TAM_MUST_USE tam_status tam_block_sampler_create(tam_ctx *ctx, int64_t count, int block, int window, uint64_t seed,
                                                 tam_block_sampler **out);
void tam_block_sampler_free(tam_block_sampler *sampler);
/* index [n]: the images from place `first` of the epoch's order on; first + n <= count. One after the other is fastest.
 */
void tam_block_sampler_take(tam_block_sampler *sampler, int64_t epoch, int64_t first, int n, int64_t *index);
/* Asks the system to read what comes a window after the places that were taken last, block by block. */
void tam_block_sampler_prefetch(tam_block_sampler *sampler, const tam_dataset *dataset);

#endif
