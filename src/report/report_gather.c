#include "report/report_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/validation_path.h"
#include "report/training_data.h"
#include "tammes/model.h"
#include "tammes/pairs.h"

enum { ORDINARY_SCATTER = 2000 };

/* The last part of a path, slashes at its end left out. */
static char *name_of(tam_ctx *ctx, const char *folder) {
    size_t end = strlen(folder), start;
    while (end > 1 && folder[end - 1] == '/') {
        end--;
    }
    for (start = end; start > 0 && folder[start - 1] != '/'; start--) {
    }
    char *name = tam_allocate(ctx, end - start + 1, 1, "a run's name");
    if (name != NULL) {
        memcpy(name, folder + start, end - start);
    }
    return name;
}

static tam_status compare_all_pairs(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, tam_report_run *run) {
    int dim = tam_model_describe(model).dim;
    int64_t count = tam_dataset_describe(dataset).count;
    tam_status status = TAM_RESOURCES;
    float *x = tam_allocate(ctx, (size_t)count, (size_t)dim * sizeof *x, "validation embeddings");
    int32_t *labels = tam_allocate(ctx, (size_t)count, sizeof *labels, "validation labels");
    if (x != NULL && labels != NULL) {
        for (int64_t i = 0; i < count; i++) {
            labels[i] = tam_dataset_label(dataset, i);
        }
        status = tam_model_embed_dataset(model, dataset, 0, x);
    }
    if (status == TAM_OK) {
        status = tam_eval_all_pairs(ctx, count, dim, x, labels, 0, NULL, &run->validation);
    }
    tam_release(ctx, x);
    tam_release(ctx, labels);
    return status;
}

/* With the mirrored images, as `tammes eval --protocol folds` compares listed pairs. */
static tam_status compare_listed_pairs(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, const char *list,
                                       tam_report_run *run) {
    int dim = tam_model_describe(model).dim;
    tam_pairs *pairs;
    TAM_TRY(tam_pairs_open(ctx, list, dataset, &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    float *x = tam_allocate(ctx, (size_t)info.images, (size_t)dim * sizeof *x, "validation embeddings");
    tam_status status =
        x != NULL ? tam_model_embed_listed(model, dataset, info.images, info.image, 1, x) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_eval_pairs(ctx, info.images, dim, x, info.count, info.rows, info.same, 0, NULL, &run->validation);
    }
    tam_release(ctx, x);
    tam_pairs_free(pairs);
    return status;
}

static tam_status validate(tam_ctx *ctx, tam_model *model, const tam_dataset_config *config, tam_report_run *run) {
    tam_dataset *dataset = NULL;
    tam_validation_path path;
    tam_dataset_config data = *config;
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_status status = arena != NULL ? tam_validation_path_read(ctx, arena, config->path, &path) : TAM_RESOURCES;
    if (status == TAM_OK) {
        data.path = path.data;
        data.unlabelled = path.pairs;
        status = tam_model_open_dataset(model, &data, &dataset);
    }
    if (status == TAM_OK) {
        status = path.pairs ? compare_listed_pairs(ctx, model, dataset, path.list, run)
                            : compare_all_pairs(ctx, model, dataset, run);
        run->validated = status == TAM_OK;
        run->listed_pairs = path.pairs;
    }
    tam_dataset_free(dataset);
    tam_arena_free(arena);
    return status;
}

/* Embeds scatter->count images, evenly spaced over the data set. */
static tam_status embed_some(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, tam_scatter *scatter) {
    int64_t count = tam_dataset_describe(dataset).count;
    int64_t *image = tam_allocate(ctx, (size_t)scatter->count, sizeof *image, "the images of a scatter");
    if (image == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < scatter->count; i++) {
        image[i] = (int64_t)((double)i * (double)count / (double)scatter->count);
        scatter->labels[i] = tam_dataset_label(dataset, image[i]);
    }
    tam_status status = tam_model_embed_listed(model, dataset, scatter->count, image, 0, scatter->x);
    tam_release(ctx, image);
    return status;
}

/* Labels of the data set and of the model agree when the names do; otherwise the rays would point nowhere. */
static bool same_classes(const tam_model *model, const tam_dataset *dataset) {
    int64_t classes = tam_dataset_describe(dataset).classes;
    bool same = tam_model_describe(model).classes == classes;
    for (int64_t c = 0; same && c < classes; c++) {
        const char *name = tam_model_class_name(model, c);
        same = name != NULL && strcmp(name, tam_dataset_class_name(dataset, c)) == 0;
    }
    return same;
}

static tam_status fill_scatter(tam_ctx *ctx, tam_model *model, tam_dataset *dataset, int64_t images,
                               tam_scatter *scatter) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    const float *weights = same_classes(model, dataset) ? tam_model_class_weights(model) : NULL;
    size_t classes = (size_t)info.classes;
    scatter->classes = info.classes;
    scatter->x = tam_allocate(ctx, (size_t)images, 2 * sizeof *scatter->x, "a scatter");
    scatter->labels = tam_allocate(ctx, (size_t)images, sizeof *scatter->labels, "a scatter");
    scatter->names = tam_allocate(ctx, classes, sizeof *scatter->names, "class names");
    if (scatter->x == NULL || scatter->labels == NULL || scatter->names == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t c = 0; c < classes; c++) {
        scatter->names[c] = tam_copy_string(ctx, tam_dataset_class_name(dataset, (int64_t)c));
        if (scatter->names[c] == NULL) {
            return TAM_RESOURCES;
        }
    }
    if (weights != NULL) {
        size_t rows = classes * (size_t)tam_model_describe(model).sub_centres;
        scatter->sub_centres = tam_model_describe(model).sub_centres;
        scatter->weights = tam_allocate(ctx, rows, 2 * sizeof *weights, "class directions");
        if (scatter->weights == NULL) {
            return TAM_RESOURCES;
        }
        memcpy(scatter->weights, weights, rows * 2 * sizeof *weights);
    }
    scatter->count = images;
    return embed_some(ctx, model, dataset, scatter);
}

