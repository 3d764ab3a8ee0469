#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "io/megaface.h"

static const size_t largest_list = (size_t)2 << 30;

enum { LONGEST_PATH = 4096 };

void tam_megaface_free_list(tam_ctx *ctx, tam_megaface_list *list) {
    tam_release(ctx, list->path);
    tam_release(ctx, list->id);
    tam_arena_free(list->text);
    *list = (tam_megaface_list){0};
}

static tam_status make_room(tam_ctx *ctx, tam_megaface_list *list, int64_t room, bool ids) {
    list->path = tam_allocate(ctx, (size_t)room, sizeof *list->path, "a list of images");
    list->id = ids ? tam_allocate(ctx, (size_t)room, sizeof *list->id, "a list of images") : NULL;
    list->text = tam_arena_create(ctx, 0);
    return list->path != NULL && (list->id != NULL || !ids) && list->text != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status refuse_entry(tam_ctx *ctx, const char *name, const char *key, size_t i, const char *reason) {
    return tam_fail(ctx, TAM_INPUT, "%s: entry %zu of \"%s\" %s", name, i, key, reason);
}

static tam_status take_paths(tam_ctx *ctx, const char *name, const json_t *paths, tam_megaface_list *list) {
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const json_t *one = json_array_get(paths, i);
        size_t length = json_string_length(one);
        if (!json_is_string(one) || length == 0 || length > LONGEST_PATH) {
            return refuse_entry(ctx, name, "path", i, "is no path");
        }
        list->path[i] = tam_arena_string(list->text, json_string_value(one), length);
        if (list->path[i] == NULL) {
            return TAM_RESOURCES;
        }
    }
    list->count = (int64_t)json_array_size(paths);
    return TAM_OK;
}

static tam_status take_ids(tam_ctx *ctx, const char *name, const json_t *ids, tam_megaface_list *list) {
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const json_t *one = json_array_get(ids, i);
        char number[24];
        if (!json_is_string(one) && !json_is_integer(one)) {
            return refuse_entry(ctx, name, "id", i, "is neither a text nor a whole number");
        }
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(one));
        const char *text = json_is_string(one) ? json_string_value(one) : number;
        list->id[i] = tam_arena_string(list->text, text, strlen(text));
        if (list->id[i] == NULL) {
            return TAM_RESOURCES;
        }
    }
    return TAM_OK;
}

static tam_status take_list(tam_ctx *ctx, const char *name, const json_t *root, tam_megaface_list *list) {
    const json_t *paths = json_object_get(root, "path"), *ids = json_object_get(root, "id");
    if (!json_is_array(paths) || (ids != NULL && !json_is_array(ids))) {
        return tam_fail(ctx, TAM_INPUT, "%s: not a list {\"path\": [...], \"id\": [...]}", name);
    }
    if (json_array_size(paths) == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no paths in it", name);
    }
    if (ids != NULL && json_array_size(ids) != json_array_size(paths)) {
        return tam_fail(ctx, TAM_INPUT, "%s: %zu paths, but %zu ids", name, json_array_size(paths),
                        json_array_size(ids));
    }
    TAM_TRY(make_room(ctx, list, (int64_t)json_array_size(paths), ids != NULL));
    TAM_TRY(take_paths(ctx, name, paths, list));
    return ids != NULL ? take_ids(ctx, name, ids, list) : TAM_OK;
}

tam_status tam_megaface_parse_list(tam_ctx *ctx, const char *name, const char *text, size_t size,
                                   tam_megaface_list *list) {
    json_error_t fault;
    *list = (tam_megaface_list){0};
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &fault);
    if (root == NULL) {
        return tam_fail(ctx, TAM_INPUT, "%s:%d: not JSON at byte %d: %s", name, fault.line, fault.position, fault.text);
    }
    tam_status status = take_list(ctx, name, root, list);
    json_decref(root);
    if (status != TAM_OK) {
        tam_megaface_free_list(ctx, list);
    }
    return status;
}

tam_status tam_megaface_read_list(tam_ctx *ctx, const char *path, tam_megaface_list *list) {
    uint8_t *text;
    size_t size;
    *list = (tam_megaface_list){0};
    TAM_TRY(tam_file_read(ctx, path, largest_list, &text, &size));
    tam_status status = tam_megaface_parse_list(ctx, path, (const char *)text, size, list);
    tam_release(ctx, text);
    return status;
}

/* "path" or "word<TAB>path". */
static tam_text path_of_noise(tam_text line) {
    const char *tab = memchr(line.at, '\t', line.length);
    if (tab == NULL) {
        return line;
    }
    tam_text path = {tab + 1, (size_t)(line.at + line.length - tab) - 1};
    tab = memchr(path.at, '\t', path.length);
    path.length = tab != NULL ? (size_t)(tab - path.at) : path.length;
    return path;
}

static tam_status fill_noises(tam_lines *lines, tam_megaface_list *list, int64_t room) {
    for (tam_text line;;) {
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            return TAM_OK;
        }
        if (line.at[0] == '#') {
            continue;
        }
        tam_text path = path_of_noise(line);
        if (path.length == 0 || path.length > LONGEST_PATH || memchr(path.at, '\0', path.length) != NULL) {
            return tam_lines_refuse(lines, "neither a path nor a word, a tab and a path");
        }
        if (list->count == room) {
            return tam_lines_refuse(lines, "the file grew while it was read");
        }
        list->path[list->count] = tam_arena_string(list->text, path.at, path.length);
        if (list->path[list->count++] == NULL) {
            return TAM_RESOURCES;
        }
    }
}

tam_status tam_megaface_read_noises(tam_lines *lines, tam_megaface_list *list) {
    int64_t room;
    *list = (tam_megaface_list){0};
    TAM_TRY(tam_lines_count(lines, 1, &room));
    tam_status status = make_room(lines->ctx, list, room, false);
    if (status == TAM_OK) {
        status = fill_noises(lines, list, room);
    }
    if (status != TAM_OK) {
        tam_megaface_free_list(lines->ctx, list);
    }
    return status;
}
