#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot/html.h"
#include "plot/svg.h"

enum { WORDS = 64 };
static const double degrees = 57.29577951308232;

static void percent_words(char words[WORDS], double share, int decimals) {
    char number[WORDS];
    tam_fixed_words(number, sizeof number, 100 * share, decimals);
    snprintf(words, WORDS, "%.60s%s", number, isfinite(share) ? "%" : "");
}

/* The point of the validation at this FAR, or NULL. */
static const tam_tar_at_far *level_at(const tam_report_run *run, double far) {
    for (int i = 0; run->validated && i < run->validation.levels; i++) {
        if (run->validation.at[i].far == far) {
            return &run->validation.at[i];
        }
    }
    return NULL;
}

static void tar_words(char words[WORDS], const tam_report_run *run, double far) {
    const tam_tar_at_far *at = level_at(run, far);
    if (at == NULL || isnan(at->tar)) {
        snprintf(words, WORDS, "-");
    } else if (!at->sufficient) {
        snprintf(words, WORDS, "too few pairs");
    } else {
        percent_words(words, at->tar, 2);
    }
}

/* Mean of the last twentieth of the log, where a single line would be noise. */
static double late_mean(const tam_run_log *log, double (*value)(const tam_log_step *step)) {
    int64_t from = log->step_count - (log->step_count + 19) / 20, count = 0;
    double sum = 0;
    for (int64_t i = from; i < log->step_count; i++) {
        double here = value(&log->steps[i]);
        sum += isfinite(here) ? here : 0;
        count += isfinite(here);
    }
    return count > 0 ? sum / (double)count : NAN;
}

static double loss_of(const tam_log_step *step) {
    return step->loss;
}
static double theta_of(const tam_log_step *step) {
    return step->theta;
}
static double accuracy_of(const tam_log_step *step) {
    return step->accuracy;
}
static double speed_of(const tam_log_step *step) {
    return step->images_per_second;
}
static double load_of(const tam_log_step *step) {
    return step->load;
}
static double forward_of(const tam_log_step *step) {
    return step->forward;
}
static double head_of(const tam_log_step *step) {
    return step->head;
}
static double backward_of(const tam_log_step *step) {
    return step->backward;
}
static double update_of(const tam_log_step *step) {
    return step->update;
}

/* The steps behind the run: the last line may be that of an epoch. */
static int64_t steps_of(const tam_run_log *log) {
    int64_t steps = log->step_count > 0 ? log->steps[log->step_count - 1].step : 0;
    int64_t epochs = log->epoch_count > 0 ? log->epochs[log->epoch_count - 1].step : 0;
    return steps > epochs ? steps : epochs;
}

static void write_results(tam_text *text, int count, const tam_report_run *runs) {
    enum { COLUMNS = 10 };
    static const char *const headers[COLUMNS] = {"run",        "loss",          "D",   "steps",        "final loss",
                                                 "mean angle", "training acc.", "EER", "TAR@FAR 1e-2", "TAR@FAR 1e-3"};
    tam_html_table_begin(text, COLUMNS, 2, headers);
    for (int r = 0; r < count; r++) {
        const tam_report_run *run = &runs[r];
        char words[COLUMNS][WORDS];
        int64_t steps = steps_of(&run->log);
        snprintf(words[2], WORDS, "%lld", (long long)run->log.dim);
        snprintf(words[3], WORDS, "%lld", (long long)steps);
        tam_fixed_words(words[4], WORDS, late_mean(&run->log, loss_of), 4);
        tam_fixed_words(words[5], WORDS - 4, degrees * late_mean(&run->log, theta_of), 1);
        strcat(words[5], words[5][0] != '-' ? "\xc2\xb0" : "");
        percent_words(words[6], late_mean(&run->log, accuracy_of), 2);
        percent_words(words[7], run->validated ? run->validation.eer : NAN, 2);
        tar_words(words[8], run, 1e-2);
        tar_words(words[9], run, 1e-3);
        const char *cells[COLUMNS] = {run->name, run->log.loss[0] != '\0' ? run->log.loss : "-"};
        for (int c = 2; c < COLUMNS; c++) {
            cells[c] = words[c];
        }
        tam_html_table_row(text, COLUMNS, 2, cells);
    }
    tam_html_table_end(text);
}

static void write_speeds(tam_text *text, int count, const tam_report_run *runs) {
    enum { COLUMNS = 11 };
    static const char *const headers[COLUMNS] = {"run",  "net",     "parameters", "classes",  "batch", "images/s",
                                                 "load", "forward", "head",       "backward", "update"};
    double (*const shares[5])(const tam_log_step *) = {load_of, forward_of, head_of, backward_of, update_of};
    tam_html_table_begin(text, COLUMNS, 2, headers);
    for (int r = 0; r < count; r++) {
        const tam_report_run *run = &runs[r];
        char words[COLUMNS][WORDS];
        snprintf(words[2], WORDS, "%lld", (long long)run->log.parameters);
        snprintf(words[3], WORDS, "%lld", (long long)run->log.classes);
        snprintf(words[4], WORDS, "%lld", (long long)run->log.batch);
        tam_fixed_words(words[5], WORDS, late_mean(&run->log, speed_of), 0);
        for (int s = 0; s < 5; s++) {
            percent_words(words[6 + s], late_mean(&run->log, shares[s]), 1);
        }
        const char *cells[COLUMNS] = {run->name, run->log.net[0] != '\0' ? run->log.net : "-"};
        for (int c = 2; c < COLUMNS; c++) {
            cells[c] = words[c];
        }
        tam_html_table_row(text, COLUMNS, 2, cells);
    }
    tam_html_table_end(text);
}

