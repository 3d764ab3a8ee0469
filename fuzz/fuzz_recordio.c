/* RecordIO: a file of records, gone through from the first byte, and read at every place. */
#include <stdlib.h>
#include <string.h>

#include "io/recordio.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
    if (!holds) {
        abort();
    }
}

/* Reads one record in a buffer of `room` bytes; where all of it fits, its payload is whole. */
static bool read_one(const tam_recordio_file *file, uint64_t at, size_t room, tam_record *record) {
    tam_record_header header;
    int32_t label;
    volatile unsigned sum = 0;
    uint8_t *buffer = malloc(room);
    expect(buffer != NULL);
    bool good = tam_recordio_read(file, 1, at, file->size, buffer, room, record) == TAM_OK;
    expect(good || *tam_ctx_message(file->ctx) != '\0');
    if (good) {
        expect(record->end > at && record->end <= file->size && record->end % 4 == 0);
        expect(record->filled <= record->size);
        expect(record->filled == record->size || room < record->end - at);
        expect(record->filled >= 32 || record->filled == record->size);
        for (size_t i = 0; i < record->filled; i++) {
            sum = sum + record->payload[i];
        }
        if (tam_recordio_header(file, 1, record, &header) == TAM_OK) {
            expect(header.image <= record->size);
            if (tam_recordio_label(file, 1, record, &header, &label) == TAM_OK) {
                expect(label >= 0 && label < TAM_RECORDIO_LABEL_END);
            }
        }
    }
    free(buffer);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    expect(tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) == TAM_OK);
    tam_recordio_file file = {.ctx = ctx, .path = "fuzz", .memory = data, .descriptor = -1, .size = size};
    tam_record record, again;
    for (uint64_t at = 0; at < size && read_one(&file, at, TAM_RECORDIO_LOOK, &record); at = record.end) {
        size_t room = (size_t)(record.end - at);
        expect(read_one(&file, at, room > TAM_RECORDIO_LOOK ? room : TAM_RECORDIO_LOOK, &again));
        expect(again.size == record.size && again.end == record.end && again.filled == again.size);
    }
    for (uint64_t at = 0; at < size && at < 512; at++) {
        (void)read_one(&file, at, TAM_RECORDIO_LOOK + 4, &record);
    }
    expect(tam_ctx_memory(ctx).bytes == 0);
    tam_ctx_free(ctx);
    return 0;
}
