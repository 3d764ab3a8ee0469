/* Lists of fixes. */
#include <stdlib.h>
#include <string.h>

#include "io/fix_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_fix_list list;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_status status = arena == NULL ? TAM_RESOURCES : tam_fix_list_parse(ctx, arena, "fuzz", data, size, &list);
    if (status == TAM_INPUT && strncmp(tam_ctx_message(ctx), "fuzz:", 5) != 0) {
        abort();
    }
    for (int64_t i = 0; status == TAM_OK && i < list.count; i++) {
        const tam_fix *fix = &list.fixes[i];
        if (*fix->name == '\0' || (fix->into != NULL) != (fix->kind != TAM_FIX_DROP) ||
            (fix->into != NULL && *fix->into == '\0')) {
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
