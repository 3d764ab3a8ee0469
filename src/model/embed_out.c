/* What both kinds of files of embeddings share: texts and labels. */
#include "model/embed_out.h"

#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/memory.h"

enum { LONGEST_KEY = 4352 };

/* Goes through the lines; writes them where there is a stream. */
static tam_status go_through(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_text text, tam_stream *stream,
                             uint64_t *bytes) {
    char key[LONGEST_KEY];
    size_t room = 4 * LONGEST_KEY + 2;
    char *line = tam_allocate(ctx, room, 1, "a line");
    tam_status status = line != NULL ? TAM_OK : TAM_RESOURCES;
    int64_t lines = text == TAM_EMBED_KEYS ? plan->info.count : plan->info.classes;
    for (int64_t i = 0; status == TAM_OK && i < lines; i++) {
        const char *name = key;
        if (text == TAM_EMBED_KEYS) {
            tam_dataset_image_key(plan->dataset, i, key, sizeof key);
        } else {
            name = tam_dataset_class_name(plan->dataset, i);
        }
        size_t wanted = 4 * strlen(name) + 2;
        if (wanted > room) {
            char *larger = tam_reallocate(ctx, line, wanted, 1, "a line");
            if (larger == NULL) {
                status = TAM_RESOURCES;
                break;
            }
            line = larger;
            room = wanted;
        }
        size_t length = tam_escape(name, line, room);
        line[length++] = '\n';
        *bytes += length;
        status = stream != NULL ? tam_stream_write(stream, line, length) : TAM_OK;
    }
    tam_release(ctx, line);
    return status;
}

uint64_t tam_embed_text_bytes(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_text text) {
    uint64_t bytes = 0;
    return go_through(ctx, plan, text, NULL, &bytes) == TAM_OK ? bytes : UINT64_MAX;
}

tam_status tam_embed_text_write(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_text text, tam_stream *stream) {
    uint64_t bytes = 0;
    return go_through(ctx, plan, text, stream, &bytes);
}

tam_status tam_embed_labels_write(const tam_embed_plan *plan, tam_stream *stream) {
    for (int64_t i = 0; i < plan->info.count; i++) {
        uint8_t label[8];
        for (int k = 0; k < 8; k++) {
            label[k] = (uint8_t)((uint64_t)tam_dataset_label(plan->dataset, i) >> 8 * k);
        }
        TAM_TRY(tam_stream_write(stream, label, sizeof label));
    }
    return TAM_OK;
}
