/* The inside of the context, and how a failure is reported. */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include <pthread.h>
#include <stdatomic.h>

#include "tammes/ctx.h"

struct tam_ctx {
    int threads;
    tam_allocator allocator;
    void (*warn)(void *user, const char *sentence);
    void *warn_user;
    _Atomic uint64_t allocations;
    _Atomic size_t bytes;
    _Atomic size_t peak_bytes;
    pthread_mutex_t lock; /* guards message and warned: several threads of a team may fail */
    char message[1024];
    uint64_t warned[16]; /* what tam_warn_once has said: hashes of the last sentences */
    unsigned warned_count;
};

/* Stores the sentence (no full stop, with file and value) and returns `status`: `return tam_fail(ctx, TAM_INPUT, ...)`.
 */
tam_status tam_fail(tam_ctx *ctx, tam_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* From now on tam_fail in the calling thread only returns its status: for threads whose failures somebody else
 * explains, so that they never overwrite a sentence that a caller is about to read. */
void tam_fail_silently(void);

/* Hands a sentence to the caller's `warn`, if there is one. */
void tam_warn(tam_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, but a sentence that this context has said before is not repeated: for what is read many times, such as a
 * loss's specification. */
void tam_warn_once(tam_ctx *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Leaves the calling function with the status of `call` when it failed. Where something must be released first, write
 * `status = call; if (status != TAM_OK) goto done;` instead. */
#define TAM_TRY(call)                   \
    do {                                \
        tam_status try_status = (call); \
        if (try_status != TAM_OK) {     \
            return try_status;          \
        }                               \
    } while (0)

#endif
