/* What a run is validated on: labelled images, all pairs of which are compared, or listed pairs. */
#include <math.h>

#include "base/memory.h"
#include "data/validation_path.h"
#include "tammes/eval.h"
#include "train/run.h"

/* Opens the images as the net's input: in the training images' size and channels. */
static tam_status open_images(tam_run *run, const tam_validation_path *path) {
    tam_dataset_config config = run->config.validation;
    config.path = path->data;
    config.unlabelled = path->pairs;
    if (config.size == 0 && run->info.height == run->info.width && !run->info.vectors) {
        config.size = run->info.height;
    }
    config.channels = run->info.vectors ? 0 : run->info.channels;
    TAM_TRY(tam_dataset_open(run->ctx, &config, &run->validation));
    tam_dataset_info info = tam_dataset_describe(run->validation);
    if (info.height != run->info.height || info.width != run->info.width || info.channels != run->info.channels) {
        return tam_fail(run->ctx, TAM_CONFIG,
                        "%s: the validation images are %d x %d x %d, those for training %d x %d x %d", config.path,
                        info.height, info.width, info.channels, run->info.height, run->info.width, run->info.channels);
    }
    return TAM_OK;
}

static tam_status take_labels(tam_run *run, int64_t count) {
    run->validation_labels = tam_allocate(run->ctx, (size_t)count, sizeof(int32_t), "the validation's labels");
    if (run->validation_labels == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < count; i++) {
        run->validation_labels[i] = tam_dataset_label(run->validation, i);
    }
    return TAM_OK;
}

tam_status tam_run_open_validation(tam_run *run) {
    tam_validation_path path;
    run->validation_accuracy = NAN;
    if (run->config.validation.path == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_validation_path_read(run->ctx, run->arena, run->config.validation.path, &path));
    TAM_TRY(open_images(run, &path));
    int64_t count = tam_dataset_describe(run->validation).count;
    if (path.pairs) {
        TAM_TRY(tam_pairs_open(run->ctx, path.list, run->validation, &run->validation_pairs));
        count = tam_pairs_describe(run->validation_pairs).images;
    } else {
        TAM_TRY(take_labels(run, count));
    }
    run->validation_x =
        tam_allocate(run->ctx, (size_t)count * (size_t)run->config.dim, sizeof(float), "the validation's embeddings");
    return run->validation_x != NULL ? TAM_OK : TAM_RESOURCES;
}

/* The images of the pairs rise: where there are as many as in the data set they are all of it, and the loader's threads
 * decode them. */
static tam_status embed_pairs(tam_run *run, const tam_pairs_info *pairs) {
    if (pairs->images == tam_dataset_describe(run->validation).count) {
        return tam_embedder_dataset(run->embedder, run->validation, true, run->config.stop, run->validation_x);
    }
    return tam_embedder_listed(run->embedder, run->validation, pairs->images, pairs->image, true, run->config.stop,
                               run->validation_x);
}

/* As `tammes eval --protocol folds`: mirrored images are embedded too, and the accuracy is over the list's folds. */
static tam_status validate_pairs(tam_run *run, tam_verification *result) {
    tam_pairs_info pairs = tam_pairs_describe(run->validation_pairs);
    int dim = run->config.dim;
    tam_folds folds;
    TAM_TRY(embed_pairs(run, &pairs));
    TAM_TRY(tam_eval_folds(run->ctx, TAM_FOLDS_INSIGHTFACE, pairs.images, dim, run->validation_x, pairs.count,
                           pairs.rows, pairs.same, pairs.folds, &folds));
    TAM_TRY(tam_eval_pairs(run->ctx, pairs.images, dim, run->validation_x, pairs.count, pairs.rows, pairs.same, 0, NULL,
                           result));
    run->validation_accuracy = folds.accuracy;
    return TAM_OK;
}

tam_status tam_run_validate(tam_run *run, tam_verification *result) {
    run->validation_accuracy = NAN;
    if (run->validation_pairs != NULL) {
        return validate_pairs(run, result);
    }
    tam_dataset_info info = tam_dataset_describe(run->validation);
    TAM_TRY(tam_embedder_dataset(run->embedder, run->validation, false, run->config.stop, run->validation_x));
    return tam_eval_all_pairs(run->ctx, info.count, run->config.dim, run->validation_x, run->validation_labels, 0, NULL,
                              result);
}
