/* Which images make the batch of a step. The state is the step alone: resuming is exact. */
#ifndef DATA_SAMPLER_H
#define DATA_SAMPLER_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_sampler tam_sampler;

/* shuffle: every epoch runs through the images in a new order, drawn from (seed, epoch), and drops a short last batch;
 * else all images in order, once. Fails with TAM_CONFIG when a shuffled epoch would hold no batch. */
TAM_MUST_USE tam_status tam_sampler_create(tam_ctx *ctx, int64_t count, int batch, bool shuffle, uint64_t seed,
                                           tam_sampler **out);
void tam_sampler_free(tam_sampler *sampler);
int64_t tam_sampler_steps_per_epoch(const tam_sampler *sampler);

/* Writes the images of the batch to index[batch] and returns their number: 0 after the end of an unshuffled pass. Steps
 * may be asked for in any order; one after the other is fastest. Not thread-safe. */
int tam_sampler_batch(tam_sampler *sampler, int64_t step, int64_t *index, int64_t *epoch);

#endif
