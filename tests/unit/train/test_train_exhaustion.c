/* Training and opening a model when memory ends at the k-th allocation, for every k: a sentence, no leak, no crash. */
#include "train_sample.h"

#include <stdatomic.h>

#include "tammes/model.h"

typedef struct ration {
    atomic_long left; /* allocations that still succeed; negative: no limit */
} ration;

static void *rationed_allocate(void *user, size_t size, size_t alignment) {
    ration *r = user;
    if (r->left == 0) {
        return NULL;
    }
    if (r->left > 0) {
        r->left--;
    }
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void rationed_release(void *user, void *block) {
    (void)user;
    free(block);
}

static tam_ctx *rationed_ctx(ration *r) {
    tam_ctx *ctx;
    tam_ctx_config config = {.threads = 1, .allocator = {rationed_allocate, rationed_release, r}};
    r->left = -1;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    return ctx;
}

/* The loader's threads share the ration, so a batch's place in the order of allocations may vary; the end may not. */
static void survive_any_failure(train_sample *s) {
    tam_status status = TAM_RESOURCES;
    long k = 0;
    for (; status != TAM_OK; k++) {
        ration r;
        tam_train_result result;
        tam_ctx *ctx = rationed_ctx(&r);
        r.left = k;
        status = tam_train(ctx, &s->config, &result);
        if (status != TAM_OK) {
            assert_int_equal(status, TAM_RESOURCES);
            assert_string_not_equal(tam_ctx_message(ctx), "");
        }
        test_ctx_free(ctx);
        char command[160];
        snprintf(command, sizeof command, "rm -rf '%s'", s->out);
        assert_int_equal(system(command), 0);
    }
    assert_true(k > 50); /* it did fail often */
}

static void training_survives_any_failure(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    s.config.steps = 2;
    survive_any_failure(&s);
    train_sample_free(&s);
}

static void fine_tuning_survives_any_failure(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    char first[96];
    train_sample_make(&s, 1);
    snprintf(first, sizeof first, "%s/first", s.folder);
    s.config.steps = 2;
    s.config.out = first;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    s.config.out = s.out;
    s.config.init_from = first;
    s.config.loss = "arcface+triplet";
    s.config.sampler = "pk:P=2,K=4";
    survive_any_failure(&s);
    train_sample_free(&s);
}

static void opening_a_model_survives_any_failure(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    train_sample_make(&s, 1);
    s.config.steps = 2;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    tam_status status = TAM_RESOURCES;
    long k = 0;
    for (; status != TAM_OK; k++) {
        ration r;
        tam_model *model;
        static const uint8_t image[16 * 16];
        float x[6];
        tam_ctx *ctx = rationed_ctx(&r);
        r.left = k;
        status = tam_model_open(ctx, s.out, &model);
        if (status == TAM_OK) {
            status = tam_model_embed(model, 1, image, 1, x);
        }
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        tam_model_free(model);
        test_ctx_free(ctx);
    }
    assert_true(k > 20);
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_survives_any_failure),
        cmocka_unit_test(fine_tuning_survives_any_failure),
        cmocka_unit_test(opening_a_model_survives_any_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
