#include "eval/resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"

enum { DEFAULT_RESAMPLES = 400 };

typedef struct resample_job {
    const tam_resample_input *input;
    int levels;
    const double *far;
    uint64_t seed;
    uint32_t *times; /* [threads, subjects] how often each subject was drawn */
    double *values;  /* [1 + levels, resamples]: EER, then the TAR at each level; NaN unknown */
    int resamples;
} resample_job;

void tam_resample_nothing(int64_t subjects, int levels, const double *far, tam_bootstrap *result) {
    *result = (tam_bootstrap){.subjects = subjects, .levels = levels, .eer_low = NAN, .eer_high = NAN};
    for (int i = 0; i < levels; i++) {
        result->at[i] = (tam_bootstrap_level){far[i], NAN, NAN};
    }
}

static void draw_subjects(const resample_job *job, int64_t resample, uint32_t *times) {
    uint32_t subjects = (uint32_t)job->input->subjects;
    tam_random random = tam_random_at(job->seed, TAM_PURPOSE_BOOTSTRAP, (uint32_t)resample, 0);
    memset(times, 0, subjects * sizeof *times);
    for (uint32_t i = 0; i < subjects; i++) {
        times[tam_random_below(&random, subjects)]++;
    }
}

static double weight_of(const tam_subject_score *pair, const uint32_t *times) {
    double first = times[pair->first];
    return pair->first == pair->second ? first : first * (double)times[pair->second];
}

static double sum_of(const tam_subject_scores *scores, const uint32_t *times) {
    double sum = 0;
    for (int64_t i = 0; i < scores->count; i++) {
        sum += weight_of(&scores->items[i], times);
    }
    return sum;
}

/* Whole numbers below 2^53, so that sums are exact in any order. */
static double impostor_sum(const tam_resample_input *input, const uint32_t *times) {
    double rows = 0, squares = 0;
    if (input->rows == NULL) {
        return sum_of(&input->impostor, times);
    }
    for (int64_t s = 0; s < input->subjects; s++) {
        double own = (double)times[s] * (double)input->rows[s];
        rows += own;
        squares += own * own;
    }
    return (rows * rows - squares) / 2;
}

/* Where FAR = FRR on the straight piece between two vertices of the ROC; `before` lies before it. */
static double crossing(double far_before, double far_after, double before, double after) {
    double share = after > before ? -before / (after - before) : 1;
    return far_before + share * (far_after - far_before);
}

/* One walk down the scores of both kinds; equal ones are accepted together. */
static void walk(const resample_job *job, const uint32_t *times, double genuine_sum, double impostors, double *values) {
    const tam_subject_scores *genuine = &job->input->genuine, *impostor = &job->input->impostor;
    double accepted = 0, wrong = 0, far_before = 0, beyond_before = -1; /* beyond: FAR - FRR */
    double most = 0;                                                    /* wrong ones that any level allows */
    int64_t g = 0, i = 0;
    bool crossed = !job->input->all_impostors;
    for (int level = 0; level < job->levels; level++) {
        most = fmax(most, floor(job->far[level] * impostors));
    }
    while ((g < genuine->count || i < impostor->count) && !(crossed && wrong > most)) {
        float score = g < genuine->count ? genuine->items[g].score : -INFINITY;
        score = i < impostor->count && impostor->items[i].score > score ? impostor->items[i].score : score;
        for (; i < impostor->count && impostor->items[i].score == score; i++) {
            wrong += weight_of(&impostor->items[i], times);
        }
        for (; g < genuine->count && genuine->items[g].score == score; g++) {
            accepted += weight_of(&genuine->items[g], times);
        }
        double far = wrong / impostors, tar = accepted / genuine_sum;
        for (int level = 0; level < job->levels; level++) {
            if (wrong <= floor(job->far[level] * impostors)) {
                values[(1 + level) * job->resamples] = tar;
            }
        }
        double beyond = far + tar - 1;
        if (!crossed && beyond >= 0) {
            values[0] = crossing(far_before, far, beyond_before, beyond);
            crossed = true;
        }
        beyond_before = beyond;
        far_before = far;
    }
    for (int level = 0; level < job->levels && !job->input->all_impostors; level++) {
        if (wrong <= floor(job->far[level] * impostors)) {
            values[(1 + level) * job->resamples] = NAN; /* the missing ones might still be let in */
        }
    }
}

static void resample_once(void *argument, int64_t resample, int worker) {
    resample_job *job = argument;
    uint32_t *times = job->times + (int64_t)worker * job->input->subjects;
    double *values = job->values + resample;
    draw_subjects(job, resample, times);
    double genuine = sum_of(&job->input->genuine, times), impostors = impostor_sum(job->input, times);
    for (int k = 0; k <= job->levels; k++) {
        values[k * job->resamples] = genuine > 0 && impostors > 0 && k > 0 ? 0 : NAN;
    }
    if (genuine > 0 && impostors > 0) {
        walk(job, times, genuine, impostors, values);
    }
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Percentiles of the values that are known, by straight lines between neighbours; NaN when one in a hundred is not. */
static void percentiles(double *values, int count, double *low, double *high) {
    int known = 0;
    for (int i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            values[known++] = values[i];
        }
    }
    *low = *high = NAN;
    if (known == 0 || 100 * (count - known) > count) {
        return;
    }
    qsort(values, (size_t)known, sizeof *values, rising);
    for (int side = 0; side < 2; side++) {
        double place = (side == 0 ? 0.025 : 0.975) * (known - 1);
        int below = (int)place, above = below + 1 < known ? below + 1 : below;
        *(side == 0 ? low : high) = values[below] + (place - below) * (values[above] - values[below]);
    }
}

/* Falling. */
static int by_score(const void *a, const void *b) {
    float x = ((const tam_subject_score *)a)->score, y = ((const tam_subject_score *)b)->score;
    return (x < y) - (x > y);
}

tam_status tam_resample(tam_ctx *ctx, tam_resample_input *input, int levels, const double *far,
                        const tam_bootstrap_config *config, tam_bootstrap *result) {
    resample_job job = {.input = input,
                        .levels = levels,
                        .far = far,
                        .seed = config->seed,
                        .resamples = config->resamples > 0 ? config->resamples : DEFAULT_RESAMPLES};
    tam_resample_nothing(input->subjects, levels, far, result);
    job.times = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx) * (size_t)input->subjects, sizeof *job.times,
                             "resamples of subjects");
    job.values = tam_allocate(ctx, (size_t)job.resamples, (size_t)(1 + levels) * sizeof *job.values, "resamples");
    tam_status status = job.times != NULL && job.values != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        qsort(input->genuine.items, (size_t)input->genuine.count, sizeof(tam_subject_score), by_score);
        qsort(input->impostor.items, (size_t)input->impostor.count, sizeof(tam_subject_score), by_score);
        tam_team_run(ctx, job.resamples, resample_once, &job);
        result->resamples = job.resamples;
        percentiles(job.values, job.resamples, &result->eer_low, &result->eer_high);
        for (int i = 0; i < levels; i++) {
            percentiles(job.values + (int64_t)(1 + i) * job.resamples, job.resamples, &result->at[i].low,
                        &result->at[i].high);
        }
    }
    tam_release(ctx, job.times);
    tam_release(ctx, job.values);
    return status;
}
