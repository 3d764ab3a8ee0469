/* What libjpeg-turbo alone makes of the data: the measure of the loader. */
#include <string.h>
#include <turbojpeg.h>

#include "base/clock.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "io/jpeg_header.h"

typedef struct limit_file {
    uint8_t *data;
    size_t size;
    int width, height, format;
} limit_file;

/* Image i's file and what its header says; false where it is no JPEG that decodes to grey or RGB. */
static tam_status take_file(const tam_dataset *dataset, int64_t i, tam_reader_scratch *scratch, limit_file *file,
                            bool *jpeg) {
    const tam_source *source = tam_dataset_source(dataset);
    const uint8_t *data;
    tam_jpeg_header header;
    size_t size;
    TAM_TRY(source->reader->encoded(source, tam_dataset_source_number(dataset, i), scratch, &data, &size));
    *jpeg = tam_jpeg_header_read(data, size, &header) && header.components <= 3;
    if (*jpeg) {
        *file = (limit_file){tam_allocate(source->ctx, size, 1, "a JPEG"), size, header.width, header.height,
                             header.components == 1 ? TJPF_GRAY : TJPF_RGB};
        if (file->data == NULL) {
            return TAM_RESOURCES;
        }
        memcpy(file->data, data, size);
    }
    return TAM_OK;
}

static tam_status time_decoding(tam_ctx *ctx, const limit_file *files, int64_t count, double seconds, size_t skew,
                                double *per_second) {
    int64_t most = 0, done = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t bytes = (int64_t)files[i].width * files[i].height * 3;
        most = bytes > most ? bytes : most;
    }
    uint8_t *pixels = tam_allocate(ctx, (size_t)most + TAM_IMAGE_SKEW, 1, "an image");
    tjhandle jpeg = pixels != NULL ? tjInitDecompress() : NULL;
    if (jpeg == NULL) {
        tam_release(ctx, pixels);
        return pixels == NULL ? TAM_RESOURCES : tam_fail(ctx, TAM_RESOURCES, "cannot start the JPEG decoder");
    }
    double began = tam_seconds(), now = began;
    while (done == 0 || now - began < seconds) {
        const limit_file *file = &files[done++ % count];
        (void)tjDecompress2(jpeg, file->data, file->size, pixels + skew, file->width, 0, file->height, file->format, 0);
        now = tam_seconds();
    }
    *per_second = (double)done / (now - began);
    tjDestroy(jpeg);
    tam_release(ctx, pixels);
    return TAM_OK;
}

tam_status tam_dataset_decode_limit(tam_dataset *dataset, int64_t images, double seconds, tam_decode_limit *limit) {
    const tam_source *source = tam_dataset_source(dataset);
    int64_t count = tam_dataset_describe(dataset).count, taken = 0;
    tam_reader_scratch scratch = {0};
    tam_status status = TAM_OK;
    bool jpeg = source->reader->encoded != NULL;
    *limit = (tam_decode_limit){0};
    count = images < count ? images : count;
    limit_file *files = tam_allocate(source->ctx, (size_t)count, sizeof *files, "files of images");
    if (files == NULL) {
        return TAM_RESOURCES;
    }
    for (; jpeg && status == TAM_OK && taken < count; taken += status == TAM_OK && jpeg) {
        status = take_file(dataset, taken, &scratch, &files[taken], &jpeg);
    }
    if (status == TAM_OK && jpeg && taken > 0) {
        status = time_decoding(source->ctx, files, taken, seconds / 2, 0, &limit->aligned);
    }
    if (status == TAM_OK && jpeg && taken > 0) {
        status = time_decoding(source->ctx, files, taken, seconds / 2, TAM_IMAGE_SKEW, &limit->skewed);
    }
    for (int64_t i = 0; i < taken; i++) {
        tam_release(source->ctx, files[i].data);
    }
    tam_release(source->ctx, files);
    tam_scratch_free(source->ctx, &scratch);
    return status;
}
