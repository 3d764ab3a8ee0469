/* The page from made-up runs: well-formed, complete, and honest about what is missing. */
#include "support.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "report/page.h"
#include "tammes/loss.h"
#include "unit/plot/well_formed.h"

enum { RUNS = 3, DOTS = 300 };

static void fill_log(tam_ctx *ctx, int run, tam_run_log *log) {
    static const char *const losses[RUNS] = {"softmax", "arcface:s=16,m=0.3", "<&>"};
    char *text = malloc(1 << 20);
    size_t at =
        (size_t)sprintf(text, "{\"kind\":\"start\",\"net\":\"lenet++\",\"loss\":\"%s\",\"dim\":2}\n", losses[run]);
    for (int step = 1; step <= 700; step++) {
        at +=
            (size_t)sprintf(text + at, "{\"kind\":\"step\",\"step\":%d,\"loss\":%g,\"theta\":%g,\"theta_histogram\":[",
                            step, 2.0 / step, 1.5 / sqrt(step));
        for (int b = 0; b < TAM_THETA_BINS; b++) {
            at += (size_t)sprintf(text + at, "%s%d", b > 0 ? "," : "", (b * step) % 7);
        }
        at += (size_t)sprintf(text + at, "]}\n");
    }
    for (int epoch = 1; epoch <= 3; epoch++) {
        at += (size_t)sprintf(text + at, "{\"kind\":\"epoch\",\"epoch\":%d,\"step\":%d,\"eer\":%g}\n", epoch,
                              epoch * 200, 0.3 / epoch);
    }
    at += (size_t)sprintf(text + at, run == 0 ? "{\"kind\":\"end\"}\n" : "");
    test_ok(ctx, tam_run_log_parse(ctx, text, at, log));
    free(text);
}

static void fill_scatter(tam_ctx *ctx, int run, tam_scatter *scatter) {
    tam_random random = tam_random_at(1, TAM_PURPOSE_TEST, (uint32_t)run, 0);
    *scatter = (tam_scatter){.count = DOTS, .classes = 3};
    scatter->x = tam_allocate(ctx, DOTS, 2 * sizeof(float), "x");
    scatter->labels = tam_allocate(ctx, DOTS, sizeof(int32_t), "labels");
    scatter->sub_centres = 1 + run;
    int rows = 3 * scatter->sub_centres;
    scatter->weights = tam_allocate(ctx, (size_t)rows, 2 * sizeof(float), "weights");
    scatter->names = tam_allocate(ctx, 3, sizeof(char *), "names");
    for (int i = 0; i < DOTS; i++) {
        scatter->labels[i] = i % 3;
        scatter->x[2 * i] = tam_random_normal(&random);
        scatter->x[2 * i + 1] = i == 5 ? NAN : tam_random_normal(&random);
    }
    for (int c = 0; c < 3; c++) {
        scatter->names[c] = tam_copy_string(ctx, c == 1 ? "<one>" : "class");
    }
    for (int row = 0; row < rows; row++) {
        scatter->weights[2 * row] = cosf(2.1f * (float)row);
        scatter->weights[2 * row + 1] = row == 2 ? 0 : sinf(2.1f * (float)row);
    }
}

static void fill_validation(tam_ctx *ctx, tam_report_run *run) {
    float e[40 * 2];
    int32_t labels[40];
    for (int i = 0; i < 40; i++) {
        labels[i] = i / 4;
        e[2 * i] = cosf((float)labels[i] + 0.3f * (float)(i % 4));
        e[2 * i + 1] = sinf((float)labels[i] + 0.3f * (float)(i % 4));
    }
    test_ok(ctx, tam_eval_all_pairs(ctx, 40, 2, e, labels, 0, NULL, &run->validation));
    run->validated = true;
}

static int occurrences(const char *text, const char *part) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void the_page_is_whole(void **state) {
    (void)state;
    static const char *const names[RUNS] = {"first", "a<b", "third"};
    tam_report_run runs[RUNS] = {0};
    tam_ctx *ctx = test_ctx(2);
    for (int r = 0; r < RUNS; r++) {
        runs[r].name = tam_copy_string(ctx, names[r]);
        fill_log(ctx, r, &runs[r].log);
        if (r < 2) {
            fill_scatter(ctx, r, &runs[r].scatter);
            fill_validation(ctx, &runs[r]);
        }
    }
    strcpy(runs[2].scatter_missing, "data/<gone>: no such folder");
    tam_text text = {.ctx = ctx};
    tam_page_write(&text, "A & B", "some <data>", RUNS, runs);
    assert_false(text.failed);
    assert_true(well_formed(text.data));
    assert_null(strstr(text.data, "nan"));
    assert_null(strstr(text.data, "src="));
    assert_null(strstr(text.data, "href="));
    assert_int_equal(occurrences(text.data, "<figure"),
                     2 + 2 + 1 + 5 + 3); /* scatter, directions, ROC, curves, angles */
    assert_int_equal(occurrences(text.data, "<path stroke-linecap"), 2 * (3 + 6)); /* one or two rays a class */
    assert_int_equal(occurrences(text.data, "No scatter of third: data/&lt;gone&gt;"), 1);
    assert_int_equal(occurrences(text.data, "has not finished"), 2);
    assert_int_equal(occurrences(text.data, "<circle"), 2); /* one EER ring a validated run */
    assert_non_null(strstr(text.data, "60 pairs of the same class, 720 of different"));
    assert_non_null(strstr(text.data, "too few pairs")); /* TAR at FAR 1e-3 */
    assert_true(text.size < 300000);
    tam_text_free(&text);
    for (int r = 0; r < RUNS; r++) {
        tam_report_run_free(ctx, &runs[r]);
    }
    test_ctx_free(ctx);
}

