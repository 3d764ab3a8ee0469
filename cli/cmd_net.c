/* tammes net: the nets there are, and the layers, shapes, counts and memory of one. */
#include <stdlib.h>
#include <string.h>

#include "net_show.h"

static const char *const dtypes[] = {"f32", "bf16", "auto"};
static const char *const recomputes[] = {"sweeps", "none", "units"};

typedef struct net_call {
    tam_net_config config;
    net_memory_question memory;
    int size;
    bool text;
    const char *svg;
} net_call;

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
static tam_status settle(cli_call *call, net_call *asked) {
    tam_net_usual usual;
    tam_net_config *config = &asked->config;
    config->net = call->operands[0];
    tam_status status = tam_net_find_usual(call->ctx, config->net, &usual);
    if (status != TAM_OK) {
        return status;
    }
    config->height = asked->size == 0 ? usual.height : asked->size;
    config->width = asked->size == 0 ? usual.width : asked->size;
    config->channels = config->channels == 0 ? usual.channels : config->channels;
    config->dim = config->dim == 0 ? usual.dim : config->dim;
    return TAM_OK;
}

static tam_status show(cli_call *call, net_call *asked) {
    tam_net *net = NULL;
    tam_status status = settle(call, asked);
    if (status == TAM_OK) {
        status = tam_net_create(call->ctx, &asked->config, &net);
    }
    if (status == TAM_OK && asked->svg != NULL) {
        status = tam_net_draw(call->ctx, net, asked->config.net, asked->svg);
    }
    if (status == TAM_OK && asked->text) {
        status = print_text(call, net);
    } else if (status == TAM_OK && (asked->svg == NULL || call->json)) {
        status = net_show(call, net, &asked->memory);
    }
    tam_net_free(net);
    return status;
}

tam_status cli_net(cli_call *call) {
    net_call asked = {0};
    int dtype = 0, recompute = 0;
    const cli_option options[] = {
        cli_int("size", &asked.size, 1, 16384, "side of the input in pixels (the net's usual)"),
        cli_int("channels", &asked.config.channels, 1, 4096, "channels of the input (the net's usual)"),
        cli_int("dim", &asked.config.dim, 1, 65536, "width of the embedding (the net's usual)"),
        cli_int("batch", &asked.memory.batch, 1, 65536,
                "images whose memory is counted (128; 32 if they are larger than 64 x 64)"),
        cli_choice("dtype", &dtype, "f32|bf16|auto", "what is computed in (f32)"),
        cli_choice("recompute", &recompute, "sweeps|none|units",
                   "what training makes again instead of keeping it (sweeps)"),
        cli_switch("text", &asked.text, "print the net's text form, one line a layer, and nothing else"),
        cli_text("svg", &asked.svg, "FILE", "draw the net"),
    };
    const cli_usage usage = {.synopsis = "[NAME[:key=value,...] | FILE.net] [options]",
                             .example = "tammes net\ntammes net conv4:width=32 --size 28 --channels 1 --dim 64\n"
                                        "tammes net ir50 --batch 64 --dtype bf16 --svg ir50.svg\n"
                                        "tammes net ir50 --text > my.net && tammes net my.net",
                             .options = options,
                             .option_count = sizeof options / sizeof options[0],
                             .least_operands = 0,
                             .most_operands = 1};
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    asked.memory.dtype = dtypes[dtype];
    asked.memory.recompute = recomputes[recompute];
    return call->operand_count == 0 ? net_list(call) : show(call, &asked);
}
