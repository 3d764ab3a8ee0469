/* What a kind of data must provide: one file reader_<name>.c and one line in readers.def. A reader lists labelled
 * images in a fixed order and decodes any one of them; filters, sizes and the cache are the dataset's. */
#ifndef DATA_READER_H
#define DATA_READER_H

#include "base/ctx.h"
#include "io/image.h"
#include "tammes/data.h"

/* Buffers of one thread, kept from image to image so that reading allocates nothing once they have grown. */
typedef struct tam_reader_scratch {
    uint8_t *file;
    size_t file_room;
    tam_image image;
} tam_reader_scratch;

typedef struct tam_source {
    tam_ctx *ctx;
    const struct tam_reader *reader;
    int64_t count;
    int32_t classes;
    const char *const *class_names; /* [classes], in the order of the class ids; owned by the source */
    const int32_t *labels;          /* [count] */
    void *state;                    /* the reader's */
} tam_source;

typedef struct tam_reader {
    const char *name;
    /* Whether `path`, an existing folder, is of this kind. */
    bool (*recognise)(const char *path);
    /* Fills all of *source. On failure it has released everything. */
    tam_status (*open)(tam_ctx *ctx, const char *path, const char *split, tam_source *source);
    void (*close)(tam_source *source);
    /* Image i's size without decoding it. Thread-safe, as the following. */
    tam_status (*look)(const tam_source *source, int64_t i, tam_image_info *info);
    /* Image i: *pixels [height, width, channels] in scratch or in the source's own memory. */
    tam_status (*read)(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                       const uint8_t **pixels);
    void (*image_name)(const tam_source *source, int64_t i, char *name, size_t room);
    bool in_memory; /* `read` costs nothing: the dataset need not cache what it would not convert */
} tam_reader;

#define X(name) extern const tam_reader tam_reader_##name;
#include "data/readers.def"
#undef X

#endif
