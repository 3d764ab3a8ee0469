/* The masks of dropout: one definition for all backends, so that all drop the same values. */
#ifndef BACKEND_DROPOUT_MASK_H
#define BACKEND_DROPOUT_MASK_H

#include <stdint.h>

#include "base/random.h"

/* mask[i] for the values first .. first+count-1 of a batch in plain (n, c, h, w) order: 0 with probability p, else
 * 1 / (1 - p), from Philox at (seed, TAM_PURPOSE_DROPOUT, low half of step, node). Any cut into ranges gives the same
 * mask. */
void tam_dropout_mask(uint64_t seed, uint64_t step, int node, double p, int64_t first, int64_t count, float *mask);

/* The same by its parts: the stream whose number i is value i's, and what its upper 24 bits must reach for the value to
 * be kept. */
tam_random tam_dropout_stream(uint64_t seed, uint64_t step, int node);
uint32_t tam_dropout_limit(double p);

#endif
