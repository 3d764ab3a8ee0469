/* What a kind of data must provide: one file reader_<name>.c and one line in readers.def. A reader lists labelled
 * images in a fixed order and hands out any one of them; filters, fixes, sizes and the cache are the dataset's. */
#ifndef DATA_READER_H
#define DATA_READER_H

#include "base/ctx.h"
#include "base/file.h"
#include "io/image.h"
#include "tammes/data.h"

enum { TAM_PLACE_START = 512 };

/* What lies where the user points, looked at once for all readers. */
typedef struct tam_place {
    const char *path;
    tam_path_kind kind;             /* TAM_PATH_ABSENT also for a pattern of shards, "part-{000..031}.tar" */
    uint8_t start[TAM_PLACE_START]; /* the first bytes of a file */
    size_t start_size;
} tam_place;

/* Fails with TAM_INPUT (neither a file nor a folder, cannot be read); what is absent is no failure. */
TAM_MUST_USE tam_status tam_place_look(tam_ctx *ctx, const char *path, tam_place *place);

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
    int32_t classes;                /* 0: the data have no labels */
    const char *const *class_names; /* [classes], in the order of the class ids; owned by the source */
    const int32_t *labels;          /* [count]; NULL without labels */
    int vector;                     /* numbers of each row where the data are vectors; 0: images */
    void *state;                    /* the reader's */
} tam_source;

typedef struct tam_reader {
    const char *name; /* what its data are called in sentences: "image folder" */
    /* Whether the data at that place are of this kind. Cheap: at most a look into a folder. */
    bool (*recognise)(const tam_place *place);
    /* Fills all of *source. On failure it has released everything. `labels` and `split` are the configuration's words
     * (split never NULL, labels may be); a reader that knows no such thing refuses them (tam_refuse_words). */
    tam_status (*open)(tam_ctx *ctx, const tam_dataset_config *config, tam_source *source);
    void (*close)(tam_source *source);

    /* The rest is thread-safe; results live in the scratch or in the source. Of `encoded` and `pixels` one is NULL. */

    /* Image i's size without decoding it. NULL: by the header of `encoded`, whose bytes are then read whole. */
    tam_status (*look)(const tam_source *source, int64_t i, tam_image_info *info);
    /* Image i as a file of its own (JPEG, PNG, ...), as it is stored. */
    tam_status (*encoded)(const tam_source *source, int64_t i, tam_reader_scratch *scratch, const uint8_t **data,
                          size_t *size);
    /* Image i as bare pixels [height, width, channels], for kinds that store such. */
    tam_status (*pixels)(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                         const uint8_t **pixels);
    /* Row i of vectors: x [source->vector], finite. NULL for images. */
    tam_status (*vector)(const tam_source *source, int64_t i, float *x);
    /* For sentences: the path of the image, "FILE#KEY" in a packed file. */
    void (*image_name)(const tam_source *source, int64_t i, char *name, size_t room);
    /* Within the data, the same wherever these lie: "class/file.jpg", "17". Lists of pairs and of fixes name images so.
     */
    void (*image_key)(const tam_source *source, int64_t i, char *key, size_t room);
    /* Asks the system to read images that lie behind one another soon; thread-safe, waits for nothing. NULL: nobody
     * would profit. */
    void (*prefetch)(const tam_source *source, int64_t first, int64_t count);
    bool own_files;  /* every image is a file of its own, and image_name its path */
    bool in_memory;  /* handing out costs nothing: the dataset need not cache what it would not convert */
    bool one_stream; /* images lie one after another in few large files: reading in that order is what disks like */
} tam_reader;

#define X(name) extern const tam_reader tam_reader_##name;
#include "data/readers.def"
#undef X

/* Makes room for `bytes` in scratch->file. */
TAM_MUST_USE tam_status tam_scratch_room(tam_ctx *ctx, tam_reader_scratch *scratch, size_t bytes);
/* An image's whole file of `size` bytes into scratch->file. */
TAM_MUST_USE tam_status tam_scratch_read(tam_ctx *ctx, const char *path, int descriptor, size_t size,
                                         tam_reader_scratch *scratch);
void tam_scratch_free(tam_ctx *ctx, tam_reader_scratch *scratch);

/* Image i of any source, decoded where it is encoded; its size. What `look` and `pixels` leave out is done here. */
TAM_MUST_USE tam_status tam_source_read(const tam_source *source, int64_t i, tam_reader_scratch *scratch,
                                        tam_image_info *info, const uint8_t **pixels);
TAM_MUST_USE tam_status tam_source_look(const tam_source *source, int64_t i, tam_reader_scratch *scratch,
                                        tam_image_info *info);

/* TAM_CONFIG where a split other than "train", or a file of labels, was named for a kind that has none. */
TAM_MUST_USE tam_status tam_refuse_split(tam_ctx *ctx, const tam_dataset_config *config, const char *kind);
TAM_MUST_USE tam_status tam_refuse_labels(tam_ctx *ctx, const tam_dataset_config *config, const char *kind);

#endif
