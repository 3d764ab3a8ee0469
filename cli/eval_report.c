/* The page of an evaluation: --report. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

enum { WORST = 12, ABOUT = 2 * PATH_MAX + 512, LIST = 512 };

static bool has_page(const char *protocol) {
    static const char *const with[] = {"allpairs", "folds",     "insightface", "lfw",        "facexzoo",
                                       "identify", "retrieval", "openset",     "distractors"};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
        if (strcmp(with[i], protocol) == 0) {
            return true;
        }
    }
    return false;
}

tam_status eval_page_suits(eval_job *job) {
    return job->page == NULL || has_page(job->protocol)
               ? TAM_OK
               : cli_fail(job->call, TAM_CONFIG, "--report: there is no page for --protocol %s", job->protocol);
}

/* "runs/a, runs/b", as far as there is room. */
static void list_words(const cli_words *list, char *words, size_t room) {
    size_t at = 0;
    words[0] = '\0';
    for (int i = 0; i < list->count && at < room; i++) {
        at += (size_t)snprintf(words + at, room - at, "%s%s", i > 0 ? ", " : "", list->word[i]);
    }
}

tam_status eval_page_open(eval_job *job, const char *path, const cli_words *models, const cli_words *data) {
    char title[2 * LIST + 8], of_models[LIST], of_data[LIST];
    job->several_data = data->count > 1;
    if (path == NULL) {
        return TAM_OK;
    }
    list_words(models, of_models, sizeof of_models);
    list_words(data, of_data, sizeof of_data);
    snprintf(title, sizeof title, "%s%s%s", of_models, models->count > 0 ? " on " : "", of_data);
    return tam_eval_page_open(job->call->ctx, &(tam_eval_page_config){.out = path, .title = title}, &job->page);
}

tam_status eval_page_close(eval_job *job, const char *path, tam_status status) {
    if (job->page != NULL && (status == TAM_OK || status == TAM_NEGATIVE)) {
        tam_status written = tam_eval_page_write(job->page);
        if (written == TAM_OK) {
            cli_note(job->call, "the page is %s", path);
        }
        status = written == TAM_OK ? status : written;
    }
    tam_eval_page_free(job->page);
    job->page = NULL;
    return status;
}

/* What was measured, as a paragraph. */
static void about_words(const eval_job *job, const eval_set *set, char words[ABOUT]) {
    int at = 0;
    if (job->model != NULL) {
        at = snprintf(words, ABOUT, "%.3000s: %.300s with %.300s, %lld steps. ", job->model_path, job->info.net,
                      job->info.loss, (long long)job->info.step);
    }
    at += snprintf(words + at, ABOUT - (size_t)at, "%.3000s: %lld %s", job->data.path, (long long)set->info.count,
                   set->embeddings != NULL ? "embeddings" : "images");
    if (set->info.classes > 0) {
        at += snprintf(words + at, ABOUT - (size_t)at, " of %lld classes", (long long)set->info.classes);
    }
    if (set->seen >= 0) {
        at += snprintf(words + at, ABOUT - (size_t)at, ", %lld of them seen in training", (long long)set->seen);
    }
    snprintf(words + at, ABOUT - (size_t)at, ". Protocol %.40s, %d numbers an embedding.", job->protocol, set->dim);
}

/* What the curve is called. */
static void name_words(const eval_job *job, char words[ABOUT]) {
    const char *model = job->model != NULL ? job->model_path : job->data.path;
    bool both = job->model != NULL && job->several_data;
    snprintf(words, ABOUT, "%.3000s%s%.3000s", model, both ? ", " : "", both ? job->data.path : "");
}

/* Of pairs with a gallery of images the worst ones are kept, too; means and weights have no pictures. */
static tam_status count_scores(eval_job *job, const eval_set *set, const eval_gallery_rows *gallery,
                               const tam_pairs_info *pairs, tam_scores *scores) {
    tam_ctx *ctx = job->call->ctx;
    if (pairs != NULL) {
        return tam_eval_scores_of_pairs(ctx, set->count, set->dim, set->x, pairs->count, pairs->rows, pairs->same,
                                        WORST, scores);
    }
    if (gallery == NULL) {
        return tam_eval_scores(ctx, set->count, set->dim, set->x, set->labels, WORST, scores);
    }
    return tam_eval_scores_across(ctx, set->dim, gallery->count, gallery->x, gallery->labels, set->count, set->x,
                                  set->labels, gallery->x == gallery->set.x ? WORST : 0, scores);
}

tam_status eval_page_add(eval_job *job, const eval_set *set, const eval_gallery_rows *gallery,
                         const tam_pairs_info *pairs, const tam_verification *result, const tam_bootstrap *intervals,
                         tam_fold_rule rule, const tam_folds *folds) {
    char about[ABOUT], name[ABOUT];
    if (job->page == NULL) {
        return TAM_OK;
    }
    tam_scores *scores = malloc(sizeof *scores);
    if (scores == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for histograms");
    }
    gallery = gallery != NULL && gallery->count >= 0 ? gallery : NULL;
    about_words(job, set, about);
    name_words(job, name);
    tam_status status = count_scores(job, set, gallery, pairs, scores);
    if (status == TAM_OK) {
        status = tam_eval_page_add(job->page, &(tam_eval_page_verification){
                                                  .name = name,
                                                  .about = about,
                                                  .result = result,
                                                  .intervals = intervals,
                                                  .folds = folds,
                                                  .rule = rule,
                                                  .scores = scores,
                                                  .images = set->dataset,
                                                  .bare = set->embeddings != NULL,
                                                  .image = pairs != NULL ? pairs->image : NULL,
                                                  .gallery = gallery != NULL ? gallery->set.dataset : NULL,
                                                  .gallery_bare = gallery != NULL && gallery->set.embeddings != NULL,
                                              });
    }
    free(scores);
    return status;
}

