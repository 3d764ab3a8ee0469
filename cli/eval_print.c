/* Results of an evaluation, as a table and as JSON. */
#include <math.h>

#include "eval.h"

json_t *eval_json_start(const eval_job *job, const eval_set *set) {
    return json_pack("{s:s, s:o, s:I, s:I, s:I, s:i, s:s}", "protocol", job->protocol, "data",
                     cli_json_text(job->data.path), "images", (json_int_t)set->info.count, "classes",
                     (json_int_t)set->info.classes, "classes_seen_in_training", (json_int_t)eval_seen_classes(job, set),
                     "dim", job->info.dim, "dtype", job->info.dtype);
}

void eval_print_start(const eval_job *job, const eval_set *set) {
    printf("%-10s %s, %s, %d numbers an image, %lld steps, embedding in %s\n", "model", job->info.net, job->info.loss,
           job->info.dim, (long long)job->info.step, job->info.dtype);
    if (set->info.classes == 0) {
        printf("%-10s %s: %lld images without labels\n", "data", job->data.path, (long long)set->info.count);
    } else {
        printf("%-10s %s: %lld images of %lld classes, %lld of them seen in training\n", "data", job->data.path,
               (long long)set->info.count, (long long)set->info.classes, (long long)eval_seen_classes(job, set));
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
