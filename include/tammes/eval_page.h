/* A page of an evaluation: curves, histograms, tables with intervals, and the worst pairs as pictures, in one HTML file
 * that fetches nothing. The same results give the same bytes.
 *
 *     tam_eval_page_open(ctx, &config, &page);
 *     tam_eval_page_add(page, &verification);   once for each model, as often as there are models
 *     tam_eval_page_write(page);
 *     tam_eval_page_free(page);
 */
#ifndef TAMMES_EVAL_PAGE_H
#define TAMMES_EVAL_PAGE_H

#include "tammes/bootstrap.h"
#include "tammes/data.h"
#include "tammes/eval.h"
#include "tammes/scores.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_eval_page tam_eval_page;

typedef struct tam_eval_page_config {
    const char *out;   /* the file; no default */
    const char *title; /* no default */
} tam_eval_page_config;

/* Writes nothing yet. *out is the caller's (tam_eval_page_free, before the context). Fails with TAM_CONFIG when there
 * is a file of that name: it stays. */
TAM_API TAM_MUST_USE tam_status tam_eval_page_open(tam_ctx *ctx, const tam_eval_page_config *config,
                                                   tam_eval_page **out);
TAM_API void tam_eval_page_free(tam_eval_page *page);

/* Everything is copied. */
typedef struct tam_eval_page_verification {
    const char *name;  /* of the curves in legends: the model */
    const char *about; /* what was measured: a paragraph; NULL: nothing */
    const tam_verification *result;
    const tam_bootstrap *intervals; /* NULL, or 0 resamples: none */
    const tam_folds *folds;         /* NULL: none */
    tam_fold_rule rule;             /* of the folds */
    const tam_scores *scores;       /* of the same pairs; NULL: no histograms and no pairs */
    tam_dataset *images;            /* whose images the rows are; NULL: pairs are named by their rows */
    int bare;                       /* 1: the data have names but no pictures (embeddings) */
    const int64_t *image;           /* row i is image image[i]; NULL: image i */
    tam_dataset *gallery;           /* of pairs of two sets, the data of their second rows; NULL: the same */
    int gallery_bare;
} tam_eval_page_verification;

/* Fails with TAM_CONFIG beyond 32 of them, with TAM_INPUT when an image cannot be read. */
TAM_API TAM_MUST_USE tam_status tam_eval_page_add(tam_eval_page *page, const tam_eval_page_verification *one);

enum { TAM_EVAL_PAGE_RATES = 16 };

/* Shares at several settings: Recall@K, ranks, TPIR at FPIR. Those under the same heading share a figure. */
typedef struct tam_eval_page_rates {
    const char *name, *about;         /* as above */
    const char *heading;              /* "Retrieval" */
    const char *x_label, *y_label;    /* "K, answers looked at", "Recall@K (% of queries)" */
    const char *caption;              /* what to see */
    int count;                        /* settings, at most TAM_EVAL_PAGE_RATES */
    const char *const *words;         /* [count] the settings */
    const double *share, *low, *high; /* [count]; NaN: insufficient data. low, high: 95% intervals; NULL: none */
} tam_eval_page_rates;
TAM_API TAM_MUST_USE tam_status tam_eval_page_add_rates(tam_eval_page *page, const tam_eval_page_rates *rates);

/* Writes the file. Fails with TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_eval_page_write(tam_eval_page *page);

#ifdef __cplusplus
}
#endif
#endif
