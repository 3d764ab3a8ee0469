/* Batches of P classes with K images each, for losses that compare a batch's images with one another. The state is the
 * step alone.
 *
 * An epoch goes through the classes in rounds. Each round is a new order of the classes, drawn from (seed, epoch,
 * round), cut into batches of P; classes that do not fill a batch wait for another round. Of each class K images are
 * drawn at random, all different; a class with fewer uses each once before it repeats any. */
#ifndef DATA_PK_SAMPLER_H
#define DATA_PK_SAMPLER_H

#include "tammes/data.h"

typedef struct tam_pk_sampler tam_pk_sampler;

/* classes P, images K. All memory is taken here. Fails with TAM_CONFIG when fewer than P classes have images. */
TAM_MUST_USE tam_status tam_pk_sampler_create(tam_ctx *ctx, const tam_dataset *dataset, int classes, int images,
                                              uint64_t seed, tam_pk_sampler **out);
void tam_pk_sampler_free(tam_pk_sampler *sampler);

/* Writes the images of a batch, class by class, to index[P K]. epoch and step_of_epoch say where it is in the epoch,
 * and step numbers it over all epochs. */
void tam_pk_sampler_batch(tam_pk_sampler *sampler, int64_t step, int64_t epoch, int64_t step_of_epoch, int64_t *index);

#endif
