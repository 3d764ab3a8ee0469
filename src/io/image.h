/* Images from memory: bytes [height, width, channels], 1 channel (grey) or 3 (RGB), whatever the file held.
 *
 * Defined results: 16-bit samples keep their upper 8 bits; 1, 2 and 4-bit grey is stretched to 0..255; alpha is
 * composited on black; a palette of greys is grey; CMYK JPEG becomes RGB as c * k (Adobe's inverted inks); a JPEG's
 * EXIF orientation is applied. Every fault of the file is TAM_INPUT with its name: also a file that stops early and a
 * JPEG that the decoder merely warns about. */
#ifndef IO_IMAGE_H
#define IO_IMAGE_H

#include <stdbool.h>

#include "base/ctx.h"

/* Larger images are refused before anything is allocated for them. */
#define TAM_IMAGE_MOST_PIXELS ((uint64_t)64 << 20)

typedef struct tam_image_info {
    int width, height, channels;
} tam_image_info;

/* Pixels begin so many bytes off the alignment of memory: libjpeg-turbo writes rows that begin at a multiple of 32
 * bytes past the caches, which costs it a third of its speed, and the next reader a wait for each line. */
enum { TAM_IMAGE_SKEW = 4 };

/* A decoded image; start from {0}, decode into it as often as you like, free it once. */
typedef struct tam_image {
    tam_image_info info;
    uint8_t *pixels; /* [height, width, channels] */
    uint8_t *own;    /* memory for `room` bytes of pixels and the skew */
    size_t room;
    uint8_t *lent; /* somebody else's memory, used by images that fit; may be NULL */
    size_t lent_room;
} tam_image;

/* Reads the header only. `name` is for sentences. data may be the file's beginning: then a header that goes on beyond
 * it fails, and more of the file must be given. */
TAM_MUST_USE tam_status tam_image_look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                       tam_image_info *info);
/* The same for a file's beginning, which may not hold the whole header: that is no failure and has no sentence. */
bool tam_image_look_start(const char *name, const uint8_t *start, size_t size, tam_image_info *info);
TAM_MUST_USE tam_status tam_image_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                         tam_image *image);
void tam_image_free(tam_ctx *ctx, tam_image *image);

/* The header of a file, from its first few KB when that is enough. */
TAM_MUST_USE tam_status tam_image_look_file(tam_ctx *ctx, const char *path, tam_image_info *info);

/* Whether a file's name ends like an image's (".png", ...; upper or lower case). */
bool tam_image_named(const char *name);
/* The known endings for a sentence: ".png .jpg .jpeg ..."; static. */
const char *tam_image_endings(void);

/* The kind of an encoded image by its first bytes, as the ending of a file's name: ".jpg", ".png", ...; false: none
 * that is known. */
enum { TAM_IMAGE_ENDING_ROOM = 8 };
bool tam_image_ending(const uint8_t *data, size_t size, char ending[TAM_IMAGE_ENDING_ROOM]);

/* Encodes bytes [height, width, channels], channels 1 or 3. *data (tam_release) has *size bytes. */
TAM_MUST_USE tam_status tam_png_encode(tam_ctx *ctx, int width, int height, int channels, const uint8_t *pixels,
                                       uint8_t **data, size_t *size);
/* quality 1 to 100; colours are not subsampled from quality 90 on. */
TAM_MUST_USE tam_status tam_jpeg_encode(tam_ctx *ctx, int width, int height, int channels, const uint8_t *pixels,
                                        int quality, uint8_t **data, size_t *size);

#endif
