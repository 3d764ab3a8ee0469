/* --init-from: a trained model as the start of a run. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model_weights.h"
#include "train/run.h"

enum { BLOCK_NUMBERS = 1 << 18 };

/* The net's text names every layer with its shape: equal texts, equal parameters. */
static tam_status same_graph(tam_run *run, tam_net *theirs, bool *same) {
    size_t length = tam_net_text(run->net, NULL, 0) + 1, other = tam_net_text(theirs, NULL, 0) + 1;
    *same = length == other;
    if (!*same) {
        return TAM_OK;
    }
    char *text = tam_allocate(run->ctx, 2, length, "the texts of two nets");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    (void)tam_net_text(run->net, text, length);
    (void)tam_net_text(theirs, text + length, length);
    *same = memcmp(text, text + length, length) == 0;
    tam_release(run->ctx, text);
    return TAM_OK;
}

static tam_status check_fit(tam_run *run, const char *path, tam_model *model) {
    tam_model_info there = tam_model_describe(model);
    tam_net_info here = tam_net_describe(run->net);
    bool same;
    if (there.channels != here.channels || there.height != here.height || there.width != here.width) {
        return tam_fail(run->ctx, TAM_CONFIG,
                        "%s: the model takes %d x %d with %d channels, this run's images are %d x %d with %d", path,
                        there.height, there.width, there.channels, here.height, here.width, here.channels);
    }
    if (there.dim != here.dim) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the model has dim %d, this run %d", path, there.dim, here.dim);
    }
    TAM_TRY(same_graph(run, tam_model_net(model), &same));
    if (!same) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the model's net is '%s', this run's '%s'%s", path, there.net,
                        run->config.net, strcmp(there.net, run->config.net) == 0 ? ", with other layers" : "");
    }
    if (there.mean != TAM_RUN_MEAN || there.scale != TAM_RUN_SCALE) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the model takes (value - %g) / %g, training gives (value - %g) / %g",
                        path, (double)there.mean, (double)there.scale, (double)TAM_RUN_MEAN, (double)TAM_RUN_SCALE);
    }
    return TAM_OK;
}

/* Values with the running statistics; momenta stay at 0. */
static tam_status take_net(tam_run *run, tam_net *from) {
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        float *values =
            tam_allocate(run->ctx, (size_t)tam_net_tensor_at(run->net, i).count, sizeof *values, "a net's parameters");
        if (values == NULL) {
            return TAM_RESOURCES;
        }
        tam_status status = tam_net_read(from, i, TAM_NET_VALUE, values);
        if (status == TAM_OK) {
            status = tam_net_write(run->net, i, TAM_NET_VALUE, values);
        }
        tam_release(run->ctx, values);
        TAM_TRY(status);
    }
    return TAM_OK;
}

/* Block by block, and by way of f32: the two heads may be of different dtypes. */
static tam_status take_rows(tam_run *run, const tam_model *model, int64_t rows) {
    int64_t dim = run->config.dim, block = BLOCK_NUMBERS / dim > 0 ? BLOCK_NUMBERS / dim : 1;
    float *values = tam_allocate(run->ctx, (size_t)(block * dim), sizeof *values, "a block of class weights");
    tam_status status = values != NULL ? TAM_OK : TAM_RESOURCES;
    for (int64_t first = 0; status == TAM_OK && first < rows; first += block) {
        int64_t count = rows - first < block ? rows - first : block;
        status = tam_model_read_weights(model, first, count, values);
        if (status == TAM_OK) {
            status = tam_head_write_weights(run->head, first, count, values);
        }
    }
    tam_release(run->ctx, values);
    return status;
}

static bool same_names(const tam_run *run, const tam_model *model) {
    bool same = tam_model_describe(model).classes == run->info.classes;
    for (int64_t c = 0; same && c < run->info.classes; c++) {
        same = strcmp(tam_model_class_name(model, c), tam_dataset_class_name(run->data, c)) == 0;
    }
    return same;
}

static tam_head_tensor find_tensor(tam_head *head, const char *name) {
    for (int i = 0; i < tam_head_tensor_count(head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(head, i);
        if (strcmp(tensor.name, name) == 0) {
            return tensor;
        }
    }
    return (tam_head_tensor){0};
}

/* What keeps the run from taking the model's class weights, or "taken". */
static const char *judge_class_weights(const tam_run *run, const tam_model *model, const tam_head_tensor *weights) {
    tam_model_info there = tam_model_describe(model);
    if (weights->data == NULL) {
        return "none: the loss has no class weights";
    }
    if (there.sub_centres == 0) {
        return "fresh: the model has none";
    }
    if (!same_names(run, model)) {
        return "fresh: the model has other classes";
    }
    if (weights->size[0] != run->info.classes * there.sub_centres) {
        return "fresh: the model has another number of sub-centres";
    }
    return "taken";
}

static tam_status take_class_weights(tam_run *run, const tam_model *model) {
    tam_head_tensor weights = find_tensor(run->head, "head.weight"), bias = find_tensor(run->head, "head.bias");
    const float *bias_there = tam_model_class_bias(model);
    run->class_weights = judge_class_weights(run, model, &weights);
    if (strcmp(run->class_weights, "taken") != 0) {
        return TAM_OK;
    }
    if (bias.data != NULL && bias_there != NULL) {
        memcpy(bias.data, bias_there, (size_t)bias.size[0] * sizeof *bias_there);
    }
    return take_rows(run, model, weights.size[0]);
}

tam_status tam_run_init(tam_run *run) {
    const char *path = run->config.init_from;
    tam_model *model = NULL;
    TAM_TRY(tam_model_open_without_weights(run->ctx, path, &model));
    tam_status status = check_fit(run, path, model);
    if (status == TAM_OK) {
        status = take_net(run, tam_model_net(model));
    }
    if (status == TAM_OK) {
        status = take_class_weights(run, model);
        run->init_step = tam_model_describe(model).step;
        run->init_read = status == TAM_OK;
    }
    tam_model_free(model);
    return status;
}
