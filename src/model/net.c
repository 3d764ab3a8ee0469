/* The public net: a graph, its parameters, and the backend that runs them. */
#include "tammes/net.h"

#include <string.h>

#include "backend/backend.h"
#include "base/memory.h"
#include "model/model_weights.h"
#include "zoo/net_file.h"
#include "zoo/zoo.h"

struct tam_net {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_graph *graph;
    tam_parameters *parameters;
    uint64_t seed;
};

struct tam_net_plan {
    tam_net *net;
    tam_plan *plan;
};

int tam_net_count(void) {
    return tam_backbone_count();
}

const char *tam_net_name(int index) {
    return tam_backbone_at(index)->name;
}

const char *tam_net_source(int index) {
    return tam_backbone_at(index)->source;
}

int tam_net_key_count(int index) {
    return tam_backbone_at(index)->key_count;
}

tam_key_info tam_net_key(int index, int key) {
    const tam_key *k = &tam_backbone_at(index)->keys[key];
    return (tam_key_info){.name = k->name,
                          .about = k->about,
                          .otherwise = k->otherwise,
                          .low = k->low,
                          .high = k->high,
                          .words = k->words};
}

static tam_status find_usual_of_file(tam_ctx *ctx, const char *net, tam_net_usual *out) {
    tam_graph *graph;
    TAM_TRY(tam_net_file_parse(ctx, net, NULL, NULL, &graph));
    tam_shape in = tam_graph_node(graph, 0)->shape;
    *out = (tam_net_usual){in.c, in.h, in.w, tam_graph_output_shape(graph).c};
    tam_graph_free(graph);
    return TAM_OK;
}

tam_status tam_net_find_usual(tam_ctx *ctx, const char *net, tam_net_usual *out) {
    if (tam_net_file_is(net)) {
        return find_usual_of_file(ctx, net, out);
    }
    const tam_backbone *backbone = tam_backbone_find(ctx, net);
    if (backbone == NULL) {
        return TAM_CONFIG;
    }
    *out = (tam_net_usual){backbone->usual.channels, backbone->usual.size, backbone->usual.size, backbone->usual.dim};
    return TAM_OK;
}

int tam_net_is_file(const char *net) {
    return tam_net_file_is(net);
}

/* Takes the graph, also on failure. */
static tam_status make_net(tam_ctx *ctx, tam_graph *graph, const char *backend, const uint64_t *seed, tam_net **out) {
    tam_status status = TAM_RESOURCES;
    tam_net *net = tam_allocate(ctx, 1, sizeof *net, "a net");
    if (net == NULL) {
        tam_graph_free(graph);
        return TAM_RESOURCES;
    }
    *net = (tam_net){.ctx = ctx, .graph = graph, .seed = seed != NULL ? *seed : 0};
    net->backend = tam_backend_find(ctx, backend);
    status = net->backend == NULL ? TAM_CONFIG : net->backend->parameters_create(ctx, graph, seed, &net->parameters);
    if (status != TAM_OK) {
        tam_net_free(net);
        return status;
    }
    *out = net;
    return TAM_OK;
}

static tam_status build_graph(tam_ctx *ctx, const tam_net_config *config, tam_graph **graph) {
    *graph = NULL;
    if (config->net == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "a net needs a name");
    }
    if (tam_net_file_is(config->net)) {
        const tam_shape in = {.c = config->channels, .h = config->height, .w = config->width};
        return tam_net_file_build(ctx, config->net, config->text, &in, config->dim, graph);
    }
    return tam_backbone_build(ctx, config->net, config->channels, config->height, config->width,
                              config->dim == 0 ? 512 : config->dim, graph);
}

tam_status tam_net_create(tam_ctx *ctx, const tam_net_config *config, tam_net **out) {
    tam_graph *graph;
    *out = NULL;
    TAM_TRY(build_graph(ctx, config, &graph));
    return make_net(ctx, graph, config->backend, &config->seed, out);
}

tam_status tam_net_parse(tam_ctx *ctx, const char *text, const char *backend, uint64_t seed, tam_net **out) {
    tam_graph *graph = NULL;
    *out = NULL;
    TAM_TRY(tam_graph_parse(ctx, text, &graph));
    return make_net(ctx, graph, backend, &seed, out);
}

tam_status tam_net_parse_blank(tam_ctx *ctx, const char *text, tam_net **out) {
    tam_graph *graph = NULL;
    *out = NULL;
    TAM_TRY(tam_graph_parse(ctx, text, &graph));
    return make_net(ctx, graph, NULL, NULL, out);
}

