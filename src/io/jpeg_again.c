#include "io/jpeg_again.h"

#include <turbojpeg.h>

#include "io/jpeg_sampling.h"

size_t tam_jpeg_again_room(int width, int height) {
    return tjBufSize(width, height, TJSAMP_444);
}

tam_status tam_jpeg_again(tam_ctx *ctx, int width, int height, int channels, int quality, uint8_t *pixels,
                          uint8_t *room) {
    unsigned char *file = room;
    unsigned long bytes = tam_jpeg_again_room(width, height);
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    tam_status status = TAM_OK;
    tjhandle in = tjInitCompress(), out = tjInitDecompress();
    if (in == NULL || out == NULL ||
        tjCompress2(in, pixels, width, 0, height, format, &file, &bytes, tam_jpeg_sampling(channels, quality), quality,
                    TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT) != 0 ||
        tjDecompress2(out, file, bytes, pixels, width, 0, height, format, 0) != 0) {
        status = tam_fail(ctx, TAM_RESOURCES, "an image of %d x %d cannot go through JPEG: %s", width, height,
                          tjGetErrorStr());
    }
    if (in != NULL) {
        tjDestroy(in);
    }
    if (out != NULL) {
        tjDestroy(out);
    }
    return status;
}
