/* The public model: opens a model file and embeds with it. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/spec.h"
#include "graph/graph.h"
#include "model/contract.h"
#include "model/model_inside.h"
#include "model/snapshot.h"

/* A file that is being opened. */
typedef struct opening {
    tam_ctx *ctx;
    const char *path;
    tam_tensors *tensors;
} opening;

static tam_status read_text(const opening *file, const char *key, tam_arena *arena, const char **text) {
    const char *value = tam_tensors_text(file->tensors, key);
    if (value == NULL) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: a model file needs '%s' among its metadata", file->path, key);
    }
    *text = tam_arena_string(arena, value, strlen(value));
    return *text != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status read_number(const opening *file, const char *key, double low, double high, double *number) {
    const char *value = tam_tensors_text(file->tensors, key);
    if (value == NULL || !tam_number_read(value, strlen(value), number) || !(*number >= low && *number <= high) ||
        *number != floor(*number)) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: %s is '%.40s', not a whole number from %g to %g", file->path, key,
                        value != NULL ? value : "", low, high);
    }
    return TAM_OK;
}

static tam_status read_range(const opening *file, tam_model_info *info) {
    const char *value = tam_tensors_text(file->tensors, "mean_scale");
    size_t first = value != NULL ? strcspn(value, " ") : 0;
    double mean, scale;
    if (value == NULL || value[first] == '\0' || !tam_number_read(value, first, &mean) ||
        !tam_number_read(value + first + 1, strlen(value + first + 1), &scale) || !(fabs(mean) <= 1e6) ||
        !(scale >= 1e-6 && scale <= 1e6)) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: mean_scale is '%.40s', not two usable numbers", file->path,
                        value != NULL ? value : "");
    }
    info->mean = (float)mean;
    info->scale = (float)scale;
    return TAM_OK;
}

static tam_status read_info(const opening *file, tam_model *model) {
    const char *format = tam_tensors_text(file->tensors, "format");
    double channels, height, width, dim, classes, step;
    if (format == NULL || strncmp(format, "tammes-model-", strlen("tammes-model-")) != 0) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: not a model of tammes", file->path);
    }
    if (strcmp(format, TAM_MODEL_FORMAT) != 0) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: format '%.40s' is not the one that this version reads (%s)",
                        file->path, format, TAM_MODEL_FORMAT);
    }
    TAM_TRY(read_text(file, "net", model->arena, &model->info.net));
    TAM_TRY(read_text(file, "loss", model->arena, &model->info.loss));
    TAM_TRY(read_number(file, "channels", 1, 1024, &channels));
    TAM_TRY(read_number(file, "height", 1, 16384, &height));
    TAM_TRY(read_number(file, "width", 1, 16384, &width));
    TAM_TRY(read_number(file, "dim", 1, 1 << 20, &dim));
    TAM_TRY(read_number(file, "classes", 0, 2147483647, &classes));
    TAM_TRY(read_number(file, "step", 0, 0x1p53, &step));
    model->info.channels = (int)channels;
    model->info.height = (int)height;
    model->info.width = (int)width;
    model->info.dim = (int)dim;
    model->info.classes = (int64_t)classes;
    model->info.step = (int64_t)step;
    return read_range(file, &model->info);
}

/* The file must hold every array that the graph asks for; checked before anything of the graph's size is allocated. */
static tam_status check_graph(const opening *file, const char *text) {
    tam_graph *graph = NULL;
    tam_status status = tam_graph_parse(file->ctx, text, &graph);
    if (status != TAM_OK) {
        char reason[512];
        strncpy(reason, tam_ctx_message(file->ctx), sizeof reason - 1);
        reason[sizeof reason - 1] = '\0';
        return tam_fail(file->ctx, status == TAM_CONFIG ? TAM_INPUT : status, "%s: graph: %s", file->path, reason);
    }
    for (int i = 0; i < tam_graph_parameter_count(graph) && status == TAM_OK; i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        const tam_tensor *found = tam_tensors_find(file->tensors, parameter->name);
        bool same = found != NULL && found->dtype == TAM_DTYPE_F32 && found->dims == parameter->dims;
        for (int d = 0; same && d < parameter->dims; d++) {
            same = found->size[d] == parameter->size[d];
        }
        if (!same) {
            status = tam_fail(file->ctx, TAM_INPUT, "%s: array '%s' %s", file->path, parameter->name,
                              found == NULL ? "is missing" : "has another shape or type than the graph asks for");
        }
    }
    tam_graph_free(graph);
    return status;
}

