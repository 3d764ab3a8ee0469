/* Archives as samples: headers, labels as text and as JSON, names of classes. */
#include <stdlib.h>
#include <string.h>

#include "data/tar_samples.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_tar tar;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    tam_tar_samples samples = {.ctx = ctx};
    tam_status status = tam_tar_view(ctx, "fuzz", data, size, &tar);
    for (uint32_t shard = 0; shard < 2 && status == TAM_OK; shard++) {
        tar.at = 0;
        status = tam_tar_samples_add(&samples, &tar, shard);
    }
    if (status != TAM_OK && *tam_ctx_message(ctx) == '\0') {
        abort();
    }
    for (int64_t i = 0; i < samples.count; i++) {
        const tam_tar_image *image = &samples.images[i];
        volatile size_t length = strlen(samples.text + image->name);
        if (image->at > size || image->size > size - image->at) {
            abort();
        }
        if (image->label != TAM_TAR_NO_LABEL) {
            length = length + strlen(samples.text + image->label);
        }
    }
    tam_tar_samples_free(&samples);
    tam_tar_close(&tar);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
