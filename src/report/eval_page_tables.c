/* The numbers of an evaluation with their intervals. */
#include <math.h>
#include <stdio.h>

#include "plot/html.h"
#include "report/eval_page.h"

enum { CELL = TAM_EVAL_PAGE_WORDS };

void tam_eval_rate_words(char words[TAM_EVAL_PAGE_WORDS], double rate) {
    char number[32];
    tam_real_words(number, sizeof number, 100 * rate, 2);
    snprintf(words, TAM_EVAL_PAGE_WORDS, "%s%%", number);
}

static void percent(char words[CELL], double share) {
    char number[32];
    tam_fixed_words(number, sizeof number, 100 * share, 2);
    snprintf(words, CELL, "%s%s", isfinite(share) ? number : "insufficient data", isfinite(share) ? "%" : "");
}

static void interval(char words[CELL], double low, double high) {
    char from[CELL], to[CELL];
    percent(from, low);
    percent(to, high);
    snprintf(words, CELL, "%.40s%s%.40s", isfinite(low) ? from : "-", isfinite(low) ? " to " : "",
             isfinite(low) ? to : "");
}

static void number_words(char words[CELL], double value, int decimals) {
    char number[32];
    tam_fixed_words(number, sizeof number, value, decimals);
    snprintf(words, CELL, "%s", number);
}

typedef enum row {
    GENUINE,
    IMPOSTOR,
    ACCURACY,
    EER,
    EER_INTERVAL,
    EER_THRESHOLD,
    AUC,
    D_PRIME,
    BEST_ACCURACY,
    ROWS
} row;

static const char *const row_names[ROWS] = {"genuine pairs",
                                            "impostor pairs",
                                            "accuracy over the folds",
                                            "EER",
                                            "EER, 95% over people",
                                            "threshold of the EER (cosine)",
                                            "AUC",
                                            "d'",
                                            "best accuracy (on the same pairs)"};

static bool has_row(row which, int count, const tam_eval_part *parts) {
    bool any = which != ACCURACY && which != EER_INTERVAL;
    for (int i = 0; i < count; i++) {
        any |= which == ACCURACY && parts[i].folds.folds > 0;
        any |= which == EER_INTERVAL && parts[i].intervals.resamples > 0 && isfinite(parts[i].intervals.eer_low);
    }
    return any;
}

/* As each rule's papers print it: with the deviation of the folds, or with the standard error of the mean. */
static void accuracy_words(char words[CELL], const tam_eval_part *part) {
    const tam_folds *folds = &part->folds;
    char mean[CELL], beside[32];
    bool deviation = part->rule == TAM_FOLDS_INSIGHTFACE;
    percent(mean, folds->accuracy);
    tam_fixed_words(beside, sizeof beside, 100 * (deviation ? folds->deviation : folds->standard_error), 2);
    if (folds->folds < 2) {
        snprintf(words, CELL, "%.24s%s", folds->folds > 0 ? mean : "-", folds->folds > 0 ? " (one fold)" : "");
    } else {
        snprintf(words, CELL, "%.24s \xc2\xb1 %.24s%% (%s, %d folds)", mean, beside, deviation ? "deviation" : "error",
                 folds->folds);
    }
}

static void cell_words(char words[CELL], row which, const tam_eval_part *part) {
    const tam_verification *result = &part->result;
    switch (which) {
    case GENUINE:
        snprintf(words, CELL, "%lld", (long long)result->genuine);
        return;
    case IMPOSTOR:
        snprintf(words, CELL, "%lld", (long long)result->impostor);
        return;
    case ACCURACY:
        accuracy_words(words, part);
        return;
    case EER_INTERVAL:
        interval(words, part->intervals.resamples > 0 ? part->intervals.eer_low : NAN, part->intervals.eer_high);
        return;
    case EER_THRESHOLD:
        number_words(words, result->eer_threshold, 4);
        return;
    case AUC:
        number_words(words, result->auc, 5);
        return;
    case D_PRIME:
        number_words(words, result->d_prime, 3);
        return;
    default:
        percent(words, which == EER ? result->eer : result->best_accuracy);
    }
}

