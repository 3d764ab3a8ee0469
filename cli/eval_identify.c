/* tammes eval --protocol identify: which gallery, and the ranks in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

/* Rows to be found, with numbers of classes as labels. */
typedef struct gallery {
    const char *words;   /* what it is, for the result */
    int64_t count;       /* -1: the probes themselves, each without itself */
    const float *x;      /* [count, dim] */
    float *own;          /* x where it must be freed */
    int32_t *labels;     /* [count] */
    eval_names *classes; /* name to label */
    eval_set set;        /* where the rows come from, if from images */
} gallery;

static void free_gallery(gallery *found) {
    free(found->own);
    free(found->labels);
    free(found->classes);
    eval_close(&found->set);
}

static tam_status no_memory(eval_job *job) {
    return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for the gallery");
}

/* Labels 0, 1, ... for `each` rows of every class. */
static tam_status number_rows(eval_job *job, int each, gallery *found) {
    found->labels = calloc((size_t)found->count, sizeof *found->labels);
    for (int64_t i = 0; found->labels != NULL && i < found->count; i++) {
        found->labels[i] = (int32_t)(i / each);
    }
    return found->labels != NULL ? TAM_OK : no_memory(job);
}

static tam_status take_weights(eval_job *job, gallery *found) {
    found->words = "the class weights in the model";
    found->count = job->info.classes * job->info.sub_centres;
    found->x = tam_model_class_weights(job->model);
    found->classes = eval_index_names(job->info.classes, eval_model_class, job->model);
    if (found->x == NULL) {
        return cli_fail(job->call, TAM_INPUT, "the model file holds no class weights");
    }
    return found->classes != NULL ? number_rows(job, job->info.sub_centres, found) : no_memory(job);
}

/* The mean of each class's embeddings, each divided by its length first. */
static tam_status take_means(eval_job *job, gallery *found) {
    const eval_set *set = &found->set;
    int dim = job->info.dim;
    found->count = set->info.classes;
    found->x = found->own = calloc((size_t)found->count, (size_t)dim * sizeof *found->own);
    double *sums = calloc((size_t)found->count, (size_t)dim * sizeof *sums);
    for (int64_t i = 0; sums != NULL && i < set->count; i++) {
        const float *row = set->x + i * dim;
        double square = 0, *sum = sums + (int64_t)set->labels[i] * dim;
        for (int k = 0; k < dim; k++) {
            square += (double)row[k] * (double)row[k];
        }
        for (int k = 0; k < dim && square > 0; k++) {
            sum[k] += (double)row[k] / sqrt(square);
        }
    }
    for (int64_t i = 0; found->own != NULL && sums != NULL && i < found->count * dim; i++) {
        found->own[i] = (float)sums[i];
    }
    bool whole = found->own != NULL && sums != NULL;
    free(sums);
    return whole ? number_rows(job, 1, found) : no_memory(job);
}

static tam_status take_images(eval_job *job, const tam_dataset_config *data, gallery *found) {
    tam_status status = eval_open(job, data, &found->set);
    if (status == TAM_OK) {
        status = eval_embed(job, false, &found->set);
    }
    if (status != TAM_OK) {
        return status;
    }
    found->classes = eval_index_names(found->set.info.classes, eval_dataset_class, found->set.dataset);
    if (found->classes == NULL) {
        return no_memory(job);
    }
    if (job->gallery == EVAL_MEANS) {
        found->words = "the means of the gallery's classes";
        return take_means(job, found);
    }
    found->words = "every image of the gallery";
    found->count = found->set.count;
    found->x = found->set.x;
    found->labels = malloc((size_t)found->count * sizeof *found->labels);
    if (found->labels == NULL) {
        return no_memory(job);
    }
    memcpy(found->labels, found->set.labels, (size_t)found->count * sizeof *found->labels);
    return TAM_OK;
}

