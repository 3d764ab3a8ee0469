#include <stdint.h>
#include <stdlib.h>

#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx;
    tam_tensors *tensors;
    unsigned sum = 0;
    tam_ctx_config config = {.threads = 1};
    if (tam_ctx_create(&config, &ctx) != TAM_OK) {
        abort();
    }
    if (tam_tensors_parse(ctx, "input", data, size, &tensors) == TAM_OK) {
        for (int i = 0; i < tam_tensors_count(tensors); i++) {
            const tam_tensor *tensor = tam_tensors_at(tensors, i);
            const uint8_t *bytes = tensor->data;
            for (size_t k = 0; k < tensor->bytes; k++) {
                sum += bytes[k];
            }
            if (tam_tensors_find(tensors, tensor->name) != tensor) {
                abort();
            }
        }
    }
    tam_tensors_free(tensors);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return sum == 0xFFFFFFFFu;
}
