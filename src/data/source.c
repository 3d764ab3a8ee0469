/* What is the same for all readers. */
#include <string.h>

#include "base/memory.h"
#include "data/reader.h"

/* An image file larger than this is none. */
#define MOST_FILE_BYTES ((size_t)1 << 30)

tam_status tam_scratch_room(tam_ctx *ctx, tam_reader_scratch *scratch, size_t bytes) {
    if (scratch->file_room < bytes) {
        tam_release(ctx, scratch->file);
        scratch->file_room = 0;
        scratch->file = tam_allocate(ctx, bytes + bytes / 2, 1, "a file of an image");
        if (scratch->file == NULL) {
            return TAM_RESOURCES;
        }
        scratch->file_room = bytes + bytes / 2;
    }
    return TAM_OK;
}

tam_status tam_scratch_read(tam_ctx *ctx, const char *path, int descriptor, size_t size, tam_reader_scratch *scratch) {
    if (size > MOST_FILE_BYTES) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu bytes are too many for an image", path, size);
    }
    TAM_TRY(tam_scratch_room(ctx, scratch, size));
    return tam_file_read_at(ctx, path, descriptor, 0, scratch->file, size);
}

void tam_scratch_free(tam_ctx *ctx, tam_reader_scratch *scratch) {
    tam_release(ctx, scratch->file);
    tam_image_free(ctx, &scratch->image);
    *scratch = (tam_reader_scratch){0};
}

enum { LONGEST_NAME = 4352 };

tam_status tam_source_read(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info,
                           const uint8_t **pixels) {
    const uint8_t *data;
    size_t size;
    char name[LONGEST_NAME];
    if (source->reader->pixels != NULL) {
        return source->reader->pixels(source, i, scratch, info, pixels);
    }
    TAM_TRY(source->reader->encoded(source, i, scratch, &data, &size));
    if (tam_image_decode(source->ctx, "", data, size, &scratch->image) != TAM_OK) { /* a name only where it is told */
        source->reader->image_name(source, i, name, sizeof name);
        TAM_TRY(tam_image_decode(source->ctx, name, data, size, &scratch->image));
    }
    *info = scratch->image.info;
    *pixels = scratch->image.pixels;
    return TAM_OK;
}

tam_status tam_source_look(const tam_source *source, int64_t i, tam_reader_scratch *scratch, tam_image_info *info) {
    const uint8_t *data;
    size_t size;
    char name[LONGEST_NAME];
    if (source->reader->look != NULL) {
        return source->reader->look(source, i, info);
    }
    if (source->reader->pixels != NULL) {
        return source->reader->pixels(source, i, scratch, info, &data);
    }
    TAM_TRY(source->reader->encoded(source, i, scratch, &data, &size));
    source->reader->image_name(source, i, name, sizeof name);
    return tam_image_look(source->ctx, name, data, size, info);
}

tam_status tam_refuse_split(tam_ctx *ctx, const tam_dataset_config *config, const char *kind) {
    if (strcmp(config->split, "train") != 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s has no split '%s': name classes instead, or give other data",
                        config->path, kind, config->split);
    }
    return TAM_OK;
}

tam_status tam_refuse_labels(tam_ctx *ctx, const tam_dataset_config *config, const char *kind) {
    if (config->labels != NULL) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s has its own labels: a file of labels (%s) is for .npy only",
                        config->path, kind, config->labels);
    }
    return TAM_OK;
}
