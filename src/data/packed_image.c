#include "data/packed_image.h"

#include "base/memory.h"

enum { LONGEST_NAME = 4352 };

tam_status tam_packed_image_open(tam_ctx *ctx, tam_dataset *dataset, const tam_pack_config *config, bool bare,
                                 tam_packed_image *image) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    bool stored_bare = tam_dataset_source(dataset)->reader->pixels != NULL;
    *image = (tam_packed_image){.ctx = ctx, .dataset = dataset, .bare = bare, .quality = config->quality};
    image->anew = bare || config->encode || (stored_bare && info.width > 0);
    if (config->quality < 0 || config->quality > 100) {
        return tam_fail(ctx, TAM_CONFIG, "a JPEG quality of %d is outside [1, 100]", config->quality);
    }
    if (!image->anew) {
        return TAM_OK;
    }
    if (info.width == 0) {
        return tam_fail(ctx, TAM_CONFIG, "images that are written anew need one size and number of channels for all");
    }
    image->pixels = tam_allocate(ctx, (size_t)info.height * (size_t)info.width, (size_t)info.channels, "an image");
    return image->pixels != NULL ? TAM_OK : TAM_RESOURCES;
}

void tam_packed_image_close(tam_packed_image *image) {
    if (image->ctx != NULL) {
        tam_scratch_free(image->ctx, &image->scratch);
        tam_release(image->ctx, image->pixels);
        tam_release(image->ctx, image->encoded);
    }
    *image = (tam_packed_image){0};
}

static tam_status encode(tam_packed_image *image, const uint8_t *pixels, int quality) {
    const tam_image_info *info = &image->info;
    tam_release(image->ctx, image->encoded);
    image->encoded = NULL;
    if (quality > 0) {
        TAM_TRY(tam_jpeg_encode(image->ctx, info->width, info->height, info->channels, pixels, quality, &image->encoded,
                                &image->size));
    } else {
        TAM_TRY(tam_png_encode(image->ctx, info->width, info->height, info->channels, pixels, &image->encoded,
                               &image->size));
    }
    image->data = image->encoded;
    return TAM_OK;
}

static tam_status read_stored(tam_packed_image *image, int64_t i) {
    const tam_source *source = tam_dataset_source(image->dataset);
    int64_t number = tam_dataset_source_number(image->dataset, i);
    char name[LONGEST_NAME];
    if (source->reader->pixels != NULL) {
        const uint8_t *pixels;
        TAM_TRY(source->reader->pixels(source, number, &image->scratch, &image->info, &pixels));
        return encode(image, pixels, 0);
    }
    TAM_TRY(source->reader->encoded(source, number, &image->scratch, &image->data, &image->size));
    source->reader->image_name(source, number, name, sizeof name);
    return tam_image_look(image->ctx, name, image->data, image->size, &image->info);
}

tam_status tam_packed_image_read(tam_packed_image *image, int64_t i) {
    if (!image->anew) {
        return read_stored(image, i);
    }
    tam_dataset_info info = tam_dataset_describe(image->dataset);
    const uint8_t *pixels;
    image->info = (tam_image_info){info.width, info.height, info.channels};
    TAM_TRY(tam_dataset_pixels(image->dataset, i, image->pixels, &pixels));
    if (image->bare) {
        image->data = pixels;
        image->size = (size_t)info.width * (size_t)info.height * (size_t)info.channels;
        return TAM_OK;
    }
    return encode(image, pixels, image->quality);
}
