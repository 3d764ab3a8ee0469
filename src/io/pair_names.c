#include "io/pair_names.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MOST_FIELDS = 5, ORDINARY_FOLDS = 10, LARGEST_NUMBER = 1000000000, LONGEST_NAME = 1024 };

typedef struct field {
    const char *at;
    size_t length;
} field;

/* The list being read, a line at a time. */
typedef struct reader {
    tam_ctx *ctx;
    tam_arena *arena;
    const char *path, *data;
    size_t size, at;
    int64_t line; /* of the fields, from 1 */
    field fields[MOST_FIELDS];
    int count; /* of fields; MOST_FIELDS: that or more */
    tam_pair_names *pairs;
    int64_t room;
} reader;

static bool is_separator(char c, char separator) {
    return c == separator || (separator == ' ' && c == '\t');
}

/* Cuts the line into fields; for ' ' runs of blanks separate, for ',' and tab every one does. */
static void cut_line(reader *in, const char *line, size_t length, char separator) {
    size_t at = 0;
    in->count = 0;
    while (at <= length && in->count < MOST_FIELDS) {
        size_t start = at;
        while (at < length && !is_separator(line[at], separator)) {
            at++;
        }
        if (at > start || separator != ' ') {
            in->fields[in->count++] = (field){line + start, at - start};
        }
        at++;
    }
}

/* The next line that is not empty; false at the end. separator 0: a tab if the line has one, else blanks. */
static bool next_line(reader *in, char separator) {
    while (in->at < in->size) {
        const char *line = in->data + in->at;
        const char *end = memchr(line, '\n', in->size - in->at);
        size_t length = end != NULL ? (size_t)(end - line) : in->size - in->at;
        in->at += length + (end != NULL);
        in->line++;
        while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' ' || line[length - 1] == '\t')) {
            length--;
        }
        if (length > 0) {
            char found = memchr(line, '\t', length) != NULL ? '\t' : ' ';
            cut_line(in, line, length, separator != 0 ? separator : found);
            return true;
        }
    }
    return false;
}

/* A whole number from 0 to a billion. */
static bool read_number(field text, int64_t *value) {
    *value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || *value > LARGEST_NUMBER) {
            return false;
        }
        *value = 10 * *value + (text.at[i] - '0');
    }
    return text.length > 0 && *value <= LARGEST_NUMBER;
}

static tam_status refuse(reader *in, const char *reason) {
    return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: %s", in->path, (long long)in->line, reason);
}

/* Every pair takes a line of several bytes, so the room follows from the file's size and never grows. */
static tam_status add_pair(reader *in, const char *first, const char *second, bool same) {
    tam_pair_names *pairs = in->pairs;
    if (first == NULL || second == NULL) {
        return TAM_RESOURCES;
    }
    assert(pairs->count < in->room);
    pairs->names[2 * pairs->count] = first;
    pairs->names[2 * pairs->count + 1] = second;
    pairs->same[pairs->count++] = same;
    return TAM_OK;
}

static bool usable_name(field name) {
    return name.length > 0 && name.length <= LONGEST_NAME && memchr(name.at, '\0', name.length) == NULL;
}

/* "Name" and 7 become "Name/Name_0007". */
static const char *face_name(reader *in, field name, int64_t number) {
    char words[2 * LONGEST_NAME + 32];
    int length = snprintf(words, sizeof words, "%.*s/%.*s_%04lld", (int)name.length, name.at, (int)name.length, name.at,
                          (long long)number);
    return tam_arena_string(in->arena, words, (size_t)length);
}

static tam_status read_face_pair(reader *in) {
    int64_t first, second;
    bool same = in->count == 3;
    field other = same ? in->fields[0] : in->fields[2];
    bool whole = (in->count == 3 || in->count == 4) && usable_name(in->fields[0]) && usable_name(other) &&
                 read_number(in->fields[1], &first) && read_number(in->fields[in->count - 1], &second);
    if (!whole) {
        return refuse(in, "neither 'name i j' nor 'name1 i name2 j'");
    }
    return add_pair(in, face_name(in, in->fields[0], first), face_name(in, other, second), same);
}

static tam_status read_faces(reader *in, int64_t folds, int64_t pairs) {
    if (folds < 1 || folds > 1000 || pairs < 1) {
        return refuse(in, "the first line needs 1 to 1000 folds and at least 1 pair");
    }
    in->pairs->folds = (int)folds;
    in->pairs->stems = true;
    while (next_line(in, 0)) {
        TAM_TRY(read_face_pair(in));
        bool expected = (in->pairs->count - 1) / pairs % 2 == 0;
        if (in->pairs->same[in->pairs->count - 1] != expected) {
            return refuse(in,
                          expected ? "a pair of one name is expected here" : "a pair of two names is expected here");
        }
    }
    if (in->pairs->count != 2 * pairs * folds) {
        return tam_fail(in->ctx, TAM_INPUT, "%s: %lld pairs, but its first line says %lld x 2 x %lld", in->path,
                        (long long)in->pairs->count, (long long)folds, (long long)pairs);
    }
    return TAM_OK;
}

static tam_status read_table(reader *in) {
    in->pairs->folds = ORDINARY_FOLDS;
    for (bool first = true; next_line(in, ','); first = false) {
        int64_t same = 2;
        if (in->count != 3 || !usable_name(in->fields[0]) || !usable_name(in->fields[1])) {
            return refuse(in, "not 'path_a,path_b,same'");
        }
        bool number = read_number(in->fields[2], &same) && same <= 1;
        if (!number && first) {
            continue; /* the names of the columns */
        }
        if (!number) {
            return refuse(in, "the third field is neither 0 nor 1");
        }
        TAM_TRY(add_pair(in, tam_arena_string(in->arena, in->fields[0].at, in->fields[0].length),
                         tam_arena_string(in->arena, in->fields[1].at, in->fields[1].length), same == 1));
    }
    return TAM_OK;
}

tam_status tam_pair_names_parse(tam_ctx *ctx, tam_arena *arena, const char *path, const char *data, size_t size,
                                tam_pair_names *pairs) {
    *pairs = (tam_pair_names){0};
    reader in = {.ctx = ctx, .arena = arena, .path = path, .data = data, .size = size, .pairs = pairs};
    in.room = (int64_t)(size / 4) + 1;
    pairs->names = tam_arena_take(arena, (size_t)in.room, 2 * sizeof *pairs->names);
    pairs->same = tam_arena_take(arena, (size_t)in.room, 1);
    if (pairs->names == NULL || pairs->same == NULL) {
        return TAM_RESOURCES;
    }
    int64_t first = 0, second = 0;
    if (!next_line(&in, 0)) {
        return tam_fail(ctx, TAM_INPUT, "%s: no pairs in it", path);
    }
    bool one = in.count == 1 && read_number(in.fields[0], &first);
    bool two = in.count == 2 && read_number(in.fields[0], &first) && read_number(in.fields[1], &second);
    if (one || two) {
        TAM_TRY(read_faces(&in, two ? first : 1, two ? second : first));
    } else {
        in.at = 0;
        in.line = 0;
        TAM_TRY(read_table(&in));
    }
    if (pairs->count == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no pairs in it", path);
    }
    return TAM_OK;
}
