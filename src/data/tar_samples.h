/* What tar archives hold as samples, WebDataset's way: the files of one sample follow one another and differ only in
 * their endings: KEY.jpg with its label in KEY.cls (text) or KEY.json (its "label"). */
#ifndef DATA_TAR_SAMPLES_H
#define DATA_TAR_SAMPLES_H

#include "io/tar.h"

/* The member that holds class names, one on each line (base/escape.h). WebDataset passes over members named so. */
#define TAM_TAR_CLASSES "__classes__"
#define TAM_TAR_NO_LABEL SIZE_MAX

typedef struct tam_tar_image {
    uint64_t at;    /* of its bytes */
    size_t name;    /* in `text` */
    size_t label;   /* in `text`, or TAM_TAR_NO_LABEL */
    uint32_t size;  /* at most 1 GiB */
    uint32_t shard; /* number of its archive */
} tam_tar_image;

typedef struct tam_tar_samples {
    tam_ctx *ctx;
    tam_tar_image *images; /* [count] */
    int64_t count, room;
    int64_t labelled; /* images with a label */
    char *text;
    size_t text_used, text_room;
    uint8_t *classes; /* contents of TAM_TAR_CLASSES, or NULL */
    size_t classes_size;
} tam_tar_samples;

/* Adds the samples of one more archive, number `shard`. Fails with TAM_INPUT, naming the member: two images or no image
 * in a sample with a label, a label that is none, class names that differ between archives. */
TAM_MUST_USE tam_status tam_tar_samples_add(tam_tar_samples *samples, tam_tar *tar, uint32_t shard);

/* Keeps a copy of `length` bytes of the text from `from` on; *at: where. */
TAM_MUST_USE tam_status tam_tar_samples_copy(tam_tar_samples *samples, size_t from, size_t length, size_t *at);

void tam_tar_samples_free(tam_tar_samples *samples);

#endif
