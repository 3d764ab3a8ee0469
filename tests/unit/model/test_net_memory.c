/* Memory that runs out: the allocator fails at its k-th call, for every k until all succeeds. Each failure must come
 * back as TAM_RESOURCES with a sentence, and leave nothing behind. */
#include "support.h"

#include "tammes/net.h"

typedef struct failing {
    int calls, fails_at;
    int held;
} failing;

static void *allocate(void *user, size_t size, size_t alignment) {
    failing *state = user;
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (++state->calls == state->fails_at) {
        return NULL;
    }
    state->held++;
    return aligned_alloc(alignment, rounded);
}

static void release(void *user, void *block) {
    failing *state = user;
    state->held--;
    free(block);
}

static tam_status make_and_run(tam_ctx *ctx, const char *backend) {
    float images[2 * 81] = {0}, x[2 * 3];
    tam_net_config config = {
        .net = "ir10:width=2", .channels = 1, .height = 9, .width = 9, .dim = 3, .backend = backend};
    tam_net *net = NULL;
    tam_net_plan *training = NULL, *inference = NULL;
    tam_status status = tam_net_create(ctx, &config, &net);
    if (status == TAM_OK) {
        status = tam_net_plan_create(net, &(tam_net_plan_config){.batch = 2, .training = 1}, &training);
    }
    if (status == TAM_OK) {
        status = tam_net_plan_create(net, &(tam_net_plan_config){.batch = 2}, &inference);
    }
    if (status == TAM_OK) {
        status = tam_net_forward(inference, 1, images, 0, x);
    }
    tam_net_plan_free(inference);
    tam_net_plan_free(training);
    tam_net_free(net);
    return status;
}

static void every_allocation_may_fail(const char *backend) {
    tam_status status = TAM_RESOURCES;
    for (int k = 2; status != TAM_OK; k++) {
        failing state = {.fails_at = k};
        tam_ctx *ctx = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = {allocate, release, &state}};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = make_and_run(ctx, backend);
        if (status != TAM_OK) {
            assert_int_equal(status, TAM_RESOURCES);
            assert_non_null(strstr(tam_ctx_message(ctx), "cannot allocate"));
        } else {
            assert_true(k > 10);
        }
        tam_ctx_free(ctx);
        assert_int_equal(state.held, 0);
    }
}

static void on_the_default_backend(void **state) {
    (void)state;
    every_allocation_may_fail(NULL);
}

static void on_ref(void **state) {
    (void)state;
    every_allocation_may_fail("ref");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_the_default_backend),
        cmocka_unit_test(on_ref),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
