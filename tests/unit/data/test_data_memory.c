/* Memory that runs out at any allocation: a status, a sentence, nothing leaked. */
#include <stdatomic.h>

#include "data_support.h"

static atomic_int left; /* allocations until one fails; negative: all succeed */

static void *allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    if (atomic_load(&left) >= 0 && atomic_fetch_sub(&left, 1) == 0) {
        return NULL;
    }
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *user, void *block) {
    (void)user;
    free(block);
}

static tam_status use_all(tam_ctx *ctx, const char *folder, const char *sampler) {
    tam_dataset_config data = {.path = folder, .size = 6, .classes = "c*", .exclude_classes = "c2"};
    tam_loader_config config = {.batch = 4, .shuffle = 1, .augment = "affine", .threads = 2, .sampler = sampler};
    tam_dataset *dataset;
    tam_loader *loader;
    tam_batch batch;
    tam_status status = tam_dataset_open(ctx, &data, &dataset);
    if (status != TAM_OK) {
        return status;
    }
    status = tam_loader_create(ctx, dataset, &config, &loader);
    for (int i = 0; i < 6 && status == TAM_OK; i++) {
        status = tam_loader_next(loader, &batch);
    }
    tam_loader_free(loader);
    tam_dataset_free(dataset);
    return status;
}

static void survive_every_failure(const char *sampler) {
    char folder[64];
    tam_ctx_config config = {.threads = 1, .allocator = {allocate, release, NULL}};
    tam_ctx *ctx;
    atomic_store(&left, -1);
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    test_folder(folder);
    write_classes(ctx, folder, 3, 5);
    int failures = 0;
    for (int k = 0;; k++) {
        atomic_store(&left, k);
        tam_status status = use_all(ctx, folder, sampler);
        bool reached = atomic_load(&left) < 0;
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        if (status == TAM_OK && !reached) {
            break;
        }
        /* A thread may fail on a batch that nobody asks for any more. */
        assert_true(status == TAM_RESOURCES || (status == TAM_OK && failures > 20));
        failures += status != TAM_OK;
        assert_true(k < 1000);
    }
    assert_true(failures > 30);
    atomic_store(&left, -1);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    survive_every_failure("shuffle");
    survive_every_failure("pk:P=2,K=2");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
