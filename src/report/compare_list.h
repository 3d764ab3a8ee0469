/* Lists of losses and dimensions as a person types them. */
#ifndef REPORT_COMPARE_LIST_H
#define REPORT_COMPARE_LIST_H

#include "base/memory.h"

enum { TAM_COMPARE_ITEMS = 64, TAM_COMPARE_DIMS = 16 };

/* Cuts `text` by tam_loss_list_first, whose rule suits nets and values, too; the pieces live in the arena. `what` they
 * are is for the sentences. Fails with TAM_CONFIG when one is empty or there are more than TAM_COMPARE_ITEMS. */
TAM_MUST_USE tam_status tam_compare_split(tam_ctx *ctx, tam_arena *arena, const char *what, const char *text,
                                          const char *items[TAM_COMPARE_ITEMS], int *count);

/* Reads whole numbers in [1, 65536], each once. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_compare_read_dims(tam_ctx *ctx, const char *text, int dims[TAM_COMPARE_DIMS], int *count);

/* A name for the run's folder, of letters, digits and . + - _ only: "arcface-s16-m0.3-2d"; NULL as tam_arena_string. */
const char *tam_compare_slug(tam_arena *arena, const char *loss, int dim);

/* How many characters belong to the first loss or term of a specification, with the + before it. */
size_t tam_compare_part_length(const char *loss);

/* The specification with keys that train in up to 3 dimensions, where a loss or term has none; NULL as above. */
const char *tam_compare_small_loss(tam_arena *arena, const char *loss);

#endif
