/* Pictures of losses: the facts that they show, areas against closed forms, and files that a reader can open. */
#include "support.h"

#include <math.h>

#include "../plot/well_formed.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/loss_view.h"
#include "tammes/analyze.h"
#include "tammes/loss.h"

static const double tight = 1e-9;

static tam_loss_view open_view(tam_ctx *ctx, const char *specification) {
    tam_loss_view view;
    test_ok(ctx, tam_loss_view_open(ctx, specification, 1000, 30, 1000000000, &view));
    return view;
}

static double angle(int i) {
    return M_PI * i / 360;
}

static void close_to(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) {
        fail_msg("%.17g is not %.17g within %g", found, expected, tolerance);
    }
}

static void slopes_are_those_of_the_papers(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_view cosface = open_view(ctx, "cosface:s=20,m=0.2"), arcface = open_view(ctx, "arcface:s=20,m=0.4"),
                  p2sgrad = open_view(ctx, "p2sgrad"), softmax = open_view(ctx, "softmax");
    close_to(cosface.scale, 20, tight);
    close_to(softmax.scale, 30, tight);
    close_to(p2sgrad.scale, 1, 0);
    for (int i = 1; i < 360; i++) {
        double theta = angle(i);
        close_to(tam_loss_view_slope(&cosface, theta), 1, tight);
        close_to(tam_loss_view_slope(&softmax, theta), 1, tight);
        close_to(tam_loss_view_gradient(&p2sgrad, theta), 1 - cos(theta), tight);
        if (theta + 0.4 < M_PI) {
            close_to(tam_loss_view_slope(&arcface, theta), sin(theta + 0.4) / sin(theta), tight);
        }
    }
    test_ctx_free(ctx);
}

/* The plain softmax of a paper's page, for the gradient and the probability. */
static void probabilities_are_the_softmax(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_view view = open_view(ctx, "cosface:s=20,m=0.2");
    for (int i = 0; i <= 360; i++) {
        double own = exp(20 * (cos(angle(i)) - 0.2)), p = own / (own + 999);
        close_to(tam_loss_view_probability(&view, angle(i)), p, tight);
        close_to(tam_loss_view_gradient(&view, angle(i)), 1 - p, tight);
    }
    tam_loss_view ten = tam_loss_view_classes(&view, 10), adacos = open_view(ctx, "adacos-fixed");
    double own = exp(20 * 0.3);
    close_to(tam_loss_view_probability(&ten, M_PI / 3), own / (own + 9), tight);
    for (int64_t classes = 10; classes <= 100000; classes *= 100) {
        tam_loss_view fixed = tam_loss_view_classes(&adacos, classes);
        close_to(tam_loss_view_probability(&fixed, M_PI_4), 0.5, tight);
        close_to(fixed.scale, sqrt(2) * log((double)classes - 1), tight);
    }
    assert_true(isnan(tam_loss_view_probability(&(tam_loss_view[]){open_view(ctx, "p2sgrad")}[0], 1)));
    test_ctx_free(ctx);
}

static void margins_are_angles(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_view arcface = open_view(ctx, "arcface:m=0.4"), cosface = open_view(ctx, "cosface:m=0.2"),
                  plain = open_view(ctx, "normface"), multiplied = open_view(ctx, "l-softmax:m=3,lambda-base=0"),
                  magface = open_view(ctx, "magface:la=10,ua=50,lm=0.2,um=0.6,lambda-g=100");
    for (int i = 0; i < 360; i++) {
        double theta = angle(i), shifted = cos(theta) - 0.2;
        close_to(tam_loss_view_margin(&plain, theta), 0, i > 0 ? tight : 1e-7); /* the cosine is flat at 0 */
        if (theta + 0.4 < M_PI - 1e-6) {
            close_to(tam_loss_view_margin(&arcface, theta), 0.4, tight);
            close_to(tam_loss_view_margin(&magface, theta), 0.4, tight);
        } else if (theta + 0.4 > M_PI + 1e-6) {
            assert_true(isnan(tam_loss_view_margin(&arcface, theta)));
        }
        if (shifted > -1 + 1e-6) {
            close_to(tam_loss_view_margin(&cosface, theta), acos(shifted) - theta, tight);
        }
        if (i > 0 && 3 * theta < M_PI - 1e-6) {
            close_to(tam_loss_view_margin(&multiplied, theta), 2 * theta, tight);
        }
    }
    test_ctx_free(ctx);
}

