/* Figures against the angle to the own class: target logits, gradient lengths, probabilities. */
#include <math.h>
#include <stdio.h>

#include "plot/html.h"
#include "report/loss_page.h"

enum { WIDE = 570, NARROW = 374, MOST_VARIANTS = 8 };

static const double shown_scales[] = {4, 8, 16, 32, 64};
static const int64_t shown_classes[] = {10, 1000, 100000};
enum { SCALES = 5, CLASS_COUNTS = 3 };

/* A family of losses of which one number differs. */
typedef struct family {
    tam_loss_view view[MOST_VARIANTS];
    char name[MOST_VARIANTS][48];
    tam_loss_curve_of curve[MOST_VARIANTS];
    int count;
} family;

static void add_variant(tam_loss_page *page, family *to, const char *specification, int64_t classes) {
    int i = to->count++;
    tam_status status = tam_loss_view_open(page->ctx, specification, classes, page->view[0].norm,
                                           (int64_t)page->view[0].loss.state.running[TAM_RUNNING_STEP], &to->view[i]);
    page->status = page->status == TAM_OK ? status : page->status;
    to->curve[i] = (tam_loss_curve_of){.view = &to->view[i], .name = to->name[i], .colour = i, .dash = i};
}

static void class_words(char *words, size_t room, int64_t classes) {
    if (classes < 1000) {
        snprintf(words, room, "C = %lld", (long long)classes);
    } else if (classes < 1000000) {
        snprintf(words, room, "C = %lld,%03lld", (long long)classes / 1000, (long long)classes % 1000);
    } else {
        snprintf(words, room, "C = %lld million", (long long)(classes / 1000000));
    }
}

static int64_t classes_of(const tam_loss_page *page) {
    return page->view[0].loss.state.classes;
}

void tam_loss_page_logits(tam_loss_page *page) {
    tam_loss_curve_of curves[TAM_ANALYZE_LOSSES];
    int count = tam_loss_page_all(page, curves);
    tam_html_heading(&page->html, 2, "Target logits");
    tam_html_paragraph(&page->html,
                       "A margin makes the logit of the own class smaller than the cosine would be, and the net has "
                       "to make up for it with a smaller angle. Compare each curve with that of softmax or NormFace, "
                       "the plain cosine: the lower it runs, the harder the loss is on a sample at that angle. Where "
                       "a curve is steep, a small step of the angle changes much.");
    tam_html_row_begin(&page->html);
    const tam_figure figure = {.width = WIDE, .height = 420, .y = {"target logit z / s", 0, 0, false, true, 0}};
    tam_loss_page_curves(page, "target-logit", figure, tam_loss_view_logit, count, curves,
                         "The own class's logit, divided by the loss's scale so that all can be compared. What a loss "
                         "adds to the angle shifts the curve to the left, what it takes off the cosine shifts it "
                         "down, what multiplies the angle bends it. A loss that is given by its gradient alone has "
                         "no logit.");
    const tam_figure slope = {
        .width = WIDE, .height = 420, .y = {"slope dz/d cos " TAM_THETA " / s", 0, 0, false, true, 0}};
    tam_loss_page_curves(page, "slope", slope, tam_loss_view_slope, count, curves,
                         "The slope of that logit by the cosine, before the softmax weighs it. A margin on the cosine "
                         "leaves it at 1. A margin on the angle makes it sin(" TAM_THETA " + m) / sin " TAM_THETA
                         ": large for small angles, below 1 for large ones. P2SGrad, which has no logit, is drawn "
                         "with its gradient 1 - cos " TAM_THETA ". At 0 degrees itself 1 / sin " TAM_THETA
                         " has no bound.");
    tam_html_row_end(&page->html);
}

static double gradient_by_angle(const tam_loss_view *view, double theta) {
    return tam_loss_view_gradient(view, theta) * sin(theta);
}

