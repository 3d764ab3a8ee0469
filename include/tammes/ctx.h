/* The context: who allocates, how many threads work, and what went wrong last. */
#ifndef TAMMES_CTX_H
#define TAMMES_CTX_H

#include <stddef.h>
#include <stdint.h>

#include "tammes/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TAM_VERSION "0.1.0"

typedef struct tam_ctx tam_ctx;

/* The caller's memory functions. `allocate` returns `size` bytes aligned to `alignment` (a power of two, at most 64)
 * or NULL; `release` takes what allocate returned. Both may be called from several threads. All zero: the C library. */
typedef struct tam_allocator {
    void *(*allocate)(void *user, size_t size, size_t alignment);
    void (*release)(void *user, void *block);
    void *user;
} tam_allocator;

/* Zero means default in every field. */
typedef struct tam_ctx_config {
    int threads;                                    /* 0: one per processor that the process may use */
    tam_allocator allocator;                        /* all zero: the C library's */
    void (*warn)(void *user, const char *sentence); /* NULL: warnings are dropped; the library itself never prints */
    void *warn_user;
} tam_ctx_config;

/* Makes a context. config may be NULL. On success *out is the caller's, to be freed by tam_ctx_free after every object
 * made with it. A context serves one calling thread at a time.
 * Fails with TAM_CONFIG (threads outside 0..1024) or TAM_RESOURCES; *out is NULL then. */
TAM_API TAM_MUST_USE tam_status tam_ctx_create(const tam_ctx_config *config, tam_ctx **out);

/* Frees the context; NULL is allowed. */
TAM_API void tam_ctx_free(tam_ctx *ctx);

/* The sentence of the last failure ("" if none); owned by the context, valid until its next failure. */
TAM_API const char *tam_ctx_message(const tam_ctx *ctx);

/* The number of threads that compute, at least 1. */
TAM_API int tam_ctx_threads(const tam_ctx *ctx);

/* What the allocator hook has counted since the context was made. */
typedef struct tam_memory_use {
    uint64_t allocations; /* calls that allocated */
    size_t bytes;         /* held now */
    size_t peak_bytes;    /* most ever held at once */
} tam_memory_use;
TAM_API tam_memory_use tam_ctx_memory(const tam_ctx *ctx);

/* The name in names[0..count) that a person most likely meant by `word` (smallest edit distance, at most a third of
 * the word's length, at least 1), or NULL when none is near. */
TAM_API const char *tam_nearest_name(const char *word, const char *const *names, int count);

#ifdef __cplusplus
}
#endif
#endif