void tam_net_free(tam_net *net) {
    if (net == NULL) {
        return;
    }
    if (net->parameters != NULL) {
        net->backend->parameters_free(net->parameters);
    }
    tam_graph_free(net->graph);
    tam_release(net->ctx, net);
}

static tam_net_info describe(const tam_graph *graph) {
    tam_shape in = tam_graph_node(graph, 0)->shape;
    tam_net_info info = {
        .channels = in.c,
        .height = in.h,
        .width = in.w,
        .dim = tam_graph_output_shape(graph).c,
        .layers = tam_graph_node_count(graph),
        .macs = tam_graph_macs(graph),
    };
    for (int i = 0; i < tam_graph_parameter_count(graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        info.parameters += parameter->trained ? parameter->count : 0;
    }
    return info;
}

tam_net_info tam_net_describe(const tam_net *net) {
    return describe(net->graph);
}

tam_status tam_net_outline(tam_ctx *ctx, const tam_net_config *config, tam_net_info *info) {
    tam_graph *graph;
    TAM_TRY(build_graph(ctx, config, &graph));
    *info = describe(graph);
    tam_graph_free(graph);
    return TAM_OK;
}

size_t tam_net_text(const tam_net *net, char *text, size_t room) {
    return tam_graph_text(net->graph, text, room);
}

tam_net_layer tam_net_layer_at(const tam_net *net, int index) {
    const tam_node *node = tam_graph_node(net->graph, index);
    tam_net_layer layer = {
        .name = node->name,
        .op = node->op->name,
        .c = node->shape.c,
        .h = node->shape.h,
        .w = node->shape.w,
        .macs = tam_node_macs(net->graph, index),
    };
    for (int i = 0; i < node->parameter_count; i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, node->first_parameter + i);
        layer.parameters += parameter->trained ? parameter->count : 0;
    }
    tam_node_words(node, layer.words, sizeof layer.words);
    return layer;
}

int tam_net_tensor_count(const tam_net *net) {
    return tam_graph_parameter_count(net->graph);
}

tam_net_tensor tam_net_tensor_at(const tam_net *net, int index) {
    const tam_parameter *parameter = tam_graph_parameter_at(net->graph, index);
    tam_net_tensor tensor = {
        .name = parameter->name, .dims = parameter->dims, .count = parameter->count, .trained = parameter->trained};
    memcpy(tensor.size, parameter->size, sizeof tensor.size);
    return tensor;
}

static tam_parameter_part part_of(tam_net_part part) {
    switch (part) {
    case TAM_NET_VALUE:
        return TAM_PART_VALUE;
    case TAM_NET_GRADIENT:
        return TAM_PART_GRADIENT;
    case TAM_NET_MOMENTUM:
        break;
    }
    return TAM_PART_MOMENTUM;
}

tam_status tam_net_read(tam_net *net, int index, tam_net_part part, float *values) {
    return net->backend->parameter_read(net->parameters, index, part_of(part), values);
}

tam_status tam_net_write(tam_net *net, int index, tam_net_part part, const float *values) {
    return net->backend->parameter_write(net->parameters, index, part_of(part), values);
}

static tam_status choose(tam_ctx *ctx, const char *what, const char *name, const char *const *names, int count,
                         int *chosen) {
    *chosen = name == NULL ? 0 : tam_name_find(ctx, what, name, names, count);
    return *chosen < 0 ? TAM_CONFIG : TAM_OK;
}

static bool suits_bf16(const tam_backend *backend) {
    return backend->suits_bf16 != NULL && backend->suits_bf16();
}

const char *tam_net_suited_dtype(const char *backend) {
    for (int i = 0; i < tam_backend_count(); i++) {
        if (backend == NULL || strcmp(backend, tam_backend_at(i)->name) == 0) {
            return suits_bf16(tam_backend_at(i)) ? "bf16" : "f32";
        }
    }
    return "f32";
}

static tam_status settle(tam_net *net, const tam_net_plan_config *from, tam_plan_config *to) {
    static const char *const dtypes[] = {"f32", "bf16", "auto"};
    static const char *const recomputes[] = {"sweeps", "none", "units"};
    enum { AUTO = 2 };
    int dtype, recompute;
    TAM_TRY(choose(net->ctx, "dtype", from->dtype, dtypes, 3, &dtype));
    TAM_TRY(choose(net->ctx, "recomputation", from->recompute, recomputes, 3, &recompute));
    if (dtype == AUTO) {
        dtype = suits_bf16(net->backend) ? TAM_BF16 : TAM_F32;
    }
    *to = (tam_plan_config){
        .batch = from->batch,
        .training = from->training != 0,
        .seed = net->seed,
        .dtype = (tam_dtype)dtype,
        .recompute = (tam_recompute)recompute,
        .deterministic = from->deterministic != 0,
    };
    return TAM_OK;
}