static tam_status read_net(const opening *file, tam_model *model) {
    const char *text = NULL;
    TAM_TRY(read_text(file, "graph", model->arena, &text));
    TAM_TRY(check_graph(file, text));
    TAM_TRY(tam_net_parse_blank(file->ctx, text, &model->net));
    tam_net_info net = tam_net_describe(model->net);
    const tam_model_info *info = &model->info;
    if (net.channels != info->channels || net.height != info->height || net.width != info->width ||
        net.dim != info->dim) {
        return tam_fail(file->ctx, TAM_INPUT,
                        "%s: the graph maps %d x %d x %d to %d, the metadata say %d x %d x %d to %d", file->path,
                        net.channels, net.height, net.width, net.dim, info->channels, info->height, info->width,
                        info->dim);
    }
    for (int i = 0; i < tam_net_tensor_count(model->net); i++) {
        const tam_tensor *found = tam_tensors_find(file->tensors, tam_net_tensor_at(model->net, i).name);
        float *values = tam_allocate(file->ctx, 1, found->bytes, found->name);
        if (values == NULL) {
            return TAM_RESOURCES;
        }
        tam_status status = tam_tensors_read(file->tensors, found, 0, found->bytes, values);
        if (status == TAM_OK) {
            status = tam_net_write(model->net, i, TAM_NET_VALUE, values);
        }
        tam_release(file->ctx, values);
        TAM_TRY(status);
    }
    return TAM_OK;
}

static tam_status read_classes(const opening *file, tam_model *model) {
    const tam_tensor *names = tam_tensors_find(file->tensors, "class_names");
    size_t bytes = names != NULL && names->dtype == TAM_DTYPE_U8 ? names->bytes : 0;
    int64_t classes = model->info.classes, found = 0;
    char *copy = tam_arena_take(model->arena, bytes + 1, 1);
    if (copy == NULL) {
        return TAM_RESOURCES;
    }
    if (bytes > 0) {
        TAM_TRY(tam_tensors_read(file->tensors, names, 0, bytes, copy));
    }
    for (size_t i = 0; i < bytes; i++) {
        found += copy[i] == '\0';
    }
    if (names == NULL || found != classes || (bytes > 0 && copy[bytes - 1] != '\0')) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: class_names has %lld names, the metadata say %lld classes",
                        file->path, (long long)found, (long long)classes);
    }
    model->class_names = tam_arena_take(model->arena, (size_t)classes, sizeof *model->class_names);
    if (model->class_names == NULL) {
        return TAM_RESOURCES;
    }
    const char *name = copy;
    for (int64_t c = 0; c < classes; c++) {
        model->class_names[c] = name;
        name += strlen(name) + 1;
    }
    return tam_contract_read(file->ctx, file->path, file->tensors, model->arena, copy, bytes, &model->info);
}

static tam_status open_file(tam_ctx *ctx, const char *path, bool with_weights, tam_model *model) {
    opening file = {.ctx = ctx, .path = path};
    model->arena = tam_arena_create(ctx, 0);
    if (model->arena == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_tensors_open(ctx, path, &file.tensors));
    model->tensors = file.tensors;
    TAM_TRY(read_info(&file, model));
    TAM_TRY(read_net(&file, model));
    TAM_TRY(read_classes(&file, model));
    TAM_TRY(tam_model_read_head(model, path, with_weights));
    TAM_TRY(tam_model_read_calibration(model, path));
    if (with_weights) {
        tam_tensors_free(model->tensors);
        model->tensors = NULL;
        model->weights = NULL;
    }
    return TAM_OK;
}

tam_status tam_model_find_file(tam_ctx *ctx, const char *path, char **file) {
    if (tam_path_look(path) != TAM_PATH_FOLDER) {
        *file = tam_copy_string(ctx, path);
        return *file != NULL ? TAM_OK : TAM_RESOURCES;
    }
    static const char *const names[] = {"best.safetensors", "last.safetensors"};
    for (int i = 0; i < 2; i++) {
        *file = tam_path_join(ctx, path, names[i]);
        if (*file == NULL) {
            return TAM_RESOURCES;
        }
        if (tam_path_look(*file) == TAM_PATH_FILE) {
            return TAM_OK;
        }
        tam_release(ctx, *file);
    }
    *file = NULL;
    return tam_fail(ctx, TAM_INPUT, "%s: the folder holds neither best.safetensors nor last.safetensors", path);
}

static tam_status open_model(tam_ctx *ctx, const char *path, bool with_weights, tam_model **out) {
    char *file;
    *out = NULL;
    TAM_TRY(tam_model_find_file(ctx, path, &file));
    tam_model *model = tam_allocate(ctx, 1, sizeof *model, "a model");
    tam_status status = TAM_RESOURCES;
    if (model != NULL) {
        model->ctx = ctx;
        model->info.dtype = "f32";
        status = open_file(ctx, file, with_weights, model);
    }
    tam_release(ctx, file);
    if (status != TAM_OK) {
        tam_model_free(model);
        return status;
    }
    *out = model;
    return TAM_OK;
}