static void check_area(tam_ctx *ctx, const char *specification, double expected) {
    double neither, both;
    tam_loss_view view = open_view(ctx, specification);
    tam_loss_view_shares(&view, &neither, &both);
    close_to(neither, expected, 2e-5);
    close_to(both, 0, 0);
}

/* CosFace: class 1 takes theta_2 > arccos(cos(theta_1) - m). By substitution of the end, whose slope has no bound. */
static double cosface_area(double m) {
    enum { STEPS = 100000 };
    double end = acos(m - 1), taken = 0;
    for (int i = 0; i < STEPS; i++) {
        double t = (i + 0.5) / STEPS, theta = end * (1 - t * t);
        taken += (M_PI - acos(fmax(-1, cos(theta) - m))) * 2 * end * t / STEPS;
    }
    return 1 - 2 * taken / (M_PI * M_PI);
}

static void areas_are_those_of_geometry(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    check_area(ctx, "softmax", 0);
    check_area(ctx, "adacos", 0);
    check_area(ctx, "arcface:m=0.5", 1 - pow(1 - 0.5 / M_PI, 2));
    check_area(ctx, "arcface:m=1.2", 1 - pow(1 - 1.2 / M_PI, 2));
    check_area(ctx, "cosface:m=0.35", cosface_area(0.35));
    check_area(ctx, "cosface:m=0.8", cosface_area(0.8));
    check_area(ctx, "l-softmax:m=4,lambda-base=0", 0.75);
    check_area(ctx, "l-softmax:m=2,lambda-base=0", 0.5);
    test_ctx_free(ctx);
}

/* A margin that nobody would want: it is there so that an overlap is seen as one. */
static void overlaps_are_seen(void **state) {
    (void)state;
    double neither, both;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_view view = open_view(ctx, "cosface:m=0");
    view.loss.state.key[1] = -0.35;
    tam_loss_view_shares(&view, &neither, &both);
    close_to(neither, 0, 1e-3);
    close_to(both, cosface_area(0.35), 1e-3);
    test_ctx_free(ctx);
}

static void every_loss_has_finite_curves(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int l = 0; l < tam_loss_count(); l++) {
        const char *name = tam_loss_describe(l).name;
        tam_loss_view view = open_view(ctx, name);
        tam_loss_interval interval[TAM_LOSS_INTERVALS];
        bool compares = tam_loss_view_compares(&view);
        assert_true(isfinite(view.scale) && view.scale > 0);
        for (int i = 0; i <= 360; i++) {
            double slope = tam_loss_view_slope(&view, angle(i)), gradient = tam_loss_view_gradient(&view, angle(i));
            double p = tam_loss_view_probability(&view, angle(i));
            assert_true(isfinite(slope) && isfinite(gradient) && gradient >= 0);
            assert_true(compares ? p >= 0 && p <= 1 : isnan(p));
            assert_true(!compares || isfinite(tam_loss_view_logit(&view, angle(i))));
            int count = tam_loss_view_wins(&view, angle(i), interval);
            for (int k = 0; k < count; k++) {
                assert_true(interval[k].from >= (k > 0 ? interval[k - 1].to : 0) && interval[k].to <= M_PI);
                assert_true(interval[k].from <= interval[k].to);
            }
        }
    }
    test_ctx_free(ctx);
}

static char *read_text(tam_ctx *ctx, const char *folder, const char *name) {
    char path[256];
    uint8_t *data;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    return (char *)data;
}

static void check_xml(tam_ctx *ctx, const char *folder, const char *name) {
    char *text = read_text(ctx, folder, name);
    assert_true(well_formed(text));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "<script"));
    tam_release(ctx, text);
}

static int lines_of(const char *text) {
    int lines = 0;
    for (; *text != '\0'; text++) {
        lines += *text == '\n';
    }
    return lines;
}

