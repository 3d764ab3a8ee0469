/* tammes verify: do two photos show the same person? */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

tam_status verify_check_row(verify_job *job, const char *name, const float *x) {
    double square = 0;
    for (int k = 0; k < job->info.dim; k++) {
        square += (double)x[k] * (double)x[k];
    }
    if (!isfinite(square) || square == 0) {
        return cli_fail(job->call, TAM_INPUT, "%s: its embedding %s: it has no score", name,
                        square == 0 ? "is zero" : "has numbers that are not finite");
    }
    return TAM_OK;
}

tam_status verify_embed_file(verify_job *job, const char *path, float *x) {
    const tam_model_info *info = &job->info;
    int height = 0, width = 0;
    uint8_t *pixels = malloc((size_t)info->height * (size_t)info->width * (size_t)info->channels);
    if (pixels == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for an image");
    }
    tam_status status =
        tam_image_read(job->call->ctx, path, info->channels, info->height, info->width, pixels, &height, &width);
    if (status == TAM_OK && (height != info->height || width != info->width)) {
        bool aligned = strcmp(info->alignment, "none") != 0;
        cli_note(job->call, "%s: %d x %d became %d x %d%s\n", path, width, height, info->width, info->height,
                 aligned ? "; the model wants faces that tammes data align has aligned" : "");
    }
    if (status == TAM_OK) {
        status = tam_model_embed(job->model, 1, pixels, job->rule.flip, x);
    }
    free(pixels);
    return status == TAM_OK ? verify_check_row(job, path, x) : status;
}

bool verify_is_same(const verify_rule *rule, double score) {
    return score >= rule->threshold;
}

double verify_confidence(const verify_rule *rule, double score) {
    return rule->calibration != NULL ? tam_confidence(rule->calibration, score) : NAN;
}

json_t *verify_json(const verify_rule *rule, double score) {
    return json_pack("{s:f, s:s, s:o}", "cosine", score, "decision", verify_is_same(rule, score) ? "same" : "different",
                     "confidence", cli_json_real(verify_confidence(rule, score)));
}

static const tam_calibration_level *chosen_level(const verify_rule *rule) {
    return rule->given ? NULL : &rule->calibration->at[rule->calibration->chosen];
}

static tam_status print_json(const verify_job *job, char **path, double score) {
    const verify_rule *rule = &job->rule;
    const tam_calibration_level *level = chosen_level(rule);
    json_t *object =
        json_pack("{s:o, s:o, s:f, s:s, s:b}", "a", cli_json_text(path[0]), "b", cli_json_text(path[1]), "threshold",
                  rule->threshold, "threshold_from", rule->given ? "given" : "model", "flip", rule->flip);
    json_object_update_new(object, verify_json(rule, score));
    if (level != NULL) {
        json_object_set_new(object, "fmr", json_real(level->fmr));
        json_object_set_new(object, "achieved_fmr_high", cli_json_real(level->achieved_high));
        json_object_set_new(object, "impostor", json_integer((json_int_t)rule->calibration->impostor));
    }
    return cli_print_json(job->call, object);
}

static void print_text(const verify_rule *rule, double score) {
    const tam_calibration_level *level = chosen_level(rule);
    double sure = verify_confidence(rule, score);
    printf("%-10s %.6f\n", "cosine", score);
    if (level == NULL) {
        printf("%-10s %.6f, as given\n", "threshold", rule->threshold);
    } else {
        printf("%-10s %.6f, of the model: FMR %.0e, at most %.1e by %lld pairs of two people\n", "threshold",
               rule->threshold, level->fmr, level->achieved_high, (long long)rule->calibration->impostor);
    }
    printf("%-10s %s\n", "decision", verify_is_same(rule, score) ? "same" : "different");
    if (isfinite(sure)) {
        printf("%-10s %.4f that they are the same person, if half of all pairs are\n", "confidence", sure);
    } else {
        printf("%-10s not known: the model is not calibrated\n", "confidence");
    }
}

