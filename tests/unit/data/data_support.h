/* Small image folders for the tests of datasets and loaders. */
#ifndef TESTS_DATA_SUPPORT_H
#define TESTS_DATA_SUPPORT_H

#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/image.h"
#include "tammes/data.h"

static inline void write_bytes(tam_ctx *ctx, const char *path, const void *data, size_t size) {
    tam_file_piece piece = {data, size};
    test_ok(ctx, tam_file_write(ctx, path, &piece, 1));
}

/* Writes folder/name (making its folders) as a PNG whose pixels count up from `first`. */
static inline void write_image(tam_ctx *ctx, const char *folder, const char *name, int width, int height, int channels,
                               int first) {
    char path[512];
    uint8_t pixels[64 * 64 * 3], *png;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    *strrchr(path, '/') = '\0';
    test_ok(ctx, tam_folder_make(ctx, path));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (int i = 0; i < width * height * channels; i++) {
        pixels[i] = (uint8_t)(first + i);
    }
    test_ok(ctx, tam_png_encode(ctx, width, height, channels, pixels, &png, &size));
    write_bytes(ctx, path, png, size);
    tam_release(ctx, png);
}

/* `classes` classes c0, c1, ... of `each` images of 5 x 5: image k of class c begins with the value 16 c + k. */
static inline void write_classes(tam_ctx *ctx, const char *folder, int classes, int each) {
    char name[64];
    for (int c = 0; c < classes; c++) {
        for (int k = 0; k < each; k++) {
            snprintf(name, sizeof name, "c%d/%02d.png", c, k);
            write_image(ctx, folder, name, 5, 5, 1, 16 * c + k);
        }
    }
}

#endif
