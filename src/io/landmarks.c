#include "io/landmarks.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/decimal.h"

enum {
    COORDINATES = 10,
    MOST_FIELDS = 17,    /* of a .lst: three, a box, five points */
    LEAST_LINE = 11,     /* a name of one letter and ten separators */
    MOST_PREAMBLE = 2,   /* lines before the first with coordinates */
    LONGEST_NAME = 4096, /* as paths */
    START = 4096
};
static const size_t largest_list = (size_t)16 << 30;

typedef enum line_kind { COORDINATE_LINE, BARE_LST_LINE, WRONG_LINE } line_kind;

typedef struct field {
    char *at;
    size_t length;
} field;

typedef struct list_line {
    char separator; /* ',', or ' ' for runs of blanks and tabs; '\t' in a .lst, whose rest may have blanks, too */
    field fields[MOST_FIELDS];
    int count; /* MOST_FIELDS: that or more */
} list_line;

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

static bool separates(char c, char separator) {
    return c == separator || (separator == ' ' && c == '\t');
}

/* The next field of the line from *at on; a quoted one without its quotes. */
static field next_field(char *line, size_t length, char separator, size_t *at) {
    while (*at < length && blank(line[*at]) && !(separator == '\t' && line[*at] == '\t')) {
        ++*at;
    }
    size_t start = *at, end;
    if (start < length && line[start] == '"') {
        char *close = memchr(line + start + 1, '"', length - start - 1);
        end = close != NULL ? (size_t)(close - line) + 1 : length;
        if (close != NULL && (end == length || separates(line[end], separator))) {
            *at = end + 1;
            return (field){line + start + 1, end - start - 2};
        }
    }
    for (end = start; end < length && !separates(line[end], separator);) {
        end++;
    }
    *at = end + 1;
    while (end > start && blank(line[end - 1])) {
        end--;
    }
    return (field){line + start, end - start};
}

static void cut(char *line, size_t length, char separator, list_line *out) {
    size_t at = 0;
    out->separator = separator;
    out->count = 0;
    while (at <= length && out->count < MOST_FIELDS) {
        /* The numbers of a .lst are separated by tabs or blanks. */
        char by = separator == '\t' && out->count >= 3 ? ' ' : separator;
        field one = next_field(line, length, by, &at);
        if (one.length > 0 || by != ' ') {
            out->fields[out->count++] = one;
        }
    }
}

static bool same_word(field text, const char *word) {
    return text.length == strlen(word) && strncasecmp(text.at, word, text.length) == 0;
}

/* A coordinate; "nan" and nothing are NaN. */
static bool read_coordinate(field text, float *value) {
    static const char *const none[] = {"", "nan", "-nan", "inf", "-inf", "none", "null"};
    double number;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        if (same_word(text, none[i])) {
            *value = NAN;
            return true;
        }
    }
    if (!tam_decimal_read(text.at, text.length, &number)) {
        return false;
    }
    *value = (float)number;
    return true;
}

static bool usable_name(field name) {
    return name.length > 0 && name.length <= LONGEST_NAME && memchr(name.at, '\0', name.length) == NULL;
}

static bool is_number(field text) {
    float value;
    return text.length > 0 && read_coordinate(text, &value);
}

/* row->name is set by keep_name, later, for it writes into the text. */
static line_kind read_plain(const list_line *line, tam_landmark *row) {
    if (line->count < 1 + COORDINATES || !usable_name(line->fields[0])) {
        return WRONG_LINE;
    }
    for (int i = 0; i < COORDINATES; i++) {
        if (!read_coordinate(line->fields[1 + i], &row->point[i])) {
            return WRONG_LINE;
        }
    }
    if (line->count == COORDINATES + 1 || !read_coordinate(line->fields[1 + COORDINATES], &row->score)) {
        row->score = NAN;
    }
    return COORDINATE_LINE;
}

static line_kind read_lst(const list_line *line, tam_landmark *row) {
    const field *fields = line->fields;
    bool begins = line->count >= 3 && (same_word(fields[0], "0") || same_word(fields[0], "1")) &&
                  usable_name(fields[1]) && !is_number(fields[1]) && is_number(fields[2]);
    if (!begins || (line->count != 3 && line->count != 7 && line->count != MOST_FIELDS)) {
        return WRONG_LINE;
    }
    for (int i = 3; i < line->count; i++) {
        float value;
        if (!read_coordinate(fields[i], &value)) {
            return WRONG_LINE;
        }
        if (i >= 7) {
            row->point[2 * ((i - 7) % 5) + (i - 7) / 5] = value;
        }
    }
    row->score = NAN;
    return line->count == MOST_FIELDS ? COORDINATE_LINE : BARE_LST_LINE;
}

/* Reads a line by the separator; *name: the field of the name. */
static line_kind read_line(char *text, size_t length, char separator, tam_landmark *row, field *name) {
    list_line line;
    cut(text, length, separator, &line);
    line_kind kind = separator == '\t' ? read_lst(&line, row) : read_plain(&line, row);
    *name = line.fields[separator == '\t' ? 1 : 0];
    return kind;
}

