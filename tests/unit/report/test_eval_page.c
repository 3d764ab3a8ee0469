/* The page of an evaluation: well-formed, complete, safe against names, the same bytes every time. */
#include "support.h"

#include <math.h>
#include <sys/stat.h>

#include "base/random.h"
#include "golden_numbers.h"
#include "tammes/eval_page.h"
#include "unit/plot/well_formed.h"

enum { ROWS = 120, WIDTH = 8, CLASSES = 12 };

static float e[ROWS * WIDTH];
static int32_t labels[ROWS];
static tam_verification result;
static tam_bootstrap intervals;
static tam_scores scores;
static const tam_folds folds = {10, 0.9123, 0.0345, 0.0115, 1.25};

/* Rows near the centres of their classes; spread 0: on them. */
static void measure(tam_ctx *ctx, float spread, int classes) {
    static float centres[CLASSES * WIDTH], noise[ROWS * WIDTH];
    golden_numbers(1, CLASSES * WIDTH, 1, centres);
    golden_numbers(2, ROWS * WIDTH, spread, noise);
    for (int i = 0; i < ROWS; i++) {
        labels[i] = i % classes;
        for (int k = 0; k < WIDTH; k++) {
            e[i * WIDTH + k] = centres[labels[i] * WIDTH + k] + noise[i * WIDTH + k];
        }
    }
    test_ok(ctx, tam_eval_all_pairs(ctx, ROWS, WIDTH, e, labels, 0, NULL, &result));
    test_ok(ctx, tam_eval_scores(ctx, ROWS, WIDTH, e, labels, 12, &scores));
    test_ok(ctx, tam_eval_bootstrap(ctx, ROWS, WIDTH, e, labels, 0, NULL, &(tam_bootstrap_config){.resamples = 20},
                                    &intervals));
}

static tam_eval_page_verification verification(const char *name) {
    return (tam_eval_page_verification){.name = name,
                                        .about = "of <made> & up",
                                        .result = &result,
                                        .intervals = &intervals,
                                        .folds = &folds,
                                        .rule = TAM_FOLDS_INSIGHTFACE,
                                        .scores = &scores};
}

static char *read_page(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 21);
    assert_true(fread(text, 1, (1 << 21) - 1, file) > 100);
    fclose(file);
    return text;
}

static int occurrences(const char *text, const char *part) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Everything that a page must never have, whatever it shows. */
static void check_page(const char *text) {
    assert_true(well_formed(text));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "://www.w3.org/1999")); /* of SVG's namespaces only that of SVG */
    for (const char *at = text; (at = strstr(at, "://")) != NULL; at++) {
        assert_true(strncmp(at, "://www.w3.org/2000/svg\"", 23) == 0);
    }
    for (const char *at = text; (at = strstr(at, "src=\"")) != NULL; at++) {
        assert_true(strncmp(at, "src=\"data:image/jpeg;base64,", 28) == 0);
    }
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf "));
}

/* Writes a page of these models and returns its text. */
static char *page_of(tam_ctx *ctx, int count, const tam_eval_page_verification *one, const tam_eval_page_rates *rates) {
    char folder[64], path[96];
    tam_eval_page *page;
    test_folder(folder);
    snprintf(path, sizeof path, "%s/page.html", folder);
    test_ok(ctx, tam_eval_page_open(ctx, &(tam_eval_page_config){path, "<a> on \"b\" \xff"}, &page));
    for (int i = 0; i < count; i++) {
        test_ok(ctx, tam_eval_page_add(page, &one[i]));
    }
    if (rates != NULL) {
        test_ok(ctx, tam_eval_page_add_rates(page, rates));
        test_ok(ctx, tam_eval_page_add_rates(page, rates));
    }
    test_ok(ctx, tam_eval_page_write(page));
    test_fails(ctx, tam_eval_page_write(page), TAM_CONFIG, "exists; nothing was written");
    tam_eval_page_free(page);
    char *text = read_page(path);
    test_fails(ctx, tam_eval_page_open(ctx, &(tam_eval_page_config){path, "again"}, &page), TAM_CONFIG,
               "exists; nothing was written");
    assert_null(page);
    test_folder_remove(folder);
    return text;
}

static void a_page_is_whole(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    measure(ctx, 1.2f, CLASSES);
    const tam_eval_page_verification one = verification("<&\"'>");
    char *text = page_of(ctx, 1, &one, NULL), *again = page_of(ctx, 1, &one, NULL);
    check_page(text);
    assert_string_equal(text, again);
    assert_int_equal(occurrences(text, "<svg xmlns"), 3);
    assert_int_equal(occurrences(text, "<div class=\"pair\">"), 24);
    assert_int_equal(occurrences(text, "<figcaption>"), 3);
    assert_non_null(strstr(text, "<h1>&lt;a&gt; on &quot;b&quot; "));
    assert_non_null(strstr(text, "&lt;&amp;&quot;&#39;&gt;"));
    assert_non_null(strstr(text, "of &lt;made&gt; &amp; up"));
    assert_non_null(strstr(text, "91.23% \xc2\xb1 3.45% (deviation, 10 folds)"));
    assert_non_null(strstr(text, "those over people (20 resamples)"));
    assert_non_null(strstr(text, "insufficient data"));
    assert_non_null(strstr(text, ">0.1</text>")); /* a tick of the normal-deviate axes */
    assert_non_null(strstr(text, ">40</text>"));
    char worst[64];
    snprintf(worst, sizeof worst, "<small>row %d</small>", (int)scores.worst_genuine[0].a);
    assert_non_null(strstr(text, worst));
    free(text);
    free(again);
    test_ctx_free(ctx);
}

