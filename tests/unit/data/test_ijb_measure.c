/* A small IJB against NumPy and scikit-learn: tests/oracle/ijb_oracle.py, files in tests/golden/ijb. */
#include "support.h"

#include <math.h>

#include "io/npy.h"
#include "tammes/ijb.h"

enum { FACES = 260, D = 8, TEMPLATES = 75, MOST = 64, VARIANTS = 8 };

static const char *golden(const char *name) {
    static char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/ijb%s%s", source != NULL ? source : ".", name[0] ? "/" : "", name);
    return path;
}

/* The numbers behind "VARIANT WHAT"; returns how many. */
static int expected(const char *variant, const char *what, double values[MOST]) {
    static char line[4096];
    char first[32], second[32];
    int count = -1;
    FILE *file = fopen(golden("expected.txt"), "r");
    assert_non_null(file);
    while (count < 0 && fgets(line, sizeof line, file) != NULL) {
        int at = 0, used = 0;
        if (sscanf(line, "%31s %31s%n", first, second, &at) == 2 && strcmp(first, variant) == 0 &&
            strcmp(second, what) == 0) {
            for (count = 0; count < MOST && sscanf(line + at, "%lf%n", &values[count], &used) == 1; count++) {
                at += used;
            }
        }
    }
    fclose(file);
    return count;
}

/* Quotients of whole numbers, so that counts are equal exactly. */
static void same_share(double value, double wanted) {
    if (!(fabs(value - wanted) < 1e-12)) {
        fail_msg("%.17g instead of %.17g", value, wanted);
    }
}

typedef struct world {
    tam_ctx *ctx;
    tam_ijb *ijb;
    tam_ijb_info info;
    float x[FACES * 2 * D], templates[TEMPLATES * D];
} world;

static void open_world(world *w, int threads) {
    tam_npy npy;
    w->ctx = test_ctx(threads);
    test_ok(w->ctx, tam_npy_open(w->ctx, golden("faces.npy"), &npy));
    assert_int_equal(npy.count, FACES * 2 * D);
    test_ok(w->ctx, tam_npy_read_f32(&npy, 0, npy.count, w->x));
    tam_npy_close(&npy);
    test_ok(w->ctx, tam_ijb_open(w->ctx, golden(""), &w->ijb));
    w->info = tam_ijb_describe(w->ijb);
    assert_true(w->info.faces == FACES && w->info.templates.templates == TEMPLATES && w->info.score != NULL);
}

static void close_world(world *w) {
    tam_ijb_free(w->ijb);
    test_ctx_free(w->ctx);
}

static void pool(world *w, int v, char name[8]) {
    tam_template_variant variant = {.keep_norms = v >> 2 & 1, .detector = v >> 1 & 1, .add_halves = v & 1};
    snprintf(name, 8, "N%dD%dF%d", v >> 2 & 1, v >> 1 & 1, v & 1);
    test_ok(w->ctx, tam_templates_pool(w->ctx, FACES, 2 * D, D, w->x, w->info.score, &w->info.templates, &variant,
                                       w->templates));
}

static void pairs_equal_the_scripts(void **state) {
    static world w;
    char name[8];
    double wanted[MOST];
    (void)state;
    open_world(&w, 2);
    for (int v = 0; v < VARIANTS; v++) {
        static tam_ijb_verification result;
        pool(&w, v, name);
        test_ok(w.ctx, tam_ijb_verify(w.ijb, D, w.templates, 0, NULL, &result));
        assert_int_equal(expected(name, "1:1", wanted), 2 + 6 + 18);
        assert_true((double)result.exact.genuine == wanted[0] && (double)result.exact.impostor == wanted[1]);
        assert_int_equal(result.exact.levels, 6);
        for (int i = 0; i < 6; i++) {
            same_share(result.published[i], wanted[2 + i]);
            same_share(result.exact.at[i].tar, wanted[8 + 3 * i]);
            assert_true(fabs(result.exact.at[i].low - wanted[9 + 3 * i]) < 1e-9);
            assert_true(fabs(result.exact.at[i].high - wanted[10 + 3 * i]) < 1e-9);
            assert_int_equal(result.exact.at[i].sufficient, i < 2);
        }
    }
    close_world(&w);
}

static void galleries_equal_the_scripts(void **state) {
    static const char *const galleries[] = {"G1", "G2", "G1+G2"};
    static world w;
    char name[8];
    double wanted[MOST];
    (void)state;
    open_world(&w, 2);
    for (int v = 0; v < VARIANTS; v++) {
        pool(&w, v, name);
        for (int g = 0; g <= TAM_IJB_GALLERIES; g++) {
            tam_ijb_identification result;
            test_ok(w.ctx, tam_ijb_identify(w.ijb, g, D, w.templates, &result));
            assert_int_equal(expected(name, galleries[g], wanted), 8);
            assert_true((double)result.open.gallery == wanted[0] && (double)result.open.mated == wanted[1] &&
                        (double)result.open.nonmated == wanted[2]);
            same_share(result.rank1, wanted[3]);
            same_share(result.rank5, wanted[4]);
            same_share(result.rank10, wanted[5]);
            same_share(result.open.rank1, wanted[3]);
            for (int i = 0; i < 2; i++) {
                if (wanted[6 + i] < 0) {
                    assert_true(isnan(result.open.at[i].tpir));
                } else {
                    same_share(result.open.at[i].tpir, wanted[6 + i]);
                }
            }
        }
    }
    close_world(&w);
}

static void threads_change_no_bit(void **state) {
    static world one, three;
    static tam_ijb_verification first, second;
    char name[8];
    (void)state;
    open_world(&one, 1);
    open_world(&three, 3);
    pool(&one, 7, name);
    pool(&three, 7, name);
    assert_memory_equal(one.templates, three.templates, sizeof one.templates);
    test_ok(one.ctx, tam_ijb_verify(one.ijb, D, one.templates, 0, NULL, &first));
    test_ok(three.ctx, tam_ijb_verify(three.ijb, D, three.templates, 0, NULL, &second));
    assert_true(first.exact.eer == second.exact.eer && first.exact.auc == second.exact.auc &&
                first.exact.at[0].threshold == second.exact.at[0].threshold);
    close_world(&one);
    close_world(&three);
}

static void what_is_not_there_is_not_measured(void **state) {
    static world w;
    static tam_ijb_verification result;
    tam_ijb_identification ranks;
    char name[8];
    (void)state;
    open_world(&w, 1);
    pool(&w, 7, name);
    test_fails(w.ctx, tam_ijb_identify(w.ijb, 3, D, w.templates, &ranks), TAM_CONFIG, "gallery 4");
    test_fails(w.ctx, tam_ijb_identify(w.ijb, -1, D, w.templates, &ranks), TAM_CONFIG, "gallery 0");
    w.templates[5 * D] = NAN;
    test_fails(w.ctx, tam_ijb_verify(w.ijb, D, w.templates, 0, NULL, &result), TAM_INPUT, "row 5");
    close_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_equal_the_scripts),
        cmocka_unit_test(galleries_equal_the_scripts),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_is_not_there_is_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
