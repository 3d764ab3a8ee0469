#include "io/fix_list.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

enum { MOST_FIELDS = 3, LONGEST_WORD = 32 };

static const char first_line[] = "# tammes fixes 1";

static const struct {
    const char *word, *form;
    int fields;
} kinds[] = {
    [TAM_FIX_DROP] = {"drop", "drop<TAB>IMAGE", 2},
    [TAM_FIX_MOVE] = {"move", "move<TAB>IMAGE<TAB>CLASS", 3},
    [TAM_FIX_MERGE] = {"merge", "merge<TAB>CLASS<TAB>INTO", 3},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct field {
    const uint8_t *at;
    size_t size;
} field;

/* The list being read, a line at a time. */
typedef struct reader {
    tam_ctx *ctx;
    const char *path;
    tam_bytes rest;
    int64_t line;
    field now;  /* the line, without its end */
    char *room; /* where the next name goes: no name is longer than what stands for it in the list */
    tam_fix_list *list;
} reader;

static tam_status refuse(const reader *in, const char *reason) {
    return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: %s", in->path, (long long)in->line, reason);
}

/* TAM_OK with now.at NULL at the end of the list. */
static tam_status next_line(reader *in) {
    const uint8_t *start = in->rest.data + in->rest.at;
    size_t left = tam_bytes_left(&in->rest);
    in->now = (field){0};
    if (left == 0) {
        return TAM_OK;
    }
    in->line++;
    const uint8_t *end = memchr(start, '\n', left);
    if (end == NULL) {
        return refuse(in, "the list ends within this line");
    }
    in->now = (field){start, (size_t)(end - start)};
    in->rest.at += in->now.size + 1;
    if (in->now.size > 0 && start[in->now.size - 1] == '\r') {
        in->now.size--;
    }
    return TAM_OK;
}

static int hex_value(uint8_t letter) {
    static const char digits[] = "0123456789abcdef";
    const char *found = letter != '\0' ? strchr(digits, letter >= 'A' && letter <= 'F' ? letter + 32 : letter) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* One character of a name, from the bytes at `at`; returns how many they were, 0 when they mean nothing. */
static size_t read_letter(const uint8_t *at, size_t left, char *letter) {
    *letter = (char)*at;
    if (*at != '\\') {
        return *at != '\0';
    }
    if (left >= 2 && (at[1] == 't' || at[1] == 'n' || at[1] == '\\')) {
        *letter = at[1] == 't' ? '\t' : at[1] == 'n' ? '\n' : '\\';
        return 2;
    }
    int high = left >= 4 && at[1] == 'x' ? hex_value(at[2]) : -1, low = high >= 0 ? hex_value(at[3]) : -1;
    *letter = (char)(16 * high + low);
    return low >= 0 && 16 * high + low > 0 ? 4 : 0;
}

static tam_status read_name(reader *in, field text, const char **name) {
    size_t length = 0;
    for (size_t at = 0; at < text.size; length++) {
        size_t read = read_letter(text.at + at, text.size - at, &in->room[length]);
        if (read == 0) {
            return refuse(in, "a zero byte, or a backslash without one of t, n, \\ or xNN behind it");
        }
        at += read;
    }
    if (length == 0) {
        return refuse(in, "an empty name");
    }
    in->room[length] = '\0';
    *name = in->room;
    in->room += length + 1;
    return TAM_OK;
}

/* The fields of the line; returns how many there are, MOST_FIELDS + 1 for more than that. */
static int cut_line(const reader *in, field fields[MOST_FIELDS]) {
    int count = 0;
    for (size_t at = 0; at <= in->now.size && count <= MOST_FIELDS; count++) {
        const uint8_t *start = in->now.at + at, *tab = memchr(start, '\t', in->now.size - at);
        size_t size = tab != NULL ? (size_t)(tab - start) : in->now.size - at;
        if (count < MOST_FIELDS) {
            fields[count] = (field){start, size};
        }
        at += size + 1;
    }
    return count;
}

static tam_status unknown_word(const reader *in, field word) {
    return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: '%.*s' is none of drop, move and merge, each with a tab behind it",
                    in->path, (long long)in->line, (int)(word.size < LONGEST_WORD ? word.size : LONGEST_WORD),
                    (const char *)word.at);
}

static tam_status read_fix(reader *in) {
    field fields[MOST_FIELDS];
    int count = cut_line(in, fields), kind = 0;
    while (kind < KINDS && (strlen(kinds[kind].word) != fields[0].size ||
                            memcmp(kinds[kind].word, fields[0].at, fields[0].size) != 0)) {
        kind++;
    }
    if (kind == KINDS) {
        return unknown_word(in, fields[0]);
    }
    if (count != kinds[kind].fields) {
        return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: not %s", in->path, (long long)in->line, kinds[kind].form);
    }
    tam_fix *fix = &in->list->fixes[in->list->count];
    *fix = (tam_fix){.kind = (tam_fix_kind)kind, .line = in->line};
    TAM_TRY(read_name(in, fields[1], &fix->name));
    if (count == 3) {
        TAM_TRY(read_name(in, fields[2], &fix->into));
    }
    in->list->count++;
    return TAM_OK;
}

static size_t count_fixes(const uint8_t *data, size_t size) {
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        count += data[at] != '#' && data[at] != '\n';
        at = end != NULL ? (size_t)(end - data) + 1 : size;
    }
    return count;
}

