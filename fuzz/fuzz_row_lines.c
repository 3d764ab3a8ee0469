/* Texts with a line for each row: the first byte says how many rows there are. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/row_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_row_lines lines;
    if (size == 0) {
        return 0;
    }
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    char *text = tam_allocate(ctx, size, 1, "a text");
    if (text == NULL) {
        abort();
    }
    if (size > 1) {
        memcpy(text, data + 1, size - 1);
    }
    tam_status status = tam_row_lines_cut(ctx, "fuzz", text, size - 1, data[0], "rows", &lines);
    if (status != TAM_OK && (status != TAM_INPUT || *tam_ctx_message(ctx) == '\0')) {
        abort();
    }
    size_t total = 0;
    for (int64_t i = 0; status == TAM_OK && i < data[0]; i++) {
        total += strlen(tam_row_line(&lines, i)) + 1;
    }
    if (total > size) { /* every line lies in the text by itself */
        abort();
    }
    tam_row_lines_free(&lines);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
