/* A model trained for a moment looks for wrong labels: what it needs in memory may not be there. What it finds is the
 * affair of tests/cli/test_data_clean.sh. */
#include <unistd.h>

#include "unit/train/train_sample.h"

#include "tammes/check.h"

/* Everything that can be asked for, so that every list has something in it. */
static tam_status clean_all(tam_ctx *ctx, const train_sample *s) {
    char fixes[128], page[128];
    int64_t count = 0;
    tam_clean *clean;
    tam_dataset_config against[2] = {{.path = s->validation}, {.path = s->data}};
    tam_clean_config config = {.data.path = s->data,
                               .model = s->out,
                               .against = against,
                               .against_count = 2,
                               .margin = 0.1,
                               .far = 1,
                               .same = 20,
                               .overlap = 30};
    snprintf(fixes, sizeof fixes, "%s/fixes", s->folder);
    snprintf(page, sizeof page, "%s/page.html", s->folder);
    unlink(fixes); /* of an attempt whose page failed */
    unlink(page);
    TAM_TRY(tam_clean_run(ctx, &config, &clean));
    tam_status status = tam_clean_write_fixes(clean, fixes, &count);
    if (status == TAM_OK) {
        status = tam_clean_write_page(clean, page, 3);
    }
    tam_clean_info info = tam_clean_describe(clean);
    if (status == TAM_OK) {
        assert_int_equal(info.images, 54);
        assert_true(info.drop_count + info.move_count > 0);
        assert_true(info.overlap_count >= 54); /* the data are one of the sets */
        assert_true(count > 0);
    }
    tam_clean_free(clean);
    return status;
}

static void memory_may_run_out(void **state) {
    (void)state;
    int left = INT32_MAX, failures = 0;
    train_sample s;
    tam_train_result result;
    tam_ctx *ctx;
    tam_ctx_config rationed = {.threads = 1, .allocator = test_ration(&left)};
    train_sample_make(&s, 1);
    s.config.epochs = 1;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_int_equal(tam_ctx_create(&rationed, &ctx), TAM_OK);
    for (int k = 0;; k++) {
        left = k;
        tam_status status = clean_all(ctx, &s);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        if (status == TAM_OK) {
            break;
        }
        if (status != TAM_RESOURCES) {
            fail_msg("allocation %d: status %d: %s", k, (int)status, tam_ctx_message(ctx));
        }
        assert_true(*tam_ctx_message(ctx) != '\0');
        failures++;
    }
    assert_true(failures > 40);
    left = INT32_MAX;
    test_ctx_free(ctx);
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory_may_run_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
