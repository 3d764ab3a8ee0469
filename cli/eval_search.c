/* tammes eval of searches: retrieval, open sets, distractors, clusters. */
#include <math.h>
#include <stdlib.h>

#include "eval.h"

static tam_status print_retrieval(eval_job *job, const eval_set *set, const tam_retrieval *result) {
    const int *levels = tam_recall_levels();
    char key[16];
    if (!job->call->json) {
        eval_print_start(job, set);
        printf("%-10s %lld images, %lld more have no other of their class\n", "queries", (long long)result->queries,
               (long long)result->left_out);
        for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
            snprintf(key, sizeof key, "R@%d", levels[k]);
            eval_print_share(key, result->recall[k]);
        }
        eval_print_share("R-prec.", result->r_precision);
        eval_print_share("MAP@R", result->map_at_r);
        return TAM_OK;
    }
    json_t *object = eval_json_start(job, set), *recall = json_object();
    for (int k = 0; k < TAM_RECALL_LEVELS; k++) {
        snprintf(key, sizeof key, "%d", levels[k]);
        json_object_set_new(recall, key, cli_json_real(result->recall[k]));
    }
    json_object_update_new(object,
                           json_pack("{s:I, s:I, s:o, s:o, s:o}", "queries", (json_int_t)result->queries, "left_out",
                                     (json_int_t)result->left_out, "recall_at", recall, "r_precision",
                                     cli_json_real(result->r_precision), "map_at_r", cli_json_real(result->map_at_r)));
    return cli_print_json(job->call, object);
}

tam_status eval_retrieval(eval_job *job) {
    eval_gallery_rows gallery;
    eval_set set = {0};
    tam_ctx *ctx = job->call->ctx;
    tam_retrieval result = {.map_at_r = NAN};
    tam_status status = eval_gallery_named(job, &gallery);
    if (status == TAM_OK) {
        status = eval_open_and_embed(job, &set);
    }
    if (status == TAM_OK && gallery.count < 0) {
        status = tam_eval_retrieval_within(ctx, set.count, set.dim, set.x, set.labels, &result);
    } else if (status == TAM_OK) {
        (void)eval_gallery_rename(&gallery, &set);
        status = tam_eval_retrieval(ctx, set.dim, gallery.count, gallery.x, gallery.labels, set.count, set.x,
                                    set.labels, &result);
    }
    if (status == TAM_OK) {
        status = eval_page_add_retrieval(job, &set, &result);
    }
    if (status == TAM_OK) {
        status = print_retrieval(job, &set, &result);
    }
    eval_close(&set);
    eval_gallery_free(&gallery);
    return status == TAM_OK ? eval_judge(result.map_at_r) : status;
}

static tam_status print_openset(eval_job *job, const eval_set *set, const eval_gallery_rows *gallery,
                                const tam_openset *result) {
    json_t *levels = json_array();
    if (!job->call->json) {
        eval_print_start(job, set);
        printf("%-10s %s: %lld rows\n", "gallery", gallery->words, (long long)result->gallery);
        printf("%-10s %lld mated, %lld not\n", "probes", (long long)result->mated, (long long)result->nonmated);
        eval_print_share("rank 1", result->rank1);
        printf("\n%8s  %8s  %-18s  %9s  %13s\n", "FPIR", "TPIR", "95% interval", "threshold", "achieved FPIR");
    }
    for (int i = 0; i < result->levels; i++) {
        const tam_tpir_at_fpir *at = &result->at[i];
        if (!job->call->json && result->mated == 0) {
            printf("%8.0e  insufficient data: no probe is enrolled\n", at->fpir);
        } else if (!job->call->json && !at->sufficient) {
            printf("%8.0e  insufficient data: fewer than %.0f probes that are not enrolled\n", at->fpir,
                   ceil(3 / at->fpir));
        } else if (!job->call->json) {
            printf("%8.0e  %7.2f%%  %6.2f%% .. %6.2f%%  %9.6f  %13.2e\n", at->fpir, 100 * at->tpir, 100 * at->low,
                   100 * at->high, at->threshold, at->achieved_fpir);
        }
        json_array_append_new(levels,
                              json_pack("{s:f, s:o, s:o, s:o, s:[o, o], s:b}", "fpir", at->fpir, "tpir",
                                        cli_json_real(at->tpir), "threshold", cli_json_real(at->threshold),
                                        "achieved_fpir", cli_json_real(at->achieved_fpir), "interval",
                                        cli_json_real(at->low), cli_json_real(at->high), "sufficient", at->sufficient));
    }
    if (!job->call->json) {
        json_decref(levels);
        return TAM_OK;
    }
    json_t *object = eval_json_start(job, set);
    json_object_update_new(object, json_pack("{s:s, s:I, s:I, s:I, s:{s:o}, s:o}", "gallery", gallery->words,
                                             "gallery_rows", (json_int_t)result->gallery, "mated",
                                             (json_int_t)result->mated, "nonmated", (json_int_t)result->nonmated,
                                             "rank", "1", cli_json_real(result->rank1), "tpir_at_fpir", levels));
    return cli_print_json(job->call, object);
}

tam_status eval_openset(eval_job *job) {
    eval_gallery_rows gallery;
    eval_set set = {0};
    tam_openset result = {0};
    tam_status status = eval_gallery_choose(job, &gallery);
    if (status == TAM_OK && gallery.count < 0) {
        status =
            cli_fail(job->call, TAM_CONFIG, "--protocol openset needs --gallery-data DATA, those who are enrolled");
    }
    if (status == TAM_OK) {
        status = eval_open_and_embed(job, &set);
    }
    if (status == TAM_OK) {
        (void)eval_gallery_rename(&gallery, &set);
        status = tam_eval_openset(job->call->ctx, set.dim, gallery.count, gallery.x, gallery.labels, set.count, set.x,
                                  set.labels, 0, NULL, &result);
    }
    if (status == TAM_OK) {
        status = eval_page_add_openset(job, &set, &result);
    }
    if (status == TAM_OK) {
        status = print_openset(job, &set, &gallery, &result);
    }
    eval_close(&set);
    eval_gallery_free(&gallery);
    return status == TAM_OK ? eval_judge(result.at[0].tpir) : status;
}

