/* Comparisons: one recipe, several losses, nets, or values of any setting; measured on the same images, shown in one
 * table and on one page (docs/comparing.md).
 *
 *     tam_compare_open(ctx, &config, &comparison);
 *     for (int i = 0; i < tam_compare_runs(comparison); i++) {
 *         tam_train_config recipe = tam_compare_recipe(comparison, i);
 *         tam_train(ctx, &recipe, &result);
 *         tam_compare_measure(comparison, i);
 *     }
 *     tam_compare_write(comparison);
 *     tam_compare_free(comparison);
 */
#ifndef TAMMES_COMPARE_H
#define TAMMES_COMPARE_H

#include "tammes/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_comparison tam_comparison;

/* At least one of losses, nets, dims and sweeps says what is compared; every combination of them is a run. */
typedef struct tam_compare_config {
    /* Loss specifications separated by commas. A comma before `word=` separates keys of one loss instead:
     * "softmax+center,arcface:s=16,m=0.3,cosface" are three. NULL: the recipe's loss. */
    const char *losses;
    /* Nets, separated in the same way: "conv4,ir10:width=16,dropout=0". NULL: the recipe's net. */
    const char *nets;
    const char
        *dims; /* widths of the embedding separated by commas; NULL: a file net's own, "512" with nets or sweeps, "2" */
    /* Each "KEY=VALUE,VALUE,...", separated in the same way. KEY is net.K for the key K of the nets, loss.K for one of
     * the losses or their terms, or one that `set` knows; dim, net and loss are other words for the lists above. */
    const char *const *sweeps;
    int sweep_count; /* at most 8 */
    const char *out; /* the folder for runs, table and page; no default */
    /* Of every run; its dim and out are not looked at, its loss where losses are listed neither. Up to 3 dimensions the
     * defaults are net conv4:bn=0, batch 32, lr 0.1, warm-up 0.3, 3 epochs. */
    tam_train_config recipe;
    /* Puts the value of a swept key into a recipe; the words live as long as the comparison. TAM_CONFIG, whose sentence
     * is the caller's: no such key, or not a value of it. NULL: there are no such keys. */
    tam_status (*set)(void *user, const char *key, const char *value, tam_train_config *recipe);
    void *set_user;
} tam_compare_config;

/* Reads the lists, opens the data and checks every loss against its classes and every net against its images; trains
 * nothing and writes nothing. Up to 3 dimensions losses and terms without keys get keys of their own, for the published
 * scales and margins are made for hundreds. *out is the caller's (tam_compare_free, before the context); the strings of
 * `config` must live as long. Fails with TAM_CONFIG (a bad list, something given twice, a key that there is not, one
 * that is swept and written out, more than 256 runs), and as tam_dataset_open does. */
TAM_API TAM_MUST_USE tam_status tam_compare_open(tam_ctx *ctx, const tam_compare_config *config, tam_comparison **out);
TAM_API void tam_compare_free(tam_comparison *comparison);

/* Runs: each dimension with every net, with every loss, with every value of each sweep; i below is in [0, runs). */
TAM_API int tam_compare_runs(const tam_comparison *comparison);
/* The complete recipe of run i; strings live as long as the comparison. */
TAM_API tam_train_config tam_compare_recipe(const tam_comparison *comparison, int i);

/* Evaluates run i, which was trained, on recipe.validation if it has a path, else on the test split of the data where
 * it has one, else on the training data itself: at most 10,000 images, evenly spaced. Measures the time of inference
 * too, once: it is kept in the run's folder. A run whose embeddings cannot be evaluated is left out of the table with
 * the reason (TAM_OK). */
TAM_API TAM_MUST_USE tam_status tam_compare_measure(tam_comparison *comparison, int i);
/* Leaves run i out of the table, with the reason. */
TAM_API void tam_compare_leave_out(tam_comparison *comparison, int i, const char *reason);
/* How many runs were left out. */
TAM_API int tam_compare_left_out(const tam_comparison *comparison);

/* Writes compare.csv, compare.json and compare.html to config.out. */
TAM_API TAM_MUST_USE tam_status tam_compare_write(tam_comparison *comparison);
/* The table as lines for people, and the content of compare.json, as they were at the last tam_compare_write; ""
 * before. Owned by the comparison. */
TAM_API const char *tam_compare_table(const tam_comparison *comparison);
TAM_API const char *tam_compare_json(const tam_comparison *comparison);

#ifdef __cplusplus
}
#endif
#endif
