/* Data sets with their embeddings, and classes by name. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval.h"

typedef struct named {
    const char *name;
    int64_t number;
} named;

struct eval_names {
    int64_t count;
    named items[];
};

static int by_name(const void *a, const void *b) {
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

eval_names *eval_index_names(int64_t count, const char *(*name_at)(const void *source, int64_t i), const void *source) {
    eval_names *names = malloc(sizeof *names + (size_t)count * sizeof(named));
    if (names != NULL) {
        names->count = count;
        for (int64_t i = 0; i < count; i++) {
            names->items[i] = (named){name_at(source, i), i};
        }
        qsort(names->items, (size_t)count, sizeof(named), by_name);
    }
    return names;
}

int64_t eval_find_name(const eval_names *names, const char *name) {
    const named wanted = {name, 0};
    const named *found = bsearch(&wanted, names->items, (size_t)names->count, sizeof(named), by_name);
    return found != NULL ? found->number : -1;
}

const char *eval_model_class(const void *model, int64_t c) {
    return tam_model_class_name(model, c);
}

const char *eval_dataset_class(const void *dataset, int64_t c) {
    return tam_dataset_class_name(dataset, c);
}

/* Sets set->seen by the classes of its rows. */
static tam_status count_seen(const eval_job *job, eval_set *set) {
    set->seen = -1;
    if (job->model == NULL || set->info.classes == 0) {
        return TAM_OK;
    }
    eval_names *names = eval_index_names(job->info.classes, eval_model_class, job->model);
    bool *present = calloc((size_t)set->info.classes, sizeof *present);
    bool room = names != NULL && present != NULL;
    for (int64_t i = 0; room && i < set->count; i++) {
        present[set->labels[i]] = true;
    }
    set->seen = 0;
    for (int64_t c = 0; room && c < set->info.classes; c++) {
        set->seen += present[c] && eval_find_name(names, tam_dataset_class_name(set->dataset, c)) >= 0;
    }
    free(names);
    free(present);
    return room ? TAM_OK : cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for class names");
}

tam_status eval_need_model(eval_job *job, const char *what) {
    return job->model != NULL ? TAM_OK : cli_fail(job->call, TAM_CONFIG, "%s needs --model", what);
}

static tam_status open_embeddings(eval_job *job, const tam_dataset_config *config, eval_set *set) {
    if (job->flip == 1 || config->size > 0) {
        return cli_fail(job->call, TAM_CONFIG, "%s: embeddings, so %s comes too late", config->path,
                        job->flip == 1 ? "--flip yes" : "--size");
    }
    tam_status status = tam_embeddings_open(job->call->ctx, config, &set->embeddings);
    if (status != TAM_OK) {
        return status;
    }
    set->dataset = tam_embeddings_dataset(set->embeddings);
    set->dim = tam_embeddings_describe(set->embeddings).dim;
    if (job->dim == 0) {
        job->dim = set->dim;
    }
    if (job->dim != set->dim) {
        return cli_fail(job->call, TAM_INPUT, "%s: rows of %d numbers, and %s has %d", config->path, set->dim,
                        job->model != NULL ? job->model_path : job->data.path, job->dim);
    }
    return TAM_OK;
}

/* Arrays [N, D] are embeddings, except for a model whose own input are vectors. */
static bool takes_vectors(const eval_job *job) {
    return job->model != NULL && job->info.height == 1 && job->info.width == 1;
}

tam_status eval_open(eval_job *job, const tam_dataset_config *config, eval_set *set) {
    int inside = 0;
    *set = (eval_set){.seen = -1};
    tam_status status = tam_embeddings_inside(job->call->ctx, config->path, &inside);
    if (status == TAM_OK && inside && !takes_vectors(job)) {
        status = open_embeddings(job, config, set);
    } else if (status == TAM_OK && job->model == NULL && access(config->path, F_OK) != 0) {
        status = cli_fail(job->call, TAM_INPUT, "%s: there is no such file", config->path);
    } else if (status == TAM_OK && job->model == NULL) {
        status = cli_fail(job->call, TAM_CONFIG,
                          "%s: no array [N, D] of embeddings, and images need --model to be embedded", config->path);
    } else if (status == TAM_OK) {
        status = tam_model_open_dataset(job->model, config, &set->dataset);
        set->dim = job->info.dim;
    }
    if (status == TAM_OK) {
        set->info = tam_dataset_describe(set->dataset);
    }
    return status;
}

static bool flips(const eval_job *job, bool habit) {
    return job->flip == 0 ? habit : job->flip == 1;
}

/* Room for `count` embeddings and their labels. */
static tam_status take_rows(eval_job *job, int64_t count, eval_set *set) {
    set->count = count;
    set->x = calloc((size_t)count, (size_t)set->dim * sizeof *set->x);
    set->labels = calloc((size_t)count, sizeof *set->labels);
    if (set->x == NULL || set->labels == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for %lld embeddings of %d numbers",
                        (long long)count, set->dim);
    }
    return TAM_OK;
}

tam_status eval_embed(eval_job *job, bool flip, eval_set *set) {
    tam_status status = take_rows(job, set->info.count, set);
    for (int64_t i = 0; status == TAM_OK && i < set->count; i++) {
        set->labels[i] = tam_dataset_label(set->dataset, i);
    }
    if (status == TAM_OK) {
        status = count_seen(job, set);
    }
    if (status == TAM_OK && set->embeddings != NULL) {
        return tam_embeddings_read(set->embeddings, 0, set->count, set->x);
    }
    return status == TAM_OK ? tam_model_embed_dataset(job->model, set->dataset, flips(job, flip), set->x) : status;
}

tam_status eval_embed_some(eval_job *job, bool flip, int64_t count, const int64_t *image, eval_set *set) {
    tam_status status = take_rows(job, count, set);
    for (int64_t i = 0; status == TAM_OK && i < count; i++) {
        set->labels[i] = tam_dataset_label(set->dataset, image[i]);
    }
    if (status == TAM_OK) {
        status = count_seen(job, set);
    }
    if (status == TAM_OK && set->embeddings != NULL) {
        return tam_embeddings_read_listed(set->embeddings, count, image, set->x);
    }
    return status == TAM_OK ? tam_model_embed_listed(job->model, set->dataset, count, image, flips(job, flip), set->x)
                            : status;
}

tam_status eval_open_and_embed(eval_job *job, eval_set *set) {
    tam_status status = eval_open(job, &job->data, set);
    return status == TAM_OK ? eval_embed(job, false, set) : status;
}

void eval_close(eval_set *set) {
    if (set->embeddings != NULL) {
        tam_embeddings_free(set->embeddings);
    } else {
        tam_dataset_free(set->dataset);
    }
    free(set->x);
    free(set->labels);
    *set = (eval_set){0};
}
