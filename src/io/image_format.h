/* What a file format must provide: one file image_<name>.c and one line in image_formats.def. */
#ifndef IO_IMAGE_FORMAT_H
#define IO_IMAGE_FORMAT_H

#include "io/image.h"

typedef struct tam_image_format {
    /* By the first bytes; size may be anything. */
    bool (*recognise)(const uint8_t *data, size_t size);
    tam_status (*look)(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info);
    tam_status (*decode)(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image);
} tam_image_format;

#define X(name, endings) extern const tam_image_format tam_image_format_##name;
#include "io/image_formats.def"
#undef X

/* Sets *info after checking that both sides are at least 1 and the area is within TAM_IMAGE_MOST_PIXELS. */
TAM_MUST_USE tam_status tam_image_measure(tam_ctx *ctx, const char *name, uint64_t width, uint64_t height, int channels,
                                          tam_image_info *info);

/* Makes room for info's pixels of `bytes_per_pixel` bytes each and stores info. */
TAM_MUST_USE tam_status tam_image_room(tam_ctx *ctx, tam_image *image, const tam_image_info *info, int bytes_per_pixel);

#endif
