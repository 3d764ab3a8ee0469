/* Memory: every block of the library comes from the context's allocator and is counted there. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/ctx.h"

#define TAM_ALIGNMENT 64

/* count * size bytes, zeroed, aligned to TAM_ALIGNMENT. On overflow or exhaustion returns NULL and leaves a sentence
 * that names `what` ("the head's workspace") and the size; the caller then returns TAM_RESOURCES. A count of 0 gives a
 * valid block. Blocks of several MB ask the kernel for huge pages. */
void *tam_allocate(tam_ctx *ctx, size_t count, size_t size, const char *what);

/* Grows a block to count * size bytes (never shrinks); the new part is zeroed. On failure returns NULL and leaves
 * `block` valid. block may be NULL. */
void *tam_reallocate(tam_ctx *ctx, void *block, size_t count, size_t size, const char *what);

/* A copy of the string, or NULL as above. */
char *tam_copy_string(tam_ctx *ctx, const char *text);

/* Frees a block of the functions above; NULL is allowed. */
void tam_release(tam_ctx *ctx, void *block);

/* An arena: many small pieces, freed together. */
typedef struct tam_arena tam_arena;

/* chunk: bytes that the arena takes from the allocator at a time (0: 64 KiB). */
tam_arena *tam_arena_create(tam_ctx *ctx, size_t chunk);
void *tam_arena_take(tam_arena *arena, size_t count, size_t size);
char *tam_arena_string(tam_arena *arena, const char *text, size_t length);
void tam_arena_free(tam_arena *arena);

#endif