/* Without other words: the training part of IDX files when their test part is evaluated, else the images themselves. */
static tam_status choose_gallery(eval_job *job, gallery *found) {
    *found = (gallery){.count = -1, .words = "the other images of the same set"};
    if (job->has_gallery && job->gallery == EVAL_WEIGHTS) {
        return take_weights(job, found);
    }
    if (job->gallery_data.path != NULL) {
        return take_images(job, &job->gallery_data, found);
    }
    if (job->data.split != NULL && strcmp(job->data.split, "test") == 0) {
        tam_dataset_config train = job->data;
        train.split = "train";
        return take_images(job, &train, found);
    }
    if (job->has_gallery && job->gallery == EVAL_MEANS) {
        return cli_fail(job->call, TAM_CONFIG, "--gallery means needs --gallery-data DIR");
    }
    return TAM_OK;
}

/* A probe of a class that the gallery lacks gets a label of its own and is never found. */
static int64_t rename_probes(const gallery *found, eval_set *probes) {
    int64_t unknown = 0;
    for (int64_t i = 0; i < probes->count; i++) {
        const char *name = tam_dataset_class_name(probes->dataset, probes->labels[i]);
        probes->labels[i] = (int32_t)eval_find_name(found->classes, name);
        unknown += probes->labels[i] < 0;
    }
    return unknown;
}

static tam_status print_ranks(eval_job *job, const eval_set *probes, const gallery *found, int64_t unknown,
                              const tam_identification *ranks) {
    if (job->call->json) {
        json_t *object = eval_json_start(job, probes);
        json_object_update_new(object, json_pack("{s:s, s:I, s:I, s:I, s:{s:o, s:o, s:o}, s:o}", "gallery",
                                                 found->words, "gallery_rows", (json_int_t)ranks->gallery, "probes",
                                                 (json_int_t)ranks->probes, "probes_without_class", (json_int_t)unknown,
                                                 "rank", "1", cli_json_real(ranks->rank1), "5",
                                                 cli_json_real(ranks->rank5), "10", cli_json_real(ranks->rank10),
                                                 "nearest_mean", cli_json_real(ranks->nearest_mean)));
        return cli_print_json(job->call, object);
    }
    eval_print_start(job, probes);
    printf("%-10s %s: %lld rows\n", "gallery", found->words, (long long)ranks->gallery);
    printf("%-10s %lld\n", "probes", (long long)ranks->probes);
    if (unknown > 0) {
        printf("%-10s %lld probes are of classes that the gallery lacks: they count as errors\n", "",
               (long long)unknown);
    }
    eval_print_share("rank 1", ranks->rank1);
    eval_print_share("rank 5", ranks->rank5);
    eval_print_share("rank 10", ranks->rank10);
    return TAM_OK;
}

tam_status eval_identify(eval_job *job) {
    gallery found;
    eval_set probes = {0};
    tam_identification ranks = {.rank1 = NAN};
    int64_t unknown = 0;
    tam_status status = choose_gallery(job, &found);
    if (status == TAM_OK) {
        status = eval_open(job, &job->data, &probes);
    }
    if (status == TAM_OK) {
        status = eval_embed(job, false, &probes);
    }
    if (status == TAM_OK && found.count < 0) {
        status = tam_eval_leave_one_out(job->call->ctx, probes.count, job->info.dim, probes.x, probes.labels, &ranks);
    } else if (status == TAM_OK) {
        unknown = rename_probes(&found, &probes);
        status = tam_eval_identify(job->call->ctx, job->info.dim, found.count, found.x, found.labels, probes.count,
                                   probes.x, probes.labels, &ranks);
    }
    if (status == TAM_OK) {
        status = print_ranks(job, &probes, &found, unknown, &ranks);
    }
    eval_close(&probes);
    free_gallery(&found);
    return status == TAM_OK && !isfinite(ranks.rank1) ? TAM_NEGATIVE : status;
}
