/* Lists with named columns, separated by commas or tabs. */
#include <string.h>
#include <strings.h>

#include "io/image_list_reader.h"

/* The field of a table at `at`, without its quotes, and what ended it: the separator, or '\n' for the line (also at
 * the end of the text). */
static tam_status take_cell(tam_list_reader *in, tam_list_span *cell, char *end) {
    char *text = in->text;
    size_t at = in->at, used;
    *cell = (tam_list_span){at, 0};
    if (at < in->size && text[at] == '"') {
        int64_t line = in->line;
        for (used = at++; at < in->size && (text[at] != '"' || (at + 1 < in->size && text[at + 1] == '"')); used++) {
            in->line += text[at] == '\n';
            at += text[at] == '"';
            text[used] = text[at++];
        }
        if (at == in->size) {
            in->line = line;
            return tam_list_refuse(in, "a quoted field that does not end");
        }
        cell->length = used - cell->at;
        at++;
        at += at + 1 < in->size && text[at] == '\r' && text[at + 1] == '\n';
        if (at < in->size && text[at] != in->separator && text[at] != '\n') {
            return tam_list_refuse(in, "something stands behind the closing quote of a field");
        }
    } else {
        while (at < in->size && text[at] != in->separator && text[at] != '\n') {
            at++;
        }
        used = at - (at > cell->at && text[at - 1] == '\r' && (at == in->size || text[at] == '\n'));
        cell->length = used - cell->at;
        *cell = tam_list_trim(in, *cell);
    }
    *end = at < in->size ? text[at] : '\n';
    in->at = at + (at < in->size);
    return TAM_OK;
}

static void name_column(tam_list_reader *in, tam_list_span cell, int64_t column) {
    static const char *const names[3] = {"path", "label", "split"};
    int64_t *const columns[3] = {&in->path_column, &in->label_column, &in->split_column};
    for (int i = 0; i < 3; i++) {
        if (cell.length == strlen(names[i]) && strncasecmp(in->text + cell.at, names[i], cell.length) == 0) {
            *columns[i] = *columns[i] < 0 ? column : INT64_MAX; /* named twice */
        }
    }
}

tam_status tam_list_read_header(tam_list_reader *in, bool *found) {
    size_t start = in->at;
    tam_list_span line = tam_list_take_line(in), first = line;
    in->at = start;
    in->path_column = in->label_column = in->split_column = -1;
    in->separator = memchr(in->text + line.at, ',', line.length) != NULL ? ',' : '\t';
    /* Only a line that has the word can be one: quoted fields of others are not undone. */
    for (*found = false; !*found && first.length >= 4; first.at++, first.length--) {
        *found = strncasecmp(in->text + first.at, "path", 4) == 0 &&
                 (first.at == line.at || strchr(" \",\t", in->text[first.at - 1]) != NULL) &&
                 (first.length == 4 || strchr(" \",\t", in->text[first.at + 4]) != NULL);
    }
    if (!*found) {
        return TAM_OK;
    }
    int64_t begun = in->line;
    tam_list_span cell;
    char end = 0;
    in->columns = 0;
    do {
        TAM_TRY(take_cell(in, &cell, &end));
        name_column(in, cell, in->columns++);
    } while (end != '\n');
    if (in->path_column < 0 || in->path_column == INT64_MAX || in->label_column == INT64_MAX ||
        in->split_column == INT64_MAX) {
        in->line = begun;
        return tam_list_refuse(in, "the columns path, label and split are each named once");
    }
    in->form = TAM_LIST_TABLE;
    in->line++;
    return TAM_OK;
}

tam_status tam_list_read_table_row(tam_list_reader *in) {
    tam_list_row row = {TAM_LIST_NONE, TAM_LIST_NONE, TAM_LIST_NONE, in->line};
    int64_t column = 0;
    tam_list_span cell;
    char end = 0;
    do {
        TAM_TRY(take_cell(in, &cell, &end));
        size_t *kept = column == in->path_column    ? &row.path
                       : column == in->label_column ? &row.label
                       : column == in->split_column ? &row.split
                                                    : NULL;
        if (kept != NULL) {
            *kept = cell.at;
            in->text[cell.at + cell.length] = '\0';
        }
        column++;
    } while (end != '\n');
    if (column != in->columns) {
        return tam_fail(in->ctx, TAM_INPUT, "%s:%lld: %lld fields where the first line names %lld", in->name,
                        (long long)row.line, (long long)column, (long long)in->columns);
    }
    if (row.split != TAM_LIST_NONE && in->text[row.split] == '\0') {
        return tam_list_refuse(in, "no split");
    }
    TAM_TRY(tam_list_add_row(in, row));
    in->line++;
    return TAM_OK;
}