tam_status tam_fix_list_parse(tam_ctx *ctx, tam_arena *arena, const char *path, const uint8_t *data, size_t size,
                              tam_fix_list *list) {
    *list = (tam_fix_list){0};
    reader in = {.ctx = ctx, .path = path, .rest = {data, size, 0}, .list = list};
    TAM_TRY(next_line(&in));
    if (in.now.size != sizeof first_line - 1 || memcmp(in.now.at, first_line, in.now.size) != 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: not a list of fixes: its first line is not '%s'", path, first_line);
    }
    list->fixes = tam_arena_take(arena, count_fixes(data, size), sizeof *list->fixes);
    in.room = tam_arena_take(arena, size + 1, 1);
    if (list->fixes == NULL || in.room == NULL) {
        return TAM_RESOURCES;
    }
    while (true) {
        TAM_TRY(next_line(&in));
        if (in.now.at == NULL) {
            return TAM_OK;
        }
        if (in.now.size > 0 && in.now.at[0] != '#') {
            TAM_TRY(read_fix(&in));
        }
    }
}

/* Bytes of the UTF-8 character at `at` that a terminal shows; 0: there is none (RFC 3629, and no control characters).
 */
static size_t shown_letter(const uint8_t *at) {
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xC2 ? 0 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : at[0] < 0xF5 ? 4 : 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool control = at[0] < 0x20 || at[0] == 0x7F || (at[0] == 0xC2 && at[1] < 0xA0);
    bool other_form = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
                      (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F);
    return control || (length > 1 && other_form) ? 0 : length;
}

static tam_status write_text(tam_stream *stream, const char *text) {
    return tam_stream_write(stream, text, strlen(text));
}

/* `plain`: a backslash is a letter like others, for remarks. */
static tam_status write_escaped(tam_stream *stream, const char *words, bool plain) {
    for (const uint8_t *at = (const uint8_t *)words; *at != '\0';) {
        size_t length = shown_letter(at);
        char escape[8];
        if (length > 0 && (*at != '\\' || plain)) {
            TAM_TRY(tam_stream_write(stream, at, length));
            at += length;
            continue;
        }
        if (*at == '\t' || *at == '\n' || *at == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *at == '\t' ? 't' : *at == '\n' ? 'n' : '\\');
        } else {
            snprintf(escape, sizeof escape, "\\x%02x", *at);
        }
        TAM_TRY(write_text(stream, escape));
        at++;
    }
    return TAM_OK;
}

tam_status tam_fix_list_begin(tam_stream *stream) {
    TAM_TRY(write_text(stream, first_line));
    return write_text(stream, "\n");
}

tam_status tam_fix_list_remark(tam_stream *stream, const char *words) {
    TAM_TRY(write_text(stream, "# "));
    TAM_TRY(write_escaped(stream, words, true));
    return write_text(stream, "\n");
}

tam_status tam_fix_list_add(tam_stream *stream, tam_fix_kind kind, const char *name, const char *into, bool proposed) {
    TAM_TRY(write_text(stream, proposed ? "# " : ""));
    TAM_TRY(write_text(stream, kinds[kind].word));
    TAM_TRY(write_text(stream, "\t"));
    TAM_TRY(write_escaped(stream, name, false));
    if (into != NULL) {
        TAM_TRY(write_text(stream, "\t"));
        TAM_TRY(write_escaped(stream, into, false));
    }
    return write_text(stream, "\n");
}
