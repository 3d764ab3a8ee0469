#include "data/rec_names.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/file.h"

/* Longer texts are no lists of names. */
#define MOST_BYTES ((size_t)1 << 30)

/* The text beside the file, if there is one. */
static bool find_text(const char *path, char text[PATH_MAX]) {
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash != NULL ? slash : path, '.');
    int stem = (int)(dot != NULL ? (size_t)(dot - path) : strlen(path));
    int folder = (int)(slash != NULL ? slash + 1 - path : 0);
    int length = snprintf(text, PATH_MAX, "%.*s.classes.txt", stem, path);
    if (length < PATH_MAX && tam_path_look(text) == TAM_PATH_FILE) {
        return true;
    }
    length = snprintf(text, PATH_MAX, "%.*sclasses.txt", folder, path);
    return length < PATH_MAX && tam_path_look(text) == TAM_PATH_FILE;
}

static uint64_t hash_of(const char *name) {
    uint64_t hash = 14695981039346656037u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 1099511628211u;
    }
    return hash ^ hash >> 29;
}

/* Whether two of the lines are the same. */
static tam_status find_twins(tam_ctx *ctx, int32_t count, char *const *lines, bool *twins) {
    size_t room = 16;
    while (room < 2 * (size_t)count) {
        room *= 2;
    }
    int32_t *table = tam_allocate(ctx, room, sizeof *table, "names of classes"); /* 1 + line */
    if (table == NULL) {
        return TAM_RESOURCES;
    }
    *twins = false;
    for (int32_t i = 0; i < count && !*twins; i++) {
        size_t at = hash_of(lines[i]) % room;
        while (table[at] != 0 && strcmp(lines[table[at] - 1], lines[i]) != 0) {
            at = (at + 1) % room;
        }
        *twins = table[at] != 0;
        table[at] = i + 1;
    }
    tam_release(ctx, table);
    return TAM_OK;
}

/* The number of lines; -1: one is empty or holds a zero byte. */
static int64_t count_lines(const char *text, size_t size) {
    int64_t count = 0;
    for (size_t at = 0; at < size; count++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = (end != NULL ? (size_t)(end - text) : size) - at;
        if (length == 0 || (length == 1 && text[at] == '\r')) {
            return -1;
        }
        at += length + 1;
    }
    return memchr(text, '\0', size) != NULL ? -1 : count;
}

/* Cuts the text into its lines, in place. There is a zero byte behind it. */
static void cut_lines(char *text, int32_t count, char **lines) {
    for (int32_t i = 0; i < count; i++) {
        size_t length = strcspn(text, "\n"), kept = length;
        kept -= text[length - 1] == '\r';
        lines[i] = text;
        lines[i][tam_unescape(text, kept)] = '\0';
        text += length + 1;
    }
}

/* The lines of the text as names; NULL where it is not fit for that. */
static tam_status read_lines(tam_ctx *ctx, const char *path, int32_t numbers, char *text, size_t size, char ***lines) {
    int64_t count = count_lines(text, size);
    bool twins = false;
    *lines = NULL;
    if (count < numbers) {
        char what[64] = "an empty line, or a zero byte in one";
        if (count >= 0) {
            snprintf(what, sizeof what, "%lld lines for the labels 0 to %ld", (long long)count, (long)numbers - 1);
        }
        tam_warn(ctx, "%s: has %s: classes are called by their numbers", path, what);
        return TAM_OK;
    }
    *lines = tam_allocate(ctx, (size_t)numbers, sizeof **lines, "names of classes");
    if (*lines == NULL) {
        return TAM_RESOURCES;
    }
    cut_lines(text, numbers, *lines);
    TAM_TRY(find_twins(ctx, numbers, *lines, &twins));
    if (twins) {
        tam_warn(ctx, "%s: two lines are the same: classes are called by their numbers", path);
        tam_release(ctx, *lines);
        *lines = NULL;
    }
    return TAM_OK;
}

tam_status tam_rec_names(tam_ctx *ctx, const char *path, int32_t numbers, int32_t classes, const int32_t *number,
                         tam_arena *arena, const char **names) {
    char file[PATH_MAX], decimals[16];
    uint8_t *text = NULL;
    char **lines = NULL;
    size_t size;
    tam_status status = TAM_OK;
    if (find_text(path, file)) {
        status = tam_file_read(ctx, file, MOST_BYTES, &text, &size);
        if (status == TAM_OK) {
            status = read_lines(ctx, file, numbers, (char *)text, size, &lines);
        }
    }
    for (int32_t c = 0; c < classes && status == TAM_OK; c++) {
        snprintf(decimals, sizeof decimals, "%ld", (long)number[c]);
        const char *name = lines != NULL ? lines[number[c]] : decimals;
        names[c] = tam_arena_string(arena, name, strlen(name));
        status = names[c] != NULL ? TAM_OK : TAM_RESOURCES;
    }
    tam_release(ctx, lines);
    tam_release(ctx, text);
    return status;
}
