/* Templates against NumPy, and the TAR of IJB's tables against scikit-learn: tests/oracle/template_oracle.py. */
#include "search_golden.h"

#include "tammes/templates.h"

enum { FACES = 60, WIDTH = 8, TEMPLATES = 12, PAIRS = 400, LEVELS = 4 };

static FILE *open_golden(void) {
    char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/template.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

typedef struct faces {
    float x[FACES * 2 * WIDTH], score[FACES];
    int32_t template[FACES], medium[FACES];
    int64_t media[FACES], first[TEMPLATES + 1], face[FACES];
} faces;

/* The faces of each template, medium by medium; the last template has none. */
static void make_faces(faces *f) {
    golden_numbers(41, FACES * 2 * WIDTH, 1, f->x);
    golden_labels(43, FACES, TEMPLATES - 1, 0, f->template);
    golden_labels(44, FACES, 4, 0, f->medium);
    int64_t at = 0;
    for (int t = 0; t < TEMPLATES; t++) {
        f->first[t] = at;
        for (int m = 0; m < 4; m++) {
            for (int i = 0; i < FACES; i++) {
                if (f->template[i] == t && f->medium[i] == m) {
                    f->face[at++] = i;
                }
            }
        }
    }
    f->first[TEMPLATES] = at;
    for (uint32_t i = 0; i < FACES; i++) {
        f->score[i] = golden_number(42, i) + 0.5f;
        f->media[i] = 7000000000 + f->medium[i];
    }
}

static void pooling_equals_numpy(void **state) {
    static faces f;
    float out[TEMPLATES * WIDTH];
    FILE *file = open_golden();
    tam_ctx *ctx = test_ctx(2);
    (void)state;
    make_faces(&f);
    for (int v = 0; v < 8; v++) {
        tam_template_variant variant = {v >> 2 & 1, v >> 1 & 1, v & 1};
        tam_template_faces which = {TEMPLATES, f.first, f.face, f.media};
        test_ok(ctx, tam_templates_pool(ctx, FACES, 2 * WIDTH, WIDTH, f.x, f.score, &which, &variant, out));
        for (int i = 0; i < TEMPLATES * WIDTH; i++) {
            double expected;
            assert_int_equal(fscanf(file, "%lf", &expected), 1);
            assert_true(fabs((double)out[i] - expected) < 1e-6);
        }
    }
    fclose(file);
    test_ctx_free(ctx);
}

static void rates_equal_the_tables(void **state) {
    static const double far[LEVELS] = {0.3, 0.1, 0.02, 0.001}, steps[] = {1e6, 12, 60, 150};
    float scores[PAIRS];
    uint8_t same[PAIRS];
    double skipped, tar[LEVELS];
    FILE *file = open_golden();
    tam_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < 8 * TEMPLATES * WIDTH; i++) {
        assert_int_equal(fscanf(file, "%lf", &skipped), 1);
    }
    for (int kind = 0; kind < 4; kind++) {
        for (uint32_t i = 0; i < PAIRS; i++) {
            same[i] = golden_number(45, i) > 0;
            scores[i] = (float)floor(((double)golden_number(46, i) + 0.3 * same[i]) * steps[kind]);
        }
        test_ok(ctx, tam_eval_published_tar(ctx, PAIRS, scores, same, LEVELS, far, tar));
        for (int i = 0; i < LEVELS; i++) {
            double expected;
            assert_int_equal(fscanf(file, "%lf", &expected), 1);
            golden_near(tar[i], expected);
        }
    }
    fclose(file);
    memset(same, 1, sizeof same);
    test_ok(ctx, tam_eval_published_tar(ctx, PAIRS, scores, same, LEVELS, far, tar));
    assert_true(isnan(tar[0]));
    scores[5] = NAN;
    test_fails(ctx, tam_eval_published_tar(ctx, PAIRS, scores, same, LEVELS, far, tar), TAM_INPUT, "pair 5");
    test_ctx_free(ctx);
}

static void what_does_not_fit_is_refused(void **state) {
    static faces f;
    float out[TEMPLATES * 2 * WIDTH];
    tam_ctx *ctx = test_ctx(1);
    tam_template_faces which = {TEMPLATES, f.first, f.face, f.media};
    tam_template_variant halves = {.add_halves = 1}, detector = {.detector = 1};
    (void)state;
    make_faces(&f);
    test_fails(ctx, tam_templates_pool(ctx, FACES, 2 * WIDTH, 2 * WIDTH, f.x, NULL, &which, &halves, out), TAM_CONFIG,
               "(F1)");
    f.score[3] = NAN;
    test_fails(ctx, tam_templates_pool(ctx, FACES, 2 * WIDTH, WIDTH, f.x, f.score, &which, &detector, out), TAM_INPUT,
               "face 3");
    f.x[5 * 2 * WIDTH] = INFINITY;
    test_fails(ctx, tam_templates_pool(ctx, FACES, 2 * WIDTH, WIDTH, f.x, f.score, &which, &halves, out), TAM_INPUT,
               "face 5");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pooling_equals_numpy),
        cmocka_unit_test(rates_equal_the_tables),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