/* rates: all but the name and what it is about. */
static tam_status add_rates(eval_job *job, const eval_set *set, tam_eval_page_rates rates) {
    char about[ABOUT], name[ABOUT];
    about_words(job, set, about);
    name_words(job, name);
    rates.name = name;
    rates.about = about;
    return tam_eval_page_add_rates(job->page, &rates);
}

tam_status eval_page_add_ranks(eval_job *job, const eval_set *set, const tam_identification *ranks) {
    static const char *const words[3] = {"1", "5", "10"};
    const double share[3] = {ranks->rank1, ranks->rank5, ranks->rank10};
    if (job->page == NULL) {
        return TAM_OK;
    }
    return add_rates(job, set,
                     (tam_eval_page_rates){
                         .heading = "Identification",
                         .x_label = "rank (gallery rows looked at)",
                         .y_label = "probes found (%)",
                         .caption = "The share of probes with a row of their class among the first so many: "
                                    "what the later ranks add, a person who looks at a short list would find.",
                         .count = 3,
                         .words = words,
                         .share = share,
                     });
}

tam_status eval_page_add_retrieval(eval_job *job, const eval_set *set, const tam_retrieval *result) {
    char word[TAM_RECALL_LEVELS][16];
    const char *words[TAM_RECALL_LEVELS];
    if (job->page == NULL) {
        return TAM_OK;
    }
    for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
        snprintf(word[k], sizeof word[k], "%d", tam_recall_levels()[k]);
        words[k] = word[k];
    }
    return add_rates(job, set,
                     (tam_eval_page_rates){
                         .heading = "Retrieval",
                         .x_label = "K (answers looked at)",
                         .y_label = "Recall@K (% of queries)",
                         .caption = "The share of queries with an image of their class among the first K "
                                    "answers: it can only rise, and at 1 it is what the nearest image says.",
                         .count = TAM_RECALL_LEVELS,
                         .words = words,
                         .share = result->recall,
                     });
}

tam_status eval_page_add_openset(eval_job *job, const eval_set *set, const tam_openset *result) {
    double share[TAM_OPENSET_LEVELS], low[TAM_OPENSET_LEVELS], high[TAM_OPENSET_LEVELS];
    char word[TAM_OPENSET_LEVELS][24];
    const char *words[TAM_OPENSET_LEVELS];
    if (job->page == NULL) {
        return TAM_OK;
    }
    for (int i = 0; i < result->levels; i++) {
        const tam_tpir_at_fpir *at = &result->at[i];
        snprintf(word[i], sizeof word[i], "%g%%", 100 * at->fpir);
        words[i] = word[i];
        share[i] = at->sufficient ? at->tpir : NAN;
        low[i] = at->low;
        high[i] = at->high;
    }
    return add_rates(job, set,
                     (tam_eval_page_rates){
                         .heading = "Open-set identification",
                         .x_label = "FPIR (probes of strangers that raise an alarm)",
                         .y_label = "TPIR (% of enrolled probes found)",
                         .caption = "The share of enrolled probes that are found while so many strangers "
                                    "raise a false alarm; dark lines are 95% intervals of Clopper and "
                                    "Pearson, and a missing bar is a rate that so few strangers cannot show.",
                         .count = result->levels,
                         .words = words,
                         .share = share,
                         .low = low,
                         .high = high,
                     });
}

tam_status eval_page_add_distractors(eval_job *job, const eval_set *set, const tam_distractors *result) {
    double share[TAM_DISTRACTOR_LEVELS], low[TAM_DISTRACTOR_LEVELS], high[TAM_DISTRACTOR_LEVELS];
    char word[TAM_DISTRACTOR_LEVELS][24];
    const char *words[TAM_DISTRACTOR_LEVELS];
    if (job->page == NULL) {
        return TAM_OK;
    }
    for (int i = 0; i < result->levels; i++) {
        snprintf(word[i], sizeof word[i], "%lld", (long long)result->at[i].distractors);
        words[i] = word[i];
        share[i] = result->at[i].rank[0];
        low[i] = result->at[i].low;
        high[i] = result->at[i].high;
    }
    return add_rates(job, set,
                     (tam_eval_page_rates){
                         .heading = "Identification among distractors",
                         .x_label = "distractors (images of strangers)",
                         .y_label = "rank 1 (% of trials)",
                         .caption = "The share of trials in which the other image of the class comes before "
                                    "all strangers: how fast it falls is what a larger crowd costs; dark "
                                    "lines are 95% intervals of Clopper and Pearson.",
                         .count = result->levels,
                         .words = words,
                         .share = share,
                         .low = low,
                         .high = high,
                     });
}
