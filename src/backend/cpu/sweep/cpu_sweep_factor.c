#include "backend/cpu/sweep/cpu_sweep_factor.h"

#include <string.h>

#include "base/memory.h"
#include "base/team.h"

enum { BY_X = 2 }; /* where the terms' sums begin in those of a task */

bool tam_sweep_has_factors(const tam_cpu_step *step) {
    return step->factor[0] > 0 || step->factor[1] > 0;
}

bool tam_sweep_sums_together(const tam_cpu_step *step) {
    bool slopes = step->activation != NULL && step->activation->parameter_count > 0;
    return tam_sweep_has_factors(step) && step->norm[0] == NULL && step->norm[1] == NULL && !slopes;
}

static float *take(char **at, int64_t count) {
    float *taken = (float *)(void *)*at;
    *at += ((size_t)count * sizeof(float) + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    return taken;
}

static tam_sweep_factors factors_at(tam_plan *plan, const tam_cpu_step *step, char **at) {
    const tam_layout *layout = &tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_cut cut = tam_cpu_cut_of(layout, layout->n);
    tam_sweep_factors factors = {.any = tam_sweep_has_factors(step), .layout = *layout};
    factors.parts = (tam_layout_pixels(layout) - 1) / cut.piece + 2;
    for (int k = 0; k < step->terms; k++) {
        if (step->factor[k] > 0) {
            factors.pattern[k] = take(at, layout->n * tam_layout_pattern(layout));
            factors.partial[k] = take(at, layout->n * factors.parts * layout->c);
        }
    }
    return factors;
}

size_t tam_sweep_factors_bytes(tam_plan *plan, const tam_cpu_step *step) {
    char *at = NULL;
    (void)factors_at(plan, step, &at);
    return (size_t)(uintptr_t)at;
}

tam_sweep_factors tam_sweep_factors_at(tam_plan *plan, const tam_cpu_step *step, size_t before) {
    char *at = (char *)tam_cpu_scratch(plan) + before;
    return factors_at(plan, step, &at);
}

typedef struct spread_job {
    const tam_sweep_factors *factors;
    const float *values[TAM_SWEEP_TERMS];
} spread_job;

static void spread_sample(void *argument, int64_t task, int worker) {
    const spread_job *job = argument;
    const tam_sweep_factors *f = job->factors;
    (void)worker;
    for (int k = 0; k < TAM_SWEEP_TERMS; k++) {
        if (f->pattern[k] != NULL) {
            tam_layout_spread(&f->layout, job->values[k] + task * f->layout.c, 0,
                              f->pattern[k] + task * tam_layout_pattern(&f->layout));
        }
    }
}

void tam_sweep_factors_spread(tam_plan *plan, const tam_cpu_step *step, const tam_sweep_factors *factors, int n) {
    spread_job job = {.factors = factors};
    for (int k = 0; k < step->terms; k++) {
        job.values[k] = step->factor[k] > 0 ? tam_cpu_in(plan, step, step->factor[k])->data : NULL;
    }
    tam_team_run(plan->ctx, n, spread_sample, &job);
}

static int64_t sample_of(const tam_sweep_factors *factors, const tam_cpu_run *run) {
    return run->row / tam_layout_pixels(&factors->layout);
}

tam_sweep tam_sweep_of_run(const tam_sweep *sweep, const tam_sweep_factors *factors, const tam_cpu_run *run) {
    tam_sweep made = *sweep;
    for (int k = 0; k < sweep->terms; k++) {
        if (factors->pattern[k] != NULL) {
            made.term[k].scale = factors->pattern[k] + sample_of(factors, run) * tam_layout_pattern(&factors->layout);
        }
    }
    return made;
}

/* The pieces in which a sample's pixels lie. */
static int64_t first_piece(const tam_sweep_factors *factors, const tam_cpu_cut *cut, int64_t sample) {
    return sample * tam_layout_pixels(&factors->layout) / cut->piece;
}

static int64_t last_piece(const tam_sweep_factors *factors, const tam_cpu_cut *cut, int64_t sample) {
    return ((sample + 1) * tam_layout_pixels(&factors->layout) - 1) / cut->piece;
}

/* A channel lies at several places of the period. */
static void gather(const tam_cpu_cut *cut, int block, const float *places, float *channels) {
    int lanes = cut->layout.lanes, first = block * lanes;
    for (int lane = 0; lane < lanes && first + lane < cut->layout.c; lane++) {
        double sum = 0;
        for (int k = lane; k < cut->period; k += lanes) {
            sum += (double)places[k];
        }
        channels[first + lane] = (float)sum;
    }
}

void tam_sweep_factors_sums(const tam_sweep_kernels *kernels, const tam_sweep *sweep, const tam_sweep_factors *factors,
                            const tam_cpu_cut *cut, int64_t task, const tam_cpu_run *run, float *sums) {
    const tam_layout *layout = &factors->layout;
    int64_t sample = sample_of(factors, run), part = task / cut->blocks - first_piece(factors, cut, sample);
    for (int k = 0; k < sweep->terms; k++) {
        if (factors->pattern[k] != NULL) {
            memset(sums + (int64_t)(BY_X + k) * cut->period, 0, (size_t)cut->period * sizeof *sums);
        }
    }
    kernels->gradient_sums(sweep, run->start, run->count, (int64_t)run->block * cut->period, sums);
    for (int k = 0; k < sweep->terms; k++) {
        if (factors->pattern[k] != NULL) {
            gather(cut, run->block, sums + (int64_t)(BY_X + k) * cut->period,
                   factors->partial[k] + (sample * factors->parts + part) * layout->c);
        }
    }
}

void tam_sweep_factors_finish(const tam_cpu_step *step, const tam_sweep_factors *factors, const tam_cpu_cut *cut) {
    const tam_layout *layout = &factors->layout;
    for (int k = 0; k < step->terms; k++) {
        int input = step->factor[k];
        float *ds = input > 0 && step->wanted[input] ? step->dx[input] : NULL;
        for (int64_t sample = 0; sample < layout->n && ds != NULL; sample++, ds += layout->c) {
            int64_t parts = last_piece(factors, cut, sample) - first_piece(factors, cut, sample) + 1;
            const float *partial = factors->partial[k] + sample * factors->parts * layout->c;
            for (int c = 0; c < layout->c; c++) {
                double sum = step->add[input] ? (double)ds[c] : 0;
                for (int64_t part = 0; part < parts; part++) {
                    sum += (double)partial[part * layout->c + c];
                }
                ds[c] = (float)sum;
            }
        }
    }
}
