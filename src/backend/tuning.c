#include "backend/tuning.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Far above any net's needs; what lies above is not a file of ours. */
enum { LARGEST_FILE = 1 << 20, MOST_ENTRIES = 1 << 14, FIRST_ROOM = 64 };

typedef struct entry {
    const char *key, *choice;
} entry;

struct tam_tuning {
    tam_ctx *ctx;
    tam_tune tune;
    tam_arena *words;
    entry *entries; /* by key */
    size_t count, room;
    bool changed; /* since the last load or save */
};

tam_status tam_tuning_create(tam_ctx *ctx, tam_tune tune, tam_tuning **out) {
    *out = NULL;
    tam_tuning *tuning = tam_allocate(ctx, 1, sizeof *tuning, "the choices of algorithms");
    if (tuning == NULL) {
        return TAM_RESOURCES;
    }
    tuning->ctx = ctx;
    tuning->tune = tune;
    tuning->words = tam_arena_create(ctx, 0);
    if (tuning->words == NULL) {
        tam_tuning_free(tuning);
        return TAM_RESOURCES;
    }
    *out = tuning;
    return TAM_OK;
}

void tam_tuning_free(tam_tuning *tuning) {
    if (tuning == NULL) {
        return;
    }
    tam_ctx *ctx = tuning->ctx;
    if (tuning->words != NULL) {
        tam_arena_free(tuning->words);
    }
    tam_release(ctx, tuning->entries);
    tam_release(ctx, tuning);
}

tam_tune tam_tuning_mode(const tam_tuning *tuning) {
    return tuning->tune;
}

/* The place of a key, or where it belongs. */
static size_t place_of(const tam_tuning *tuning, const char *key) {
    size_t low = 0, high = tuning->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(tuning->entries[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const tam_tuning *tuning, size_t place, const char *key) {
    return place < tuning->count && strcmp(tuning->entries[place].key, key) == 0;
}

const char *tam_tuning_find(const tam_tuning *tuning, const char *key) {
    size_t place = place_of(tuning, key);
    return is_at(tuning, place, key) ? tuning->entries[place].choice : NULL;
}

static tam_status make_room(tam_tuning *tuning) {
    if (tuning->count < tuning->room) {
        return TAM_OK;
    }
    size_t room = tuning->room == 0 ? FIRST_ROOM : 2 * tuning->room;
    entry *grown = tam_reallocate(tuning->ctx, tuning->entries, room, sizeof *grown, "the choices of algorithms");
    if (grown == NULL) {
        return TAM_RESOURCES;
    }
    tuning->entries = grown;
    tuning->room = room;
    return TAM_OK;
}

tam_status tam_tuning_set(tam_tuning *tuning, const char *key, const char *choice) {
    size_t place = place_of(tuning, key);
    bool known = is_at(tuning, place, key);
    const char *kept = tam_arena_string(tuning->words, choice, strlen(choice));
    const char *name = known ? tuning->entries[place].key : tam_arena_string(tuning->words, key, strlen(key));
    if (kept == NULL || name == NULL) {
        return TAM_RESOURCES;
    }
    if (!known) {
        TAM_TRY(make_room(tuning));
        memmove(&tuning->entries[place + 1], &tuning->entries[place],
                (tuning->count - place) * sizeof tuning->entries[0]);
        tuning->count++;
    }
    tuning->entries[place] = (entry){name, kept};
    tuning->changed = true;
    return TAM_OK;
}

static bool is_word(const char *text, size_t length) {
    size_t printable = 0;
    while (printable < length && text[printable] > ' ' && text[printable] <= '~') {
        printable++;
    }
    return length > 0 && printable == length;
}

static tam_status take_line(tam_tuning *tuning, const char *path, int number, char *line, size_t length) {
    char *space = memchr(line, ' ', length);
    const char *key = line, *choice = space != NULL ? space + 1 : NULL;
    if (space == NULL || !is_word(key, (size_t)(space - line)) || !is_word(choice, (size_t)(line + length - choice))) {
        return tam_fail(tuning->ctx, TAM_INPUT, "%s: line %d is not a key and a choice, two words", path, number);
    }
    *space = '\0';
    if (tam_tuning_find(tuning, key) != NULL) {
        return TAM_OK;
    }
    if (tuning->count >= MOST_ENTRIES) {
        return tam_fail(tuning->ctx, TAM_INPUT, "%s: line %d: more than %d choices", path, number, MOST_ENTRIES);
    }
    return tam_tuning_set(tuning, key, choice);
}

/* A last line without its end was cut off. */
static tam_status take_lines(tam_tuning *tuning, const char *path, char *text, size_t size) {
    int number = 1;
    for (char *line = text, *end; line < text + size; line = end + 1, number++) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        if (end == NULL) {
            return tam_fail(tuning->ctx, TAM_INPUT, "%s: line %d has no end: the file was cut off", path, number);
        }
        *end = '\0';
        TAM_TRY(take_line(tuning, path, number, line, (size_t)(end - line)));
    }
    return TAM_OK;
}

tam_status tam_tuning_load(tam_tuning *tuning, const char *path) {
    uint8_t *data = NULL;
    size_t size = 0;
    if (tam_path_look(path) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    TAM_TRY(tam_file_read(tuning->ctx, path, LARGEST_FILE, &data, &size));
    const bool changed = tuning->changed;
    tam_status status = take_lines(tuning, path, (char *)data, size);
    tuning->changed = changed;
    tam_release(tuning->ctx, data);
    return status;
}

tam_status tam_tuning_save(tam_tuning *tuning, const char *path) {
    size_t size = 0, at = 0;
    if (!tuning->changed) {
        return TAM_OK;
    }
    TAM_TRY(tam_tuning_load(tuning, path)); /* what another run has added meanwhile */
    for (size_t i = 0; i < tuning->count; i++) {
        size += strlen(tuning->entries[i].key) + strlen(tuning->entries[i].choice) + sizeof " \n" - 1;
    }
    char *text = tam_allocate(tuning->ctx, size + 1, 1, "the choices of algorithms");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t i = 0; i < tuning->count; i++) {
        char *end = stpcpy(text + at, tuning->entries[i].key);
        end = stpcpy(end, " ");
        end = stpcpy(end, tuning->entries[i].choice);
        at = (size_t)(stpcpy(end, "\n") - text);
    }
    const tam_file_piece piece = {text, size};
    tam_status status = tam_file_write(tuning->ctx, path, &piece, 1);
    tuning->changed = status != TAM_OK;
    tam_release(tuning->ctx, text);
    return status;
}

static tam_status merge(tam_tuning *tuning, const char *from, const char *to) {
    TAM_TRY(tam_tuning_load(tuning, to));
    size_t own = tuning->count;
    TAM_TRY(tam_tuning_load(tuning, from));
    tuning->changed = tuning->count > own;
    return tam_tuning_save(tuning, to);
}

tam_status tam_tuning_merge(tam_ctx *ctx, const char *from, const char *to) {
    tam_tuning *tuning;
    TAM_TRY(tam_tuning_create(ctx, TAM_TUNE_OFF, &tuning));
    tam_status status = merge(tuning, from, to);
    tam_tuning_free(tuning);
    return status;
}
