/* The head's memory: its workspace at 100,000 classes, no allocation in a step, and failure at every allocation. */
#include "head_support.h"

static void test_workspace(void **state) {
    (void)state;
    enum { BATCH = 128, CLASSES = 100000 };
    /* With the smallest workspace, with the default one, and with a batch too large to keep everything. */
    static const size_t kept = sizeof(float) * BATCH * CLASSES;
    const struct {
        int batch, dim;
        size_t workspace, least, most;
    } cases[] = {{BATCH, 512, TAM_HEAD_LEAST_WORKSPACE, 0, 20000000},
                 {BATCH, 64, 0, kept, kept + 12000000},
                 {4 * BATCH, 64, 0, 32 << 20, 64 << 20},
                 {4 * BATCH, 64, 100000000, 80000000, 100000000}};
    for (int k = 0; k < 4; k++) {
        tam_ctx *ctx = test_ctx(2);
        tam_head *head = NULL;
        tam_head_bytes told;
        tam_head_config config = {
            .classes = CLASSES, .dim = cases[k].dim, .batch = cases[k].batch, .workspace = cases[k].workspace};
        test_ok(ctx, tam_head_count_bytes(ctx, &config, &told));
        test_ok(ctx, tam_head_create(ctx, &config, &head));
        size_t bytes = tam_head_workspace_bytes(head);
        print_message("workspace: %.2f MB, at least %.2f MB\n", (double)bytes / 1e6, (double)told.least / 1e6);
        size_t trained = 2 * sizeof(float) * (size_t)CLASSES * (size_t)cases[k].dim;
        assert_int_equal(tam_ctx_memory(ctx).peak_bytes, trained + bytes);
        assert_int_equal(told.weights, trained);
        assert_int_equal(told.workspace, bytes);
        assert_true(bytes >= cases[k].least && bytes <= cases[k].most);
        tam_head_free(head);
        test_ctx_free(ctx);
    }
}

/* What cannot hold one tile is refused with what could, and that is enough. */
static void test_too_small_a_workspace(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = NULL;
    tam_head_bytes told;
    tam_head_config config = {.classes = 1000, .dim = 32, .batch = 8};
    char least[32];
    test_ok(ctx, tam_head_count_bytes(ctx, &config, &told));
    snprintf(least, sizeof least, "(%zu bytes)", told.least);
    config.workspace = told.least - 1;
    test_fails(ctx, tam_head_create(ctx, &config, &head), TAM_CONFIG, least);
    test_fails(ctx, tam_head_count_bytes(ctx, &config, &told), TAM_CONFIG, least);
    config.workspace++;
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    assert_int_equal(tam_head_workspace_bytes(head), config.workspace);
    tam_head_free(head);
    test_ctx_free(ctx);
}

/* On a machine with very many threads it stays small as well: chunks, not threads, set the limit. */
static void test_workspace_of_many_threads(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(64);
    tam_head_bytes told;
    tam_head_config config = {.classes = 1000000, .dim = 512, .batch = 128};
    test_ok(ctx, tam_head_count_bytes(ctx, &config, &told));
    assert_true(told.least < 100000000);
    test_ctx_free(ctx);
}

static void test_steps_allocate_nothing(void **state) {
    (void)state;
    enum { N = 30, CLASSES = 500, DIM = 20 };
    static const char *const extras[] = {"softmax+center", "arcface+triplet", "arcface:interclass-filter=0.5"};
    const char *loss;
    static const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f};
    static float x[N * DIM], dx[N * DIM];
    tam_ctx *ctx = test_ctx(2);
    for (int k = 0; (loss = test_loss(k, extras, 3)) != NULL; k++) {
        tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
        uint64_t before = tam_ctx_memory(ctx).allocations;
        for (uint32_t t = 0; t < 3; t++) {
            int32_t y[N], best[N];
            tam_head_result result;
            test_normal(t, N * DIM, 1.0f, x);
            test_labels(t, N, CLASSES, 4, y);
            test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &update, &result));
            test_ok(ctx, tam_head_classify(head, N, x, best));
        }
        assert_int_equal(tam_ctx_memory(ctx).allocations, before);
        tam_head_free(head);
    }
    test_ctx_free(ctx);
}

typedef struct failing {
    int calls, fail_at, out;
} failing;

static void *allocate(void *user, size_t size, size_t alignment) {
    failing *f = user;
    if (f->calls++ == f->fail_at) {
        return NULL;
    }
    f->out++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *user, void *block) {
    ((failing *)user)->out--;
    free(block);
}

static void fail_at_every_allocation(tam_head_config wanted) {
    tam_status status = TAM_RESOURCES;
    int k = 1; /* call 0 is the context's own */
    for (; status != TAM_OK; k++) {
        failing f = {.fail_at = k};
        tam_ctx *ctx = NULL;
        tam_head *head = NULL;
        tam_ctx_config config = {.threads = 2, .allocator = {allocate, release, &f}};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_head_create(ctx, &wanted, &head);
        if (status != TAM_OK) {
            assert_true(status == TAM_RESOURCES && head == NULL);
            assert_non_null(strstr(tam_ctx_message(ctx), "cannot allocate"));
        }
        tam_head_free(head);
        test_ctx_free(ctx);
        assert_int_equal(f.out, 0);
    }
    assert_true(k > 15);
}

static void test_failure_at_every_allocation(void **state) {
    (void)state;
    static const char *const losses[] = {"softmax+center", "adacos+triplet", "subcenter-arcface", "proxy-anchor"};
    tam_head_config wanted = {.classes = 300, .dim = 5, .batch = 9};
    for (int k = 0; k < 4; k++) {
        wanted.loss = losses[k];
        wanted.dtype = k % 2 == 0 ? "f32" : "bf16-lean";
        fail_at_every_allocation(wanted);
    }
    wanted.loss = "arcface+center";
    wanted.sample_rate = 0.3;
    wanted.gradient_filter = 9;
    fail_at_every_allocation(wanted);
}

static void test_refused_configurations(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_head *head;
    static const struct {
        tam_head_config config;
        const char *sentence;
    } wrong[] = {
        {{.loss = "arcface", .classes = 1, .dim = 4, .batch = 4}, "a head of 1 classes"},
        {{.loss = "arcface", .classes = 1ll << 40, .dim = 4, .batch = 4}, "a head of 1099511627776 classes"},
        {{.loss = "arcface", .classes = 4, .dim = 0, .batch = 4}, "a head of width 0"},
        {{.loss = "arcface", .classes = 4, .dim = 4, .batch = 0}, "a head for batches of 0"},
        {{.loss = "arcfaces", .classes = 4, .dim = 4, .batch = 4}, "did you mean 'arcface'"},
        {{.loss = "arcface:m=9", .classes = 4, .dim = 4, .batch = 4}, "m=9 is outside its range"},
        {{.classes = 4, .dim = 4, .batch = 4, .backend = "cpus"}, "unknown backend 'cpus'"},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        test_fails(ctx, tam_head_create(ctx, &wrong[k].config, &head), TAM_CONFIG, wrong[k].sentence);
        assert_null(head);
    }
    tam_head_free(NULL);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workspace),
        cmocka_unit_test(test_too_small_a_workspace),
        cmocka_unit_test(test_workspace_of_many_threads),
        cmocka_unit_test(test_steps_allocate_nothing),
        cmocka_unit_test(test_failure_at_every_allocation),
        cmocka_unit_test(test_refused_configurations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
