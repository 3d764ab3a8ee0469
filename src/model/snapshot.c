#include "model/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/finite.h"
#include "base/format.h"
#include "base/memory.h"
#include "model/contract.h"

enum { FACTS = 12, FACT_ROOM = 32 };

/* The first model_count of the arrays are the model; all of them, with the caller's extra ones, are the checkpoint. */
struct tam_snapshot {
    tam_ctx *ctx;
    tam_snapshot_config config;
    tam_arena *arena;
    int net_count, model_count, count;
    tam_tensor *items;
    char *graph;
    tam_contract contract;
};

/* Arrays of the head that a model keeps: what classifies (a learned scale weighs beside biases). The rest only matters
 * to go on training. */
static bool belongs_to_model(const char *name) {
    static const char *const kept[] = {"head.weight", "head.bias", "head.centres", "head.running"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strcmp(name, kept[i]) == 0) {
            return true;
        }
    }
    return false;
}

static tam_tensor net_item(const tam_net_tensor *tensor, const char *name, const float *data) {
    tam_tensor item = {.name = name, .dtype = TAM_DTYPE_F32, .dims = tensor->dims, .data = data};
    memcpy(item.size, tensor->size, (size_t)tensor->dims * sizeof item.size[0]);
    item.bytes = (size_t)tensor->count * sizeof(float);
    return item;
}

/* The head's own memory: its arrays may be too large for another copy. */
static tam_tensor head_item(const tam_head_tensor *tensor) {
    tam_tensor item = {.name = tensor->name,
                       .dtype = strcmp(tensor->dtype, "F64") == 0    ? TAM_DTYPE_F64
                                : strcmp(tensor->dtype, "BF16") == 0 ? TAM_DTYPE_BF16
                                                                     : TAM_DTYPE_F32,
                       .dims = tensor->dims,
                       .data = tensor->data,
                       .bytes = tensor->bytes};
    for (int d = 0; d < tensor->dims; d++) {
        item.size[d] = tensor->size[d];
    }
    return item;
}

/* Values first; then what a checkpoint adds. */
static tam_status list_net(tam_snapshot *snapshot, bool momenta) {
    for (int i = 0; i < snapshot->net_count; i++) {
        tam_net_tensor tensor = tam_net_tensor_at(snapshot->config.net, i);
        const char *name = tensor.name;
        char prefixed[160];
        if (momenta && !tensor.trained) {
            continue;
        }
        float *data = tam_arena_take(snapshot->arena, (size_t)tensor.count, sizeof *data);
        if (momenta) {
            int length = snprintf(prefixed, sizeof prefixed, "momentum.%s", tensor.name);
            name = tam_arena_string(snapshot->arena, prefixed, (size_t)length);
        }
        if (data == NULL || name == NULL) {
            return TAM_RESOURCES;
        }
        snapshot->items[snapshot->count++] = net_item(&tensor, name, data);
    }
    return TAM_OK;
}

static void list_head(tam_snapshot *snapshot, bool model) {
    for (int i = 0; snapshot->config.head != NULL && i < tam_head_tensor_count(snapshot->config.head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(snapshot->config.head, i);
        if (belongs_to_model(tensor.name) == model) {
            snapshot->items[snapshot->count++] = head_item(&tensor);
        }
    }
}

static tam_status list_all(tam_snapshot *snapshot) {
    const tam_snapshot_config *config = &snapshot->config;
    int head_count = config->head != NULL ? tam_head_tensor_count(config->head) : 0;
    snapshot->net_count = tam_net_tensor_count(config->net);
    snapshot->items = tam_arena_take(snapshot->arena, 2 * (size_t)snapshot->net_count + (size_t)head_count + 1,
                                     sizeof *snapshot->items);
    size_t length = tam_net_text(config->net, NULL, 0);
    snapshot->graph = tam_arena_take(snapshot->arena, length + 1, 1);
    if (snapshot->items == NULL || snapshot->graph == NULL) {
        return TAM_RESOURCES;
    }
    (void)tam_net_text(config->net, snapshot->graph, length + 1);
    TAM_TRY(list_net(snapshot, false));
    list_head(snapshot, true);
    snapshot->items[snapshot->count++] = (tam_tensor){.name = "class_names",
                                                      .dtype = TAM_DTYPE_U8,
                                                      .dims = 1,
                                                      .size = {(int64_t)config->class_names_bytes},
                                                      .data = config->class_names,
                                                      .bytes = config->class_names_bytes};
    snapshot->model_count = snapshot->count;
    TAM_TRY(list_net(snapshot, true));
    list_head(snapshot, false);
    return TAM_OK;
}

tam_status tam_snapshot_create(tam_ctx *ctx, const tam_snapshot_config *config, tam_snapshot **out) {
    *out = NULL;
    tam_snapshot *snapshot = tam_allocate(ctx, 1, sizeof *snapshot, "a snapshot");
    if (snapshot == NULL) {
        return TAM_RESOURCES;
    }
    *snapshot = (tam_snapshot){.ctx = ctx, .config = *config, .arena = tam_arena_create(ctx, 0)};
    tam_status status = snapshot->arena != NULL ? list_all(snapshot) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_contract_make(ctx, tam_net_describe(config->net).channels, config->flip, config->alignment,
                                   config->class_names, config->class_names_bytes, &snapshot->contract);
    }
    if (status != TAM_OK) {
        tam_snapshot_free(snapshot);
        return status;
    }
    *out = snapshot;
    return TAM_OK;
}

void tam_snapshot_free(tam_snapshot *snapshot) {
    if (snapshot != NULL) {
        tam_arena_free(snapshot->arena);
        tam_release(snapshot->ctx, snapshot);
    }
}

