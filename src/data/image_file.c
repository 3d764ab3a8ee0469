/* A single image file in the size and channels that are wanted. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/resize.h"
#include "tammes/data.h"

enum { LARGEST_FILE = 1 << 30 };

/* RGB becomes grey before the resize and grey RGB after it: the smaller image is the one that is resized. */
static tam_status deliver(tam_ctx *ctx, tam_image *image, int channels, int height, int width, uint8_t *pixels) {
    tam_resizer *resizer = tam_resizer_create(ctx, width, height);
    tam_image_info info = image->info;
    if (resizer == NULL) {
        return TAM_RESOURCES;
    }
    if (info.channels == 3 && channels == 1) {
        tam_grey_from_rgb(image->pixels, (size_t)info.width * (size_t)info.height, image->pixels);
        info.channels = 1;
    }
    tam_resize(resizer, &info, image->pixels, pixels);
    if (info.channels == 1 && channels == 3) {
        tam_rgb_from_grey(pixels, (size_t)width * (size_t)height, pixels);
    }
    tam_resizer_free(resizer);
    return TAM_OK;
}

tam_status tam_image_read(tam_ctx *ctx, const char *path, int channels, int height, int width, uint8_t *pixels,
                          int *own_height, int *own_width) {
    tam_image image = {0};
    uint8_t *data;
    size_t size;
    if ((channels != 1 && channels != 3) || height < 1 || width < 1) {
        return tam_fail(ctx, TAM_CONFIG, "%s: an image cannot become %d x %d with %d channels", path, height, width,
                        channels);
    }
    TAM_TRY(tam_file_read(ctx, path, LARGEST_FILE, &data, &size));
    tam_status status = tam_image_decode(ctx, path, data, size, &image);
    tam_release(ctx, data);
    if (status == TAM_OK) {
        *own_height = image.info.height;
        *own_width = image.info.width;
        status = deliver(ctx, &image, channels, height, width, pixels);
    }
    tam_image_free(ctx, &image);
    return status;
}