/* The separator by which the line has coordinates; 0: none. */
static char find_separator(char *text, size_t length, bool *bare) {
    static const char separators[] = {',', '\t', ' '};
    for (size_t i = 0; i < sizeof separators; i++) {
        tam_landmark row;
        field name;
        line_kind kind = read_line(text, length, separators[i], &row, &name);
        if (kind != WRONG_LINE) {
            *bare = kind == BARE_LST_LINE;
            return separators[i];
        }
    }
    return 0;
}

/* Ends the name with a zero byte, in the place of its separator or of what follows. */
static const char *keep_name(field name) {
    size_t length = tam_unescape(name.at, name.length);
    name.at[length] = '\0';
    while (name.at[0] == '.' && name.at[1] == '/' && name.at[2] != '\0') {
        name.at += 2;
    }
    return name.at;
}

/* The line that begins at text[*at] without its end; moves *at behind it. */
static size_t take_line(const char *text, size_t size, size_t *at) {
    const char *line = text + *at, *end = memchr(line, '\n', size - *at);
    size_t length = end != NULL ? (size_t)(end - line) : size - *at;
    *at += length + (end != NULL);
    while (length > 0 && (line[length - 1] == '\r' || blank(line[length - 1]))) {
        length--;
    }
    return length;
}

/* A mark of UTF-8 at the beginning is no part of the first name. */
static size_t mark_length(const char *text, size_t size) {
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static int64_t count_lines(const char *text, size_t size) {
    int64_t lines = 0;
    for (size_t at = 0; at < size;) {
        size_t start = at;
        (void)take_line(text, size, &at);
        lines += at - start >= LEAST_LINE;
    }
    return lines;
}

static tam_status refuse(tam_ctx *ctx, const char *path, int64_t line) {
    return tam_fail(ctx, TAM_INPUT,
                    "%s:%lld: neither 'path,x1,y1,...,x5,y5', the same with blanks, nor a line of a .lst with "
                    "landmarks",
                    path, (long long)line);
}

static tam_status parse_lines(tam_ctx *ctx, const char *path, char *text, size_t size, tam_landmarks *out) {
    char separator = 0;
    int64_t number = 0, preamble = 0;
    for (size_t at = mark_length(text, size); at < size;) {
        char *line = text + at;
        size_t length = take_line(text, size, &at);
        bool bare;
        number++;
        if (length == 0) {
            continue;
        }
        if (separator == 0) {
            separator = find_separator(line, length, &bare);
            if (separator == 0 && ++preamble > MOST_PREAMBLE) {
                return refuse(ctx, path, number);
            }
            if (separator == 0) {
                continue;
            }
        }
        field name;
        tam_landmark *row = &out->rows[out->count], unused;
        line_kind kind = read_line(line, length, separator, length < LEAST_LINE ? &unused : row, &name);
        if (kind == WRONG_LINE) {
            return refuse(ctx, path, number);
        }
        if (kind == BARE_LST_LINE) {
            out->without++;
            continue;
        }
        row->line = number;
        row->name = keep_name(name);
        out->count++;
    }
    return TAM_OK;
}

tam_status tam_landmarks_parse(tam_ctx *ctx, const char *path, char *text, size_t size, tam_landmarks *landmarks) {
    *landmarks = (tam_landmarks){0};
    /* One more than can be read, for lines that turn out to be none. */
    landmarks->rows = tam_allocate(ctx, (size_t)count_lines(text, size) + 1, sizeof *landmarks->rows, "landmarks");
    if (landmarks->rows == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = parse_lines(ctx, path, text, size, landmarks);
    if (status == TAM_OK && landmarks->count == 0) {
        status = tam_fail(ctx, TAM_INPUT, "%s: no landmarks in it", path);
    }
    if (status != TAM_OK) {
        tam_landmarks_free(ctx, landmarks);
    }
    return status;
}

tam_status tam_landmarks_read(tam_ctx *ctx, const char *path, tam_landmarks *landmarks) {
    uint8_t *text;
    size_t size;
    *landmarks = (tam_landmarks){0};
    TAM_TRY(tam_file_read(ctx, path, largest_list, &text, &size));
    tam_status status = tam_landmarks_parse(ctx, path, (char *)text, size, landmarks);
    if (status != TAM_OK) {
        tam_release(ctx, text);
        return status;
    }
    landmarks->text = (char *)text;
    return TAM_OK;
}

void tam_landmarks_free(tam_ctx *ctx, tam_landmarks *landmarks) {
    tam_release(ctx, landmarks->rows);
    tam_release(ctx, landmarks->text);
    *landmarks = (tam_landmarks){0};
}

bool tam_landmarks_recognise(const char *start, size_t size) {
    char text[START];
    size_t length, at = mark_length(start, size);
    bool bare;
    size = size < sizeof text ? size : sizeof text;
    memcpy(text, start, size);
    for (int i = 0; i <= MOST_PREAMBLE && at < size; i++) {
        char *line = text + at;
        length = take_line(text, size, &at);
        if (find_separator(line, length, &bare) != 0) {
            return !bare;
        }
    }
    return false;
}
