/* The protocols of tammes eval. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose.h"

/* All pairs within the set, or of its images with those of --gallery-data. */
static tam_status measure_all(eval_job *job, const eval_gallery_rows *gallery, eval_set *set, tam_verification *result,
                              tam_bootstrap *intervals) {
    tam_ctx *ctx = job->call->ctx;
    *intervals = (tam_bootstrap){0};
    if (gallery->count >= 0) {
        (void)eval_gallery_rename(gallery, set);
        return tam_eval_cross_pairs(ctx, set->dim, gallery->count, gallery->x, gallery->labels, set->count, set->x,
                                    set->labels, 0, NULL, result);
    }
    tam_status status = tam_eval_all_pairs(ctx, set->count, set->dim, set->x, set->labels, 0, NULL, result);
    return status == TAM_OK ? eval_bootstrap(job, set, NULL, result, intervals) : status;
}

tam_status eval_allpairs(eval_job *job) {
    eval_set set = {0};
    eval_gallery_rows gallery;
    tam_verification result = {.eer = NAN};
    tam_bootstrap intervals;
    tam_status status = eval_gallery_named(job, &gallery);
    if (status == TAM_OK) {
        status = eval_open_and_embed(job, &set);
    }
    if (status == TAM_OK) {
        status = measure_all(job, &gallery, &set, &result, &intervals);
    }
    if (status == TAM_OK) {
        status = eval_page_add(job, &set, &gallery, NULL, &result, &intervals, TAM_FOLDS_INSIGHTFACE, NULL);
    }
    if (status == TAM_OK && job->call->json) {
        json_t *object = eval_json_start(job, &set);
        json_object_set_new(object, "gallery", json_string(gallery.words));
        eval_json_verification(object, &result);
        eval_json_bootstrap(object, &intervals);
        status = cli_print_json(job->call, object);
    } else if (status == TAM_OK) {
        eval_print_start(job, &set);
        if (gallery.count >= 0) {
            printf("%-10s with %s, %lld rows\n", "pairs", gallery.words, (long long)gallery.count);
        }
        eval_print_verification(&result);
        eval_print_bootstrap(&result, &intervals);
    }
    eval_close(&set);
    eval_gallery_free(&gallery);
    eval_suspect(job, NAN, result.eer);
    return status == TAM_OK ? eval_judge(result.eer) : status;
}

tam_status eval_fewshot(eval_job *job) {
    eval_set set;
    tam_fewshot result;
    tam_status status = eval_open_and_embed(job, &set);
    if (status == TAM_OK) {
        status = tam_eval_fewshot(job->call->ctx, set.count, set.dim, set.x, set.labels, &job->fewshot, &result);
    }
    if (status == TAM_OK && job->call->json) {
        json_t *object = eval_json_start(job, &set);
        json_object_update_new(object,
                               json_pack("{s:i, s:i, s:i, s:i, s:o, s:o}", "ways", result.ways, "shots", result.shots,
                                         "queries", result.queries, "episodes", result.episodes, "fewshot_error",
                                         cli_json_real(result.error), "interval", cli_json_real(result.interval)));
        status = cli_print_json(job->call, object);
    } else if (status == TAM_OK) {
        eval_print_start(job, &set);
        printf("%-10s %d of %d ways, %d shots, %d queries a class\n", "episodes", result.episodes, result.ways,
               result.shots, result.queries);
        printf("%-10s %.2f%% +- %.2f%%\n", "error", 100 * result.error, 100 * result.interval);
    }
    eval_close(&set);
    return status;
}

/* Replaces the data set's labels by the model's numbers of the same names; -1 where the model lacks one. */
static tam_status rename_labels(eval_job *job, eval_set *set, const eval_names *names, int64_t *unknown) {
    *unknown = 0;
    if (names == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for class names");
    }
    for (int64_t i = 0; i < set->count; i++) {
        set->labels[i] = (int32_t)eval_find_name(names, tam_dataset_class_name(set->dataset, set->labels[i]));
        *unknown += set->labels[i] < 0;
    }
    return TAM_OK;
}

static tam_status count_right(eval_job *job, const eval_set *set, double *accuracy) {
    int64_t right = 0;
    int32_t *best = calloc((size_t)set->count, sizeof *best);
    if (best == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for %lld answers", (long long)set->count);
    }
    tam_status status = tam_model_classify(job->call->ctx, job->model, set->count, set->x, best);
    for (int64_t i = 0; status == TAM_OK && i < set->count; i++) {
        right += best[i] == set->labels[i];
    }
    *accuracy = set->count > 0 ? (double)right / (double)set->count : NAN;
    free(best);
    return status;
}

tam_status eval_classify(eval_job *job) {
    eval_set set = {0};
    double accuracy = NAN;
    int64_t unknown = 0;
    tam_status status = eval_need_model(job, "--protocol classify");
    if (status != TAM_OK) {
        return status;
    }
    status = eval_open_and_embed(job, &set);
    eval_names *names = eval_index_names(job->info.classes, eval_model_class, job->model);
    if (status == TAM_OK) {
        status = rename_labels(job, &set, names, &unknown);
    }
    if (status == TAM_OK && unknown > 0) {
        status =
            cli_fail(job->call, TAM_INPUT,
                     "%lld of %lld images are of classes that the model was not trained on: a closed set is needed",
                     (long long)unknown, (long long)set.count);
    }
    if (status == TAM_OK) {
        status = count_right(job, &set, &accuracy);
    }
    if (status == TAM_OK && job->call->json) {
        json_t *object = eval_json_start(job, &set);
        json_object_set_new(object, "accuracy", cli_json_real(accuracy));
        status = cli_print_json(job->call, object);
    } else if (status == TAM_OK) {
        eval_print_start(job, &set);
        eval_print_share("accuracy", accuracy);
    }
    free(names);
    eval_close(&set);
    return status;
}
