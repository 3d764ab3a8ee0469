/* MegaFace's files, each by each reader, and whether a beginning is taken for one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/megaface.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right) {
    if (!right) {
        abort();
    }
}

static void check_list(tam_ctx *ctx, tam_status status, tam_megaface_list *list) {
    if (status != TAM_OK) {
        check(list->path == NULL && list->id == NULL && *tam_ctx_message(ctx) != '\0');
        return;
    }
    size_t letters = 0;
    for (int64_t i = 0; i < list->count; i++) {
        check(strlen(list->path[i]) > 0);
        letters += list->id != NULL ? strlen(list->id[i]) : 0;
    }
    check(letters <= (size_t)1 << 30);
    tam_megaface_free_list(ctx, list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { ROOM = 64 };
    tam_ctx *ctx = NULL;
    float values[ROOM];
    int dim;
    tam_megaface_list list;
    check(tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) == TAM_OK);
    (void)tam_megaface_recognise((const char *)data, size);
    if (tam_megaface_decode(ctx, "fuzz", data, size, ROOM, values, &dim) == TAM_OK) {
        check(dim >= 1 && dim <= ROOM && size == 16 + 4 * (size_t)dim);
        for (int i = 0; i < dim; i++) {
            check(isfinite(values[i]));
        }
    }
    check_list(ctx, tam_megaface_parse_list(ctx, "fuzz", (const char *)data, size, &list), &list);
    tam_lines lines = tam_lines_of(ctx, "fuzz", (const char *)data, size);
    check_list(ctx, tam_megaface_read_noises(&lines, &list), &list);
    check(tam_ctx_memory(ctx).bytes == 0);
    tam_ctx_free(ctx);
    return 0;
}
