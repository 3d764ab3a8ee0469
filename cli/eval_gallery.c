/* Galleries: the rows among which probes are looked for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

void eval_gallery_free(eval_gallery_rows *found) {
    free(found->own);
    free(found->labels);
    free(found->classes);
    eval_close(&found->set);
}

static tam_status no_memory(eval_job *job) {
    return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for the gallery");
}

/* Labels 0, 1, ... for `each` rows of every class. */
static tam_status number_rows(eval_job *job, int each, eval_gallery_rows *found) {
    found->labels = calloc((size_t)found->count, sizeof *found->labels);
    for (int64_t i = 0; found->labels != NULL && i < found->count; i++) {
        found->labels[i] = (int32_t)(i / each);
    }
    return found->labels != NULL ? TAM_OK : no_memory(job);
}

static tam_status take_weights(eval_job *job, eval_gallery_rows *found) {
    tam_status status = eval_need_model(job, "--gallery weights");
    if (status != TAM_OK) {
        return status;
    }
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
static tam_status take_means(eval_job *job, eval_gallery_rows *found) {
    const eval_set *set = &found->set;
    int dim = set->dim;
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

static tam_status take_images(eval_job *job, const tam_dataset_config *data, eval_gallery_rows *found) {
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

tam_status eval_gallery_choose(eval_job *job, eval_gallery_rows *found) {
    *found = (eval_gallery_rows){.count = -1, .words = "the other images of the same set"};
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

int64_t eval_gallery_rename(const eval_gallery_rows *found, eval_set *probes) {
    int64_t unknown = 0;
    for (int64_t i = 0; i < probes->count; i++) {
        const char *name = tam_dataset_class_name(probes->dataset, probes->labels[i]);
        probes->labels[i] = (int32_t)eval_find_name(found->classes, name);
        unknown += probes->labels[i] < 0;
    }
    return unknown;
}

tam_status eval_gallery_named(eval_job *job, eval_gallery_rows *found) {
    *found = (eval_gallery_rows){.count = -1, .words = "the other images of the same set"};
    job->gallery = job->has_gallery ? job->gallery : EVAL_ALL;
    return job->gallery_data.path != NULL || job->has_gallery ? eval_gallery_choose(job, found) : TAM_OK;
}