static void write_directions(tam_text *text, int count, const tam_report_run *runs) {
    tam_html_heading(text, 3, "Directions only");
    tam_html_paragraph(text,
                       "The same features as a cosine sees them: the direction from the origin, all the way round. "
                       "Each hill is a class; the line is the direction of its weights. Narrow hills with empty "
                       "ground between them are what a margin is for: then a threshold on the angle tells classes "
                       "apart, also classes that were never trained.");
    tam_html_row_begin(text);
    for (int r = 0; r < count; r++) {
        if (runs[r].scatter.count > 0) {
            tam_page_directions(text, &runs[r]);
        }
    }
    tam_html_row_end(text);
}

static void write_scatters(tam_text *text, int count, const tam_report_run *runs) {
    bool any = false, drawn = false;
    for (int r = 0; r < count; r++) {
        drawn = drawn || runs[r].scatter.count > 0;
        any = any || drawn || runs[r].scatter_missing[0] != '\0';
    }
    if (!any) {
        return;
    }
    tam_html_heading(text, 2, "Features in the plane");
    tam_html_paragraph(text, "Each dot is a training image, placed where the net puts it (two numbers per image) and "
                             "coloured by its class. Each line is the direction of a class's weights, with the class's "
                             "name. What a cosine comparison sees of a dot is only its direction from the origin.");
    tam_html_row_begin(text);
    for (int r = 0; r < count; r++) {
        if (runs[r].scatter.count > 0) {
            tam_page_scatter(text, &runs[r]);
        }
    }
    tam_html_row_end(text);
    if (drawn) {
        write_directions(text, count, runs);
    }
    for (int r = 0; r < count; r++) {
        char words[768];
        if (runs[r].scatter_missing[0] != '\0') {
            snprintf(words, sizeof words, "No scatter of %s: %s.", runs[r].name, runs[r].scatter_missing);
            tam_html_paragraph(text, words);
        }
    }
}

static void write_thetas(tam_text *text, int count, const tam_report_run *runs) {
    double highest = 0;
    for (int r = 0; r < count; r++) {
        double here = tam_page_theta_highest(&runs[r]);
        highest = here > highest ? here : highest;
    }
    if (highest <= 0) {
        return;
    }
    tam_html_heading(text, 2, "Angles to the own class");
    tam_html_paragraph(text,
                       "How the angles between features and their own class's weights are spread over the training "
                       "samples at the start, in the middle and at the end of training. A good loss moves the whole "
                       "hill to the left and makes it narrow; a long tail to the right is samples that are hard or "
                       "wrongly labelled. In many dimensions everything starts at 90 degrees, because random "
                       "directions are nearly orthogonal; in two dimensions the start is spread out.");
    tam_html_row_begin(text);
    for (int r = 0; r < count; r++) {
        tam_page_theta(text, &runs[r], highest);
    }
    tam_html_row_end(text);
}

static void write_validation(tam_text *text, const char *validation, int count, const tam_report_run *runs) {
    char words[1024];
    const tam_report_run *first = NULL;
    for (int r = 0; r < count; r++) {
        first = first == NULL && runs[r].validated ? &runs[r] : first;
    }
    if (first == NULL) {
        return;
    }
    tam_html_heading(text, 2, "Verification");
    snprintf(words, sizeof words,
             "%s %.500s: %lld pairs of the same class, %lld of different classes. The question "
             "is whether two images show the same class, asked of a threshold on the cosine of their embeddings.",
             first->listed_pairs ? "The listed pairs of" : "All pairs of the images in", validation,
             (long long)first->validation.genuine, (long long)first->validation.impostor);
    tam_html_paragraph(text, words);
    if (first->validation.points == 0) {
        tam_html_paragraph(text, "Insufficient data: both kinds of pairs are needed.");
        return;
    }
    tam_page_roc(text, count, runs);
}

static void write_remarks(tam_text *text, int count, const tam_report_run *runs) {
    for (int r = 0; r < count; r++) {
        char words[512];
        const tam_run_log *log = &runs[r].log;
        if (log->bad_lines > 0) {
            snprintf(words, sizeof words, "%.200s: %lld lines of the log were not understood and left out.",
                     runs[r].name, (long long)log->bad_lines);
            tam_html_paragraph(text, words);
        }
        if (!log->ended) {
            snprintf(words, sizeof words, "%.200s has not finished: these are its numbers so far.", runs[r].name);
            tam_html_paragraph(text, words);
        }
    }
}

void tam_page_write(tam_text *text, const char *title, const char *validation, int count, const tam_report_run *runs) {
    tam_html_begin(text, title);
    tam_html_heading(text, 1, title);
    tam_html_heading(text, 2, "Results");
    write_results(text, count, runs);
    tam_html_paragraph(text,
                       "Loss, angle and accuracy are means over the last twentieth of training. EER: the error at "
                       "which as many pairs of one class are refused as pairs of two classes are accepted; lower is "
                       "better. TAR@FAR 1e-3: the share of same-class pairs that is accepted when at most one in a "
                       "thousand different-class pairs may be.");
    write_remarks(text, count, runs);
    write_scatters(text, count, runs);
    write_validation(text, validation, count, runs);
    tam_html_heading(text, 2, "Training");
    tam_html_row_begin(text);
    tam_page_curves(text, count, runs);
    tam_html_row_end(text);
    write_thetas(text, count, runs);
    tam_html_heading(text, 2, "Where the time went");
    write_speeds(text, count, runs);
    tam_html_paragraph(text,
                       "Load is the time that training waited for images; head is the class weights with their loss, "
                       "gradient and update.");
    tam_html_end(text);
}