/* The choices of algorithms that a plan starts from; NULL where the rule alone counts. */
static tam_status open_tuning(tam_net *net, const tam_net_plan_config *from, tam_tuning **out) {
    static const char *const tunes[] = {"off", "fast", "full"};
    int tune;
    *out = NULL;
    TAM_TRY(choose(net->ctx, "tuning", from->tune, tunes, 3, &tune));
    if (tune == TAM_TUNE_OFF && from->tuning_file == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_tuning_create(net->ctx, (tam_tune)tune, out));
    tam_status status = from->tuning_file == NULL ? TAM_OK : tam_tuning_load(*out, from->tuning_file);
    if (status != TAM_OK) {
        tam_tuning_free(*out);
        *out = NULL;
    }
    return status;
}

static tam_status make_plan(tam_net *net, const tam_plan_config *config, tam_net_plan **out) {
    tam_net_plan *plan = tam_allocate(net->ctx, 1, sizeof *plan, "a net's plan");
    if (plan == NULL) {
        return TAM_RESOURCES;
    }
    plan->net = net;
    tam_status status = net->backend->plan_create(net->ctx, net->graph, net->parameters, config, &plan->plan);
    if (status != TAM_OK) {
        tam_net_plan_free(plan);
        return status;
    }
    *out = plan;
    return TAM_OK;
}

tam_status tam_net_plan_create(tam_net *net, const tam_net_plan_config *from, tam_net_plan **out) {
    tam_plan_config config;
    *out = NULL;
    TAM_TRY(settle(net, from, &config));
    TAM_TRY(open_tuning(net, from, &config.tuning));
    tam_status status = make_plan(net, &config, out);
    if (status == TAM_OK && config.tuning != NULL && from->tuning_file != NULL) {
        status = tam_tuning_save(config.tuning, from->tuning_file);
    }
    tam_tuning_free(config.tuning);
    if (status != TAM_OK) {
        tam_net_plan_free(*out);
        *out = NULL;
    }
    return status;
}

void tam_net_plan_free(tam_net_plan *plan) {
    if (plan == NULL) {
        return;
    }
    plan->net->backend->plan_free(plan->plan);
    tam_release(plan->net->ctx, plan);
}

const char *tam_net_plan_dtype(const tam_net_plan *plan) {
    const tam_backend *backend = plan->net->backend;
    return backend->plan_dtype != NULL && backend->plan_dtype(plan->plan) == TAM_BF16 ? "bf16" : "f32";
}

int tam_net_plan_costs(const tam_net_plan *plan, tam_net_cost *costs, int room) {
    const tam_backend *backend = plan->net->backend;
    tam_plan_cost cost;
    int count = 0;
    for (; backend->plan_cost != NULL && backend->plan_cost(plan->plan, count, &cost); count++) {
        if (count < room) {
            costs[count] = (tam_net_cost){.layer = cost.node,
                                          .part = cost.part,
                                          .algorithm = cost.algorithm,
                                          .seconds = cost.seconds,
                                          .flops = cost.flops,
                                          .bytes = cost.bytes};
        }
    }
    return count;
}

size_t tam_net_plan_bytes(const tam_net_plan *plan) {
    return plan->net->backend->plan_bytes(plan->plan);
}

tam_status tam_net_forward(tam_net_plan *plan, int n, const float *images, uint64_t step, float *x) {
    return plan->net->backend->forward(plan->plan, n, images, step, x);
}

tam_status tam_net_backward(tam_net_plan *plan, const float *dx) {
    return plan->net->backend->backward(plan->plan, dx, NULL);
}

double tam_net_gradient_norm(tam_net *net) {
    return net->backend->gradient_norm(net->parameters);
}

void tam_net_update(tam_net *net, float lr, float momentum, float weight_decay, float gradient_scale) {
    tam_sgd sgd = {.lr = lr, .momentum = momentum, .weight_decay = weight_decay, .gradient_scale = gradient_scale};
    net->backend->update(net->parameters, &sgd);
}
