/* tammes eval --protocol edc: does the quality of the images tell which comparisons fail? */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

enum { MOST_PAIRS = 50000000 };

/* The comparisons: the listed ones, or all. */
typedef struct comparisons {
    int64_t count;
    const int64_t *rows; /* [count, 2] */
    const uint8_t *same;
    int64_t *own_rows; /* what must be freed */
    uint8_t *own_same;
} comparisons;

static tam_status no_memory(eval_job *job, int64_t pairs) {
    return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for %lld pairs", (long long)pairs);
}

static tam_status list_all(eval_job *job, const eval_set *set, comparisons *pairs) {
    int64_t n = set->count, all = n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n, at = 0;
    if (all > MOST_PAIRS) {
        return cli_fail(job->call, TAM_CONFIG,
                        "%lld pairs of all images are more than the %d that edc sorts: list some with --pairs",
                        (long long)all, MOST_PAIRS);
    }
    pairs->rows = pairs->own_rows = malloc(((size_t)all + 1) * 2 * sizeof *pairs->own_rows);
    pairs->same = pairs->own_same = malloc((size_t)all + 1);
    if (pairs->own_rows == NULL || pairs->own_same == NULL) {
        return no_memory(job, all);
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i + 1; j < n; j++, at++) {
            pairs->own_rows[2 * at] = i;
            pairs->own_rows[2 * at + 1] = j;
            pairs->own_same[at] = set->labels[i] == set->labels[j];
        }
    }
    pairs->count = all;
    return TAM_OK;
}

/* The length of each embedding, or one number of the file for each image of the data; image [count]: their numbers. */
static tam_status rate_images(eval_job *job, const eval_set *set, const int64_t *image, float *quality) {
    if (job->quality == NULL) {
        for (int64_t i = 0; i < set->count; i++) {
            double square = 0;
            for (int k = 0; k < set->dim; k++) {
                square += (double)set->x[i * set->dim + k] * (double)set->x[i * set->dim + k];
            }
            quality[i] = (float)sqrt(square);
        }
        return TAM_OK;
    }
    int64_t all = set->info.count;
    float *given = malloc(((size_t)all + 1) * sizeof *given);
    if (given == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for the quality of images");
    }
    tam_status status = tam_quality_read(job->call->ctx, job->quality, all, given);
    for (int64_t i = 0; status == TAM_OK && i < set->count; i++) {
        quality[i] = given[image != NULL ? image[i] : i];
    }
    free(given);
    return status;
}

static tam_status print_edc(eval_job *job, const eval_set *set, const char *by, const tam_edc *result) {
    static const int shown[] = {0, 1, 2, 5, 10, 15, 20, 30, 50};
    if (job->call->json) {
        json_t *object = eval_json_start(job, set), *curve = json_array();
        for (int i = 0; i < TAM_EDC_POINTS; i++) {
            json_array_append_new(curve, json_pack("{s:f, s:o}", "discarded", result->discarded[i], "fnmr",
                                                   cli_json_real(result->fnmr[i])));
        }
        json_object_update_new(object, json_pack("{s:o, s:I, s:I, s:f, s:o, s:o, s:b, s:o, s:o}", "quality",
                                                 cli_json_text(by), "genuine", (json_int_t)result->genuine, "impostor",
                                                 (json_int_t)result->impostor, "fmr", result->fmr, "threshold",
                                                 cli_json_real(result->threshold), "achieved_fmr",
                                                 cli_json_real(result->achieved_fmr), "sufficient", result->sufficient,
                                                 "edc_area", cli_json_real(result->area), "curve", curve));
        return cli_print_json(job->call, object);
    }
    eval_print_start(job, set);
    printf("%-10s ", "quality");
    cli_print_name(by);
    printf("\n");
    printf("%-10s %lld of one class, %lld of two\n", "pairs", (long long)result->genuine, (long long)result->impostor);
    if (!isfinite(result->area)) {
        printf("%-10s insufficient data: both kinds of pairs are needed\n", "EDC");
        return TAM_OK;
    }
    if (!result->sufficient) {
        printf("%-10s insufficient data: fewer than %.0f pairs of two classes for FMR %g\n", "EDC",
               ceil(3 / result->fmr), result->fmr);
        return TAM_OK;
    }
    printf("%-10s cosine %.6f, FMR %.2e for %g\n\n", "threshold", result->threshold, result->achieved_fmr, result->fmr);
    printf("%10s  %8s\n", "discarded", "FNMR");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        printf("%9d%%  %7.3f%%\n", shown[i], 100 * result->fnmr[shown[i]]);
    }
    printf("\n%-10s %.3f%%, the mean FNMR over the first 20%%\n", "area", 100 * result->area);
    return TAM_OK;
}

static tam_status measure(eval_job *job, const eval_set *set, const int64_t *image, const comparisons *pairs) {
    tam_ctx *ctx = job->call->ctx;
    tam_edc result = {.area = NAN};
    float *scores = malloc(((size_t)pairs->count + 1) * sizeof *scores);
    float *worse = malloc(((size_t)pairs->count + 1) * sizeof *worse);
    float *quality = malloc(((size_t)set->count + 1) * sizeof *quality);
    tam_status status = scores != NULL && worse != NULL && quality != NULL ? TAM_OK : no_memory(job, pairs->count);
    if (status == TAM_OK) {
        status = rate_images(job, set, image, quality);
    }
    if (status == TAM_OK) {
        status = tam_eval_pair_scores(ctx, set->count, set->dim, set->x, pairs->count, pairs->rows, scores);
    }
    for (int64_t i = 0; status == TAM_OK && i < pairs->count; i++) {
        float a = quality[pairs->rows[2 * i]], b = quality[pairs->rows[2 * i + 1]];
        worse[i] = a < b ? a : b;
    }
    if (status == TAM_OK) {
        status = tam_eval_edc(ctx, pairs->count, scores, pairs->same, worse, job->far, &result);
    }
    if (status == TAM_OK) {
        status = print_edc(job, set, job->quality != NULL ? job->quality : "length of the embedding", &result);
    }
    free(scores);
    free(worse);
    free(quality);
    return status == TAM_OK && !result.sufficient ? TAM_NEGATIVE : status;
}

static tam_status measure_listed(eval_job *job, eval_set *set) {
    tam_pairs *pairs = NULL;
    tam_ctx *ctx = job->call->ctx;
    tam_status status = job->skip_missing ? tam_pairs_open_present(ctx, job->pairs, set->dataset, &pairs)
                                          : tam_pairs_open(ctx, job->pairs, set->dataset, &pairs);
    if (status == TAM_OK) {
        tam_pairs_info info = tam_pairs_describe(pairs);
        comparisons listed = {.count = info.count, .rows = info.rows, .same = info.same};
        status = eval_embed_some(job, false, info.images, info.image, set);
        if (status == TAM_OK) {
            status = measure(job, set, info.image, &listed);
        }
    }
    tam_pairs_free(pairs);
    return status;
}

tam_status eval_edc(eval_job *job) {
    eval_set set = {0};
    comparisons all = {0};
    bool listed = job->pairs != NULL || job->own_pairs;
    job->data.unlabelled = listed;
    tam_status status = eval_open(job, &job->data, &set);
    if (status == TAM_OK && listed) {
        status = measure_listed(job, &set);
    } else if (status == TAM_OK) {
        status = eval_embed(job, false, &set);
        if (status == TAM_OK) {
            status = list_all(job, &set, &all);
        }
        if (status == TAM_OK) {
            status = measure(job, &set, NULL, &all);
        }
    }
    free(all.own_rows);
    free(all.own_same);
    eval_close(&set);
    return status;
}
