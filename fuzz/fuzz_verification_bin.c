/* Verification sets: pickles of images. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/verification_bin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_LOOKS = 64 }; /* a small file may name one image many times */

static void look_at_images(const tam_pickle_input *input, const tam_verification_bin *bin) {
    for (int64_t i = 0; i < 2 * bin->pairs && i < MOST_LOOKS; i++) {
        const tam_bin_image *image = &bin->images[i];
        size_t length = (size_t)image->size;
        uint8_t *bytes = malloc(length);
        if (bytes == NULL || tam_pickle_read_at(input, image->at, bytes, length) != TAM_OK) {
            abort();
        }
        if (tam_pickle_decode(image->form, bytes, &length) && length > image->size) {
            abort();
        }
        free(bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_verification_bin bin;
    static tam_pickle_input input;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    input = (tam_pickle_input){.ctx = ctx, .name = "fuzz", .memory = data, .size = size};
    tam_status status = tam_verification_bin_read(&input, &bin);
    if (status == TAM_OK) {
        unsigned pairs_of_one = 0;
        for (int64_t i = 0; i < bin.pairs; i++) {
            pairs_of_one += bin.same[i];
        }
        if (bin.pairs < 1 || pairs_of_one > bin.pairs) {
            abort();
        }
        look_at_images(&input, &bin);
    } else if (bin.images != NULL || bin.same != NULL || *tam_ctx_message(ctx) == '\0') {
        abort();
    }
    tam_verification_bin_free(ctx, &bin);
    if (tam_ctx_memory(ctx).bytes != 0 || tam_ctx_memory(ctx).peak_bytes > 2 * size + ((size_t)64 << 20)) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