static tam_status print_distractors(eval_job *job, const eval_set *set, const tam_distractors *result) {
    json_t *levels = json_array();
    if (!job->call->json) {
        eval_print_start(job, set);
        printf("%-10s %lld, each of two images of a class\n\n", "trials", (long long)result->trials);
        printf("%11s  %8s  %-18s  %8s  %8s  %8s\n", "distractors", "rank 1", "95% interval", "rank 5", "rank 10",
               "rank 100");
    }
    for (int i = 0; i < result->levels; i++) {
        const tam_distractor_level *at = &result->at[i];
        if (!job->call->json && result->trials > 0) {
            printf("%11lld  %7.2f%%  %6.2f%% .. %6.2f%%  %7.2f%%  %7.2f%%  %7.2f%%\n", (long long)at->distractors,
                   100 * at->rank[0], 100 * at->low, 100 * at->high, 100 * at->rank[1], 100 * at->rank[2],
                   100 * at->rank[3]);
        }
        json_array_append_new(levels, json_pack("{s:I, s:{s:o, s:o, s:o, s:o}, s:[o, o]}", "distractors",
                                                (json_int_t)at->distractors, "rank", "1", cli_json_real(at->rank[0]),
                                                "5", cli_json_real(at->rank[1]), "10", cli_json_real(at->rank[2]),
                                                "100", cli_json_real(at->rank[3]), "interval", cli_json_real(at->low),
                                                cli_json_real(at->high)));
    }
    if (!job->call->json) {
        json_decref(levels);
        if (result->trials == 0) {
            printf("%11s  no class has two images\n", "insufficient data:");
        }
        return TAM_OK;
    }
    json_t *object = eval_json_start(job, set);
    json_object_update_new(object,
                           json_pack("{s:I, s:o}", "trials", (json_int_t)result->trials, "at_distractors", levels));
    return cli_print_json(job->call, object);
}

tam_status eval_distractors(eval_job *job) {
    eval_set set = {0}, strangers = {0};
    tam_distractors result = {0};
    if (job->distractors.path == NULL) {
        return cli_fail(job->call, TAM_CONFIG, "--protocol distractors needs --distractors DATA");
    }
    job->distractors.unlabelled = 1;
    job->distractors.size = job->data.size;
    tam_status status = eval_open_and_embed(job, &set);
    if (status == TAM_OK) {
        status = eval_open(job, &job->distractors, &strangers);
    }
    if (status == TAM_OK) {
        status = eval_embed(job, false, &strangers);
    }
    if (status == TAM_OK) {
        status = tam_eval_distractors(job->call->ctx, set.dim, set.count, set.x, set.labels, strangers.count,
                                      strangers.x, job->call->seed, &result);
    }
    if (status == TAM_OK) {
        status = eval_page_add_distractors(job, &set, &result);
    }
    if (status == TAM_OK) {
        status = print_distractors(job, &set, &result);
    }
    eval_close(&set);
    eval_close(&strangers);
    return status == TAM_OK && result.trials == 0 ? TAM_NEGATIVE : status;
}

static tam_status find_clusters(eval_job *job, const eval_set *set, int32_t *cluster, tam_clustering *result) {
    tam_ctx *ctx = job->call->ctx;
    int64_t clusters = job->clusters > 0 ? job->clusters : set->info.classes;
    tam_status status =
        isnan(job->threshold)
            ? tam_cluster_kmeans(ctx, set->count, set->dim, set->x, clusters, 0, job->call->seed, cluster)
            : tam_cluster_threshold(ctx, set->count, set->dim, set->x, job->threshold, cluster, &clusters);
    return status == TAM_OK ? tam_eval_clusters(ctx, set->count, cluster, set->labels, result) : status;
}

tam_status eval_cluster(eval_job *job) {
    eval_set set = {0};
    tam_clustering result = {.nmi = NAN};
    const char *method = isnan(job->threshold) ? "k-means" : "threshold";
    tam_status status = eval_open_and_embed(job, &set);
    int32_t *cluster = malloc(((size_t)set.count + 1) * sizeof *cluster);
    if (status == TAM_OK) {
        status = cluster != NULL ? find_clusters(job, &set, cluster, &result)
                                 : cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for clusters");
    }
    if (status == TAM_OK && job->call->json) {
        json_t *object = eval_json_start(job, &set);
        json_object_update_new(object, json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "clustering", method, "clusters",
                                                 (json_int_t)result.clusters, "nmi", cli_json_real(result.nmi),
                                                 "pair_precision", cli_json_real(result.precision), "pair_recall",
                                                 cli_json_real(result.recall), "pair_f", cli_json_real(result.f)));
        status = cli_print_json(job->call, object);
    } else if (status == TAM_OK) {
        eval_print_start(job, &set);
        printf("%-10s %lld by %s, for %lld classes\n", "clusters", (long long)result.clusters, method,
               (long long)result.classes);
        printf("%-10s %.4f\n", "NMI", result.nmi);
        eval_print_share("precision", result.precision);
        eval_print_share("recall", result.recall);
        eval_print_share("pair F", result.f);
    }
    free(cluster);
    eval_close(&set);
    return status == TAM_OK ? eval_judge(result.nmi) : status;
}