/* Three panels of a loss with s and m: what the scale, the margin and the number of classes do. */
static void gradient_panels(tam_loss_page *page, const char *loss, const double margins[4]) {
    char words[128], name[64];
    tam_figure figure = {
        .width = NARROW, .height = 300, .title = words, .y = {"|dL/d cos " TAM_THETA "| / s", 0, 1.5, false, false, 0}};
    for (int panel = 0; panel < 3; panel++) {
        family of = {0};
        int count = panel == 0 ? 4 : panel == 1 ? 4 : CLASS_COUNTS;
        for (int i = 0; i < count; i++) {
            double s = panel == 0 ? shown_scales[i + 1] : 32, m = panel == 1 ? margins[i] : margins[2];
            int64_t classes = panel == 2 ? shown_classes[i] : classes_of(page);
            char specification[64], margin[32];
            tam_real_words(margin, sizeof margin, m, 3);
            snprintf(specification, sizeof specification, "%s:s=%d,m=%s", loss, (int)s, margin);
            add_variant(page, &of, specification, classes);
            if (panel == 2) {
                class_words(of.name[i], sizeof of.name[i], classes);
            } else if (panel == 1) {
                snprintf(of.name[i], sizeof of.name[i], "m=%s", margin);
            } else {
                snprintf(of.name[i], sizeof of.name[i], "s=%d", (int)s);
            }
        }
        snprintf(words, sizeof words, "%s: %s", loss, panel == 0 ? "scale" : panel == 1 ? "margin" : "classes");
        snprintf(name, sizeof name, "gradient-%s-%s", loss, panel == 0 ? "s" : panel == 1 ? "m" : "classes");
        tam_loss_page_curves(page, name, figure, tam_loss_view_gradient, of.count, of.curve, NULL);
    }
}

void tam_loss_page_gradients(tam_loss_page *page) {
    static const double cosface_margins[4] = {0, 0.2, 0.35, 0.5}, arcface_margins[4] = {0, 0.3, 0.5, 0.7};
    char words[768], classes[48];
    tam_loss_curve_of curves[TAM_ANALYZE_LOSSES];
    int count = tam_loss_page_all(page, curves);
    class_words(classes, sizeof classes, classes_of(page));
    tam_html_heading(&page->html, 2, "Gradient lengths");
    snprintf(
        words, sizeof words,
        "All losses on cosines push an embedding in the same direction; they differ in how hard. Here one sample "
        "is at angle " TAM_THETA
        " to its own class while all others stay at 90 degrees, as they nearly do in many dimensions (%s). A "
        "useful curve falls to 0 only where the angle is small: where it has fallen earlier, training stops before "
        "the angle is good, and where it stays flat, it does not tell good from bad.",
        classes);
    tam_html_paragraph(&page->html, words);
    tam_html_row_begin(&page->html);
    const tam_figure by_cosine = {
        .width = WIDE, .height = 400, .y = {"|dL/d cos " TAM_THETA "| / s", 0, 0, false, true, 0}};
    tam_loss_page_curves(page, "gradient", by_cosine, tam_loss_view_gradient, count, curves,
                         "Gradient by the cosine. Softmax losses switch off below some angle, which their scale and "
                         "margin decide: 1 - P falls from 1 to 0 there. P2SGrad has 1 - cos " TAM_THETA
                         " at every angle: proportional to the error.");
    const tam_figure by_angle = {.width = WIDE, .height = 400, .y = {"|dL/d" TAM_THETA "| / s", 0, 0, false, true, 0}};
    tam_loss_page_curves(page, "gradient-angle", by_angle, gradient_by_angle, count, curves,
                         "The same by the angle, times sin " TAM_THETA
                         ": how far a step really turns the embedding. It is 0 at 180 degrees for all: from there "
                         "every direction is equally good. With a margin on the angle this is sin(" TAM_THETA
                         " + m): strongest at 90 degrees - m.");
    tam_html_row_end(&page->html);
    tam_html_heading(&page->html, 3, "What scale, margin and number of classes do");
    tam_html_paragraph(
        &page->html, "CosFace and ArcFace with s = 32 and m = 0.35 or 0.5, but for what varies. The gradient sets in "
                     "where z = ln(C - 1): a larger margin and more classes move that edge to smaller angles, a larger "
                     "scale to larger ones, and makes it sharp; too small a scale has no edge at all. Beyond the edge "
                     "CosFace's height is 1 everywhere. ArcFace's is sin(" TAM_THETA " + m) / sin " TAM_THETA
                     ": samples that are nearly right are pushed hardest, and the push grows weaker up to the angle at "
                     "which " TAM_THETA " + m is 180 degrees and a straight line of the cosine takes over. At 0 "
                     "degrees itself the height has no bound.");
    tam_html_row_begin(&page->html);
    gradient_panels(page, "cosface", cosface_margins);
    gradient_panels(page, "arcface", arcface_margins);
    tam_html_row_end(&page->html);
}