static void several_models_share_the_curves(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    measure(ctx, 1.2f, CLASSES);
    const tam_eval_page_verification both[2] = {verification("first"), verification("second")};
    char *text = page_of(ctx, 2, both, NULL);
    check_page(text);
    assert_int_equal(occurrences(text, "<svg xmlns"), 4);      /* ROC, DET, two histograms */
    assert_int_equal(occurrences(text, "<td>second</td>"), 6); /* a row for each FAR */
    assert_non_null(strstr(text, "<h2>Worst pairs: second</h2>"));
    free(text);
    test_ctx_free(ctx);
}

/* A long path does not run out of a figure; a cut through a letter of two bytes would be no UTF-8. */
static void legends_are_short(void **state) {
    (void)state;
    static const char name[] = "/a/long/way/to/models-\xc3\xa9\xc3\xa9\xc3\xa9/number-12-of-all/the-best.safetensors";
    tam_ctx *ctx = test_ctx(1);
    measure(ctx, 1.2f, CLASSES);
    const tam_eval_page_verification one = verification(name);
    char *text = page_of(ctx, 1, &one, NULL);
    check_page(text);
    assert_int_equal(occurrences(text, ">...\xc3\xa9\xc3\xa9/number-12-of-all/the-best.safetensors</text>"), 2);
    assert_int_equal(occurrences(text, "\xef\xbf\xbd"), 2); /* of the title, which holds a byte that is no letter */
    free(text);
    test_ctx_free(ctx);
}

/* Perfect scores have no errors of both kinds; a single class has no impostors. */
static void extremes_are_told(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    measure(ctx, 0, CLASSES);
    const tam_eval_page_verification perfect = verification("perfect");
    char *text = page_of(ctx, 1, &perfect, NULL);
    check_page(text);
    assert_non_null(strstr(text, "at no threshold are there errors of both kinds"));
    assert_int_equal(occurrences(text, "<svg xmlns"), 2);
    /* All genuine scores are 1, in a bar as wide as 32 of 1024 bins: its area is 1, so it is 16 high. */
    assert_int_equal(scores.genuine[TAM_SCORE_BINS - 1], result.genuine);
    /* The ROC is a line along the top, from the left edge on. */
    const char *end = strstr(text, "\" fill=\"none\" stroke=\"#0072b2\" stroke-width=\"2\""), *start = end;
    assert_non_null(end);
    while (*start != 'M') {
        start--;
    }
    assert_non_null(memchr(start, 'L', (size_t)(end - start)));
    assert_non_null(strstr(text, ">15</text>"));
    assert_null(strstr(text, ">25</text>"));
    free(text);
    measure(ctx, 1, 1);
    const tam_eval_page_verification single = verification("single");
    text = page_of(ctx, 1, &single, NULL);
    check_page(text);
    assert_int_equal(occurrences(text, "<svg xmlns"), 0);
    assert_int_equal(occurrences(text, "<div class=\"pair\">"), 12);
    assert_non_null(strstr(text, "insufficient data"));
    free(text);
    test_ctx_free(ctx);
}

static void rates_are_bars_with_intervals(void **state) {
    (void)state;
    static const char *const words[3] = {"10%", "<1%>", "0.1%"};
    static const double share[3] = {0.75, 0.5, NAN}, low[3] = {0.7, 0.4, NAN}, high[3] = {0.8, 0.6, NAN};
    const tam_eval_page_rates rates = {"model", "about", "Open set", "x & y", "TPIR (%)", "See.",
                                       3,       words,   share,      low,     high};
    tam_ctx *ctx = test_ctx(1);
    char *text = page_of(ctx, 0, NULL, &rates);
    check_page(text);
    assert_int_equal(occurrences(text, "<svg xmlns"), 1); /* two models, one figure */
    assert_int_equal(occurrences(text, "75.00% (70.00 to 80.00)"), 2);
    assert_int_equal(occurrences(text, "insufficient data"), 2);
    assert_int_equal(occurrences(text, "fill-opacity=\"0.35\""), 4);
    assert_non_null(strstr(text, "&lt;1%&gt;"));
    free(text);
    test_ctx_free(ctx);
}

/* Writes `count` grey images of 320 x 200 as folder/name/i.pgm. */
static void write_class(const char *folder, const char *name, int count) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0777), 0);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s/%d.pgm", folder, name, i);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fprintf(file, "P5\n320 200\n255\n");
        for (int k = 0; k < 320 * 200; k++) {
            fputc(k % 251 + i, file);
        }
        fclose(file);
    }
}

