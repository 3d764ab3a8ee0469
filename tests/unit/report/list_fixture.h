/* A context and an arena, for tests of lists. */
#ifndef TESTS_LIST_FIXTURE_H
#define TESTS_LIST_FIXTURE_H

#include "base/memory.h"
#include "support.h"

typedef struct fixture {
    tam_ctx *ctx;
    tam_arena *arena;
} fixture;

static inline fixture begin(void) {
    fixture made = {.ctx = test_ctx(1)};
    made.arena = tam_arena_create(made.ctx, 0);
    assert_non_null(made.arena);
    return made;
}

static inline void end(fixture *made) {
    tam_arena_free(made->arena);
    test_ctx_free(made->ctx);
}

#endif
