/* The index of a RecordIO file: keys and places. */
#include <stdlib.h>

#include "io/recordio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { RECORDS_SIZE = 100000 };
    tam_ctx *ctx = NULL;
    tam_recordio_index index;
    bool differ;
    expect(tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) == TAM_OK);
    tam_recordio_file text = {.ctx = ctx, .path = "fuzz", .memory = data, .descriptor = -1, .size = size};
    tam_status status = tam_recordio_index_read(&text, "records", RECORDS_SIZE, &index);
    if (status == TAM_OK) {
        for (int64_t i = 0; i < index.count; i++) {
            expect(index.at[i] % 4 == 0 && index.at[i] <= RECORDS_SIZE - 8);
            expect(i == 0 || index.at[i] > index.at[i - 1]);
        }
        expect(tam_recordio_all_differ(ctx, index.count, index.key, &differ) == TAM_OK && differ);
        tam_recordio_index_free(&index);
    } else {
        expect(status == TAM_INPUT && *tam_ctx_message(ctx) != '\0' && index.at == NULL && index.key == NULL);
    }
    expect(tam_ctx_memory(ctx).bytes == 0);
    tam_ctx_free(ctx);
    return 0;
}
