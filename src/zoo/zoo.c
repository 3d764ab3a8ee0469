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

tam_status tam_backbone_build(tam_ctx *ctx, const char *specification, int channels, int height, int width, int dim,
                              tam_graph **out) {
    double key[MOST_KEYS];
    const char *keys = strchr(specification, ':');
    tam_graph *graph = NULL;
    *out = NULL;
    const tam_backbone *backbone = tam_backbone_find(ctx, specification);
    if (backbone == NULL) {
        return TAM_CONFIG;
    }
    TAM_TRY(
        tam_keys_read(ctx, backbone->name, keys == NULL ? NULL : keys + 1, backbone->keys, backbone->key_count, key));
    TAM_TRY(tam_graph_create(ctx, channels, height, width, &graph));
    backbone->build(graph, dim, key);
    tam_status status = tam_graph_finish(graph);
    if (status != TAM_OK) {
        tam_graph_free(graph);
        return tam_fail(ctx, status, "net %s for %d x %d x %d: %s", backbone->name, channels, height, width,
                        tam_ctx_message(ctx));
    }
    *out = graph;
    return TAM_OK;
}
