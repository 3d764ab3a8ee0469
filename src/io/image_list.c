#include "io/image_list.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/spec.h"
#include "io/image_list_reader.h"

enum { BOX_NUMBERS = 4, LANDMARK_NUMBERS = 10 };

tam_status tam_list_refuse(const tam_list_reader *in, const char *reason) {
    return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: %s", in->name, (long long)in->line, reason);
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

tam_list_span tam_list_trim(const tam_list_reader *in, tam_list_span s) {
    for (; s.length > 0 && is_blank(in->text[s.at]); s.at++, s.length--) {
    }
    for (; s.length > 0 && is_blank(in->text[s.at + s.length - 1]); s.length--) {
    }
    return s;
}

tam_list_span tam_list_take_line(tam_list_reader *in) {
    tam_list_span line = {in->at, in->size - in->at};
    const char *end = memchr(in->text + in->at, '\n', line.length);
    if (end != NULL) {
        line.length = (size_t)(end - in->text) - in->at;
    }
    in->at += line.length + (end != NULL);
    while (line.length > 0 && in->text[line.at + line.length - 1] == '\r') {
        line.length--;
    }
    return line;
}

/* Passes over empty lines and comments; false at the end. */
static bool find_line(tam_list_reader *in) {
    while (in->at < in->size) {
        size_t at = in->at;
        tam_list_span line = tam_list_trim(in, tam_list_take_line(in));
        if (line.length > 0 && in->text[line.at] != '#') {
            in->at = at;
            return true;
        }
        in->line++;
    }
    return false;
}

static bool is_number(const tam_list_reader *in, tam_list_span s) {
    double value;
    return tam_number_read(in->text + s.at, s.length, &value);
}

/* The part of *rest before the next tab; *rest goes on behind it. */
static tam_list_span take_field(const tam_list_reader *in, tam_list_span *rest) {
    const char *tab = memchr(in->text + rest->at, '\t', rest->length);
    tam_list_span field = {rest->at, tab == NULL ? rest->length : (size_t)(tab - in->text) - rest->at};
    size_t taken = field.length + (tab != NULL);
    rest->at += taken;
    rest->length -= taken;
    return tam_list_trim(in, field);
}

static int64_t count_tabs(const tam_list_reader *in, tam_list_span line) {
    int64_t tabs = 0;
    for (size_t i = 0; i < line.length; i++) {
        tabs += in->text[line.at + i] == '\t';
    }
    return tabs;
}

/* Ends the field with a zero byte and undoes its escapes. */
static size_t keep_escaped(tam_list_reader *in, tam_list_span s) {
    in->text[s.at + tam_unescape(in->text + s.at, s.length)] = '\0';
    return s.at;
}

tam_status tam_list_add_row(tam_list_reader *in, tam_list_row row) {
    tam_image_list *list = in->list;
    bool labelled = row.label != TAM_LIST_NONE;
    size_t length = strlen(in->text + row.path);
    if (length == 0 || length >= PATH_MAX) {
        return tam_list_refuse(in, length == 0 ? "no path" : "the path is too long");
    }
    if (labelled && in->text[row.label] == '\0') {
        return tam_list_refuse(in, "no label");
    }
    if (list->count > 0 && labelled != list->labelled) {
        return tam_list_refuse(in, labelled ? "a label, but the lines before have none"
                                            : "no label, but the lines before have one");
    }
    list->labelled = labelled;
    list->rows[list->count++] = row;
    return TAM_OK;
}

/* path<tab>label, or the last word is the label, or there is none. */
static tam_status read_plain(tam_list_reader *in, tam_list_span line) {
    tam_list_span path = line, label = {0};
    int64_t tabs = count_tabs(in, line);
    if (tabs > 1) {
        return tam_list_refuse(in, "more than two fields separated by tabs: a list of pairs is no list of images");
    }
    if (tabs == 1) {
        label = line;
        path = take_field(in, &label);
        label = tam_list_trim(in, label);
    } else if (!in->started || in->list->labelled) {
        size_t cut = line.length;
        while (cut > 0 && in->text[line.at + cut - 1] != ' ') {
            cut--;
        }
        if (cut > 0) {
            label = (tam_list_span){line.at + cut, line.length - cut};
            path = tam_list_trim(in, (tam_list_span){line.at, cut});
        }
    }
    tam_list_row row = {path.at, TAM_LIST_NONE, TAM_LIST_NONE, in->line};
    if (label.at != 0) {
        row.label = keep_escaped(in, label);
    }
    (void)keep_escaped(in, path);
    return tam_list_add_row(in, row);
}

static tam_status read_index(tam_list_reader *in, tam_list_span line) {
    if (count_tabs(in, line) != 2) {
        return tam_list_refuse(in,
                               "not 'index<tab>label<tab>path': a list with several labels of an image is not read");
    }
    tam_list_span index = take_field(in, &line), label = take_field(in, &line), path = take_field(in, &line);
    if (!is_number(in, index)) {
        return tam_list_refuse(in, "not 'index<tab>label<tab>path': the index is no number");
    }
    tam_list_row row = {path.at, label.at, TAM_LIST_NONE, in->line};
    (void)keep_escaped(in, path);
    (void)keep_escaped(in, label);
    return tam_list_add_row(in, row);
}

/* Numbers separated by blanks; -1: one of the words is none. */
static int count_numbers(const tam_list_reader *in, tam_list_span s) {
    int count = 0;
    while (count <= BOX_NUMBERS + LANDMARK_NUMBERS && (s = tam_list_trim(in, s)).length > 0) {
        size_t length = 0;
        while (length < s.length && !is_blank(in->text[s.at + length])) {
            length++;
        }
        if (!is_number(in, (tam_list_span){s.at, length})) {
            return -1;
        }
        count++;
        s.at += length;
        s.length -= length;
    }
    return count;
}

static tam_status read_aligned(tam_list_reader *in, tam_list_span line) {
    tam_list_span aligned = take_field(in, &line), path = take_field(in, &line), label = take_field(in, &line);
    bool yes = aligned.length == 1 && in->text[aligned.at] == '1';
    bool no = aligned.length == 1 && in->text[aligned.at] == '0';
    int numbers = count_numbers(in, line);
    if (!yes && !no) {
        return tam_list_refuse(in, "not 'aligned<tab>path<tab>label': the first field is neither 0 nor 1");
    }
    if (numbers != 0 && numbers != BOX_NUMBERS && numbers != BOX_NUMBERS + LANDMARK_NUMBERS) {
        return tam_list_refuse(in, "behind the label stand neither 4 numbers (a box) nor 14 (and landmarks)");
    }
    if (label.length == 0) {
        return tam_list_refuse(in, "no label");
    }
    in->list->unaligned += no;
    tam_list_row row = {path.at, label.at, TAM_LIST_NONE, in->line};
    (void)keep_escaped(in, path);
    (void)keep_escaped(in, label);
    return tam_list_add_row(in, row);
}

/* By the first line: tabs and numbers tell MXNet's forms. */
static tam_status choose_form(tam_list_reader *in) {
    bool table;
    TAM_TRY(tam_list_read_header(in, &table));
    if (table) {
        return TAM_OK;
    }
    size_t start = in->at, length = strlen(in->name);
    tam_list_span line = tam_list_trim(in, tam_list_take_line(in));
    in->at = start;
    if (length >= 4 && strcasecmp(in->name + length - 4, ".csv") == 0) {
        return tam_list_refuse(in, "the first line of a CSV names its columns: path,label or path,label,split");
    }
    in->form = TAM_LIST_PLAIN;
    if (count_tabs(in, line) >= 2) {
        tam_list_span first = take_field(in, &line), second = take_field(in, &line);
        if (!is_number(in, first)) {
            return tam_list_refuse(in, "more than two fields separated by tabs");
        }
        in->form = is_number(in, second) ? TAM_LIST_INDEX : TAM_LIST_ALIGNED;
    }
    return TAM_OK;
}

static tam_status read_rows(tam_list_reader *in) {
    if (!find_line(in)) {
        return tam_fail(in->ctx, TAM_INPUT, "%s: a list without images", in->name);
    }
    TAM_TRY(choose_form(in));
    for (; find_line(in); in->started = true) {
        if (in->form == TAM_LIST_TABLE) {
            TAM_TRY(tam_list_read_table_row(in));
            continue;
        }
        tam_list_span line = tam_list_trim(in, tam_list_take_line(in));
        switch (in->form) {
        case TAM_LIST_INDEX:
            TAM_TRY(read_index(in, line));
            break;
        case TAM_LIST_ALIGNED:
            TAM_TRY(read_aligned(in, line));
            break;
        default:
            TAM_TRY(read_plain(in, line));
            break;
        }
        in->line++;
    }
    if (in->list->count == 0) {
        return tam_fail(in->ctx, TAM_INPUT, "%s: a list without images", in->name);
    }
    in->list->splits = in->form == TAM_LIST_TABLE && in->split_column >= 0;
    return TAM_OK;
}

/* Parses list->text, of `size` bytes and one more. */
static tam_status parse(tam_ctx *ctx, const char *name, size_t size, tam_image_list *list) {
    tam_list_reader in = {.ctx = ctx, .name = name, .text = list->text, .size = size, .line = 1, .list = list};
    size_t lines = 1;
    for (size_t at = 0; at < size; at++) {
        if (list->text[at] == '\0') {
            in.line = (int64_t)lines;
            return tam_list_refuse(&in, "a zero byte: not a text in UTF-8");
        }
        lines += list->text[at] == '\n';
    }
    list->rows = tam_allocate(ctx, lines, sizeof *list->rows, "the rows of a list");
    if (list->rows == NULL) {
        return TAM_RESOURCES;
    }
    if (size >= 3 && memcmp(list->text, "\xEF\xBB\xBF", 3) == 0) {
        in.at = 3;
    }
    return read_rows(&in);
}

tam_status tam_image_list_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                 tam_image_list *list) {
    *list = (tam_image_list){.ctx = ctx};
    list->text = tam_allocate(ctx, size + 1, 1, name);
    if (list->text == NULL) {
        return TAM_RESOURCES;
    }
    if (size > 0) {
        memcpy(list->text, data, size);
    }
    tam_status status = parse(ctx, name, size, list);
    if (status != TAM_OK) {
        tam_image_list_free(list);
    }
    return status;
}

tam_status tam_image_list_read(tam_ctx *ctx, const char *path, tam_image_list *list) {
    uint8_t *text;
    size_t size;
    *list = (tam_image_list){.ctx = ctx};
    TAM_TRY(tam_file_read(ctx, path, 0, &text, &size));
    list->text = (char *)text;
    tam_status status = parse(ctx, path, size, list);
    if (status != TAM_OK) {
        tam_image_list_free(list);
    }
    return status;
}

void tam_image_list_free(tam_image_list *list) {
    if (list->ctx != NULL) {
        tam_release(list->ctx, list->text);
        tam_release(list->ctx, list->rows);
    }
    *list = (tam_image_list){0};
}