static void write_summary(tam_text *text, int count, const tam_eval_part *parts) {
    const char *headers[TAM_EVAL_PAGE_PARTS + 1] = {""}, *cells[TAM_EVAL_PAGE_PARTS + 1];
    char words[TAM_EVAL_PAGE_PARTS][CELL];
    for (int i = 0; i < count; i++) {
        headers[i + 1] = parts[i].name;
        cells[i + 1] = words[i];
    }
    tam_html_table_begin(text, count + 1, 1, headers);
    for (row which = 0; which < ROWS; which++) {
        cells[0] = row_names[which];
        for (int i = 0; i < count; i++) {
            cell_words(words[i], which, &parts[i]);
        }
        if (has_row(which, count, parts)) {
            tam_html_table_row(text, count + 1, 1, cells);
        }
    }
    tam_html_table_end(text);
}

/* The interval over people at this FAR; NaN where there is none. */
static void people_words(char words[CELL], const tam_bootstrap *intervals, double far) {
    double low = NAN, high = NAN;
    for (int i = 0; intervals->resamples > 0 && i < intervals->levels; i++) {
        if (intervals->at[i].far == far) {
            low = intervals->at[i].low;
            high = intervals->at[i].high;
        }
    }
    interval(words, low, high);
}

enum { COLUMNS = 7 };

static void level_words(char words[COLUMNS][CELL], const tam_eval_part *part, const tam_tar_at_far *at) {
    char number[32];
    bool enough = at->sufficient && isfinite(at->tar);
    for (int c = 0; c < COLUMNS; c++) {
        snprintf(words[c], CELL, "-");
    }
    tam_eval_rate_words(words[0], at->far);
    percent(words[2], enough ? at->tar : NAN);
    if (enough) {
        interval(words[3], at->low, at->high);
        people_words(words[4], &part->intervals, at->far);
    }
    if (enough && at->tar > 0) {
        number_words(words[5], at->threshold, 4);
        tam_real_words(number, sizeof number, 100 * at->achieved_far, 3);
        snprintf(words[6], CELL, "%s%%", number);
    }
}

/* A row for each FAR and model; the column of models only where there are several. */
static void write_levels(tam_text *text, int count, const tam_eval_part *parts) {
    static const char *const several[COLUMNS] = {"FAR",         "model",     "TAR",         "95% interval",
                                                 "over people", "threshold", "achieved FAR"};
    static const char *const single[COLUMNS - 1] = {"FAR",         "TAR",       "95% interval",
                                                    "over people", "threshold", "achieved FAR"};
    char words[COLUMNS][CELL];
    const char *cells[COLUMNS];
    int first = count > 1 ? 0 : 1;
    tam_html_table_begin(text, COLUMNS - first, count > 1 ? 2 : 1, count > 1 ? several : single);
    for (int level = 0; level < TAM_FAR_LEVELS; level++) {
        for (int i = 0; i < count; i++) {
            if (level >= parts[i].result.levels) {
                continue;
            }
            level_words(words, &parts[i], &parts[i].result.at[level]);
            for (int c = 0; c < COLUMNS; c++) {
                cells[c] = words[c];
            }
            cells[1] = count > 1 ? parts[i].name : words[0];
            tam_html_table_row(text, COLUMNS - first, count > 1 ? 2 : 1, cells + first);
        }
    }
    tam_html_table_end(text);
}

void tam_eval_page_tables(tam_text *text, int count, const tam_eval_part *parts) {
    char words[512], resamples[128] = "";
    if (parts[0].intervals.resamples > 0) {
        snprintf(resamples, sizeof resamples, "; those over people (%d resamples) do not: quote these",
                 parts[0].intervals.resamples);
    }
    tam_html_heading(text, 2, "Numbers");
    tam_html_row_begin(text);
    write_summary(text, count, parts);
    write_levels(text, count, parts);
    tam_html_row_end(text);
    snprintf(
        words, sizeof words,
        "Genuine pairs are of one class, impostor pairs of two. \"Insufficient data\": a rate of which fewer than "
        "three pairs would be errors is not stated. The 95%% intervals are those of Clopper and Pearson, which take "
        "pairs as independent%s.",
        resamples);
    tam_html_paragraph(text, words);
}
