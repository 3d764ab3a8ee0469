/* What an augmentation must provide: one file augment_<name>.c, one line in augmentations.def, its strengths in
 * tam_augment. Those that move pixels come first in the list: they only change the map, and the image is sampled once
 * for all of them. */
#ifndef DATA_AUGMENT_OP_H
#define DATA_AUGMENT_OP_H

#include <stddef.h>

#include "base/random.h"
#include "base/spec.h"
#include "data/augment.h"

/* A key and the strength that it sets. */
typedef struct tam_augment_key {
    tam_key key;
    size_t field; /* offsetof(tam_augment, ...) */
} tam_augment_key;

/* Output pixel (x, y) looks at ax x + bx y + cx, ay x + by y + cy of the input, which is mirrored first. */
typedef struct tam_augment_map {
    bool mirrored, moved; /* moved: the numbers are not those of the identity */
    bool past_cache;      /* nothing reads the planes after they are filled */
    double ax, bx, cx, ay, by, cy;
} tam_augment_map;

/* An image that is being augmented. */
typedef struct tam_canvas {
    int channels, height, width;
    const uint8_t *pixels; /* [height, width, channels], as it came */
    float *planes;         /* [channels, height, width], -1 to 1 */
    float *scratch;
} tam_canvas;

typedef struct tam_augment_op {
    const tam_augment_key *keys;
    int key_count;
    bool (*active)(const tam_augment *augment);
    /* One of them, or neither (mixup). */
    void (*move)(const tam_augment *augment, tam_random *random, int height, int width, tam_augment_map *map);
    tam_status (*change)(const tam_augment *augment, tam_random *random, tam_canvas *canvas);
    /* Floats of scratch that `change` needs; NULL: none. */
    size_t (*scratch)(int height, int width);
} tam_augment_op;

#define X(name, first) extern const tam_augment_op tam_augment_##name;
#include "data/augmentations.def"
#undef X
enum {
#define X(name, first) TAM_AUGMENT_FIRST_##name = first,
#include "data/augmentations.def"
#undef X
};

/* The image's stream from that number on. */
tam_random tam_augment_stream(uint32_t first, uint64_t seed, int64_t epoch, int64_t index);

#define TAM_AUGMENT_KEY(name, field, otherwise, low, high, about) \
    { TAM_NUMBER(name, otherwise, low, high, about), offsetof(tam_augment, field) }
#define TAM_AUGMENT_KEYS(table) .keys = table, .key_count = sizeof table / sizeof *table

/* `map`, seen through another linear map: what was at (x, y) is now looked up by `inner`. */
void tam_augment_move(tam_augment_map *map, const tam_augment_map *inner);

#endif