/* A run that has only just started: no lines, no validation. */
static void an_empty_run_is_no_crash(void **state) {
    (void)state;
    tam_report_run run = {0};
    tam_ctx *ctx = test_ctx(1);
    run.name = tam_copy_string(ctx, "new");
    test_ok(ctx, tam_run_log_parse(ctx, "", 0, &run.log));
    tam_text text = {.ctx = ctx};
    tam_page_write(&text, "new", "", 1, &run);
    assert_true(well_formed(text.data));
    assert_null(strstr(text.data, "nan"));
    tam_text_free(&text);
    tam_report_run_free(ctx, &run);
    test_ctx_free(ctx);
}

/* Memory that runs out anywhere in a report: a status, nothing kept, no page. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    static const char text[] = "{\"kind\":\"start\",\"loss\":\"softmax\"}\n{\"kind\":\"step\",\"step\":1}\n"
                               "{\"kind\":\"step\",\"step\":2}\n{\"kind\":\"epoch\",\"step\":2}\n";
    int left = 100, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    for (int k = 0;; k++) {
        tam_report_run run = {0};
        tam_text page = {.ctx = ctx};
        left = 1;
        run.name = tam_copy_string(ctx, "run");
        left = k;
        tam_status status = tam_run_log_parse(ctx, text, sizeof text - 1, &run.log);
        if (status == TAM_OK) {
            tam_page_write(&page, "title", "", 1, &run);
        }
        bool failed = status != TAM_OK || page.failed;
        tam_text_free(&page);
        tam_report_run_free(ctx, &run);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        if (!failed) {
            break;
        }
        failures++;
    }
    assert_true(failures > 5);
    tam_ctx_free(ctx);
}

static void every_loss_has_its_words(void **state) {
    (void)state;
    assert_non_null(strstr(tam_page_loss_words("softmax+center:lambda=0.01"), "compact cluster"));
    assert_non_null(strstr(tam_page_loss_words("softmax"), "outwards"));
    assert_non_null(strstr(tam_page_loss_words("modified-softmax"), "length 1"));
    assert_non_null(strstr(tam_page_loss_words("arcface:s=16"), "thin sectors"));
    assert_non_null(strstr(tam_page_loss_words("subcenter-arcface:k=3"), "sub-centres"));
    assert_non_null(strstr(tam_page_loss_words("l2-softmax"), "one radius"));
    assert_non_null(strstr(tam_page_loss_words("adacos-fixed"), "number of classes"));
    const char *other = tam_page_loss_words("new-loss");
    assert_non_null(strstr(other, "dot"));
    for (int i = 0; i < tam_loss_count(); i++) {
        assert_ptr_not_equal(tam_page_loss_words(tam_loss_describe(i).name), other);
    }
}

/* The scale is drawn for the losses that move it, from the first of their running statistics. */
static void a_moving_scale_has_a_curve(void **state) {
    (void)state;
    static const char *const losses[] = {"adacos", "l2-softmax:learn=yes", "adacos-fixed", "curricularface", "softmax"};
    for (int i = 0; i < 5; i++) {
        tam_report_run run = {0};
        char log[512];
        tam_ctx *ctx = test_ctx(1);
        snprintf(log, sizeof log,
                 "{\"kind\":\"start\",\"loss\":\"%s\"}\n"
                 "{\"kind\":\"step\",\"step\":10,\"running\":[5.5,0,0]}\n"
                 "{\"kind\":\"step\",\"step\":20,\"running\":[3.25,0,0]}\n",
                 losses[i]);
        run.name = tam_copy_string(ctx, losses[i]);
        test_ok(ctx, tam_run_log_parse(ctx, log, strlen(log), &run.log));
        assert_true(run.log.steps[1].running == 3.25);
        assert_int_equal(tam_page_has_curve(TAM_CURVE_SCALE, 1, &run), i < 2);
        tam_report_run_free(ctx, &run);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_whole),          cmocka_unit_test(an_empty_run_is_no_crash),
        cmocka_unit_test(every_allocation_may_fail),  cmocka_unit_test(every_loss_has_its_words),
        cmocka_unit_test(a_moving_scale_has_a_curve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
