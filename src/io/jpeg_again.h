/* What JPEG leaves of an image. */
#ifndef IO_JPEG_AGAIN_H
#define IO_JPEG_AGAIN_H

#include "base/ctx.h"

/* Bytes of room that the file of such an image may take. */
size_t tam_jpeg_again_room(int width, int height);
/* Encodes bytes [height, width, channels] as tam_jpeg_encode does and decodes them again, in place. Fails with
 * TAM_RESOURCES; the pixels are then as they were. */
TAM_MUST_USE tam_status tam_jpeg_again(tam_ctx *ctx, int width, int height, int channels, int quality, uint8_t *pixels,
                                       uint8_t *room);

#endif
