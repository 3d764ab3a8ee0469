/* Lists of images: plain, tables, MXNet's forms. */
#include <stdlib.h>
#include <string.h>

#include "io/image_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[2] = {"fuzz.txt", "fuzz.csv"};
    tam_ctx *ctx = NULL;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    for (int k = 0; k < 2; k++) {
        tam_image_list list;
        tam_status status = tam_image_list_decode(ctx, names[k], data, size, &list);
        if (status != TAM_OK && (list.text != NULL || *tam_ctx_message(ctx) == '\0')) {
            abort();
        }
        for (int64_t i = 0; i < list.count; i++) {
            const tam_list_row *row = &list.rows[i];
            if (row->path + strlen(list.text + row->path) > size || row->line < 1 || row->line > (int64_t)size + 1 ||
                (list.labelled && row->label + strlen(list.text + row->label) > size) ||
                (list.splits && row->split + strlen(list.text + row->split) > size)) {
                abort();
            }
        }
        tam_image_list_free(&list);
    }
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}
