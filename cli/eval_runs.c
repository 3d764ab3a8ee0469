/* tammes eval --protocol runs: few-shot runs that somebody has published as lists. */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

static tam_status print_runs(eval_job *job, const eval_set *set, const tam_fewshot_runs_info *runs, const double *error,
                             const tam_fewshot_runs_result *result) {
    if (!job->call->json) {
        eval_print_start(job, set);
        printf("%-10s %lld of %lld questions\n\n", "runs", (long long)runs->count, (long long)result->questions);
        for (int64_t r = 0; r < runs->count; r++) {
            cli_print_name(runs->runs[r].name);
            printf("  %lld questions, %lld choices  %.2f%%\n", (long long)runs->runs[r].questions,
                   (long long)runs->runs[r].choices, 100 * error[r]);
        }
        printf("\n%-10s %.2f%%", "error", 100 * result->error);
        if (isfinite(result->standard_error)) {
            printf(" +- %.2f%%, the standard error of the mean over the runs", 100 * result->standard_error);
        }
        printf("\n");
        return TAM_OK;
    }
    json_t *object = eval_json_start(job, set), *list = json_array();
    for (int64_t r = 0; r < runs->count; r++) {
        json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:o}", "run", cli_json_text(runs->runs[r].name),
                                              "questions", (json_int_t)runs->runs[r].questions, "choices",
                                              (json_int_t)runs->runs[r].choices, "error", cli_json_real(error[r])));
    }
    json_object_update_new(object, json_pack("{s:I, s:o, s:o, s:o}", "questions", (json_int_t)result->questions,
                                             "fewshot_error", cli_json_real(result->error), "standard_error",
                                             cli_json_real(result->standard_error), "runs", list));
    return cli_print_json(job->call, object);
}

static tam_status measure(eval_job *job, eval_set *set, const tam_fewshot_runs_info *runs) {
    tam_fewshot_runs_result result;
    double *error = calloc((size_t)runs->count, sizeof *error);
    if (error == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for %lld runs", (long long)runs->count);
    }
    tam_status status = eval_embed_some(job, false, runs->images, runs->image, set);
    if (status == TAM_OK) {
        status = tam_eval_fewshot_runs(job->call->ctx, set->count, set->dim, set->x, runs->count, runs->runs, error,
                                       &result);
    }
    if (status == TAM_OK) {
        status = print_runs(job, set, runs, error, &result);
    }
    free(error);
    return status;
}

tam_status eval_runs(eval_job *job) {
    eval_set set = {0};
    tam_fewshot_runs *runs = NULL;
    job->data.unlabelled = 1;
    tam_status status = eval_open(job, &job->data, &set);
    if (status == TAM_OK) {
        status =
            tam_fewshot_runs_open(job->call->ctx, job->runs != NULL ? job->runs : job->data.path, set.dataset, &runs);
    }
    if (status == TAM_OK) {
        tam_fewshot_runs_info info = tam_fewshot_runs_describe(runs);
        status = measure(job, &set, &info);
    }
    tam_fewshot_runs_free(runs);
    eval_close(&set);
    return status;
}