/* The worst pairs are shown small, whatever the images' size; the names of their files are only words. */
static void pairs_are_pictures(void **state) {
    (void)state;
    char folder[64];
    static const float x[4 * 2] = {1, 0, 0, 1, 1, 1, -1, 1};
    static const int64_t image[4] = {3, 2, 1, 0};
    tam_ctx *ctx = test_ctx(1);
    tam_dataset *data;
    test_folder(folder);
    write_class(folder, "<i>'&", 2);
    write_class(folder, "b", 2);
    test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = folder}, &data));
    for (int i = 0; i < 4; i++) {
        labels[i] = tam_dataset_label(data, image[i]);
    }
    test_ok(ctx, tam_eval_all_pairs(ctx, 4, 2, x, labels, 0, NULL, &result));
    test_ok(ctx, tam_eval_scores(ctx, 4, 2, x, labels, 12, &scores));
    tam_eval_page_verification one = verification("model");
    one.images = data;
    one.image = image;
    char *text = page_of(ctx, 1, &one, NULL);
    check_page(text);
    assert_int_equal(occurrences(text, "<img height=\"100\""), 12);
    assert_int_equal(occurrences(text, "<small>&lt;i&gt;&#39;&amp;/0.pgm</small>"), 3);
    assert_int_equal(occurrences(text, "title=\"&lt;i&gt;&#39;&amp;/0.pgm\""), 3);
    /* Rows 0 and 1 are images 3 and 2: the genuine pair with the lower score, cosine 0. */
    const char *card = strstr(text, "<div class=\"pair\"><b>0.000, ");
    assert_non_null(card);
    assert_true(strstr(card, "<small>b/1.pgm</small><small>b/0.pgm</small>") != NULL);
    free(text);
    one.bare = 1;
    text = page_of(ctx, 1, &one, NULL);
    check_page(text);
    assert_int_equal(occurrences(text, "<img"), 0);
    assert_int_equal(occurrences(text, "<small>b/0.pgm</small>"), 3);
    free(text);
    one.bare = 0;
    one.gallery = data; /* second rows of another set, numbered as its images */
    text = page_of(ctx, 1, &one, NULL);
    check_page(text);
    assert_non_null(strstr(text, "<small>b/1.pgm</small><small>&lt;i&gt;&#39;&amp;/1.pgm</small>"));
    free(text);
    tam_dataset_free(data);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_eval_page *page;
    static const char *const words[1] = {"a"};
    static const double share[1] = {1};
    tam_eval_page_rates rates = {"m", NULL, "h", "x", "y", "c", 0, words, share, NULL, NULL};
    test_fails(ctx, tam_eval_page_open(ctx, &(tam_eval_page_config){NULL, "title"}, &page), TAM_CONFIG, "a page needs");
    test_ok(ctx, tam_eval_page_open(ctx, &(tam_eval_page_config){"/nowhere/at/all.html", "title"}, &page));
    test_fails(ctx, tam_eval_page_add_rates(page, &rates), TAM_CONFIG, "0 rates in a figure");
    rates.count = 1;
    for (int i = 0; i < 32; i++) {
        test_ok(ctx, tam_eval_page_add_rates(page, &rates));
    }
    test_fails(ctx, tam_eval_page_add_rates(page, &rates), TAM_CONFIG, "more than 32");
    test_fails(ctx, tam_eval_page_write(page), TAM_RESOURCES, "/nowhere/at");
    tam_eval_page_free(page);
    tam_eval_page_free(NULL);
    test_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    char folder[64], path[96];
    int left = 1000, failures = 0;
    tam_ctx *ctx = test_ctx(1), *poor = NULL;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    test_folder(folder);
    snprintf(path, sizeof path, "%s/page.html", folder);
    measure(ctx, 1.2f, CLASSES);
    assert_int_equal(tam_ctx_create(&config, &poor), TAM_OK);
    for (tam_status status = TAM_RESOURCES; status != TAM_OK; failures++) {
        tam_eval_page *page = NULL;
        const tam_eval_page_verification one = verification("one");
        left = failures;
        status = tam_eval_page_open(poor, &(tam_eval_page_config){path, "title"}, &page);
        if (status == TAM_OK) {
            status = tam_eval_page_add(page, &one);
        }
        if (status == TAM_OK) {
            status = tam_eval_page_write(page);
        }
        tam_eval_page_free(page);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        assert_true(status == TAM_OK || access(path, F_OK) != 0);
        assert_int_equal(tam_ctx_memory(poor).bytes, 0);
    }
    assert_true(failures > 5);
    tam_ctx_free(poor);
    test_ctx_free(ctx);
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_whole),
        cmocka_unit_test(several_models_share_the_curves),
        cmocka_unit_test(legends_are_short),
        cmocka_unit_test(extremes_are_told),
        cmocka_unit_test(rates_are_bars_with_intervals),
        cmocka_unit_test(pairs_are_pictures),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
