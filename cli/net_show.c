/* One net: its layers, its totals, and the memory that it takes for a batch. */
#include "net_show.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LARGE_INPUT = 64, PLANS = 2 };

static const char *const plan_names[PLANS] = {"training", "inference"};

/* Bytes. Plans are made to be counted: what a backend lays out is what it says. */
typedef struct net_memory {
    int batch;
    int64_t values, training; /* of parameters alone, and with their gradients and momenta */
    struct {
        int64_t bytes; /* -1: there is none */
        const char *dtype;
        char why_not[512];
    } plan[PLANS];
} net_memory;

/* What one sample's layer outputs take in f32. */
static int64_t layer_bytes(const tam_net_layer *layer) {
    return (int64_t)sizeof(float) * layer->c * layer->h * layer->w;
}

static int64_t activation_bytes(const tam_net *net) {
    int64_t bytes = 0;
    for (int i = 0; i < tam_net_describe(net).layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        bytes += layer_bytes(&layer);
    }
    return bytes;
}

/* That a plan cannot be made is an answer, too. */
static void measure(cli_call *call, tam_net *net, const net_memory_question *question, net_memory *memory) {
    tam_net_info info = tam_net_describe(net);
    *memory = (net_memory){.batch = question->batch};
    memory->batch = question->batch > 0 ? question->batch : info.height > LARGE_INPUT ? 32 : 128;
    for (int i = 0; i < tam_net_tensor_count(net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(net, i);
        memory->values += (int64_t)sizeof(float) * tensor.count;
    }
    memory->training = 3 * memory->values;
    for (int i = 0; i < PLANS; i++) {
        const tam_net_plan_config config = {
            .batch = memory->batch, .training = i == 0, .dtype = question->dtype, .recompute = question->recompute};
        tam_net_plan *plan = NULL;
        tam_status status = tam_net_plan_create(net, &config, &plan);
        memory->plan[i].bytes = -1;
        if (status == TAM_OK) {
            memory->plan[i].bytes = (int64_t)tam_net_plan_bytes(plan);
            memory->plan[i].dtype = tam_net_plan_dtype(plan);
        }
        snprintf(memory->plan[i].why_not, sizeof memory->plan[i].why_not, "%s",
                 status == TAM_OK ? "" : tam_ctx_message(call->ctx));
        tam_net_plan_free(plan);
    }
}

static json_t *memory_object(const net_memory *memory) {
    json_t *object = json_pack("{s:i, s:I, s:I}", "batch", memory->batch, "parameter_bytes", (json_int_t)memory->values,
                               "parameter_training_bytes", (json_int_t)memory->training);
    for (int i = 0; i < PLANS; i++) {
        json_t *plan = memory->plan[i].bytes >= 0 ? json_pack("{s:I, s:s}", "bytes", (json_int_t)memory->plan[i].bytes,
                                                              "dtype", memory->plan[i].dtype)
                                                  : json_pack("{s:s}", "none", memory->plan[i].why_not);
        json_object_set_new(object, plan_names[i], plan);
    }
    return object;
}

static tam_status print_json(cli_call *call, const tam_net *net, const net_memory *memory) {
    tam_net_info info = tam_net_describe(net);
    json_t *layers = json_array();
    for (int i = 0; i < info.layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        json_array_append_new(layers, json_pack("{s:s, s:s, s:[i, i, i], s:I, s:I, s:s, s:I}", "name", layer.name, "op",
                                                layer.op, "shape", layer.c, layer.h, layer.w, "parameters",
                                                (json_int_t)layer.parameters, "macs", (json_int_t)layer.macs, "words",
                                                layer.words, "bytes", (json_int_t)layer_bytes(&layer)));
    }
    return cli_print_json(
        call, json_pack("{s:o, s:[i, i, i], s:i, s:I, s:I, s:I, s:o, s:o}", "net", cli_json_text(call->operands[0]),
                        "input", info.channels, info.height, info.width, "dim", info.dim, "parameters",
                        (json_int_t)info.parameters, "macs", (json_int_t)info.macs, "activation_bytes",
                        (json_int_t)activation_bytes(net), "memory", memory_object(memory), "layers", layers));
}

static void print_table(const tam_net *net) {
    tam_net_info info = tam_net_describe(net);
    printf("%-18s %-40s %-17s %12s %14s %11s\n", "layer", "op", "output", "parameters", "macs", "KB");
    for (int i = 0; i < info.layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        char shape[48], op[40 + TAM_LAYER_WORDS];
        snprintf(shape, sizeof shape, "%d x %d x %d", layer.c, layer.h, layer.w);
        snprintf(op, sizeof op, "%s%s%s", layer.op, layer.words[0] != '\0' ? " " : "", layer.words);
        printf("%-18s %-40s %-17s %12" PRId64 " %14" PRId64 " %11.1f\n", layer.name, op, shape, layer.parameters,
               layer.macs, (double)layer_bytes(&layer) / 1e3);
    }
    printf("%d layers, %" PRId64 " parameters, %.4g million multiply-adds and %.4g MB of activations a sample\n",
           info.layers, info.parameters, (double)info.macs / 1e6, (double)activation_bytes(net) / 1e6);
}

static void print_memory(const net_memory *memory) {
    printf("parameters take %.1f MB, in training %.1f MB with their gradients and momenta\n",
           (double)memory->values / 1e6, (double)memory->training / 1e6);
    for (int i = 0; i < PLANS; i++) {
        if (memory->plan[i].bytes >= 0) {
            printf("a batch of %d in %s takes %.1f MB for %s\n", memory->batch, memory->plan[i].dtype,
                   (double)memory->plan[i].bytes / 1e6, plan_names[i]);
        } else {
            printf("a batch of %d for %s: %s\n", memory->batch, plan_names[i], memory->plan[i].why_not);
        }
    }
}

tam_status net_show(cli_call *call, tam_net *net, const net_memory_question *question) {
    net_memory memory;
    measure(call, net, question, &memory);
    if (call->json) {
        return print_json(call, net, &memory);
    }
    print_table(net);
    print_memory(&memory);
    return TAM_OK;
}
