/* Few-shot runs that somebody else has drawn. */
#include <math.h>

#include "base/memory.h"
#include "eval/pair_list.h"
#include "tammes/fewshot_runs.h"

/* Which choice the question is most similar to. */
static int64_t answer(tam_ctx *ctx, int d, const float *x, const tam_fewshot_run *run, int64_t question, int64_t *pairs,
                      float *scores) {
    int64_t nearest = 0;
    for (int64_t c = 0; c < run->choices; c++) {
        pairs[2 * c] = run->question[question];
        pairs[2 * c + 1] = run->choice[c];
    }
    tam_pairs_scores(ctx, d, x, run->choices, pairs, scores);
    for (int64_t c = 1; c < run->choices; c++) {
        nearest = scores[c] > scores[nearest] ? c : nearest;
    }
    return nearest;
}

static void sum_up(int64_t count, const double *error, tam_fewshot_runs_result *result) {
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < count; r++) {
        sum += error[r];
    }
    result->error = count > 0 ? sum / (double)count : NAN;
    for (int64_t r = 0; r < count; r++) {
        squares += (error[r] - result->error) * (error[r] - result->error);
    }
    result->standard_error = count > 1 ? sqrt(squares / (double)(count - 1) / (double)count) : NAN;
}

tam_status tam_eval_fewshot_runs(tam_ctx *ctx, int64_t n, int d, const float *x, int64_t count,
                                 const tam_fewshot_run *runs, double *error, tam_fewshot_runs_result *result) {
    int64_t most = 0;
    *result = (tam_fewshot_runs_result){0, NAN, NAN};
    TAM_TRY(tam_pairs_check(ctx, n, d, x, 0, NULL));
    for (int64_t r = 0; r < count; r++) {
        most = runs[r].choices > most ? runs[r].choices : most;
    }
    int64_t *pairs = tam_allocate(ctx, (size_t)most, 2 * sizeof *pairs, "questions");
    float *scores = tam_allocate(ctx, (size_t)most, sizeof *scores, "questions");
    tam_status status = pairs != NULL && scores != NULL ? TAM_OK : TAM_RESOURCES;
    for (int64_t r = 0; r < count && status == TAM_OK; r++) {
        const tam_fewshot_run *run = &runs[r];
        int64_t wrong = 0;
        for (int64_t q = 0; q < run->questions; q++) {
            wrong += answer(ctx, d, x, run, q, pairs, scores) != run->right[q];
        }
        error[r] = (double)wrong / (double)run->questions;
        result->questions += run->questions;
    }
    if (status == TAM_OK) {
        sum_up(count, error, result);
    }
    tam_release(ctx, pairs);
    tam_release(ctx, scores);
    return status;
}
