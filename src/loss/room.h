/* Arrays cut one after another from a block of scratch memory. */
#ifndef LOSS_ROOM_H
#define LOSS_ROOM_H

#include <stddef.h>

/* What an array of so many bytes takes: every array starts at a multiple of 64. */
static inline size_t tam_room_bytes(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

static inline void *tam_room_take(char **at, size_t bytes) {
    void *here = *at;
    *at += tam_room_bytes(bytes);
    return here;
}

#endif
