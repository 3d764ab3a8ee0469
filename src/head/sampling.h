/* Which classes take part in a step (An et al., "Partial FC: Training 10 Million Identities on a Single Machine",
 * 2021): those of its samples, and others at random. */
#ifndef HEAD_SAMPLING_H
#define HEAD_SAMPLING_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the room that a draw needs: one bit for each class. */
size_t tam_sampling_room(int64_t classes);

/* chosen [wanted], ascending: every class among y [n] (-1 is none) and others, every set of which is equally likely. A
 * function of seed, step and the classes in y alone. `wanted` lies between the number of different classes in y and
 * `classes` (at most 2^31). */
void tam_sampling_draw(uint64_t seed, int64_t step, int64_t classes, int64_t wanted, int n, const int32_t *y,
                       void *room, int32_t *chosen);

/* The place in chosen of a class that is there. */
int64_t tam_sampling_place(const int32_t *chosen, int64_t wanted, int32_t label);

#endif
