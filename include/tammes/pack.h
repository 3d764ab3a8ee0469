/* Packing: a data set of any kind written as another kind, images byte for byte as they are stored. */
#ifndef TAMMES_PACK_H
#define TAMMES_PACK_H

#include <signal.h>

#include "tammes/data.h"
#include "tammes/pairs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default. Formats (docs/data.md):
 *   rec        folder `out` with train.rec, train.idx, property, classes.txt in MXNet's face layout: record 0 and one
 *              record for each identity hold the ranges of keys; images sorted by class
 *   rec-plain  one `out`.rec with its .idx: every key is an image, in the data's order
 *   tar        shards of KEY.jpg with KEY.cls: `out` is one file, or a pattern "part-{000..999}.tar"
 *   npy        `out` [N, H, W, C] of bytes, with NAME.labels.npy beside it
 *   folder     an image folder: out/CLASS/NAME
 *   list       `out` is a text "path<TAB>label" of images that stay where they are (image folders and lists only) */
typedef struct tam_pack_config {
    const char *out;    /* no default; what exists is refused, as is a folder that is not empty */
    const char *format; /* a word of the list above; NULL: by the ending of `out` (.rec: rec-plain, .tar, .npy, .txt and
                           .lst: list), a name without one: folder */
    int encode;         /* 0: images stay the bytes they are; 1: images are written anew as the data set delivers them
                           (its size and channels), as JPEG of `quality` or, with a quality of 0, as PNG. Bare pixels
                           (IDX, npy) always are */
    int quality;        /* 1 to 100 */
    int64_t shard_bytes;               /* tar: a shard that has so many is closed; 0: 256 MiB. rec: one file always */
    const volatile sig_atomic_t *stop; /* non-zero: nothing is left at `out`, and TAM_STOPPED; may be NULL */
    void (*progress)(void *user, int64_t done, int64_t all); /* at most a few times a second; may be NULL */
    void *progress_user;
} tam_pack_config;

typedef struct tam_pack_result {
    int64_t images, classes, files;
    uint64_t bytes; /* of images */
} tam_pack_result;

/* Whether the format of the configuration stores bare pixels, and so wants a data set whose images have one size: any
 * other takes one that was opened with any_size. Fails with TAM_CONFIG for an unknown format. */
TAM_API TAM_MUST_USE tam_status tam_pack_wants_pixels(tam_ctx *ctx, const tam_pack_config *config, int *pixels);

/* Fails with TAM_CONFIG (unknown format, what `out` names exists), TAM_INPUT (an image that cannot be read, named) or
 * TAM_RESOURCES (disk full); then nothing of it is left at `out`. */
TAM_API TAM_MUST_USE tam_status tam_pack(tam_ctx *ctx, tam_dataset *dataset, const tam_pack_config *config,
                                         tam_pack_result *result);

/* Writes the pairs as a verification .bin (lfw.bin, ...): a Python pickle of protocol 2 of (images, issame), images as
 * JPEG or PNG bytes. Fails as tam_pack. */
TAM_API TAM_MUST_USE tam_status tam_pack_pairs(tam_ctx *ctx, tam_dataset *dataset, const tam_pairs *pairs,
                                               const tam_pack_config *config, tam_pack_result *result);

#ifdef __cplusplus
}
#endif
#endif
