#include "data/validation_path.h"

#include <string.h>

#include "base/file.h"
#include "tammes/pairs.h"

tam_status tam_validation_path_read(tam_ctx *ctx, tam_arena *arena, const char *path, tam_validation_path *read) {
    int inside;
    *read = (tam_validation_path){.data = path};
    const char *colon = strrchr(path, ':');
    if (colon != NULL && colon > path && colon[1] != '\0' && tam_path_look(path) == TAM_PATH_ABSENT) {
        char *data = tam_arena_string(arena, path, (size_t)(colon - path));
        if (data == NULL) {
            return TAM_RESOURCES;
        }
        *read = (tam_validation_path){.data = data, .list = colon + 1, .pairs = true};
        return TAM_OK;
    }
    TAM_TRY(tam_pairs_inside(ctx, path, &inside));
    read->pairs = inside;
    return TAM_OK;
}
