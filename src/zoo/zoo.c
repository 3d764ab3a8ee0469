#include "zoo/zoo.h"

#include <stdio.h>
#include <string.h>

#define X(name) extern const tam_backbone tam_backbone_##name;
#include "zoo/nets.def"
#undef X

static const tam_backbone *const backbones[] = {
#define X(name) &tam_backbone_##name,
#include "zoo/nets.def"
#undef X
};

enum { BACKBONES = sizeof backbones / sizeof backbones[0], MOST_KEYS = 8 };

int tam_backbone_count(void) {
    return BACKBONES;
}

const tam_backbone *tam_backbone_at(int index) {
    return backbones[index];
}

const tam_backbone *tam_backbone_find(tam_ctx *ctx, const char *specification) {
    const char *names[BACKBONES];
    char name[64];
    size_t length = strcspn(specification, ":");
    if (length >= sizeof name) {
        length = sizeof name - 1;
    }
    memcpy(name, specification, length);
    name[length] = '\0';
    for (int i = 0; i < BACKBONES; i++) {
        names[i] = backbones[i]->name;
    }
    int index = tam_name_find(ctx, "net", name, names, BACKBONES);
    return index < 0 ? NULL : backbones[index];
}

static tam_status build(tam_ctx *ctx, const tam_backbone *backbone, const double *key, tam_shape input, int dim,
                        tam_graph **out) {
    tam_graph *graph = NULL;
    TAM_TRY(tam_graph_create(ctx, input.c, input.h, input.w, &graph));
    backbone->build(graph, dim, key);
    tam_status status = tam_graph_finish(graph);
    if (status != TAM_OK) {
        tam_graph_free(graph);
        return status;
    }
    *out = graph;
    return TAM_OK;
}

static bool takes(tam_ctx *ctx, const tam_backbone *backbone, const double *key, int channels, int side, int dim) {
    tam_graph *graph = NULL;
    tam_status status = build(ctx, backbone, key, (tam_shape){.c = channels, .h = side, .w = side}, dim, &graph);
    tam_graph_free(graph);
    return status == TAM_OK;
}

/* The side of the smallest square that the net takes; 0 where it does not take its usual one either. */
static int smallest_side(tam_ctx *ctx, const tam_backbone *backbone, const double *key, int channels, int dim) {
    int below = 0, side = backbone->usual.size;
    if (!takes(ctx, backbone, key, channels, side, dim)) {
        return 0;
    }
    while (side - below > 1) {
        int middle = (side + below) / 2;
        if (takes(ctx, backbone, key, channels, middle, dim)) {
            side = middle;
        } else {
            below = middle;
        }
    }
    return side;
}

/* A window that does not fit is named; that the input is what is wrong is seen where the net takes a larger one. */
static tam_status refuse(tam_ctx *ctx, const tam_backbone *backbone, const double *key, tam_shape input, int dim,
                         tam_status status) {
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "net %s for %d x %d x %d: %s", backbone->name, input.c, input.h, input.w,
             tam_ctx_message(ctx));
    int side = status == TAM_CONFIG ? smallest_side(ctx, backbone, key, input.c, dim) : 0;
    if (input.h < side || input.w < side) {
        return tam_fail(ctx, TAM_CONFIG, "%s: the input is too small for this net, which takes %d x %d and more",
                        sentence, side, side);
    }
    return tam_fail(ctx, status, "%s", sentence);
}

tam_status tam_backbone_build(tam_ctx *ctx, const char *specification, int channels, int height, int width, int dim,
                              tam_graph **out) {
    double key[MOST_KEYS];
    const char *keys = strchr(specification, ':');
    *out = NULL;
    const tam_backbone *backbone = tam_backbone_find(ctx, specification);
    if (backbone == NULL) {
        return TAM_CONFIG;
    }
    TAM_TRY(
        tam_keys_read(ctx, backbone->name, keys == NULL ? NULL : keys + 1, backbone->keys, backbone->key_count, key));
    tam_shape input = {.c = channels, .h = height, .w = width};
    tam_status status = build(ctx, backbone, key, input, dim, out);
    return status == TAM_OK ? TAM_OK : refuse(ctx, backbone, key, input, dim, status);
}
