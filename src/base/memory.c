#include "base/memory.h"

#include <string.h>
#include <sys/mman.h>

/* Each block is preceded by its size, so that release and growth can account for it. */
typedef struct block_header {
    size_t bytes;
} block_header;

#define HEADER_BYTES ((size_t)TAM_ALIGNMENT)
#define HUGE_PAGE ((size_t)2 << 20)

static block_header *header_of(void *block) {
    return (block_header *)((char *)block - HEADER_BYTES);
}

static void count_block(tam_ctx *ctx, size_t bytes) {
    atomic_fetch_add(&ctx->allocations, 1);
    size_t now = atomic_fetch_add(&ctx->bytes, bytes) + bytes;
    size_t peak = atomic_load(&ctx->peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&ctx->peak_bytes, &peak, now)) {
    }
}

/* First touch of 4 KiB pages is dear; the advice is only a wish, so its failure does not matter. */
static void wish_for_huge_pages(void *start, size_t bytes) {
    if (bytes < 2 * HUGE_PAGE) {
        return;
    }
    uintptr_t first = ((uintptr_t)start + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t last = ((uintptr_t)start + bytes) / HUGE_PAGE * HUGE_PAGE;
    if (last > first) {
        (void)madvise((char *)start + (first - (uintptr_t)start), last - first, MADV_HUGEPAGE);
    }
}

void *tam_allocate(tam_ctx *ctx, size_t count, size_t size, const char *what) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        (void)tam_fail(ctx, TAM_RESOURCES, "cannot allocate %zu x %zu bytes for %s: the size overflows", count, size,
                       what);
        return NULL;
    }
    char *raw = ctx->allocator.allocate(ctx->allocator.user, bytes + HEADER_BYTES, TAM_ALIGNMENT);
    if (raw == NULL) {
        (void)tam_fail(ctx, TAM_RESOURCES, "cannot allocate %.3f MB for %s", (double)bytes / 1e6, what);
        return NULL;
    }
    wish_for_huge_pages(raw, bytes + HEADER_BYTES);
    void *block = raw + HEADER_BYTES;
    header_of(block)->bytes = bytes;
    memset(block, 0, bytes);
    count_block(ctx, bytes);
    return block;
}

void *tam_reallocate(tam_ctx *ctx, void *block, size_t count, size_t size, const char *what) {
    size_t bytes;
    size_t old = block == NULL ? 0 : header_of(block)->bytes;
    if (block != NULL && !__builtin_mul_overflow(count, size, &bytes) && bytes <= old) {
        return block;
    }
    void *larger = tam_allocate(ctx, count, size, what);
    if (larger != NULL && block != NULL) {
        memcpy(larger, block, old);
        tam_release(ctx, block);
    }
    return larger;
}

char *tam_copy_string(tam_ctx *ctx, const char *text) {
    size_t length = strlen(text);
    char *copy = tam_allocate(ctx, length + 1, 1, "a string");
    if (copy != NULL) {
        memcpy(copy, text, length);
    }
    return copy;
}

void tam_release(tam_ctx *ctx, void *block) {
    if (block == NULL) {
        return;
    }
    atomic_fetch_sub(&ctx->bytes, header_of(block)->bytes);
    ctx->allocator.release(ctx->allocator.user, (char *)block - HEADER_BYTES);
}

typedef struct arena_chunk {
    struct arena_chunk *next;
    size_t used, bytes;
} arena_chunk;

struct tam_arena {
    tam_ctx *ctx;
    size_t chunk_bytes;
    arena_chunk *chunks;
};

#define CHUNK_HEADER (((sizeof(arena_chunk) + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT) * TAM_ALIGNMENT)

tam_arena *tam_arena_create(tam_ctx *ctx, size_t chunk) {
    tam_arena *arena = tam_allocate(ctx, 1, sizeof *arena, "an arena");
    if (arena != NULL) {
        arena->ctx = ctx;
        arena->chunk_bytes = chunk > 0 ? chunk : (size_t)64 << 10;
    }
    return arena;
}

void *tam_arena_take(tam_arena *arena, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4) {
        (void)tam_fail(arena->ctx, TAM_RESOURCES, "cannot take %zu x %zu bytes: the size overflows", count, size);
        return NULL;
    }
    bytes = (bytes + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    arena_chunk *chunk = arena->chunks;
    if (chunk == NULL || chunk->bytes - chunk->used < bytes) {
        size_t room = bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes;
        chunk = tam_allocate(arena->ctx, 1, CHUNK_HEADER + room, "an arena's chunk");
        if (chunk == NULL) {
            return NULL;
        }
        chunk->bytes = room;
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    void *piece = (char *)chunk + CHUNK_HEADER + chunk->used;
    chunk->used += bytes;
    return piece;
}

char *tam_arena_string(tam_arena *arena, const char *text, size_t length) {
    char *copy = tam_arena_take(arena, length + 1, 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

void tam_arena_free(tam_arena *arena) {
    if (arena == NULL) {
        return;
    }
    while (arena->chunks != NULL) {
        arena_chunk *next = arena->chunks->next;
        tam_release(arena->ctx, arena->chunks);
        arena->chunks = next;
    }
    tam_release(arena->ctx, arena);
}
