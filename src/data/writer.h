/* What a format to write must provide: one file writer_<name>.c and one line in writers.def. */
#ifndef DATA_WRITER_H
#define DATA_WRITER_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/pack.h"

/* What is known before the first image. */
typedef struct tam_writer_plan {
    const char *out;
    int64_t count, classes;
    const char *const *class_names;
    const int64_t *class_count;  /* [classes] images of each */
    int channels, height, width; /* of every image, for `sized` and `bare` writers; 0: they differ */
    int64_t shard_bytes;
    const uint8_t *same; /* [count / 2] pairs of images 2 i and 2 i + 1, of data that are such; else NULL */
} tam_writer_plan;

/* One image to write. */
typedef struct tam_item {
    int64_t number; /* 0, 1, ... in the order of writing */
    int32_t label;
    const char *key;     /* in the data set it comes from: "class/file.jpg" */
    const char *name;    /* for sentences; of data whose images are files of their own: the path */
    const uint8_t *data; /* an encoded image; for `bare` writers pixels [height, width, channels] */
    size_t size;
} tam_item;

typedef struct tam_writer tam_writer; /* each kind's own */

typedef struct tam_writer_kind {
    const char *name;   /* the word of --format */
    const char *ending; /* chosen by these endings of the output's name, separated by spaces; NULL: by name only */
    bool by_class;      /* wants the images class by class; else in the data's order */
    bool bare;          /* wants pixels, all of one size */
    bool sized;         /* wants to know before the first image whether all have one size, which reads all headers */
    bool folder;        /* `out` is a folder, which may be there if it is empty */
    bool in_place;      /* takes only images that are files of their own */
    tam_status (*open)(tam_ctx *ctx, const tam_writer_plan *plan, tam_writer **out);
    tam_status (*add)(tam_writer *writer, const tam_item *item);
    /* Makes everything appear under its name and frees the writer; *files: how many files. */
    tam_status (*commit)(tam_writer *writer, int64_t *files);
    /* Removes what was written and frees the writer. */
    void (*abandon)(tam_writer *writer);
} tam_writer_kind;

#define X(name) extern const tam_writer_kind tam_writer_##name;
#include "data/writers.def"
#undef X

#endif
