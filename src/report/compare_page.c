/* The page of a comparison. */
#include <stdio.h>
#include <string.h>

#include "plot/html.h"
#include "report/compare.h"
#include "report/page.h"

enum { MOST_NAMED = 40 };

/* Runs that stand beside each other: those of one dimension. */
typedef struct group {
    int dim, first, count;
} group;

static bool next_group(const tam_comparison *comparison, group *now) {
    now->first += now->count;
    now->count = 0;
    if (now->first >= comparison->count) {
        return false;
    }
    now->dim = comparison->entries[now->first].dim;
    while (now->first + now->count < comparison->count &&
           comparison->entries[now->first + now->count].dim == now->dim) {
        now->count++;
    }
    return true;
}

/* "BEGINNING net conv4, epochs 10.": the settings of a run that all runs share, or those that they do not; nothing
 * where there are none. */
static void write_settings(tam_text *text, const tam_comparison *comparison, const tam_compare_entry *entry,
                           bool common, const char *beginning) {
    char words[2048];
    size_t length = (size_t)snprintf(words, sizeof words, "%s", beginning), begin = length;
    for (int s = 0; s < entry->settings && length + 256 < sizeof words; s++) {
        const tam_compare_setting *setting = &entry->setting[s];
        if (tam_compare_is_common(comparison, setting) == common) {
            length += (size_t)snprintf(words + length, sizeof words - length, "%s%.40s %.180s",
                                       length > begin ? ", " : " ", setting->key, setting->words);
        }
    }
    snprintf(words + length, sizeof words - length, ".");
    if (length > begin) {
        tam_html_paragraph(text, words);
    }
}

static void write_recipe(tam_text *text, const tam_comparison *comparison) {
    const tam_compare_entry *known = &comparison->entries[0];
    group now = {0};
    for (int i = 0; i < comparison->count && known->settings == 0; i++) {
        known = &comparison->entries[i];
    }
    char constant[1024];
    tam_compare_constant_words(comparison, constant, sizeof constant);
    if (*constant != '\0') {
        constant[0] = 'E';
        tam_html_paragraph(text, constant);
    }
    write_settings(text, comparison, known, true, "The recipe of every run:");
    while (next_group(comparison, &now)) {
        char beginning[64];
        snprintf(beginning, sizeof beginning, "In %d dimension%s:", now.dim, now.dim == 1 ? "" : "s");
        write_settings(text, comparison, &comparison->entries[now.first], false, beginning);
    }
}

static void write_results(tam_text *text, const tam_comparison *comparison) {
    enum { MOST = TAM_COMPARE_WORDS + TAM_COMPARE_NUMBERS };
    int column[TAM_COMPARE_WORDS], before = tam_compare_word_columns(comparison, true, column), first_number = 0;
    int columns = before + TAM_COMPARE_NUMBERS;
    const char *headers[MOST];
    for (int c = 0; c < columns; c++) {
        headers[c] =
            c < before ? tam_compare_word_header(comparison, column[c]) : tam_compare_columns[c - before].header;
        first_number = c < before && column[c] <= TAM_COLUMN_NET ? c + 1 : first_number;
    }
    tam_html_table_begin(text, columns, first_number, headers);
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        char words[MOST][TAM_COMPARE_CELL];
        const char *cells[MOST];
        for (int c = 0; c < columns; c++) {
            if (c < before) {
                cells[c] = tam_compare_word_cell(comparison, entry, column[c], words[c]);
            } else {
                tam_compare_number_words(entry, c - before, words[c], TAM_COMPARE_CELL);
                cells[c] = words[c];
            }
        }
        tam_html_table_row(text, columns, first_number, cells);
    }
    tam_html_table_end(text);
}

static void explain_results(tam_text *text, const tam_comparison *comparison) {
    char words[1024];
    char where[800];
    tam_compare_evaluation_words(comparison, where, sizeof where);
    snprintf(words, sizeof words, "Measured %s.%s", where,
             comparison->on == TAM_COMPARE_TRAINING
                 ? " Numbers on images that were trained on say how well a loss fits "
                   "them, not how well it does on new ones."
                 : "");
    tam_html_paragraph(text, words);
    tam_html_paragraph(
        text, "Accuracy: the class weights name the right class (where all classes were trained on and the "
              "loss has class weights). EER: the error at which as many pairs of one class are refused as "
              "pairs of two classes are accepted. TAR@FAR 1e-3: the share of same-class pairs that is accepted "
              "when at most one in a thousand different-class pairs may be. Rank 1: the most similar of the "
              "classes' mean training images, or else of the other images, is of the right class. Own centre: "
              "mean angle between an image and the mean direction of its class, lower is more compact. Nearest "
              "other: mean angle from a class's mean direction to the nearest other one, higher is better "
              "apart. A dash: there is no such number, or there are too few pairs for it.");
    tam_compare_time_words(comparison, where, sizeof where);
    snprintf(words, sizeof words,
             "MACs: multiply-adds for one image. Model: the net's tensors as f32, as a model file holds them, without "
             "class weights. Training: seconds in steps. Images/s: those of training. 1 image, of 32: %s.",
             where);
    tam_html_paragraph(text, words);
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        if (entry->left_out != NULL) {
            snprintf(words, sizeof words, "No numbers of %.300s, %d dimensions: %.500s.", entry->name, entry->dim,
                     entry->left_out);
            tam_html_paragraph(text, words);
        }
    }
}

