/* tammes net: the backbones there are, and the layers, shapes and counts of one. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"

static json_t *net_entry(int index) {
    json_t *keys = json_object();
    for (int k = 0; k < tam_net_key_count(index); k++) {
        tam_key_info key = tam_net_key(index, k);
        json_object_set_new(keys, key.name, json_real(key.otherwise));
    }
    return json_pack("{s:s, s:s, s:o}", "name", tam_net_name(index), "source", tam_net_source(index), "keys", keys);
}

static tam_status list_nets(cli_call *call) {
    if (call->json) {
        json_t *nets = json_array();
        for (int i = 0; i < tam_net_count(); i++) {
            json_array_append_new(nets, net_entry(i));
        }
        return cli_print_json(call, json_pack("{s:o}", "nets", nets));
    }
    for (int i = 0; i < tam_net_count(); i++) {
        printf("%-13s %s\n", tam_net_name(i), tam_net_source(i));
        for (int k = 0; k < tam_net_key_count(i); k++) {
            tam_key_info key = tam_net_key(i, k);
            printf("%13s   %s=%g  %s\n", "", key.name, key.otherwise, key.about);
        }
    }
    return TAM_OK;
}

/* What one sample's layer outputs take in f32. */
static int64_t activation_bytes(const tam_net *net) {
    int64_t bytes = 0;
    for (int i = 0; i < tam_net_describe(net).layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        bytes += (int64_t)sizeof(float) * layer.c * layer.h * layer.w;
    }
    return bytes;
}

static tam_status print_json(cli_call *call, const tam_net *net) {
    tam_net_info info = tam_net_describe(net);
    json_t *layers = json_array();
    for (int i = 0; i < info.layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        json_array_append_new(layers, json_pack("{s:s, s:s, s:[i, i, i], s:I, s:I}", "name", layer.name, "op", layer.op,
                                                "shape", layer.c, layer.h, layer.w, "parameters",
                                                (json_int_t)layer.parameters, "macs", (json_int_t)layer.macs));
    }
    return cli_print_json(call, json_pack("{s:s, s:[i, i, i], s:i, s:I, s:I, s:I, s:o}", "net", call->operands[0],
                                          "input", info.channels, info.height, info.width, "dim", info.dim,
                                          "parameters", (json_int_t)info.parameters, "macs", (json_int_t)info.macs,
                                          "activation_bytes", (json_int_t)activation_bytes(net), "layers", layers));
}

static void print_table(const tam_net *net) {
    tam_net_info info = tam_net_describe(net);
    printf("%-16s %-12s %-16s %12s %14s\n", "layer", "op", "output", "parameters", "macs");
    for (int i = 0; i < info.layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        char shape[48];
        snprintf(shape, sizeof shape, "%d x %d x %d", layer.c, layer.h, layer.w);
        printf("%-16s %-12s %-16s %12" PRId64 " %14" PRId64 "\n", layer.name, layer.op, shape, layer.parameters,
               layer.macs);
    }
    printf("%d layers, %" PRId64 " parameters, %.4g million multiply-adds and %.4g MB of activations a sample\n",
           info.layers, info.parameters, (double)info.macs / 1e6, (double)activation_bytes(net) / 1e6);
}

static tam_status print_text(cli_call *call, const tam_net *net) {
    size_t length = tam_net_text(net, NULL, 0);
    char *text = malloc(length + 1);
    if (text == NULL) {
        return cli_fail(call, TAM_RESOURCES, "cannot allocate %zu bytes for the net's text", length + 1);
    }
    tam_net_text(net, text, length + 1);
    fputs(text, stdout);
    free(text);
    return TAM_OK;
}

/* Fills in what the command line has left at 0. */
static tam_status settle(cli_call *call, int size, tam_net_config *config) {
    tam_net_usual usual;
    tam_status status = tam_net_find_usual(call->ctx, config->net, &usual);
    if (status != TAM_OK) {
        return status;
    }
    config->height = size == 0 ? usual.height : size;
    config->width = size == 0 ? usual.width : size;
    config->channels = config->channels == 0 ? usual.channels : config->channels;
    config->dim = config->dim == 0 ? usual.dim : config->dim;
    return TAM_OK;
}

tam_status cli_net(cli_call *call) {
    tam_net_config config = {0};
    int size = 0;
    bool text = false;
    const cli_option options[] = {
        cli_int("size", &size, 1, 16384, "side of the input in pixels (the net's usual)"),
        cli_int("channels", &config.channels, 1, 4096, "channels of the input (the net's usual)"),
        cli_int("dim", &config.dim, 1, 65536, "width of the embedding (the net's usual)"),
        cli_switch("text", &text, "print the net's text form, one line a layer"),
    };
    const cli_usage usage = {.synopsis = "[NAME[:key=value,...] [options]]",
                             .example = "tammes net\ntammes net conv4:width=32 --size 28 --channels 1 --dim 64",
                             .options = options,
                             .option_count = 4,
                             .least_operands = 0,
                             .most_operands = 1};
    tam_net *net = NULL;
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (call->operand_count == 0) {
        return list_nets(call);
    }
    config.net = call->operands[0];
    tam_status status = settle(call, size, &config);
    if (status != TAM_OK) {
        return status;
    }
    status = tam_net_create(call->ctx, &config, &net);
    if (status == TAM_OK && call->json) {
        status = print_json(call, net);
    } else if (status == TAM_OK && text) {
        status = print_text(call, net);
    } else if (status == TAM_OK) {
        print_table(net);
    }
    tam_net_free(net);
    return status;
}
