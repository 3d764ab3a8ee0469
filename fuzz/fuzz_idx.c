/* IDX files, plain and gzipped, as images and as labels. */
#include <stdlib.h>

#include "io/idx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    for (int dims = 1; dims <= 3; dims += 2) {
        tam_idx idx;
        volatile unsigned sum = 0;
        tam_status status = tam_idx_decode(ctx, "fuzz", data, size, dims, &idx);
        if (status != TAM_OK && (idx.values != NULL || *tam_ctx_message(ctx) == '\0')) {
            abort();
        }
        int64_t count = status == TAM_OK ? 1 : 0;
        for (int i = 0; i < idx.dims; i++) {
            count *= idx.size[i];
        }
        for (int64_t i = 0; i < count; i++) {
            sum = sum + idx.values[i];
        }
        tam_idx_free(ctx, &idx);
    }
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
