#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "report/training_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_training_data config;
    if (tam_ctx_create(NULL, &ctx) != TAM_OK) {
        return 0;
    }
    if (tam_training_data_parse(ctx, "config.yaml", data, size, &config) == TAM_OK) {
        tam_training_data_free(ctx, &config);
    }
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
