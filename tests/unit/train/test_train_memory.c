/* Nothing is allocated per step, by us or by oneDNN: the C library's allocator is counted too. */
#include "train_sample.h"

#include <stdatomic.h>

#include "base/memory.h"
#include "train/run.h"

#if defined(__SANITIZE_ADDRESS__)
int main(void) {
    printf("skipped: the sanitizer owns malloc\n");
    return TEST_SKIPPED;
}
#else

static atomic_long calls;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *counted(void *block) {
    atomic_fetch_add(&calls, 1);
    return block;
}

void *malloc(size_t size) {
    return counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
    return counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
    return counted(__libc_realloc(block, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = counted(__libc_memalign(alignment, size));
    return *block != NULL ? 0 : 12;
}

static void steps_allocate_nothing(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 2);
    s.config.epochs = 100;
    tam_run *run = train_sample_open(&s);
    assert_true(calls > 100); /* it does count */
    test_ok(s.ctx, tam_run_step(run));
    long before = calls;
    for (int i = 0; i < 50; i++) {
        test_ok(s.ctx, tam_run_step(run));
        tam_log_step(run);
    }
    assert_int_equal(calls, before);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
