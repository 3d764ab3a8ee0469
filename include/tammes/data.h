/* Data: labelled images from whatever holds them, batches from a threaded loader, procedural characters. */
#ifndef TAMMES_DATA_H
#define TAMMES_DATA_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_dataset tam_dataset;

/* Zero means default. */
typedef struct tam_dataset_config {
    /* What holds the images: an image folder (classes nested to any depth: "Greek/character01"), a folder of IDX files,
     * an MXNet train.rec or its folder, tar shards ("part-{000..031}.tar"), a list or CSV of paths and labels, a
     * verification .bin, an array .npy, an image file. All kinds and their labels and names: docs/data.md. */
    const char *path;
    const char *const *images; /* [image_count] paths of image files instead of what lies at `path`; NULL: none. Such
                                  data have no labels, and the paths are their keys */
    int64_t image_count;
    const char *split;  /* "train" (default), "test": which of the IDX files, which rows of a CSV that has splits */
    const char *labels; /* .npy: file of the labels, an .npy of whole numbers; NULL: NAME.labels.npy beside it */
    const char
        *classes; /* keep only these: a glob on class names ("Greek*", where * crosses "/"), several by commas, or
                     @FILE with one per line; NULL: all */
    const char *exclude_classes; /* drop these; the same forms */
    const char *fixes; /* a list of fixes (docs/data.md), as `data check` and `data clean` write them: images to
                          leave out or to move, classes to merge; applied before the classes are chosen */
    int size;          /* images become size x size; 0: as in the data, which must then all have one size */
    int channels;      /* 1 grey, 3 RGB; 0: as in the data (1 if every image is grey) */
    int unlabelled;    /* 1: data without labels, or with a single class, are taken too */
    int any_size; /* 1, with a `size` of 0: images may differ in size; no header is read, the description's sizes are 0
                     and tam_dataset_read is refused: for who wants the images as they are stored (tam_pack) */
    int64_t cache_bytes; /* decoded images are kept as long as the whole set fits; 0: 2 GiB, negative: nothing is kept.
                            Never more than a quarter of the machine's memory */
} tam_dataset_config;

typedef struct tam_dataset_info {
    int64_t count;               /* images */
    int64_t classes;             /* 0: without labels */
    int channels, height, width; /* of every image as it is delivered; of a vector: its numbers, 1, 1 */
    int vectors;                 /* 1: the data are vectors of numbers ([N, D] of floats), not images */
} tam_dataset_info;

/* Opens, checks labels, and decodes nothing. Reads every image's header, unless size and channels are both given. *out
 * is the caller's (tam_dataset_free). Fails with TAM_INPUT (missing, corrupt, an empty class folder, fewer than 2
 * classes, counts that differ, a fix of what is not there) or TAM_CONFIG (a glob that matches nothing, filters that
 * leave fewer than 2 classes, images of different sizes without `size`, a split that is not there); the sentence names
 * the file. What becomes of each kind of image: docs/data.md. */
TAM_API TAM_MUST_USE tam_status tam_dataset_open(tam_ctx *ctx, const tam_dataset_config *config, tam_dataset **out);
TAM_API void tam_dataset_free(tam_dataset *dataset);
TAM_API tam_dataset_info tam_dataset_describe(const tam_dataset *dataset);
/* Class of image i, in [0, classes); -1 without labels. Class ids are the ranks of the names in byte order; where
 * labels are numbers, of the numbers. */
TAM_API int32_t tam_dataset_label(const tam_dataset *dataset, int64_t i);
/* Owned by the dataset. */
TAM_API const char *tam_dataset_class_name(const tam_dataset *dataset, int64_t c);
/* The path of image i, or "FILE#i" in a packed file; written to name[room]. */
TAM_API void tam_dataset_image_name(const tam_dataset *dataset, int64_t i, char *name, size_t room);
/* Image i within the data, the same wherever these lie: "class/file.jpg", the key of a record: lists name images so.
 * Written to key[room]. */
TAM_API void tam_dataset_image_key(const tam_dataset *dataset, int64_t i, char *key, size_t room);
/* What kind of data it is, for sentences: "image folder". Static. */
TAM_API const char *tam_dataset_kind(const tam_dataset *dataset);
/* Image i as bytes [H, W, C]; kept decoded from then on, where the whole set fits cache_bytes. May be called from
 * several threads. Fails with TAM_INPUT for a corrupt image. */
TAM_API TAM_MUST_USE tam_status tam_dataset_read(tam_dataset *dataset, int64_t i, uint8_t *pixels);

/* An image file by itself as bytes [height, width, channels], 1 channel or 3; resized where it has another size, as
 * images of a data set are. own_height, own_width: those of the file. Fails with TAM_INPUT or TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_image_read(tam_ctx *ctx, const char *path, int channels, int height, int width,
                                               uint8_t *pixels, int *own_height, int *own_width);

/* How many images a second libjpeg-turbo alone decodes in one thread with one handle: what a loader's thread is
 * measured by. */
typedef struct tam_decode_limit {
    double aligned; /* into memory as an allocator gives it. The library writes rows that begin at a multiple of 32
                       bytes past the caches, which slows it */
    double skewed;  /* into memory 4 bytes off, as the loader's threads do */
} tam_decode_limit;
/* The files of the first `images` images are read into memory, then decoded for `seconds`. All 0 where they are not all
 * JPEG, grey or colour. */
