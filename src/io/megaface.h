/* The files of MegaFace's challenges: features, lists of images, and what the cleaning of its data took out. */
#ifndef IO_MEGAFACE_H
#define IO_MEGAFACE_H

#include <stdbool.h>

#include "base/memory.h"
#include "io/text_lines.h"

enum { TAM_MEGAFACE_MOST_DIM = 65536 };

/* A feature: four little-endian i32 {dim, 1, 4, 5} (OpenCV's rows, columns, bytes and type of a value), then dim f32.
 * Reads into values[room]. Fails with TAM_INPUT (another header, another size of the file, a value that is not finite,
 * more than `room` values); `name` is for sentences. */
TAM_MUST_USE tam_status tam_megaface_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, int room,
                                            float *values, int *dim);
TAM_MUST_USE tam_status tam_megaface_read(tam_ctx *ctx, const char *path, int room, float *values, int *dim);
/* Writes a new file; what exists is never overwritten. Like the challenge's program this waits for no disk: there are a
 * million of them. Fails with TAM_RESOURCES; then there is no such file, or the one that was there before. */
TAM_MUST_USE tam_status tam_megaface_write(tam_ctx *ctx, const char *path, int dim, const float *values);

/* Images by path, with the identity of each where the list has it. */
typedef struct tam_megaface_list {
    int64_t count;
    const char **path; /* [count] */
    const char **id;   /* [count]; NULL: none in the list */
    tam_arena *text;
} tam_megaface_list;

/* JSON {"path": [...], "id": [...]}: ids are texts or whole numbers. Fails with TAM_INPUT. */
TAM_MUST_USE tam_status tam_megaface_parse_list(tam_ctx *ctx, const char *name, const char *text, size_t size,
                                                tam_megaface_list *list);
TAM_MUST_USE tam_status tam_megaface_read_list(tam_ctx *ctx, const char *path, tam_megaface_list *list);
/* A list of noise: a path on each line, or a word, a tab and a path; '#' begins a comment. */
TAM_MUST_USE tam_status tam_megaface_read_noises(tam_lines *lines, tam_megaface_list *list);
void tam_megaface_free_list(tam_ctx *ctx, tam_megaface_list *list);

/* What a file that begins so is. */
typedef enum tam_megaface_kind {
    TAM_MEGAFACE_NONE,
    TAM_MEGAFACE_FEATURE,
    TAM_MEGAFACE_LIST,
    TAM_MEGAFACE_NOISES
} tam_megaface_kind;
tam_megaface_kind tam_megaface_recognise(const char *start, size_t size);

#endif
