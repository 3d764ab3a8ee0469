/* The allocator hook: alignment, zeroing, counting, overflow, arenas, and failure at every call. */
#include "support.h"

#include <stdbool.h>

#include "base/memory.h"

/* An allocator that fails at call `fail_at` (counted from 0; -1: never) and knows what is out. */
typedef struct counted {
    int calls, fail_at, out;
} counted;

static void *allocate(void *user, size_t size, size_t alignment) {
    counted *c = user;
    if (c->calls++ == c->fail_at) {
        return NULL;
    }
    c->out++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *user, void *block) {
    ((counted *)user)->out--;
    free(block);
}

static bool aligned(const void *block) {
    return (uintptr_t)block % TAM_ALIGNMENT == 0;
}

static void test_blocks(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    uint64_t before = tam_ctx_memory(ctx).allocations;
    char *block = tam_allocate(ctx, 100, 3, "a block");
    assert_true(block != NULL && aligned(block));
    for (int i = 0; i < 300; i++) {
        assert_int_equal(block[i], 0);
        block[i] = (char)i;
    }
    assert_int_equal(tam_ctx_memory(ctx).bytes, 300);
    char *larger = tam_reallocate(ctx, block, 1000, 1, "a block");
    assert_true(larger != NULL && aligned(larger));
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(larger[i], i < 300 ? (char)i : 0);
    }
    assert_ptr_equal(tam_reallocate(ctx, larger, 10, 1, "a block"), larger); /* never shrinks */
    char *text = tam_copy_string(ctx, "tammes");
    assert_string_equal(text, "tammes");
    void *nothing = tam_allocate(ctx, 0, 8, "nothing");
    assert_non_null(nothing);
    assert_int_equal(tam_ctx_memory(ctx).bytes, 1007);
    assert_int_equal(tam_ctx_memory(ctx).peak_bytes, 1300);
    assert_int_equal(tam_ctx_memory(ctx).allocations - before, 4);
    tam_release(ctx, larger);
    tam_release(ctx, text);
    tam_release(ctx, nothing);
    tam_release(ctx, NULL);
    test_ctx_free(ctx);
}

static void test_large_block(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    size_t bytes = (size_t)9 << 20;
    unsigned char *block = tam_allocate(ctx, bytes, 1, "a large block");
    assert_true(block != NULL && aligned(block));
    assert_true(block[0] == 0 && block[bytes / 2] == 0 && block[bytes - 1] == 0);
    memset(block, 1, bytes);
    tam_release(ctx, block);
    test_ctx_free(ctx);
}

static void test_impossible_sizes(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    assert_null(tam_allocate(ctx, SIZE_MAX / 2, 3, "the weights"));
    assert_non_null(strstr(tam_ctx_message(ctx), "for the weights: the size overflows"));
    assert_null(tam_allocate(ctx, SIZE_MAX - 8, 1, "the weights"));
    char *block = tam_allocate(ctx, 5, 1, "a block");
    assert_null(tam_reallocate(ctx, block, SIZE_MAX, 2, "a block"));
    block[4] = 1; /* still valid */
    tam_release(ctx, block);
    test_ctx_free(ctx);
}

static void test_arena(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 1000);
    char *last = NULL;
    for (int i = 1; i < 60; i++) {
        char *piece = tam_arena_take(arena, (size_t)i, 7);
        assert_true(piece != NULL && aligned(piece));
        for (int b = 0; b < i * 7; b++) {
            assert_int_equal(piece[b], 0);
        }
        memset(piece, i, (size_t)i * 7);
        if (last != NULL) {
            assert_int_equal(last[0], i - 1);
            assert_int_equal(last[(i - 1) * 7 - 1], i - 1);
        }
        last = piece;
    }
    assert_non_null(tam_arena_take(arena, 1, 5000)); /* larger than a chunk */
    assert_null(tam_arena_take(arena, SIZE_MAX, 2));
    char *text = tam_arena_string(arena, "glyphs and more", 6);
    assert_string_equal(text, "glyphs");
    tam_arena_free(arena);
    tam_arena_free(NULL);
    test_ctx_free(ctx);
}

/* Some work with everything in it; false when any of it failed. */
static bool work(tam_ctx *ctx) {
    bool whole = false;
    char *text = NULL;
    void *block = tam_allocate(ctx, 10, 10, "a block");
    tam_arena *arena = tam_arena_create(ctx, 100);
    if (block == NULL || arena == NULL) {
        goto done;
    }
    void *larger = tam_reallocate(ctx, block, 100, 10, "a block");
    if (larger == NULL) {
        goto done;
    }
    block = larger;
    text = tam_copy_string(ctx, "text");
    whole = text != NULL && tam_arena_take(arena, 1, 90) != NULL && tam_arena_take(arena, 1, 90) != NULL;
done:
    tam_arena_free(arena);
    tam_release(ctx, text);
    tam_release(ctx, block);
    return whole;
}

static void test_failure_at_every_call(void **state) {
    (void)state;
    int failures = 0;
    for (int k = 0;; k++) {
        counted c = {.fail_at = k};
        tam_ctx_config config = {.threads = 1, .allocator = {allocate, release, &c}};
        tam_ctx *ctx = NULL;
        tam_status status = tam_ctx_create(&config, &ctx);
        if (status != TAM_OK) {
            assert_true(status == TAM_RESOURCES && ctx == NULL && c.out == 0);
            failures++;
            continue;
        }
        bool whole = work(ctx);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        if (!whole) {
            assert_non_null(strstr(tam_ctx_message(ctx), "cannot allocate"));
            failures++;
        }
        tam_ctx_free(ctx);
        assert_int_equal(c.out, 0);
        if (whole) {
            break;
        }
    }
    assert_int_equal(failures, 7); /* context, block, arena, growth, string, two chunks */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_large_block),
        cmocka_unit_test(test_impossible_sizes),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_failure_at_every_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