static void scale_panels(tam_loss_page *page) {
    char title[48], name[64];
    for (int c = 0; c < CLASS_COUNTS; c++) {
        family of = {0};
        double fixed = sqrt(2) * log((double)shown_classes[c] - 1);
        for (int i = 0; i <= SCALES; i++) {
            char specification[64], scale[32];
            tam_real_words(scale, sizeof scale, i < SCALES ? shown_scales[i] : fixed, i < SCALES ? 3 : 15);
            snprintf(specification, sizeof specification, "normface:s=%s", scale);
            add_variant(page, &of, specification, shown_classes[c]);
            tam_real_words(scale, sizeof scale, i < SCALES ? shown_scales[i] : fixed, 3);
            snprintf(of.name[i], sizeof of.name[i], i < SCALES ? "s=%s" : "AdaCos, s=%s", scale);
        }
        of.curve[SCALES] = (tam_loss_curve_of){&of.view[SCALES], of.name[SCALES], 9, 0, 3.2};
        class_words(title, sizeof title, shown_classes[c]);
        snprintf(name, sizeof name, "probability-s-%lld", (long long)shown_classes[c]);
        const tam_figure figure = {.width = NARROW,
                                   .height = 320,
                                   .title = title,
                                   .y = {"probability P of the own class", 0, 1, false, false, 0.2}};
        tam_loss_page_curves(page, name, figure, tam_loss_view_probability, of.count, of.curve, NULL);
    }
}

static void margin_panel(tam_loss_page *page, const char *loss, int count, const double *margins) {
    char title[96], name[64], classes[48];
    family of = {0};
    for (int i = 0; i < count; i++) {
        char specification[64], margin[32];
        tam_real_words(margin, sizeof margin, margins[i], 3);
        snprintf(specification, sizeof specification, "%s:s=32,m=%s", loss, margin);
        add_variant(page, &of, specification, classes_of(page));
        snprintf(of.name[i], sizeof of.name[i], "m=%s", margin);
    }
    class_words(classes, sizeof classes, classes_of(page));
    snprintf(title, sizeof title, "%s, s = 32, %s", loss, classes);
    snprintf(name, sizeof name, "probability-m-%s", loss);
    const tam_figure figure = {
        .width = WIDE, .height = 320, .title = title, .y = {"probability P of the own class", 0, 1, false, false, 0.2}};
    tam_loss_page_curves(page, name, figure, tam_loss_view_probability, of.count, of.curve, NULL);
}

void tam_loss_page_probabilities(tam_loss_page *page) {
    static const double cosface_margins[] = {0, 0.1, 0.2, 0.35, 0.5}, arcface_margins[] = {0, 0.2, 0.3, 0.5, 0.7};
    tam_loss_curve_of curves[TAM_ANALYZE_LOSSES];
    int count = tam_loss_page_all(page, curves);
    char words[1024], left_out[512];
    tam_loss_page_left_out(page, left_out, sizeof left_out);
    tam_html_heading(&page->html, 2, "Probabilities");
    snprintf(
        words, sizeof words,
        "The probability of the own class, with all others at 90 degrees. One minus it is the factor with which a "
        "softmax loss learns from a sample: the loss is satisfied with every angle where P is nearly 1, and cannot "
        "tell apart angles where P is nearly 0.%s",
        left_out);
    tam_html_paragraph(&page->html, words);
    tam_html_row_begin(&page->html);
    for (int c = 0; c < CLASS_COUNTS; c++) {
        char title[48], name[64];
        tam_loss_view views[TAM_ANALYZE_LOSSES];
        class_words(title, sizeof title, shown_classes[c]);
        snprintf(name, sizeof name, "probability-%lld", (long long)shown_classes[c]);
        for (int i = 0; i < count; i++) {
            views[i] = tam_loss_view_classes(&page->view[i], shown_classes[c]);
            curves[i].view = &views[i];
        }
        const tam_figure figure = {.width = NARROW,
                                   .height = 320,
                                   .title = title,
                                   .y = {"probability P of the own class", 0, 1, false, false, 0.2}};
        tam_loss_page_curves(page, name, figure, tam_loss_view_probability, count, curves, NULL);
    }
    tam_html_row_end(&page->html);
    tam_html_heading(&page->html, 3, "What the scale does");
    tam_html_paragraph(&page->html,
                       "Scaled cosines without a margin. A small s cannot reach P = 1 even at 0 degrees, so training "
                       "never ends; a large one is satisfied with 70 degrees and more. AdaCos's fixed scale, s = "
                       "\xe2\x88\x9a"
                       "2 ln(C - 1), puts the middle of the curve, P = 1/2, at 45 degrees for any number of "
                       "classes.");
    tam_html_row_begin(&page->html);
    scale_panels(page);
    tam_html_row_end(&page->html);
    tam_html_heading(&page->html, 3, "What the margin does");
    tam_html_paragraph(&page->html, "A margin moves the whole curve to smaller angles and hardly changes its shape: it "
                                    "decides how small an angle must be until the loss is satisfied.");
    tam_html_row_begin(&page->html);
    margin_panel(page, "cosface", 5, cosface_margins);
    margin_panel(page, "arcface", 5, arcface_margins);
    tam_html_row_end(&page->html);
}
