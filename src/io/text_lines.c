#include "io/text_lines.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { BLOCK = 1 << 20 };

tam_lines tam_lines_of(tam_ctx *ctx, const char *path, const char *data, size_t size) {
    return (tam_lines){.ctx = ctx, .path = path, .descriptor = -1, .data = data != NULL ? data : "", .size = size};
}

tam_status tam_lines_open(tam_ctx *ctx, const char *path, tam_lines *lines) {
    *lines = tam_lines_of(ctx, path, NULL, 0);
    TAM_TRY(tam_file_open(ctx, path, &lines->descriptor, &lines->file_size));
    lines->block = tam_allocate(ctx, BLOCK, 1, "a part of a list");
    lines->data = lines->block;
    if (lines->block == NULL) {
        tam_lines_close(lines);
        return TAM_RESOURCES;
    }
    return TAM_OK;
}

void tam_lines_close(tam_lines *lines) {
    if (lines->descriptor >= 0) {
        close(lines->descriptor);
    }
    tam_release(lines->ctx, lines->block);
    lines->descriptor = -1;
    lines->block = NULL;
}

void tam_lines_rewind(tam_lines *lines) {
    lines->number = 0;
    lines->at = 0;
    if (lines->descriptor >= 0) {
        lines->file_at = 0;
        lines->size = 0;
    }
}

/* Moves what is left of the block to its beginning and fills it up from the file. */
static tam_status fill(tam_lines *lines) {
    size_t left = lines->size - lines->at, more = lines->file_size - lines->file_at;
    if (left == BLOCK) {
        lines->number++;
        return tam_lines_refuse(lines, "a line of more than a megabyte");
    }
    more = more < BLOCK - left ? more : BLOCK - left;
    memmove(lines->block, lines->block + lines->at, left);
    TAM_TRY(tam_file_read_at(lines->ctx, lines->path, lines->descriptor, lines->file_at, lines->block + left, more));
    lines->file_at += more;
    lines->size = left + more;
    lines->at = 0;
    return TAM_OK;
}

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

tam_status tam_lines_next(tam_lines *lines, tam_text *line) {
    for (;;) {
        const char *start = lines->data + lines->at;
        size_t left = lines->size - lines->at;
        const char *end = left > 0 ? memchr(start, '\n', left) : NULL;
        if (end == NULL && lines->descriptor >= 0 && lines->file_at < lines->file_size) {
            TAM_TRY(fill(lines));
            continue;
        }
        if (left == 0) {
            *line = (tam_text){NULL, 0};
            return TAM_OK;
        }
        size_t length = end != NULL ? (size_t)(end - start) : left;
        lines->at += length + (end != NULL);
        if (lines->number++ == 0 && length >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
            start += 3;
            length -= 3;
        }
        while (length > 0 && (start[length - 1] == '\r' || blank(start[length - 1]))) {
            length--;
        }
        if (length > 0) {
            *line = (tam_text){start, length};
            return TAM_OK;
        }
    }
}

tam_status tam_lines_count(tam_lines *lines, size_t least, int64_t *count) {
    tam_text line;
    *count = 0;
    for (;;) {
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            tam_lines_rewind(lines);
            return TAM_OK;
        }
        *count += line.length >= least;
    }
}

tam_status tam_lines_refuse(const tam_lines *lines, const char *reason) {
    return tam_fail(lines->ctx, TAM_INPUT, "%s:%lld: %s", lines->path, (long long)lines->number, reason);
}

tam_text tam_text_first(tam_text *line) {
    size_t start = 0, end;
    while (start < line->length && blank(line->at[start])) {
        start++;
    }
    for (end = start; end < line->length && !blank(line->at[end]);) {
        end++;
    }
    tam_text word = {line->at + start, end - start};
    *line = (tam_text){line->at + end, line->length - end};
    return word;
}

tam_text tam_text_last(tam_text *line) {
    size_t end = line->length, start;
    while (end > 0 && blank(line->at[end - 1])) {
        end--;
    }
    for (start = end; start > 0 && !blank(line->at[start - 1]);) {
        start--;
    }
    tam_text word = {line->at + start, end - start};
    while (start > 0 && blank(line->at[start - 1])) {
        start--;
    }
    line->length = start;
    return word;
}

tam_text tam_text_column(tam_text *line) {
    const char *comma = line->length > 0 ? memchr(line->at, ',', line->length) : NULL;
    size_t end = comma != NULL ? (size_t)(comma - line->at) : line->length, start = 0, taken = end + (comma != NULL);
    const char *at = line->at;
    *line = (tam_text){line->at + taken, line->length - taken};
    while (end > 0 && blank(at[end - 1])) {
        end--;
    }
    while (start < end && blank(at[start])) {
        start++;
    }
    return (tam_text){at + start, end - start};
}