static bool item_is_finite(const tam_tensor *item) {
    if (item->dtype == TAM_DTYPE_F32) {
        return tam_all_finite(item->data, item->bytes / sizeof(float));
    }
    if (item->dtype == TAM_DTYPE_BF16) {
        return tam_all_finite_bf16(item->data, item->bytes / sizeof(tam_bf16));
    }
    const double *values = item->data;
    size_t count = item->dtype == TAM_DTYPE_F64 ? item->bytes / sizeof *values : 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

/* Moves the net's numbers between the snapshot's arrays and the backend. */
static tam_status each_net_array(tam_snapshot *snapshot,
                                 tam_status (*move)(tam_net *net, int index, tam_net_part part, float *values)) {
    tam_net *net = snapshot->config.net;
    int momentum = snapshot->model_count;
    for (int i = 0; i < snapshot->net_count; i++) {
        TAM_TRY(move(net, i, TAM_NET_VALUE, (float *)(uintptr_t)snapshot->items[i].data));
        if (tam_net_tensor_at(net, i).trained) {
            TAM_TRY(move(net, i, TAM_NET_MOMENTUM, (float *)(uintptr_t)snapshot->items[momentum++].data));
        }
    }
    return TAM_OK;
}

static tam_status write_values(tam_net *net, int index, tam_net_part part, float *values) {
    return tam_net_write(net, index, part, values);
}

tam_status tam_snapshot_take(tam_snapshot *snapshot) {
    TAM_TRY(each_net_array(snapshot, tam_net_read));
    for (int i = 0; i < snapshot->count; i++) {
        if (!item_is_finite(&snapshot->items[i])) {
            return tam_fail(snapshot->ctx, TAM_NEGATIVE, "array '%s' has a NaN or infinite number",
                            snapshot->items[i].name);
        }
    }
    return TAM_OK;
}

static tam_status write_file(tam_snapshot *snapshot, const char *path, const char *kind, int64_t step,
                             const tam_tensor *items, int count) {
    const tam_snapshot_config *config = &snapshot->config;
    tam_net_info info = tam_net_describe(config->net);
    char number[7][FACT_ROOM];
    snprintf(number[0], FACT_ROOM, "%d", info.channels);
    snprintf(number[1], FACT_ROOM, "%d", info.height);
    snprintf(number[2], FACT_ROOM, "%d", info.width);
    snprintf(number[3], FACT_ROOM, "%d", info.dim);
    tam_format(number[4], FACT_ROOM, "%.9g %.9g", (double)config->mean, (double)config->scale);
    snprintf(number[5], FACT_ROOM, "%" PRId64, config->classes);
    snprintf(number[6], FACT_ROOM, "%" PRId64, step);
    tam_metadata facts[FACTS + TAM_CONTRACT_FACTS] = {
        {"format", TAM_MODEL_FORMAT}, {"kind", kind},          {"net", config->specification},
        {"loss", config->loss},       {"channels", number[0]}, {"height", number[1]},
        {"width", number[2]},         {"dim", number[3]},      {"mean_scale", number[4]},
        {"classes", number[5]},       {"step", number[6]},     {"graph", snapshot->graph},
    };
    int all = FACTS + tam_contract_facts(&snapshot->contract, facts + FACTS);
    return tam_tensors_write(snapshot->ctx, path, items, count, facts, all);
}

tam_status tam_snapshot_write_model(tam_snapshot *snapshot, const char *path, int64_t step) {
    return write_file(snapshot, path, "model", step, snapshot->items, snapshot->model_count);
}

tam_status tam_snapshot_write_checkpoint(tam_snapshot *snapshot, const char *path, int64_t step,
                                         const tam_tensor *extra, int extra_count) {
    size_t count = (size_t)snapshot->count + (size_t)extra_count;
    tam_tensor *items = tam_allocate(snapshot->ctx, count, sizeof *items, "a list of arrays");
    if (items == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(items, snapshot->items, (size_t)snapshot->count * sizeof *items);
    for (int i = 0; i < extra_count; i++) {
        items[snapshot->count + i] = extra[i];
    }
    tam_status status = write_file(snapshot, path, "checkpoint", step, items, (int)count);
    tam_release(snapshot->ctx, items);
    return status;
}

static tam_status restore_item(tam_snapshot *snapshot, const char *path, const tam_tensors *tensors,
                               const tam_tensor *item) {
    const tam_tensor *found = tam_tensors_find(tensors, item->name);
    if (found == NULL) {
        return tam_fail(snapshot->ctx, TAM_INPUT, "%s: array '%s' is missing", path, item->name);
    }
    bool same = found->dtype == item->dtype && found->dims == item->dims &&
                memcmp(found->size, item->size, (size_t)item->dims * sizeof item->size[0]) == 0;
    if (!same) {
        return tam_fail(snapshot->ctx, TAM_INPUT, "%s: array '%s' has another shape or type than this run's", path,
                        item->name);
    }
    TAM_TRY(tam_tensors_read(tensors, found, 0, item->bytes, (void *)(uintptr_t)item->data));
    if (!item_is_finite(item)) {
        return tam_fail(snapshot->ctx, TAM_INPUT, "%s: array '%s' has a NaN or infinite number", path, item->name);
    }
    return TAM_OK;
}

tam_status tam_snapshot_restore(tam_snapshot *snapshot, const char *path, const tam_tensors *tensors) {
    for (int i = 0; i < snapshot->count; i++) {
        if (snapshot->items[i].dtype != TAM_DTYPE_U8) {
            TAM_TRY(restore_item(snapshot, path, tensors, &snapshot->items[i]));
        }
    }
    return each_net_array(snapshot, write_values);
}
