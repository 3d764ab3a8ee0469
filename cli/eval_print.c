/* Results of an evaluation, as a table and as JSON. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "eval.h"

static bool are_numbers(const eval_set *set) {
    bool numbers = set->info.classes > 0;
    for (int64_t c = 0; numbers && c < set->info.classes; c++) {
        const char *name = tam_dataset_class_name(set->dataset, c);
        numbers = name[strspn(name, "0123456789")] == '\0';
    }
    return numbers;
}

/* Of protocols that are about strangers: whether they are such. False: there is nothing to say. */
static bool seen_sentence(const eval_job *job, const eval_set *set, char *sentence, size_t room) {
    bool closed = strcmp(job->protocol, "classify") == 0 || (job->has_gallery && job->gallery == EVAL_WEIGHTS);
    if (closed || set->seen <= 0) {
        return false;
    }
    snprintf(sentence, room,
             "%s: %lld of the classes that are evaluated are called as classes that the model was trained on%s: it has "
             "seen them, and these figures do not tell how well it knows strangers",
             job->data.path, (long long)set->seen,
             are_numbers(set) ? " (numbers both: if they mean the same ones)" : "");
    return true;
}

/* A model's words in JSON, null without one. */
static json_t *model_text(const eval_job *job, const char *text) {
    return job->model != NULL ? cli_json_text(text) : json_null();
}

json_t *eval_json_start(const eval_job *job, const eval_set *set) {
    char sentence[PATH_MAX + 512];
    json_t *warnings = json_array();
    if (seen_sentence(job, set, sentence, sizeof sentence)) {
        cli_print_sentence("tammes: warning: ", sentence);
        json_array_append_new(warnings, cli_json_text(sentence));
    }
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:o, s:i, s:o, s:o}", "protocol", job->protocol, "model",
                     model_text(job, job->model_path), "data", cli_json_text(job->data.path), "images",
                     (json_int_t)set->info.count, "classes", (json_int_t)set->info.classes, "classes_seen_in_training",
                     set->seen >= 0 ? json_integer((json_int_t)set->seen) : json_null(), "dim", set->dim, "dtype",
                     model_text(job, job->info.dtype), "warnings", warnings);
}

void eval_print_start(const eval_job *job, const eval_set *set) {
    char sentence[PATH_MAX + 512];
    if (seen_sentence(job, set, sentence, sizeof sentence)) {
        cli_print_sentence("tammes: warning: ", sentence);
    }
    if (job->model != NULL) {
        printf("%-10s %s, %s, %d numbers an image, %lld steps, embedding in %s\n", "model", job->info.net,
               job->info.loss, job->info.dim, (long long)job->info.step, job->info.dtype);
    } else {
        printf("%-10s unknown: the data are embeddings of %d numbers, and whether their classes were in training "
               "cannot be known\n",
               "model", set->dim);
    }
    printf("%-10s ", "data");
    cli_print_name(job->data.path);
    printf(": %lld %s", (long long)set->info.count, set->embeddings != NULL ? "embeddings" : "images");
    if (set->info.classes == 0) {
        printf(" without labels\n");
    } else if (set->seen < 0) {
        printf(" of %lld classes\n", (long long)set->info.classes);
    } else {
        printf(" of %lld classes, %lld of them seen in training\n", (long long)set->info.classes, (long long)set->seen);
    }
    printf("%-10s %s\n", "protocol", job->protocol);
}

tam_status eval_judge(double share) {
    return isfinite(share) ? TAM_OK : TAM_NEGATIVE;
}

void eval_print_share(const char *label, double share) {
    if (isfinite(share)) {
        printf("%-10s %.2f%%\n", label, 100 * share);
    } else {
        printf("%-10s insufficient data\n", label);
    }
}

static json_t *level_json(const tam_tar_at_far *at) {
    return json_pack("{s:f, s:o, s:o, s:o, s:[o, o], s:b}", "far", at->far, "tar", cli_json_real(at->tar), "threshold",
                     cli_json_real(at->threshold), "achieved_far", cli_json_real(at->achieved_far), "interval",
                     cli_json_real(at->low), cli_json_real(at->high), "sufficient", at->sufficient);
}

void eval_json_verification(json_t *object, const tam_verification *result) {
    json_t *levels = json_array();
    for (int i = 0; i < result->levels; i++) {
        json_array_append_new(levels, level_json(&result->at[i]));
    }
    json_object_set_new(object, "pairs", json_integer((json_int_t)(result->genuine + result->impostor)));
    json_object_set_new(object, "genuine", json_integer((json_int_t)result->genuine));
    json_object_set_new(object, "impostor", json_integer((json_int_t)result->impostor));
    json_object_set_new(object, "eer", cli_json_real(result->eer));
    json_object_set_new(object, "eer_threshold", cli_json_real(result->eer_threshold));
    json_object_set_new(object, "auc", cli_json_real(result->auc));
    json_object_set_new(object, "d_prime", cli_json_real(result->d_prime));
    json_object_set_new(object, "best_accuracy", cli_json_real(result->best_accuracy));
    json_object_set_new(object, "tar_at_far", levels);
}

void eval_print_verification(const tam_verification *result) {
    printf("%-10s %lld of one class, %lld of two\n", "pairs", (long long)result->genuine, (long long)result->impostor);
    if (!isfinite(result->eer)) {
        printf("%-10s insufficient data: both kinds of pairs are needed\n", "EER");
        return;
    }
    printf("%-10s %.2f%% at cosine %.6f\n", "EER", 100 * result->eer, result->eer_threshold);
    printf("%-10s %.5f\n", "AUC", result->auc);
    printf("%-10s %.3f\n", "d'", result->d_prime);
    printf("\nFAR and TAR are FMR and 1 - FNMR of ISO/IEC 19795-1\n");
    printf("%8s  %8s  %-18s  %9s  %12s\n", "FAR", "TAR", "95% interval", "threshold", "achieved FAR");
    for (int i = 0; i < result->levels; i++) {
        const tam_tar_at_far *at = &result->at[i];
        if (!at->sufficient) {
            printf("%8.0e  insufficient data: fewer than %.0f pairs of two classes\n", at->far, ceil(3 / at->far));
            continue;
        }
        printf("%8.0e  %7.2f%%  %6.2f%% .. %6.2f%%  ", at->far, 100 * at->tar, 100 * at->low, 100 * at->high);
        if (at->tar > 0) {
            printf("%9.6f  %12.2e\n", at->threshold, at->achieved_far);
        } else {
            printf("%9s  %12s\n", "none", "-");
        }
    }
}
