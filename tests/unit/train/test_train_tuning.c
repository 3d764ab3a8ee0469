/* Choices of algorithms that stay with a run, and pass between runs; plans that do not fit. */
#include "train_sample.h"

#include <stdatomic.h>

#include "base/file.h"

static int warnings;
static char warning[512];

static void keep_warning(void *user, const char *sentence) {
    (void)user;
    warnings++;
    snprintf(warning, sizeof warning, "%s", sentence);
}

/* The sample with a context that collects warnings, and the paths of both files. */
typedef struct tuned {
    train_sample s;
    char cache[160], own[160];
} tuned;

static void make(tuned *t) {
    train_sample_make(&t->s, 1);
    test_ctx_free(t->s.ctx);
    tam_ctx_config config = {.threads = 1, .warn = keep_warning};
    assert_int_equal(tam_ctx_create(&config, &t->s.ctx), TAM_OK);
    snprintf(t->cache, sizeof t->cache, "%s/cache/deep/tuning.txt", t->s.folder);
    snprintf(t->own, sizeof t->own, "%s/tuning.txt", t->s.out);
    t->s.config.tuning_cache = t->cache;
    t->s.config.tune = "full";
    t->s.config.validation.path = NULL;
    t->s.config.steps = 4;
    warnings = 0;
}

static void train(tuned *t, bool resumed) {
    tam_train_result result;
    test_ok(t->s.ctx, tam_train(t->s.ctx, &t->s.config, &result));
    assert_int_equal(result.resumed, resumed);
}

static void shell(const char *format, const char *a, const char *b) {
    char command[500];
    snprintf(command, sizeof command, format, a, b);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
}

static void choices_pass_between_runs(void **state) {
    (void)state;
    tuned t;
    char second[96];
    make(&t);
    train(&t, false);
    shell("test -s '%s' && test -s '%s'", t.own, t.cache);
    shell("cmp '%s' '%s'", t.own, t.cache);
    shell("echo 'of-another-run direct' >>'%s' && test -s '%s'", t.cache, t.cache);
    snprintf(second, sizeof second, "%s/second", t.s.folder);
    t.s.config.out = second;
    train(&t, false);
    snprintf(t.own, sizeof t.own, "%s/tuning.txt", second);
    shell("grep -qx 'of-another-run direct' '%s' && test $(wc -l <'%s') -gt 1", t.own, t.own);
    same_file(t.s.out, second, "last.safetensors"); /* nothing was measured again */
    assert_int_equal(warnings, 0);
    t.s.config.out = t.s.out;
    train(&t, true); /* the first run's file stays as it is */
    shell("! grep -q of-another-run '%s/tuning.txt'%s", t.s.out, "");
    train_sample_free(&t.s);
}

/* Whatever --tune says: a run that began without choices never has any, one with them keeps them. */
static void a_resumed_run_measures_nothing(void **state) {
    (void)state;
    tuned t;
    make(&t);
    t.s.config.tune = NULL;
    train(&t, false);
    t.s.config.tune = "full";
    train(&t, true);
    assert_int_equal(tam_path_look(t.own), TAM_PATH_ABSENT);
    assert_int_equal(tam_path_look(t.cache), TAM_PATH_ABSENT);
    test_folder_remove(t.s.out);
    train(&t, false);
    t.s.config.tune = "off";
    t.s.config.tuning_cache = NULL;
    shell("cp '%s' '%s.kept'", t.own, t.own);
    train(&t, true);
    shell("cmp '%s' '%s.kept'", t.own, t.own);
    train_sample_free(&t.s);
}

/* The bits of a run are those of its choices: killed and continued without --tune, those of the run left alone. */
static void choices_hold_when_a_run_goes_on(void **state) {
    (void)state;
    tuned t;
    char whole[96];
    make(&t);
    train(&t, false);
    snprintf(whole, sizeof whole, "%s/whole", t.s.folder);
    assert_int_equal(rename(t.s.out, whole), 0);
    tam_run *run = train_sample_open(&t.s);
    test_ok(t.s.ctx, tam_run_step(run));
    test_ok(t.s.ctx, tam_checkpoint_save(run));
    train_sample_close(&t.s, run);
    t.s.config.tune = NULL;
    t.s.config.tuning_cache = NULL;
    train(&t, true);
    same_file(whole, t.s.out, "last.safetensors");
    same_file(whole, t.s.out, "tuning.txt");
    train_sample_free(&t.s);
}

