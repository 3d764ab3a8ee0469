/* Resizing of byte images, each axis by itself: an axis that shrinks averages the area that an output pixel covers, one
 * that grows interpolates linearly between pixel centres (the border pixel goes on outside). One that keeps its length
 * is copied. */
#ifndef DATA_RESIZE_H
#define DATA_RESIZE_H

#include "base/ctx.h"
#include "io/image.h"

/* One output pixel of an axis is `head` times input pixel first, plus `body` times each pixel between, plus `tail`
 * times input pixel last. */
typedef struct tam_span {
    int first, last;
    float head, body, tail;
} tam_span;

/* Output pixel i of an axis that goes from `in` pixels to `out`. */
tam_span tam_span_of(int i, int in, int out);

/* Tables and two rows, kept from image to image. */
typedef struct tam_resizer tam_resizer;

/* For results of out_width x out_height with up to 3 channels. NULL as tam_allocate. */
tam_resizer *tam_resizer_create(tam_ctx *ctx, int out_width, int out_height);
void tam_resizer_free(tam_resizer *resizer);
/* from [height, width, channels] as `info` says -> to [out_height, out_width, channels]. */
void tam_resize(tam_resizer *resizer, const tam_image_info *info, const uint8_t *from, uint8_t *to);

/* RGB to grey, BT.601: 0.299 R + 0.587 G + 0.114 B, rounded; `to` may be `from`. */
void tam_grey_from_rgb(const uint8_t *from, size_t pixels, uint8_t *to);
/* Grey to RGB with three equal channels; `to` may be `from`, given room for the result. */
void tam_rgb_from_grey(const uint8_t *from, size_t pixels, uint8_t *to);

#endif
