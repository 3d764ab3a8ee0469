#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/pair_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_pair_names pairs;
    if (tam_ctx_create(NULL, &ctx) != TAM_OK) {
        return 0;
    }
    tam_arena *arena = tam_arena_create(ctx, 0);
    (void)tam_pair_names_recognise((const char *)data, size);
    if (arena != NULL && tam_pair_names_parse(ctx, arena, "pairs", (const char *)data, size, &pairs) == TAM_OK) {
        size_t letters = 0;
        for (int64_t i = 0; i < 2 * pairs.count; i++) {
            letters += strlen(pairs.names[i]);
        }
        if (letters == 0 || pairs.folds < 1) {
            abort();
        }
    }
    tam_arena_free(arena);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