/* What goes wrong with the training data is told on the page; running out of memory is a failure. */
static tam_status read_scatter(tam_ctx *ctx, tam_model *model, const char *folder, int most, tam_report_run *run) {
    tam_training_data config;
    tam_dataset *dataset = NULL;
    tam_status status = tam_training_data_read(ctx, folder, &config);
    if (status == TAM_OK && config.data == NULL) {
        status = tam_fail(ctx, TAM_INPUT, "config.yaml does not name its training data");
    }
    if (status == TAM_OK) {
        const tam_dataset_config data = {.path = config.data,
                                         .split = config.split,
                                         .classes = config.classes,
                                         .exclude_classes = config.exclude_classes,
                                         .fixes = config.fixes};
        status = tam_model_open_dataset(model, &data, &dataset);
    }
    if (status == TAM_OK) {
        int64_t count = tam_dataset_describe(dataset).count, wanted = most > 0 ? most : ORDINARY_SCATTER;
        status = fill_scatter(ctx, model, dataset, wanted < count ? wanted : count, &run->scatter);
    }
    if (status == TAM_INPUT || status == TAM_CONFIG) {
        tam_scatter_free(ctx, &run->scatter);
        snprintf(run->scatter_missing, sizeof run->scatter_missing, "%s", tam_ctx_message(ctx));
        status = TAM_OK;
    }
    tam_dataset_free(dataset);
    tam_training_data_free(ctx, &config);
    return status;
}

tam_status tam_report_run_read(tam_ctx *ctx, const tam_report_config *config, const char *folder, tam_report_run *run) {
    tam_model *model = NULL;
    *run = (tam_report_run){.name = name_of(ctx, folder)};
    tam_status status = run->name == NULL ? TAM_RESOURCES : tam_run_log_read(ctx, folder, &run->log);
    if (status == TAM_OK) {
        status = tam_model_open(ctx, folder, &model);
    }
    if (status == TAM_OK && config->validation.path != NULL) {
        status = validate(ctx, model, &config->validation, run);
    }
    if (status == TAM_OK && tam_model_describe(model).dim == 2) {
        status = read_scatter(ctx, model, folder, config->scatter_images, run);
    }
    tam_model_free(model);
    return status;
}
