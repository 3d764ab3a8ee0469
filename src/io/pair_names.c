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
    field whole;  /* the line */
    field fields[MOST_FIELDS];
    int count; /* of fields; MOST_FIELDS: that or more */
    tam_pair_names *pairs;
    int64_t room;
} reader;

static bool is_separator(char c, char separator) {
    return c == separator || (separator == ' ' && c == '\t');
}

/* The end of a field of a table that begins with a quote, behind its closing quote, which the separator or the line's
 * end follows; 0: it has none. */
static size_t quoted_end(const char *line, size_t length, size_t start, char separator) {
    const char *close =
        separator == ',' && line[start] == '"' ? memchr(line + start + 1, '"', length - start - 1) : NULL;
    size_t end = close != NULL ? (size_t)(close - line) + 1 : 0;
    return end > 0 && (end == length || line[end] == separator) ? end : 0;
}

/* Cuts the line into fields; for ' ' runs of blanks separate, for ',' and tab every one does. */
static void cut_line(reader *in, const char *line, size_t length, char separator) {
    size_t at = 0;
    in->count = 0;
    while (at <= length && in->count < MOST_FIELDS) {
        size_t start = at, quoted = at < length ? quoted_end(line, length, at, separator) : 0;
        while (quoted == 0 && at < length && !is_separator(line[at], separator)) {
            at++;
        }
        if (quoted > 0) {
            at = quoted;
            in->fields[in->count++] = (field){line + start + 1, at - start - 2};
        } else if (at > start || separator != ' ') {
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
        if (in->line++ == 0 && length >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) { /* a mark of UTF-8 */
            line += 3;
            length -= 3;
        }
        while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' ' || line[length - 1] == '\t')) {
            length--;
        }
        if (length > 0) {
            in->whole = (field){line, length};
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

/* "file label": the file may hold blanks, the label is a number. */
static bool cut_labelled(field whole, field *file, int64_t *label) {
    size_t start = whole.length, end;
    while (start > 0 && !is_separator(whole.at[start - 1], ' ')) {
        start--;
    }
    for (end = start; end > 0 && is_separator(whole.at[end - 1], ' ');) {
        end--;
    }
    *file = (field){whole.at, end};
    return usable_name(*file) && read_number((field){whole.at + start, whole.length - start}, label);
}

static bool is_labelled(const reader *in) {
    field file;
    int64_t label;
    return memchr(in->whole.at, ',', in->whole.length) == NULL && cut_labelled(in->whole, &file, &label);
}

/* Pairs that come as one half of same ones and one of others, as ten folds with a tenth of each. */
static tam_status put_folds_together(reader *in) {
    tam_pair_names *pairs = in->pairs;
    int64_t count = pairs->count, first = 1, parts[2];
    while (first < count && pairs->same[first] == pairs->same[0]) {
        first++;
    }
    if (first == count || memchr(pairs->same + first, pairs->same[0], (size_t)(count - first)) != NULL) {
        return TAM_OK;
    }
    /* Fold by fold the same pairs first, as in LFW's list. */
    int64_t same_first = pairs->same[0] ? 0 : first, other_first = pairs->same[0] ? first : 0;
    parts[0] = pairs->same[0] ? first : count - first;
    parts[1] = count - parts[0];
    const char **names = tam_arena_take(in->arena, (size_t)count, 2 * sizeof *names);
    if (names == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t f = 0, at = 0; f < ORDINARY_FOLDS; f++) {
        for (int half = 0; half < 2; half++) {
            int64_t base = half == 0 ? same_first : other_first;
            for (int64_t i = parts[half] * f / ORDINARY_FOLDS; i < parts[half] * (f + 1) / ORDINARY_FOLDS; i++, at++) {
                memcpy(names + 2 * at, pairs->names + 2 * (base + i), 2 * sizeof *names);
                pairs->same[at] = half == 0;
            }
        }
    }
    pairs->names = names;
    return TAM_OK;
}

static tam_status read_labelled(reader *in) {
    in->pairs->folds = ORDINARY_FOLDS;
    const char *first = NULL;
    int64_t first_label = 0;
    while (next_line(in, 0)) {
        field file;
        int64_t label;
        if (!cut_labelled(in->whole, &file, &label)) {
            return refuse(in, "not 'file label'");
        }
        const char *name = tam_arena_string(in->arena, file.at, file.length);
        if (name == NULL) {
            return TAM_RESOURCES;
        }
        if (first == NULL) {
            first = name;
            first_label = label;
            continue;
        }
        if (label != first_label) {
            return refuse(in, "its label is not that of the line before, with which it is a pair");
        }
        TAM_TRY(add_pair(in, first, name, label != 0));
        first = NULL;
    }
    if (first != NULL) {
        return refuse(in, "the last line has no other to make a pair with");
    }
    return put_folds_together(in);
}

/* What a list begins with. */
typedef enum list_form { LIST_FACES, LIST_LABELLED, LIST_TABLE } list_form;

/* From the first line; *folds and *pairs are of LFW's form. */
static list_form find_form(const reader *in, int64_t *folds, int64_t *pairs) {
    *folds = 1;
    if (in->count == 1 && read_number(in->fields[0], pairs)) {
        return LIST_FACES;
    }
    if (in->count == 2 && read_number(in->fields[0], folds) && read_number(in->fields[1], pairs)) {
        return LIST_FACES;
    }
    return is_labelled(in) ? LIST_LABELLED : LIST_TABLE;
}

static tam_status read_form(reader *in, list_form form, int64_t folds, int64_t pairs) {
    if (form == LIST_FACES) {
        return read_faces(in, folds, pairs);
    }
    in->at = 0;
    in->line = 0;
    return form == LIST_LABELLED ? read_labelled(in) : read_table(in);
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
    int64_t folds, pairs_of_fold = 0;
    if (!next_line(&in, 0)) {
        return tam_fail(ctx, TAM_INPUT, "%s: no pairs in it", path);
    }
    list_form form = find_form(&in, &folds, &pairs_of_fold);
    TAM_TRY(read_form(&in, form, folds, pairs_of_fold));
    if (pairs->count == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no pairs in it", path);
    }
    return TAM_OK;
}

/* A table's second line tells where its first names the columns. */
static bool is_table_line(reader *in) {
    int64_t same;
    cut_line(in, in->whole.at, in->whole.length, ',');
    return in->count == 3 && usable_name(in->fields[0]) && usable_name(in->fields[1]) &&
           read_number(in->fields[2], &same) && same <= 1;
}

bool tam_pair_names_recognise(const char *start, size_t size) {
    reader in = {.data = start, .size = size};
    int64_t folds, pairs, first, second;
    if (!next_line(&in, 0)) {
        return false;
    }
    list_form form = find_form(&in, &folds, &pairs);
    if (form == LIST_TABLE) {
        return is_table_line(&in) || (in.count == 3 && next_line(&in, 0) && is_table_line(&in));
    }
    if (form == LIST_FACES) {
        bool line = next_line(&in, 0) && (in.count == 3 || in.count == 4) && read_number(in.fields[1], &first);
        return line && read_number(in.fields[in.count - 1], &second);
    }
    field file;
    bool labelled = cut_labelled(in.whole, &file, &first);
    return labelled && next_line(&in, 0) && cut_labelled(in.whole, &file, &second) && first == second;
}
