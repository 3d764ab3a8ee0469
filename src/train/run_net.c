/* A run's network. Where it is a file, the run goes on when the file is gone: its checkpoint holds the text. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/model_weights.h"
#include "train/run.h"
#include "zoo/net_file.h"

static tam_status copy_text(tam_ctx *ctx, const tam_net *net, char **text) {
    size_t room = tam_net_text(net, NULL, 0) + 1;
    *text = tam_allocate(ctx, room, 1, "a net's text");
    if (*text == NULL) {
        return TAM_RESOURCES;
    }
    (void)tam_net_text(net, *text, room);
    return TAM_OK;
}

/* The text that a model's file holds, where its network has that name; else *text stays NULL. */
static tam_status find_in_model(tam_ctx *ctx, const char *path, const char *net, char **text) {
    tam_model *model = NULL;
    if (tam_path_look(path) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    TAM_TRY(tam_model_open_without_weights(ctx, path, &model));
    tam_status status = TAM_OK;
    if (strcmp(tam_model_describe(model).net, net) == 0) {
        status = copy_text(ctx, tam_model_net(model), text);
    }
    tam_model_free(model);
    return status;
}

/* The text of a network that is a file (tam_release). */
static tam_status find_text(tam_ctx *ctx, const tam_train_config *config, char **text) {
    *text = NULL;
    if (tam_path_look(config->net) != TAM_PATH_ABSENT) {
        return tam_net_file_read(ctx, config->net, text);
    }
    if (config->out != NULL) {
        char *last = tam_path_join(ctx, config->out, "last.safetensors");
        if (last == NULL) {
            return TAM_RESOURCES;
        }
        tam_status status = find_in_model(ctx, last, config->net, text);
        tam_release(ctx, last);
        TAM_TRY(status);
    }
    if (*text == NULL && config->init_from != NULL) {
        TAM_TRY(find_in_model(ctx, config->init_from, config->net, text));
    }
    return *text != NULL ? TAM_OK : tam_net_file_read(ctx, config->net, text); /* says what is wrong with it */
}

tam_status tam_train_net_dim(tam_ctx *ctx, const tam_train_config *config, int *dim) {
    char *text;
    tam_graph *graph = NULL;
    if (!tam_net_file_is(config->net)) {
        return TAM_OK;
    }
    TAM_TRY(find_text(ctx, config, &text));
    tam_status status = tam_net_file_build(ctx, config->net, text, NULL, *dim, &graph);
    if (status == TAM_OK) {
        *dim = tam_graph_output_shape(graph).c;
    }
    tam_graph_free(graph);
    tam_release(ctx, text);
    return status;
}

tam_status tam_run_net(tam_run *run) {
    const tam_train_config *config = &run->config;
    char *text = NULL;
    if (tam_net_file_is(config->net)) {
        TAM_TRY(find_text(run->ctx, config, &text));
    }
    const tam_net_config net = {.net = config->net,
                                .channels = run->info.channels,
                                .height = run->info.height,
                                .width = run->info.width,
                                .dim = config->dim,
                                .seed = config->seed,
                                .text = text};
    tam_status status = tam_net_create(run->ctx, &net, &run->net);
    tam_release(run->ctx, text);
    return status;
}

/* The number of the first line in which two texts differ, with the two lines; 0 where they are the same. */
static int find_difference(const char *a, const char *b, char was[80], char now[80]) {
    for (int line = 1; *a != '\0' || *b != '\0'; line++) {
        size_t length_a = strcspn(a, "\n"), length_b = strcspn(b, "\n");
        if (length_a != length_b || memcmp(a, b, length_a) != 0) {
            snprintf(was, 80, "%.*s", (int)length_a, a);
            snprintf(now, 80, "%.*s", (int)length_b, b);
            return line;
        }
        a += length_a + (a[length_a] == '\n');
        b += length_b + (b[length_b] == '\n');
    }
    return 0;
}

tam_status tam_run_net_is_same(tam_run *run, const char *path, const char *text) {
    char was[80], now[80], *here = NULL, *there = NULL;
    tam_net *net = NULL;
    if (text == NULL) {
        return tam_fail(run->ctx, TAM_INPUT, "%s: a checkpoint needs 'graph' among its metadata", path);
    }
    tam_status status = tam_net_parse_blank(run->ctx, text, &net);
    if (status == TAM_OK) {
        status = copy_text(run->ctx, net, &there);
    }
    if (status == TAM_OK) {
        status = copy_text(run->ctx, run->net, &here);
    }
    int line = status == TAM_OK ? find_difference(there, here, was, now) : 0;
    if (line > 0) {
        status = tam_fail(run->ctx, TAM_CONFIG,
                          "%s: the run's network is not the one that %s holds now: its layer %d is '%s', not '%s'; "
                          "put the old file back, take it away (the run goes on with its own network), or choose "
                          "another --out",
                          path, run->config.net, line, was[0] != '\0' ? was : "none", now[0] != '\0' ? now : "none");
    }
    tam_release(run->ctx, here);
    tam_release(run->ctx, there);
    tam_net_free(net);
    return status;
}
