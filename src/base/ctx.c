#include "base/ctx.h"

#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/free_memory.h"
#include "base/memory.h"
#include "base/team.h"

#define LARGE_BLOCK ((size_t)16 << 20)

const char *tam_status_text(tam_status status) {
    switch (status) {
#define TAM_STATUS_CASE(name, number, text) \
    case TAM_##name:                        \
        return text;
        TAM_STATUS_LIST(TAM_STATUS_CASE)
#undef TAM_STATUS_CASE
    }
    return "unknown status";
}

/* A large block is refused unless memory for it is there, with a sixteenth to spare: nothing is said where a system
 * lends memory that it does not have and ends the process later. */
static bool fits(size_t size) {
    return size < LARGE_BLOCK || size <= tam_free_memory("") / 16 * 15;
}

static void *default_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (!fits(size)) {
        return NULL;
    }
    return rounded < size ? NULL : aligned_alloc(alignment, rounded);
}

static void default_release(void *user, void *block) {
    (void)user;
    free(block);
}

static int available_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return CPU_COUNT(&set);
    }
    return 1;
}

tam_status tam_ctx_create(const tam_ctx_config *config, tam_ctx **out) {
    tam_ctx_config chosen = {0};
    *out = NULL;
    if (config != NULL) {
        chosen = *config;
    }
    if (chosen.threads < 0 || chosen.threads > 1024) {
        return TAM_CONFIG;
    }
    if (chosen.allocator.allocate == NULL || chosen.allocator.release == NULL) {
        chosen.allocator = (tam_allocator){default_allocate, default_release, NULL};
    }
    tam_ctx *ctx = chosen.allocator.allocate(chosen.allocator.user, sizeof *ctx, TAM_ALIGNMENT);
    if (ctx == NULL) {
        return TAM_RESOURCES;
    }
    memset(ctx, 0, sizeof *ctx);
    ctx->threads = chosen.threads > 0 ? chosen.threads : available_processors();
    if (ctx->threads > tam_team_most()) {
        ctx->threads = tam_team_most();
    }
    ctx->allocator = chosen.allocator;
    ctx->warn = chosen.warn;
    ctx->warn_user = chosen.warn_user;
    if (pthread_mutex_init(&ctx->lock, NULL) != 0) {
        chosen.allocator.release(chosen.allocator.user, ctx);
        return TAM_RESOURCES;
    }
    *out = ctx;
    return TAM_OK;
}

void tam_ctx_free(tam_ctx *ctx) {
    if (ctx == NULL) {
        return;
    }
    pthread_mutex_destroy(&ctx->lock);
    ctx->allocator.release(ctx->allocator.user, ctx);
}

const char *tam_ctx_message(const tam_ctx *ctx) {
    return ctx->message;
}

int tam_ctx_threads(const tam_ctx *ctx) {
    return ctx->threads;
}

tam_memory_use tam_ctx_memory(const tam_ctx *ctx) {
    return (tam_memory_use){
        .allocations = atomic_load(&ctx->allocations),
        .bytes = atomic_load(&ctx->bytes),
        .peak_bytes = atomic_load(&ctx->peak_bytes),
    };
}

static _Thread_local bool silent;

void tam_fail_silently(void) {
    silent = true;
}

tam_status tam_fail(tam_ctx *ctx, tam_status status, const char *format, ...) {
    char sentence[sizeof ctx->message];
    va_list arguments;
    if (silent) {
        return status;
    }
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&ctx->lock);
    memcpy(ctx->message, sentence, sizeof sentence);
    pthread_mutex_unlock(&ctx->lock);
    return status;
}

static uint64_t hash_of(const char *text) { /* FNV-1a */
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return hash;
}

/* Whether the sentence is new, and keeps it; of many the oldest are forgotten. */
static bool first_time(tam_ctx *ctx, const char *sentence) {
    enum { KEPT = sizeof ctx->warned / sizeof *ctx->warned };
    uint64_t hash = hash_of(sentence);
    bool found = false;
    pthread_mutex_lock(&ctx->lock);
    for (unsigned i = 0; i < ctx->warned_count && i < KEPT; i++) {
        found = found || ctx->warned[i] == hash;
    }
    if (!found) {
        ctx->warned[ctx->warned_count++ % KEPT] = hash;
    }
    pthread_mutex_unlock(&ctx->lock);
    return !found;
}

static void warn(tam_ctx *ctx, bool once, const char *format, va_list arguments) {
    char sentence[sizeof ctx->message];
    if (ctx->warn == NULL) {
        return;
    }
    vsnprintf(sentence, sizeof sentence, format, arguments);
    if (!once || first_time(ctx, sentence)) {
        ctx->warn(ctx->warn_user, sentence);
    }
}

void tam_warn(tam_ctx *ctx, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    warn(ctx, false, format, arguments);
    va_end(arguments);
}

void tam_warn_once(tam_ctx *ctx, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    warn(ctx, true, format, arguments);
    va_end(arguments);
}