TAM_API TAM_MUST_USE tam_status tam_dataset_decode_limit(tam_dataset *dataset, int64_t images, double seconds,
                                                         tam_decode_limit *limit);

/* Vector i of data that are vectors: x [channels], as it is stored. Fails with TAM_INPUT where it holds NaN or
 * infinity, TAM_CONFIG for images. May be called from several threads. */
TAM_API TAM_MUST_USE tam_status tam_dataset_read_vector(tam_dataset *dataset, int64_t i, float *x);

/* Augmentation: "none", or keys with a strength each, for example "shift=0.1,rotate=15,scale=0.15,flip=0.5,erase=0.3";
 * policies by name: "flip", "affine" (shift=0.1,rotate=15,scale=0.15), "light", "face", "strong" (docs/data.md).
 * Applied in this order: flip                                 probability of a mirror image crop, crop-area,
 * crop-aspect         probability of a part of the image; its least area (0.5); the largest ratio of its sides' shares
 * (1.3333) shift, rotate, scale, shear          largest shift, as a share of the side; largest rotation, degrees; scale
 * drawn from exp(U(-scale, scale)); largest shear, as a slope colour, brightness, contrast, saturation, hue probability
 * of the other four (1); largest change of each, as a share of it, hue in degrees grey probability of colours lost
 *   blur, blur-sigma                     probability of a Gaussian blur; largest sigma, as a share of the side (0.015)
 *   jpeg, jpeg-quality                   probability of JPEG's losses; lowest quality (30)
 *   lowres, lowres-side                  probability of a low resolution; its least side, as a share (0.25)
 *   erase                                probability of a rectangle (2% to 20% of the area) of the background value
 *   mixup, mixup-share                   probability of a share of another image; the largest share (0.2). The label
 *                                        stays that of the larger share
 * Pixels from outside the image have the value of its border's median. What is drawn depends on (seed, epoch, image)
 * alone, and no key changes what another draws. */
typedef struct tam_loader_config {
    int batch;      /* no default; with the sampler pk 0: P K */
    int accumulate; /* 0 or 1; K: that many batches make a training step, so an epoch has a multiple of K batches */
    uint64_t seed;
    int shuffle;         /* 1: every epoch in a new order, short last batches dropped; 0: in order, all of them */
    const char *augment; /* NULL: "none" */
    int threads;         /* that decode and augment; 0: 1 */
    const char *sampler; /* NULL or "shuffle": as `shuffle` says; "pk:P=16,K=4": every batch is P random classes with K
                            random images each, class by class; a class with fewer images repeats some. An epoch is
                            floor(images / (P K)) batches. "block:images=32,blocks=1024": an epoch is a new random order
                            of blocks of 32 images that follow one another in the data, and the images of every 1024
                            blocks are shuffled together: large files are read in pieces, far from the memory, and need
                            no shuffled copy. Never chosen unasked: it mixes less, and disks differ, not data */
    int skip_unreadable; /* 1: an image that cannot be read has label -1 and value 0 everywhere, and the batch counts
                            it; 0: it fails */
    int64_t first_step;  /* where to begin: a resumed run continues exactly */
} tam_loader_config;

typedef struct tam_batch {
    int n;
    int64_t step, epoch;   /* number of the batch and of the epoch, both from 0 */
    const float *images;   /* [n, C, H, W], (value - 127.5) / 127.5; vectors as they are stored */
    const int32_t *labels; /* [n] */
    const int64_t *index;  /* [n] number of each image in the dataset */
    int unreadable;        /* images with label -1 (skip_unreadable) */
} tam_batch;

typedef struct tam_loader tam_loader;
/* The dataset must outlive the loader and must not be used by the caller meanwhile. */
TAM_API TAM_MUST_USE tam_status tam_loader_create(tam_ctx *ctx, tam_dataset *dataset, const tam_loader_config *config,
                                                  tam_loader **out);
TAM_API void tam_loader_free(tam_loader *loader);
TAM_API int64_t tam_loader_steps_per_epoch(const tam_loader *loader);
/* The next batch, valid until the next call. Without shuffle the batch after the last has n = 0. A corrupt image fails
 * with TAM_INPUT and its name; with skip_unreadable only a batch without any readable image does, and the first image
 * that is passed over is a warning. */
TAM_API TAM_MUST_USE tam_status tam_loader_next(tam_loader *loader, tam_batch *batch);
/* Seconds that tam_loader_next has waited for the threads so far. */
TAM_API double tam_loader_stall(const tam_loader *loader);

/* Procedural stroke characters: an identity is a stroke program; a sample differs by jitter of the strokes, an affine
 * map, thickness and noise. Same (seed, identity, sample, size): same bytes. */
typedef struct tam_glyphs_config {
    int64_t identities; /* no default */
    int per_identity;   /* 0: 20 */
    int size;           /* side in pixels, 0: 28, at least 16 */
    uint64_t seed;
    int64_t first; /* number of the first identity: another range is another set of identities */
} tam_glyphs_config;
/* One sample as grey bytes [size, size], ink bright on dark ground. */
TAM_API void tam_glyphs_draw(const tam_glyphs_config *config, int64_t identity, int sample, uint8_t *pixels);
/* Writes folder/idNNNNNN/NNN.png. Refuses a folder that exists and is not empty (TAM_CONFIG). */
TAM_API TAM_MUST_USE tam_status tam_glyphs_write(tam_ctx *ctx, const tam_glyphs_config *config, const char *folder);

#ifdef __cplusplus
}
#endif
#endif
