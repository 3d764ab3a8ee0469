/* tammes calibrate: thresholds for rates of false matches, on the user's own pairs. */
#include <math.h>
#include <string.h>

#include "eval.h"

typedef struct calibrate_job {
    eval_job eval;
    const char *path, *out;
    double fmr; /* of the threshold that is chosen */
    bool write;
    tam_calibration result;
    tam_bootstrap intervals;
} calibrate_job;

static const double usual[] = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};
enum { USUAL = sizeof usual / sizeof usual[0] };

/* The usual rates, and the wanted one in its place. */
static int list_levels(double wanted, double fmr[TAM_FAR_LEVELS], int *chosen) {
    int count = 0;
    *chosen = -1;
    for (int i = 0; i < USUAL; i++) {
        if (*chosen < 0 && wanted >= usual[i] * (1 - 1e-12)) {
            *chosen = count;
            fmr[count++] = wanted;
        }
        if (fabs(usual[i] - wanted) > 1e-12 * wanted) {
            fmr[count++] = usual[i];
        }
    }
    if (*chosen < 0) {
        *chosen = count;
        fmr[count++] = wanted;
    }
    return count;
}

static tam_status measure(calibrate_job *job, const eval_set *set, const tam_pairs_info *pairs) {
    tam_ctx *ctx = job->eval.call->ctx;
    double fmr[TAM_FAR_LEVELS];
    int chosen, levels = list_levels(job->fmr, fmr, &chosen);
    tam_bootstrap_config resampling = {.resamples = job->eval.resamples, .seed = job->eval.call->seed};
    tam_status status = pairs == NULL ? tam_calibrate_all_pairs(ctx, set->count, set->dim, set->x, set->labels, levels,
                                                                fmr, &job->result)
                                      : tam_calibrate_pairs(ctx, set->count, set->dim, set->x, pairs->count,
                                                            pairs->rows, pairs->same, levels, fmr, &job->result);
    job->result.chosen = chosen;
    job->result.flip = job->eval.flip == 1;
    if (status != TAM_OK || job->eval.resamples == 0 || job->result.genuine == 0 || job->result.impostor == 0) {
        return status;
    }
    return pairs == NULL
               ? tam_eval_bootstrap(ctx, set->count, set->dim, set->x, set->labels, levels, fmr, &resampling,
                                    &job->intervals)
               : tam_eval_bootstrap_pairs(ctx, set->count, set->dim, set->x, set->info.classes > 0 ? set->labels : NULL,
                                          pairs->count, pairs->rows, pairs->same, levels, fmr, &resampling,
                                          &job->intervals);
}

static tam_status open_and_measure(calibrate_job *job) {
    eval_set set = {0};
    tam_pairs *pairs = NULL;
    eval_job *eval = &job->eval;
    bool listed = eval->pairs != NULL || eval->own_pairs;
    eval->data.unlabelled = listed;
    tam_status status = eval_open(eval, &eval->data, &set);
    if (status == TAM_OK && set.embeddings != NULL) {
        status = cli_fail(eval->call, TAM_CONFIG, "%s: embeddings, but a threshold belongs to photos as %s embeds them",
                          eval->data.path, job->path);
    }
    if (status == TAM_OK && listed) {
        status = eval->skip_missing ? tam_pairs_open_present(eval->call->ctx, eval->pairs, set.dataset, &pairs)
                                    : tam_pairs_open(eval->call->ctx, eval->pairs, set.dataset, &pairs);
    }
    if (status == TAM_OK && listed) {
        const tam_pairs_info info = tam_pairs_describe(pairs);
        status = eval_embed_some(eval, false, info.images, info.image, &set);
        if (status == TAM_OK) {
            status = measure(job, &set, &info);
        }
    } else if (status == TAM_OK) {
        status = eval_embed(eval, false, &set);
        if (status == TAM_OK) {
            status = measure(job, &set, NULL);
        }
    }
    int64_t seen = status == TAM_OK ? set.seen : 0;
    if (seen > 0) {
        cli_note(eval->call,
                 "warning: %lld of %lld classes were trained on: strangers will match more often than this says\n",
                 (long long)seen, (long long)set.info.classes);
    }
    tam_pairs_free(pairs);
    eval_close(&set);
    return status;
}