static void write_legend(tam_text *text, const tam_scatter *scatter) {
    const char *names[MOST_NAMED];
    int count = (int)(scatter->classes < MOST_NAMED ? scatter->classes : MOST_NAMED);
    for (int c = 0; c < count; c++) {
        names[c] = scatter->names[c];
    }
    tam_html_legend(text, "Class:", count, names);
}

static void write_scatters(tam_text *text, const tam_comparison *comparison, const group *now) {
    const tam_report_run *first = NULL, *runs = comparison->runs + now->first;
    for (int r = 0; r < now->count; r++) {
        first = first == NULL && runs[r].scatter.count > 0 ? &runs[r] : first;
    }
    if (first == NULL) {
        return;
    }
    tam_html_heading(text, 2, "Features in the plane");
    tam_html_paragraph(
        text, comparison->on == TAM_COMPARE_TRAINING
                  ? "Each dot is an image of the training data, placed where the net puts it and coloured by "
                    "its class. Each line is the direction of a class's weights (of the class's mean where it "
                    "has none). A cosine sees only a dot's direction from the origin."
                  : "Each dot is an image that was not trained on, placed where the net puts it and coloured "
                    "by its class. Each line is the direction of a class's weights (of the class's mean where it "
                    "has none). A cosine sees only a dot's direction from the origin.");
    write_legend(text, &first->scatter);
    tam_html_row_begin(text);
    for (int r = 0; r < now->count; r++) {
        if (runs[r].scatter.count > 0) {
            tam_page_scatter(text, &runs[r]);
        }
    }
    tam_html_row_end(text);
    tam_html_heading(text, 3, "Directions only");
    tam_html_paragraph(text, "The same dots by their direction, all the way round: each hill is a class.");
    tam_html_row_begin(text);
    for (int r = 0; r < now->count; r++) {
        if (runs[r].scatter.count > 0) {
            tam_page_directions(text, &runs[r]);
        }
    }
    tam_html_row_end(text);
}

static void write_angles(tam_text *text, const tam_comparison *comparison, const group *now) {
    const tam_report_run *runs = comparison->runs + now->first;
    double highest = 0;
    for (int r = 0; r < now->count; r++) {
        double here = tam_page_theta_highest(&runs[r]);
        highest = here > highest ? here : highest;
    }
    if (highest <= 0) {
        return;
    }
    tam_html_heading(text, 2, "Angles to the own class");
    tam_html_paragraph(text, "How the angles between embeddings and their own class's weights are spread over the "
                             "training samples at the start, in the middle and at the end of training.");
    tam_html_row_begin(text);
    for (int r = 0; r < now->count; r++) {
        if (tam_page_theta_highest(&runs[r]) > 0) {
            tam_page_theta(text, &runs[r], highest);
        }
    }
    tam_html_row_end(text);
}

static void write_training(tam_text *text, const tam_report_run *runs, int count) {
    tam_html_heading(text, 2, "Training");
    tam_html_row_begin(text);
    tam_page_curve(text, TAM_CURVE_THETA, count, runs);
    tam_page_curve(text, TAM_CURVE_ACCURACY, count, runs);
    tam_page_curve(text, TAM_CURVE_LOSS, count, runs);
    if (tam_page_has_curve(TAM_CURVE_SCALE, count, runs)) {
        tam_page_curve(text, TAM_CURVE_SCALE, count, runs);
    }
    tam_html_row_end(text);
}

static void write_verification(tam_text *text, const tam_report_run *runs, int count) {
    bool any = false;
    for (int r = 0; r < count; r++) {
        any = any || (runs[r].validated && runs[r].validation.points > 0);
    }
    if (any) {
        tam_html_heading(text, 2, "Verification");
        tam_page_roc(text, count, runs);
    }
}

static const char *what_is_compared(const tam_comparison *comparison) {
    const tam_compare_lists *lists = &comparison->lists;
    if (lists->sweeps == 0 && lists->nets == 1) {
        return "Losses";
    }
    return lists->losses == 1 && lists->sweeps == 0 ? "Nets" : "Runs";
}

void tam_compare_write_page(const tam_comparison *comparison, tam_text *text) {
    char title[512];
    group now = {0};
    snprintf(title, sizeof title, "%s compared: %.400s", what_is_compared(comparison),
             comparison->config.recipe.data.path);
    tam_html_begin(text, title);
    tam_html_heading(text, 1, title);
    write_recipe(text, comparison);
    tam_html_heading(text, 2, "Results");
    write_results(text, comparison);
    explain_results(text, comparison);
    tam_compare_write_trade(comparison, text);
    tam_compare_write_sweeps(comparison, text);
    bool several = comparison->entries[0].dim != comparison->entries[comparison->count - 1].dim;
    while (next_group(comparison, &now)) {
        const tam_report_run *runs = comparison->runs + now.first;
        if (several) {
            snprintf(title, sizeof title, "In %d dimension%s", now.dim, now.dim == 1 ? "" : "s");
            tam_html_heading(text, 1, title);
        }
        if (now.dim == 2) {
            write_scatters(text, comparison, &now);
        } else {
            write_angles(text, comparison, &now);
        }
        write_training(text, runs, now.count);
        write_verification(text, runs, now.count);
    }
    tam_html_end(text);
}
