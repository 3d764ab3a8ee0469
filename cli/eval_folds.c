/* tammes eval of listed pairs: ten-fold accuracy by the field's several rules, and the rates on all of the pairs. */
#include "diagnose.h"

/* As each rule's papers print it: a mean with the deviation of the folds, or with the standard error of the mean. */
static void print_folds(tam_fold_rule rule, const tam_folds *folds) {
    if (folds->folds == 1) {
        printf("%-10s %.5f, the threshold chosen on these same pairs\n", "accuracy", folds->accuracy);
    } else if (rule == TAM_FOLDS_INSIGHTFACE) {
        printf("%-10s %.5f+-%.5f over %d folds\n", "accuracy", folds->accuracy, folds->deviation, folds->folds);
    } else {
        printf("%-10s %.4f +- %.4f, the standard error of the mean over %d folds\n", "accuracy", folds->accuracy,
               folds->standard_error, folds->folds);
    }
    if (rule == TAM_FOLDS_INSIGHTFACE) {
        printf("%-10s %.4f as a squared distance, cosine %.4f\n", "threshold", folds->threshold,
               1 - folds->threshold / 2);
    } else {
        printf("%-10s cosine %.4f\n", "threshold", folds->threshold);
    }
}

static tam_status measure_pairs(eval_job *job, tam_fold_rule rule, const eval_set *set, const tam_pairs_info *pairs) {
    tam_ctx *ctx = job->call->ctx;
    int dim = set->dim, count = job->folds > 0 ? job->folds : pairs->folds;
    tam_folds folds;
    tam_verification result;
    tam_bootstrap intervals;
    tam_status status = job->pca > 0 ? tam_eval_folds_pca(ctx, job->pca, set->count, dim, set->x, pairs->count,
                                                          pairs->rows, pairs->same, count, &folds)
                                     : tam_eval_folds(ctx, rule, set->count, dim, set->x, pairs->count, pairs->rows,
                                                      pairs->same, count, &folds);
    if (status == TAM_OK) {
        status = tam_eval_pairs(ctx, set->count, dim, set->x, pairs->count, pairs->rows, pairs->same, 0, NULL, &result);
    }
    if (status == TAM_OK) {
        status = eval_bootstrap(job, set, pairs, &result, &intervals);
    }
    if (status == TAM_OK) {
        status = eval_page_add(job, set, NULL, pairs, &result, &intervals, rule, &folds);
    }
    if (status != TAM_OK) {
        return status;
    }
    if (job->call->json) {
        json_t *object = eval_json_start(job, set);
        json_object_update_new(
            object,
            json_pack("{s:I, s:i, s:o, s:o, s:o, s:o}", "pairs_left_out", (json_int_t)pairs->missing, "folds",
                      folds.folds, "accuracy", cli_json_real(folds.accuracy), "accuracy_std",
                      cli_json_real(folds.deviation), "standard_error", cli_json_real(folds.standard_error),
                      "threshold",
                      cli_json_real(rule == TAM_FOLDS_INSIGHTFACE ? 1 - folds.threshold / 2 : folds.threshold)));
        eval_json_verification(object, &result);
        eval_json_bootstrap(object, &intervals);
        status = cli_print_json(job->call, object);
    } else {
        eval_print_start(job, set);
        if (pairs->missing > 0) {
            printf("%-10s %lld pairs are left out: the data lack images of them\n", "", (long long)pairs->missing);
        }
        print_folds(rule, &folds);
        eval_print_verification(&result);
        eval_print_bootstrap(&result, &intervals);
    }
    eval_suspect(job, folds.accuracy, result.eer);
    return status == TAM_OK ? eval_judge(result.eer) : status;
}

/* flip: whether the rule's scripts add the mirror image's embedding. */
static tam_status run_folds(eval_job *job, tam_fold_rule rule, bool flip) {
    eval_set set;
    tam_pairs *pairs = NULL;
    tam_ctx *ctx = job->call->ctx;
    if (job->pairs == NULL && !job->own_pairs) {
        return cli_fail(job->call, TAM_CONFIG, "--protocol %s needs --pairs FILE", job->protocol);
    }
    if (job->pca > 0 && rule != TAM_FOLDS_INSIGHTFACE) {
        return cli_fail(job->call, TAM_CONFIG, "--pca belongs to --protocol folds, not to %s", job->protocol);
    }
    job->data.unlabelled = 1;
    tam_status status = eval_open(job, &job->data, &set);
    if (status == TAM_OK) {
        status = job->skip_missing ? tam_pairs_open_present(ctx, job->pairs, set.dataset, &pairs)
                                   : tam_pairs_open(ctx, job->pairs, set.dataset, &pairs);
    }
    if (status == TAM_OK) {
        tam_pairs_info info = tam_pairs_describe(pairs);
        status = eval_embed_some(job, flip, info.images, info.image, &set);
        if (status == TAM_OK) {
            status = measure_pairs(job, rule, &set, &info);
        }
    }
    tam_pairs_free(pairs);
    eval_close(&set);
    return status;
}

tam_status eval_folds(eval_job *job) {
    return run_folds(job, TAM_FOLDS_INSIGHTFACE, true);
}

tam_status eval_lfw(eval_job *job) {
    return run_folds(job, TAM_FOLDS_LFW, true);
}

tam_status eval_facexzoo(eval_job *job) {
    return run_folds(job, TAM_FOLDS_FACEXZOO, false);
}
