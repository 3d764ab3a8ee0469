#include "graph/names.h"

#include <string.h>

#include "base/memory.h"

enum { FIRST_ROOM = 64 };

/* FNV-1a. */
static unsigned hash_of(const char *name) {
    unsigned hash = 2166136261U;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    }
    return hash;
}

/* The place of that name, or the free one where it belongs. */
static int *place_of(const tam_names *names, const tam_node *nodes, const char *name) {
    for (unsigned i = hash_of(name);; i++) {
        int *place = &names->places[i & (names->room - 1)];
        if (*place == 0 || strcmp(nodes[*place - 1].name, name) == 0) {
            return place;
        }
    }
}

int tam_names_find(const tam_names *names, const tam_node *nodes, const char *name) {
    return names->room == 0 ? -1 : *place_of(names, nodes, name) - 1;
}

tam_status tam_names_put(tam_ctx *ctx, tam_names *names, const tam_node *nodes, int number) {
    int first = number;
    if (2 * ((unsigned)number + 1) > names->room) {
        tam_names larger = {.room = names->room == 0 ? FIRST_ROOM : 2 * names->room};
        larger.places = tam_allocate(ctx, larger.room, sizeof *larger.places, "a graph's names");
        if (larger.places == NULL) {
            return TAM_RESOURCES;
        }
        tam_names_free(ctx, names);
        *names = larger;
        first = 0;
    }
    for (int i = first; i <= number; i++) {
        *place_of(names, nodes, nodes[i].name) = i + 1;
    }
    return TAM_OK;
}

void tam_names_free(tam_ctx *ctx, tam_names *names) {
    tam_release(ctx, names->places);
    *names = (tam_names){0};
}