static void print_level(const calibrate_job *job, int i) {
    const tam_calibration_level *level = &job->result.at[i];
    const tam_bootstrap_level *people = &job->intervals.at[i];
    char mark = i == job->result.chosen ? '*' : ' ';
    if (!level->sufficient) {
        printf("%c %8.0e  insufficient data: fewer than %.0f pairs of two people\n", mark, level->fmr,
               ceil(3 / level->fmr));
        return;
    }
    if (level->threshold >= 2) {
        printf("%c %8.0e  %9s\n", mark, level->fmr, "none");
        return;
    }
    printf("%c %8.0e  %9.6f  %8.1e  %8.1e  %6.2f%%  %6.2f%% .. %6.2f%%", mark, level->fmr, level->threshold,
           level->achieved, level->achieved_high, 100 * level->fnmr, 100 * level->fnmr_low, 100 * level->fnmr_high);
    if (job->intervals.resamples > 0 && isfinite(people->low)) {
        printf("  %6.2f%% .. %6.2f%%", 100 * (1 - people->high), 100 * (1 - people->low));
    }
    printf("\n");
}

static void print_text(const calibrate_job *job) {
    const tam_calibration *result = &job->result;
    printf("%-10s %s, %lld steps\n", "model", job->eval.info.net, (long long)job->eval.info.step);
    printf("%-10s %lld of one person, %lld of two%s\n", "pairs", (long long)result->genuine,
           (long long)result->impostor, result->flip ? ", with mirror images" : "");
    if (result->genuine == 0 || result->impostor == 0) {
        printf("%-10s insufficient data: both kinds of pairs are needed\n", "thresholds");
        return;
    }
    printf("\n  %8s  %9s  %8s  %8s  %7s  %-18s%s\n", "FMR", "threshold", "achieved", "at most", "FNMR", "95% interval",
           job->intervals.resamples > 0 ? "  over people" : "");
    for (int i = 0; i < result->levels; i++) {
        print_level(job, i);
    }
    if (isfinite(result->slope)) {
        printf("\nconfidence 1 / (1 + exp(-(%.4f cosine %+.4f))), if half of all pairs are of one person\n",
               result->slope, result->offset);
    } else {
        printf("\nconfidence none: it does not rise with the score\n");
    }
}

static json_t *level_json(const calibrate_job *job, int i) {
    const tam_calibration_level *level = &job->result.at[i];
    bool found = level->sufficient && level->threshold < 2;
    json_t *object = json_pack("{s:f, s:o, s:o, s:o, s:o, s:[o, o], s:b}", "fmr", level->fmr, "threshold",
                               found ? json_real(level->threshold) : json_null(), "achieved_fmr",
                               cli_json_real(level->achieved), "achieved_fmr_high", cli_json_real(level->achieved_high),
                               "fnmr", cli_json_real(level->fnmr), "fnmr_interval", cli_json_real(level->fnmr_low),
                               cli_json_real(level->fnmr_high), "sufficient", level->sufficient);
    if (job->intervals.resamples > 0) {
        const tam_bootstrap_level *people = &job->intervals.at[i];
        json_object_set_new(object, "fnmr_interval_over_people",
                            json_pack("[o, o]", cli_json_real(1 - people->high), cli_json_real(1 - people->low)));
    }
    return object;
}

static tam_status print_json(const calibrate_job *job, bool written) {
    const tam_calibration *result = &job->result;
    const tam_calibration_level *chosen = &result->at[result->chosen];
    json_t *levels = json_array();
    for (int i = 0; i < result->levels; i++) {
        json_array_append_new(levels, level_json(job, i));
    }
    bool found = chosen->sufficient && chosen->threshold < 2;
    return cli_print_json(job->eval.call,
                          json_pack("{s:o, s:I, s:I, s:b, s:o, s:f, s:o, s:{s:o, s:o}, s:b}", "data",
                                    cli_json_text(job->eval.data.path), "genuine", (json_int_t)result->genuine,
                                    "impostor", (json_int_t)result->impostor, "flip", result->flip, "levels", levels,
                                    "fmr", chosen->fmr, "threshold", found ? json_real(chosen->threshold) : json_null(),
                                    "confidence", "slope", cli_json_real(result->slope), "offset",
                                    cli_json_real(result->offset), "written", written));
}

