/* What every unit test needs: cmocka, a context, a temporary folder, the optional real data. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tammes/ctx.h"

/* The exit code by which ctest knows a skipped test program. */
enum { TEST_SKIPPED = 77 };

static inline tam_ctx *test_ctx(int threads) {
    tam_ctx *ctx = NULL;
    tam_ctx_config config = {.threads = threads};
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    return ctx;
}

/* Frees the context and fails the test if any memory is still held: every test is a leak test. */
static inline void test_ctx_free(tam_ctx *ctx) {
    assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
    tam_ctx_free(ctx);
}

static inline void *test_ration_allocate(void *user, size_t size, size_t alignment) {
    int *left = user;
    return (*left)-- > 0 ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment) : NULL;
}

static inline void test_ration_release(void *user, void *block) {
    (void)user;
    free(block);
}

/* Memory that runs out: *left more allocations succeed and none after them. Not for allocations by several threads. */
static inline tam_allocator test_ration(int *left) {
    return (tam_allocator){test_ration_allocate, test_ration_release, left};
}

/* Asserts success and shows the sentence otherwise. */
#define test_ok(ctx, call)                                                                \
    do {                                                                                  \
        tam_status test_status = (call);                                                  \
        if (test_status != TAM_OK) {                                                      \
            fail_msg("%s: status %d: %s", #call, (int)test_status, tam_ctx_message(ctx)); \
        }                                                                                 \
    } while (0)

/* Asserts a failure with that status whose sentence contains `part`. */
#define test_fails(ctx, call, status, part)                                                    \
    do {                                                                                       \
        assert_int_equal((call), (status));                                                    \
        if (strstr(tam_ctx_message(ctx), (part)) == NULL) {                                    \
            fail_msg("the sentence '%s' does not contain '%s'", tam_ctx_message(ctx), (part)); \
        }                                                                                      \
    } while (0)

/* Makes a new empty folder below the system's temporary folder; `path` has room for 64 bytes. */
static inline void test_folder(char path[64]) {
    snprintf(path, 64, "/tmp/tammes-test-XXXXXX");
    assert_non_null(mkdtemp(path));
}

static inline void test_folder_remove(const char *path) {
    char command[160];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

/* The folder of real data ($TAMMES_DATA, or shared/data beside the checkout), or NULL: the test then skips itself. */
static inline const char *test_data(void) {
    static char beside[1024];
    const char *named = getenv("TAMMES_DATA");
    if (named != NULL) {
        return named;
    }
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(beside, sizeof beside, "%s/../shared/data", source != NULL ? source : ".");
    return access(beside, R_OK) == 0 ? beside : NULL;
}

#endif
