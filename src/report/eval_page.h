/* Inside the page of an evaluation. */
#ifndef REPORT_EVAL_PAGE_H
#define REPORT_EVAL_PAGE_H

#include "base/memory.h"
#include "plot/text_buffer.h"
#include "tammes/eval_page.h"

enum { TAM_EVAL_PAGE_PARTS = 32, TAM_EVAL_PAGE_WORST = 12, TAM_EVAL_PAGE_WORDS = 96 };

/* One model's verification. */
typedef struct tam_eval_part {
    const char *name;
    const char *label; /* the same for legends: the end of a long one */
    tam_verification result;
    tam_bootstrap intervals; /* 0 resamples: none */
    tam_folds folds;         /* 0 folds: none */
    tam_fold_rule rule;
    tam_scores *scores;         /* NULL: none */
    tam_text genuine, impostor; /* cards of the worst pairs */
} tam_eval_part;

typedef struct tam_eval_rates {
    const char *name, *label, *heading, *x_label, *y_label, *caption;
    int count;
    const char *words[TAM_EVAL_PAGE_RATES];
    double share[TAM_EVAL_PAGE_RATES], low[TAM_EVAL_PAGE_RATES], high[TAM_EVAL_PAGE_RATES];
} tam_eval_rates;

struct tam_eval_page {
    tam_ctx *ctx;
    tam_arena *arena;
    const char *out, *title;
    int about_count, part_count, rates_count;
    const char *about[2 * TAM_EVAL_PAGE_PARTS];
    tam_eval_part *part;   /* [TAM_EVAL_PAGE_PARTS] */
    tam_eval_rates *rates; /* [TAM_EVAL_PAGE_PARTS] */
};

/* Whether rates could be had: there are pairs of both kinds. */
bool tam_eval_part_has_rates(const tam_eval_part *part);
/* The strictest FAR with enough pairs and any genuine pair accepted; NULL: there is none. */
const tam_tar_at_far *tam_eval_part_strictest(const tam_eval_part *part);
/* "0.1%", "0.0001%". */
void tam_eval_rate_words(char words[TAM_EVAL_PAGE_WORDS], double rate);

/* Makes the cards of the part's worst pairs. */
TAM_MUST_USE tam_status tam_eval_page_make_pairs(tam_ctx *ctx, const tam_eval_page_verification *one,
                                                 tam_eval_part *part);

/* Parts of the page. */
void tam_eval_page_tables(tam_text *text, int count, const tam_eval_part *parts);
void tam_eval_page_roc(tam_text *text, int count, const tam_eval_part *parts);
void tam_eval_page_det(tam_text *text, int count, const tam_eval_part *parts);
/* title: NULL for none. */
void tam_eval_page_histogram(tam_text *text, const tam_eval_part *part, const char *title);
/* Rates [count] of one heading. */
void tam_eval_page_rates_figure(tam_text *text, int count, const tam_eval_rates *const *rates);

#endif