tam_status tam_model_open(tam_ctx *ctx, const char *path, tam_model **out) {
    return open_model(ctx, path, true, out);
}

tam_status tam_model_open_without_weights(tam_ctx *ctx, const char *path, tam_model **out) {
    return open_model(ctx, path, false, out);
}

void tam_model_free(tam_model *model) {
    if (model == NULL) {
        return;
    }
    tam_tensors_free(model->tensors);
    tam_embedder_free(model->embedder);
    tam_net_free(model->net);
    tam_arena_free(model->arena);
    tam_release(model->ctx, model);
}

tam_model_info tam_model_describe(const tam_model *model) {
    return model->info;
}

tam_net *tam_model_net(tam_model *model) {
    return model->net;
}

const char *tam_model_class_name(const tam_model *model, int64_t c) {
    return c >= 0 && c < model->info.classes ? model->class_names[c] : NULL;
}

const float *tam_model_class_weights(const tam_model *model) {
    return model->class_weights;
}

const float *tam_model_class_bias(const tam_model *model) {
    return model->class_bias;
}

const double *tam_model_running(const tam_model *model, int *count) {
    *count = model->running_count;
    return model->running;
}

tam_status tam_model_set_dtype(tam_model *model, const char *dtype) {
    static const char *const dtypes[] = {"f32", "bf16", "auto"};
    int number = dtype == NULL ? 0 : tam_name_find(model->ctx, "dtype", dtype, dtypes, 3);
    if (number < 0) {
        return TAM_CONFIG;
    }
    tam_embedder_free(model->embedder);
    model->embedder = NULL;
    model->info.dtype = number == 2 ? tam_net_suited_dtype(NULL) : dtypes[number];
    return TAM_OK;
}

tam_status tam_model_set_input(tam_model *model, const char *channel_order, float mean, float scale) {
    static const char *const orders[] = {"rgb", "bgr"};
    tam_model_info *info = &model->info;
    int order = tam_name_find(model->ctx, "order of channels", channel_order, orders, 2);
    if (order < 0) {
        return TAM_CONFIG;
    }
    if (!(fabsf(mean) <= 1e6f && scale >= 1e-6f && scale <= 1e6f)) {
        return tam_fail(model->ctx, TAM_CONFIG, "mean %g and scale %g are of no use", (double)mean, (double)scale);
    }
    info->channel_order = info->channels == 3 ? orders[order] : info->channel_order;
    info->mean = mean;
    info->scale = scale;
    if (model->embedder != NULL) {
        tam_embedder_set_input(model->embedder, mean, scale, info->channels == 3 && order == 1);
    }
    return TAM_OK;
}

tam_status tam_model_need_embedder(tam_model *model) {
    if (model->embedder != NULL) {
        return TAM_OK;
    }
    const tam_net_plan_config how = {.dtype = model->info.dtype};
    const tam_model_info *info = &model->info;
    TAM_TRY(tam_embedder_create(model->ctx, model->net, info->mean, info->scale, &how, false, &model->embedder));
    tam_embedder_set_input(model->embedder, info->mean, info->scale, strcmp(info->channel_order, "bgr") == 0);
    return TAM_OK;
}

tam_status tam_model_embed(tam_model *model, int64_t n, const uint8_t *images, int flip, float *x) {
    TAM_TRY(tam_model_need_embedder(model));
    return tam_embedder_bytes(model->embedder, n, images, flip != 0, x);
}

tam_status tam_model_embed_dataset(tam_model *model, tam_dataset *dataset, int flip, float *x) {
    TAM_TRY(tam_model_need_embedder(model));
    return tam_embedder_dataset(model->embedder, dataset, flip != 0, NULL, x);
}

tam_status tam_model_embed_listed(tam_model *model, tam_dataset *dataset, int64_t count, const int64_t *image, int flip,
                                  float *x) {
    TAM_TRY(tam_model_need_embedder(model));
    return tam_embedder_listed(model->embedder, dataset, count, image, flip != 0, NULL, x);
}

tam_status tam_model_open_dataset(const tam_model *model, const tam_dataset_config *config, tam_dataset **out) {
    tam_dataset_config wanted = *config;
    bool vectors = model->info.height == 1 && model->info.width == 1; /* these have no size to choose */
    if (wanted.size == 0 && model->info.height == model->info.width && !vectors) {
        wanted.size = model->info.height;
    }
    if (wanted.channels == 0 && !vectors) {
        wanted.channels = model->info.channels;
    }
    TAM_TRY(tam_dataset_open(model->ctx, &wanted, out));
    tam_status status = tam_embedder_check(model->ctx, model->net, *out);
    if (status != TAM_OK) {
        tam_dataset_free(*out);
        *out = NULL;
    }
    return status;
}
