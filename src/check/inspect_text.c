/* Texts: which of the lists of the field it is, by its first lines. */
#include "check/inspect_text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { START_BYTES = 1 << 16, BLOCK = 1 << 20, SHOWN_LINES = 3 };
/* The lines of a longer text are estimated. */
#define MOST_COUNTED ((size_t)256 << 20)

static bool recognise(const tam_place *place) {
    size_t odd = 0;
    for (size_t i = 0; i < place->start_size; i++) {
        uint8_t byte = place->start[i];
        if (byte == 0) {
            return false;
        }
        odd += byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r';
    }
    return place->kind == TAM_PATH_FILE && place->start_size > 0 && 20 * odd <= place->start_size;
}

/* Splits a line in place at the separator; returns the number of fields, at most `most`, of which the last keeps what
 * is left. */
static int split(char *line, char separator, char **fields, int most) {
    int count = 0;
    for (char *at = line; count < most;) {
        fields[count++] = at;
        if (separator == ' ') {
            at += strcspn(at, " \t");
        } else {
            at = strchr(at, separator) != NULL ? strchr(at, separator) : at + strlen(at);
        }
        if (*at == '\0') {
            break;
        }
        if (count < most) {
            *at++ = '\0';
            while (separator == ' ' && (*at == ' ' || *at == '\t')) {
                at++;
            }
        }
    }
    return count;
}

static void take_line(tam_text_line *line, const char *text, size_t length) {
    line->length = length < sizeof line->text ? length : sizeof line->text - 1;
    memcpy(line->text, text, line->length);
    if (line->length > 0 && line->text[line->length - 1] == '\r') {
        line->length--;
    }
    line->text[line->length] = '\0';
    memcpy(line->cut, line->text, line->length + 1);
    line->separator = strchr(line->text, '\t') != NULL ? '\t' : strchr(line->text, ',') != NULL ? ',' : ' ';
    line->fields = split(line->cut, line->separator, line->field, TAM_TEXT_FIELDS);
}

/* The first lines that are neither empty nor comments; a line that the bytes do not hold to its end is left out. */
static void take_lines(tam_text_start *start, const char *text, size_t size, bool whole) {
    for (size_t at = 0; at < size && start->count < TAM_TEXT_LINES;) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
        if (end == NULL && !whole) {
            break;
        }
        if (length > 0 && text[at] != '#' && text[at] != '\r') {
            take_line(&start->line[start->count++], text + at, length);
        }
        at += length + 1;
    }
}

static tam_status count_lines(tam_inspection *inspection, const char *path, int descriptor, size_t size,
                              int64_t *lines) {
    size_t all = size < MOST_COUNTED ? size : MOST_COUNTED;
    char *block = tam_allocate(inspection->ctx, BLOCK, 1, "a part of a text");
    tam_status status = block != NULL ? TAM_OK : TAM_RESOURCES;
    char last = '\n';
    *lines = 0;
    for (size_t at = 0; at < all && status == TAM_OK; at += BLOCK) {
        size_t count = all - at < BLOCK ? all - at : BLOCK;
        status = tam_file_read_at(inspection->ctx, path, descriptor, at, block, count);
        for (size_t i = 0; i < count && status == TAM_OK; i++) {
            *lines += block[i] == '\n';
        }
        last = block[count - 1];
    }
    *lines += last != '\n' && all == size;
    tam_release(inspection->ctx, block);
    if (all < size) {
        inspection->info.partly = 1;
        *lines = (int64_t)((double)*lines * (double)size / (double)all);
    }
    return status;
}

static tam_status state_start(tam_inspection *inspection, const char *path, int descriptor, size_t size) {
    size_t count = size < START_BYTES ? size : START_BYTES;
    int64_t lines;
    char *text = tam_allocate(inspection->ctx, count + 1, 1, "a part of a text");
    tam_text_start *start = tam_allocate(inspection->ctx, 1, sizeof *start, "the first lines of a text");
    tam_status status = text != NULL && start != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_file_read_at(inspection->ctx, path, descriptor, 0, text, count);
    }
    if (status == TAM_OK) {
        start->text = text;
        start->size = count;
        take_lines(start, text, count, count == size);
        status = count_lines(inspection, path, descriptor, size, &lines);
    }
    if (status == TAM_OK) {
        status = inspection->info.partly ? tam_state(inspection, "lines", "about %lld", (long long)lines)
                                         : tam_state_number(inspection, "lines", lines);
    }
    for (int i = 0; status == TAM_OK && i < SHOWN_LINES && i < start->count; i++) {
        status = tam_state_item(inspection, "line", "%.160s", start->line[i].text);
    }
    if (status == TAM_OK) {
        status = tam_text_judge(inspection, path, start, lines);
    }
    tam_release(inspection->ctx, text);
    tam_release(inspection->ctx, start);
    return status;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    int descriptor;
    size_t size;
    inspection->info.kind = "text";
    TAM_TRY(tam_file_open(inspection->ctx, place->path, &descriptor, &size));
    tam_status status = state_start(inspection, place->path, descriptor, size);
    close(descriptor);
    return status;
}

const tam_inspector tam_inspector_text = {recognise, inspect};