static tam_status verify_two(verify_job *job) {
    cli_call *call = job->call;
    static const int64_t pair[2] = {0, 1};
    double score = NAN;
    float *x = malloc(2 * (size_t)job->info.dim * sizeof *x);
    if (x == NULL) {
        return cli_fail(call, TAM_RESOURCES, "cannot allocate memory for two embeddings");
    }
    tam_status status = verify_embed_file(job, call->operands[0], x);
    if (status == TAM_OK) {
        status = verify_embed_file(job, call->operands[1], x + job->info.dim);
    }
    if (status == TAM_OK) {
        status = tam_score_pairs(call->ctx, 2, job->info.dim, x, 1, pair, &score);
    }
    free(x);
    if (status == TAM_OK && call->json) {
        status = print_json(job, call->operands, score);
    } else if (status == TAM_OK) {
        print_text(&job->rule, score);
    }
    return status == TAM_OK && !verify_is_same(&job->rule, score) ? TAM_NEGATIVE : status;
}

/* The threshold of the command line, else the model's; the mirror images as that threshold wants them. */
static tam_status settle(verify_job *job, const char *path, double threshold, int flip) {
    const tam_calibration *calibration = tam_model_calibration(job->model);
    verify_rule *rule = &job->rule;
    *rule = (verify_rule){.threshold = threshold, .calibration = calibration, .given = isfinite(threshold)};
    int usual = calibration != NULL ? calibration->flip : job->info.flip;
    rule->flip = flip == 0 ? usual : flip == 1;
    if (!rule->given && calibration == NULL) {
        return cli_fail(job->call, TAM_CONFIG,
                        "%s: the model has no threshold: 'tammes calibrate --model %s --data YOURS --write' finds one "
                        "on your own photos, or give --threshold",
                        path, path);
    }
    if (calibration != NULL && rule->flip != calibration->flip) {
        if (!rule->given) {
            return cli_fail(job->call, TAM_CONFIG, "%s: the threshold was calibrated %s mirror images", path,
                            calibration->flip ? "with" : "without");
        }
        rule->calibration = NULL;
    }
    if (!rule->given) {
        rule->threshold = calibration->at[calibration->chosen].threshold;
    }
    return TAM_OK;
}

static tam_status run(verify_job *job, const char *path, double threshold, int flip, const char *list,
                      const tam_dataset_config *data) {
    tam_status status = tam_model_open(job->call->ctx, path, &job->model);
    if (status != TAM_OK) {
        return status;
    }
    job->info = tam_model_describe(job->model);
    status = settle(job, path, threshold, flip);
    if (status == TAM_OK) {
        status = list != NULL || data->path != NULL ? verify_list(job, list, data) : verify_two(job);
    }
    tam_model_free(job->model);
    return status;
}

tam_status cli_verify(cli_call *call) {
    verify_job job = {.call = call};
    tam_dataset_config data = {.unlabelled = 1};
    const char *model = NULL, *list = NULL;
    double threshold = NAN;
    int flip = 0;
    const cli_option options[] = {
        cli_required(cli_text("model", &model, "RUN|FILE", "run directory or model file")),
        cli_real("threshold", &threshold, -1, 1, "cosine from which on two photos are one person (the model's)"),
        cli_text("pairs", &list, "FILE",
                 "a list instead of two photos: CSV path_a,path_b[,same]; with --data any list"),
        cli_text("data", &data.path, "DATA", "what holds the images of the list; lfw.bin has a list of its own"),
        cli_choice("flip", &flip, "auto|yes|no", "add the mirror image's embedding (as the model says)"),
    };
    const cli_usage usage = {
        .synopsis = "--model RUN PHOTO PHOTO [options] | --model RUN --pairs FILE [options]",
        .example = "tammes verify --model runs/faces door.jpg passport.jpg\n"
                   "tammes verify --model runs/faces --pairs checks.csv --json",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 0,
        .most_operands = 2,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    bool listed = list != NULL || data.path != NULL;
    if (call->operand_count != (listed ? 0 : 2)) {
        return cli_fail(call, TAM_CONFIG, listed ? "either two photos or a list of pairs" : "two photos are needed");
    }
    return run(&job, model, threshold, flip, list, &data);
}
