/* Lists of landmarks: every form, and whether a beginning is taken for one. */
#include <stdlib.h>
#include <string.h>

#include "io/landmarks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_landmarks list;
    char *text = malloc(size + 1);
    if (text == NULL || tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = 'x';
    (void)tam_landmarks_recognise(text, size);
    tam_status status = tam_landmarks_parse(ctx, "fuzz", text, size, &list);
    if (status != TAM_OK && (list.rows != NULL || *tam_ctx_message(ctx) == '\0')) {
        abort();
    }
    for (int64_t i = 0; i < list.count; i++) {
        const tam_landmark *row = &list.rows[i];
        if (row->name < text || row->name + strlen(row->name) >= text + size || *row->name == '\0' || row->line < 1) {
            abort();
        }
    }
    tam_landmarks_free(ctx, &list);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    free(text);
    return 0;
}
