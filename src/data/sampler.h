/* Which images make the batch of a step. The state is the step alone: resuming is exact. */
#ifndef DATA_SAMPLER_H
#define DATA_SAMPLER_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/data.h"

/* What the words for --sampler say. */
typedef struct tam_sampler_plan {
    int classes, images; /* P and K of "pk"; 0: another */
    int block, window;   /* images and blocks of "block"; 0: another */
} tam_sampler_plan;

/* text: NULL, "shuffle", "pk", "pk:P=16,K=4", "block" or "block:images=32,blocks=1024". Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_sampler_read(tam_ctx *ctx, const char *text, tam_sampler_plan *plan);

/* Whether the sampler of these words says how many images a batch has. */
bool tam_sampler_sets_batch(const char *text);

/* Completes a batch of 0 to P K. Fails with TAM_CONFIG when another number was given, or when P is more than
 * `classes` (0: not known yet). */
TAM_MUST_USE tam_status tam_sampler_fit(tam_ctx *ctx, const tam_sampler_plan *plan, int64_t classes, int *batch);

typedef struct tam_sampler tam_sampler;

/* Of the configuration the sampler, shuffle, batch, accumulate and seed count. Shuffled, every epoch runs through the
 * images in a new order, drawn from (seed, epoch), and drops what does not fill `accumulate` batches; unshuffled, all
 * images come in order, once; "pk": see pk_sampler.h; "block": block_sampler.h. The data set must outlive the call
 * only. Fails with TAM_CONFIG, also when an epoch would hold no batch. */
TAM_MUST_USE tam_status tam_sampler_create(tam_ctx *ctx, const tam_dataset *dataset, const tam_loader_config *config,
                                           tam_sampler **out);
void tam_sampler_free(tam_sampler *sampler);
int64_t tam_sampler_steps_per_epoch(const tam_sampler *sampler);
/* Images in a whole batch. */
int tam_sampler_batch_size(const tam_sampler *sampler);

/* Writes the images of the batch to index[batch] and returns their number: 0 after the end of an unshuffled pass. Steps
 * may be asked for in any order; one after the other is fastest. Not thread-safe. */
int tam_sampler_batch(tam_sampler *sampler, int64_t step, int64_t *index, int64_t *epoch);
/* Asks the system to read what comes some time after the batch that was asked for last, where that is known to help. */
void tam_sampler_prefetch(tam_sampler *sampler, const tam_dataset *dataset);

#endif