static void pages_can_be_read(void **state) {
    (void)state;
    char folder[64], again[64];
    tam_ctx *ctx = test_ctx(1);
    tam_analyze_result result;
    test_folder(folder);
    test_folder(again);
    const char *const losses[] = {"arcface:s=16,m=0.3", "p2sgrad", "magface",
                                  "proxy-anchor",       "circle",  "softmax+center:lambda=0.1"};
    tam_analyze_config config = {.losses = losses, .loss_count = 6, .out = folder, .classes = 50, .norm = 12};
    test_ok(ctx, tam_analyze_losses(ctx, &config, &result));
    assert_int_equal(result.losses, 6);
    close_to(result.loss[0].margin_share, 1 - pow(1 - 0.3 / M_PI, 2), 1e-5);
    close_to(result.loss[0].margin_at_45, 0.3 * 180 / M_PI, tight);
    assert_true(isnan(result.loss[1].margin_share) && isnan(result.loss[3].margin_share));
    assert_true(result.facts >= 8);
    for (int i = 0; i < result.facts; i++) {
        if (!(result.fact[i].largest_difference <= 1e-6)) {
            fail_msg("%s: %s: %g", result.fact[i].loss, result.fact[i].fact, result.fact[i].largest_difference);
        }
    }
    static const char *const files[] = {"losses.html",           "target-logit.svg",        "slope.svg",
                                        "gradient.svg",          "gradient-angle.svg",      "boundary-1-arcface.svg",
                                        "boundary-5-circle.svg", "beyond-pi-1-arcface.svg", "margin-length.svg"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_xml(ctx, folder, files[i]);
    }
    char *table = read_text(ctx, folder, "losses.csv");
    assert_int_equal(strncmp(table, "loss,figure,x,value\n\"arcface:s=16,m=0.3\",target-logit,0,0.955336489\n", 64), 0);
    assert_true(lines_of(table) > 10000);
    tam_release(ctx, table);
    /* The same again gives the same bytes, over files that are there. */
    char command[256];
    snprintf(command, sizeof command, "cp -r '%s/.' '%s'", folder, again);
    assert_int_equal(system(command), 0);
    test_ok(ctx, tam_analyze_losses(ctx, &config, &result));
    snprintf(command, sizeof command, "diff -r '%s' '%s'", folder, again);
    assert_int_equal(system(command), 0);
    test_folder_remove(folder);
    test_folder_remove(again);
    test_ctx_free(ctx);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    char folder[64], out[128];
    tam_ctx *ctx = test_ctx(1);
    tam_analyze_result result;
    const char *const pair[] = {"arcface", "triplet"}, *const wrong[] = {"arcface:m=7"};
    test_folder(folder);
    snprintf(out, sizeof out, "%s/new", folder);
    tam_analyze_config config = {.losses = pair, .loss_count = 2, .out = out};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "triplet is a loss on pairs");
    config = (tam_analyze_config){.losses = wrong, .loss_count = 1, .out = out};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "outside its range");
    config = (tam_analyze_config){.losses = wrong, .loss_count = TAM_ANALYZE_LOSSES + 1, .out = out};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "at most 32");
    config = (tam_analyze_config){.out = NULL};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "no folder");
    config = (tam_analyze_config){.out = out, .classes = 1};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "1 classes");
    config = (tam_analyze_config){.out = out, .norm = NAN};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_CONFIG, "length nan");
    assert_int_equal(tam_path_look(out), TAM_PATH_ABSENT); /* nothing was written */
    config = (tam_analyze_config){.out = "/dev/null/folder"};
    test_fails(ctx, tam_analyze_losses(ctx, &config, &result), TAM_RESOURCES, "/dev/null");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* Every allocation fails in turn: a status, never a crash or a leak. */
static void memory_may_run_out(void **state) {
    (void)state;
    char folder[64];
    tam_analyze_result result;
    const char *const losses[] = {"arcface"};
    test_folder(folder);
    tam_status status = TAM_RESOURCES;
    for (int room = 0; status != TAM_OK; room += 1 + room / 2) {
        int left = 100;
        tam_ctx_config with = {.threads = 1, .allocator = test_ration(&left)};
        tam_ctx *ctx = NULL;
        assert_int_equal(tam_ctx_create(&with, &ctx), TAM_OK);
        left = room;
        const tam_analyze_config config = {.losses = losses, .loss_count = 1, .out = folder};
        status = tam_analyze_losses(ctx, &config, &result);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        test_ctx_free(ctx);
        assert_true(room < 2000);
    }
    test_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_are_those_of_the_papers),
        cmocka_unit_test(probabilities_are_the_softmax),
        cmocka_unit_test(margins_are_angles),
        cmocka_unit_test(areas_are_those_of_geometry),
        cmocka_unit_test(overlaps_are_seen),
        cmocka_unit_test(every_loss_has_finite_curves),
        cmocka_unit_test(pages_can_be_read),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