static void a_useless_cache_does_no_harm(void **state) {
    (void)state;
    static const char *const nowhere[] = {"/proc/nowhere/tuning.txt", "/dev/null/tuning.txt"};
    tuned t;
    make(&t);
    for (int i = 0; i < 2; i++) {
        t.s.config.tuning_cache = nowhere[i];
        warnings = 0;
        train(&t, false);
        assert_true(warnings > 0);
        assert_non_null(strstr(warning, "not shared with other runs: "));
        test_folder_remove(t.s.out);
    }
    t.s.config.tuning_cache = t.cache;
    train(&t, false);
    test_folder_remove(t.s.out);
    shell("echo 'three words here' >'%s'%s", t.cache, "");
    warnings = 0;
    train(&t, false);
    assert_int_equal(warnings, 2); /* before the plan and after it */
    assert_non_null(strstr(warning, "tuning.txt: line 1 is not a key and a choice"));
    shell("test -s '%s' && grep -qx 'three words here' '%s'", t.own, t.cache);
    train_sample_free(&t.s);
}

static void a_damaged_file_of_the_run_is_refused(void **state) {
    (void)state;
    tuned t;
    tam_train_result result;
    make(&t);
    train(&t, false);
    shell("echo 'three words here' >'%s'%s", t.own, "");
    test_fails(t.s.ctx, tam_train(t.s.ctx, &t.s.config, &result), TAM_INPUT, "run/tuning.txt: line 1 is not a key");
    train_sample_free(&t.s);
}

/* Killed before its configuration was written, a run leaves no more than choices: the folder is as good as empty. */
static void a_run_that_never_began_is_no_hindrance(void **state) {
    (void)state;
    tuned t;
    make(&t);
    shell("mkdir '%s' && touch '%s/tuning.txt.tmp'", t.s.out, t.s.out);
    shell("echo 'of-another-run direct' >'%s'%s", t.own, "");
    train(&t, false);
    shell("grep -qx 'of-another-run direct' '%s'%s", t.own, "");
    train_sample_free(&t.s);
}

static atomic_size_t largest; /* block that memory has room for */

static void *limited_allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    return size > largest ? NULL : aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void limited_release(void *user, void *block) {
    (void)user;
    free(block);
}

/* The sentence names what would need less, and no folder stays behind. */
static void a_plan_that_does_not_fit_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *recompute, *sampler, *advice;
        int batch, accumulate;
    } cases[] = {
        {NULL, NULL, "--recompute units or --batch 12 --accumulate 2 needs less", 24, 0},
        {"units", NULL, "; --batch 12 --accumulate 4 needs less", 24, 2},
        {NULL, "pk:P=6,K=4", "--recompute units or a smaller batch of the sampler with --accumulate 2 needs less", 0,
         0},
    };
    tuned t;
    make(&t);
    test_ctx_free(t.s.ctx);
    tam_ctx_config config = {.threads = 1, .allocator = {limited_allocate, limited_release, NULL}};
    largest = SIZE_MAX;
    assert_int_equal(tam_ctx_create(&config, &t.s.ctx), TAM_OK);
    t.s.config.data.size = 64;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_train_result result;
        t.s.config.recompute = cases[i].recompute;
        t.s.config.sampler = cases[i].sampler;
        t.s.config.batch = cases[i].batch;
        t.s.config.accumulate = cases[i].accumulate;
        largest = (size_t)3 << 20;
        test_fails(t.s.ctx, tam_train(t.s.ctx, &t.s.config, &result), TAM_RESOURCES,
                   "training conv4:width=16 with batches of 24: ");
        if (strstr(tam_ctx_message(t.s.ctx), cases[i].advice) == NULL) {
            fail_msg("%s", tam_ctx_message(t.s.ctx));
        }
        assert_int_equal(tam_path_look(t.s.out), TAM_PATH_ABSENT);
        largest = SIZE_MAX;
        test_ok(t.s.ctx, tam_train(t.s.ctx, &t.s.config, &result));
        test_folder_remove(t.s.out);
    }
    train_sample_free(&t.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_pass_between_runs),
        cmocka_unit_test(a_resumed_run_measures_nothing),
        cmocka_unit_test(choices_hold_when_a_run_goes_on),
        cmocka_unit_test(a_useless_cache_does_no_harm),
        cmocka_unit_test(a_damaged_file_of_the_run_is_refused),
        cmocka_unit_test(a_run_that_never_began_is_no_hindrance),
        cmocka_unit_test(a_plan_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