/* Keeps and prints. What cannot be chosen is a negative result, and nothing is written. */
static tam_status finish(calibrate_job *job) {
    const tam_calibration_level *chosen = &job->result.at[job->result.chosen];
    bool found = chosen->sufficient && chosen->threshold < 2, keeps = job->write || job->out != NULL;
    tam_status status = TAM_OK;
    if (found && keeps) {
        status = tam_model_write_calibration(job->eval.call->ctx, job->path, &job->result, job->out);
    }
    if (status == TAM_OK && job->eval.call->json) {
        status = print_json(job, found && keeps);
    } else if (status == TAM_OK) {
        print_text(job);
        if (found && keeps) {
            printf("written to %s: threshold %.6f\n", job->out != NULL ? job->out : job->path, chosen->threshold);
        }
    }
    if (status != TAM_OK || found) {
        return status;
    }
    return cli_fail(job->eval.call, TAM_NEGATIVE, "no threshold for FMR %g: %s%s", chosen->fmr,
                    chosen->sufficient ? "no pair of one person scores above that many of two"
                                       : "insufficient data, give more people or a larger --far",
                    keeps ? "; nothing is written" : "");
}

tam_status cli_calibrate(cli_call *call) {
    calibrate_job job = {.eval = {.call = call, .protocol = "calibrate", .resamples = 400}, .fmr = 1e-3};
    eval_job *eval = &job.eval;
    const cli_option options[] = {
        cli_required(cli_text("model", &job.path, "RUN|FILE", "run directory or model file")),
        cli_required(cli_text("data", &eval->data.path, "DATA", "photos as you will compare them: of many people")),
        CLI_DATASET_NARROWING("", &eval->data),
        cli_text("pairs", &eval->pairs, "FILE", "list of pairs (all pairs of the data)"),
        cli_switch("skip-missing", &eval->skip_missing, "leave out pairs whose images are not in the data"),
        cli_real("far", &job.fmr, 1e-9, 1, "rate of false matches whose threshold is chosen (0.001)"),
        cli_int("bootstrap", &eval->resamples, 0, 1000000, "resamples of people behind the intervals (400)"),
        cli_choice("flip", &eval->flip, "auto|yes|no", "add the mirror image's embedding (as the model says)"),
        cli_switch("write", &job.write, "keep the table and the chosen threshold in the model file"),
        cli_text("out", &job.out, "FILE", "keep them in a copy of the model; it must not be there"),
    };
    const cli_usage usage = {
        .synopsis = "--model RUN --data DATA [--pairs FILE] [--far X] [--write] [options]",
        .example = "tammes calibrate --model runs/faces --data our-people\n"
                   "tammes calibrate --model runs/faces --data our-people --far 1e-4 --write",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (job.write && job.out != NULL) {
        return cli_fail(call, TAM_CONFIG, "--write and --out exclude each other");
    }
    tam_status status = tam_pairs_inside(call->ctx, eval->data.path, &eval->own_pairs);
    if (status == TAM_OK) {
        status = tam_model_open(call->ctx, job.path, &eval->model);
    }
    if (status == TAM_OK) {
        eval->info = tam_model_describe(eval->model);
        eval->dim = eval->info.dim;
        eval->model_path = job.path;
        eval->model_path = job.path;
        eval->flip = eval->flip == 0 ? (eval->info.flip ? 1 : 2) : eval->flip;
        status = open_and_measure(&job);
    }
    if (status == TAM_OK) {
        status = finish(&job);
    }
    tam_model_free(eval->model);
    return status;
}
