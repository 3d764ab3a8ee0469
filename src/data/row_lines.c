#include "data/row_lines.h"

#include <string.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/memory.h"

/* Cuts the text at its line ends and undoes the escapes. */
static tam_status cut(tam_ctx *ctx, const char *path, size_t size, int64_t count, const char *of, tam_row_lines *out) {
    int64_t line = 0;
    for (size_t at = 0; at < size; line++) {
        char *begin = out->text + at, *end = memchr(begin, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - begin) : size - at;
        size_t next = at + length + 1;
        length -= length > 0 && begin[length - 1] == '\r';
        if (length == 0 || memchr(begin, '\0', length) != NULL) {
            return tam_fail(ctx, TAM_INPUT, "%s:%lld: %s", path, (long long)line + 1,
                            length == 0 ? "an empty line, where each row has its own" : "a zero byte");
        }
        if (line < count) {
            begin[tam_unescape(begin, length)] = '\0';
            out->at[line] = at;
        }
        at = next;
    }
    if (line != count) {
        return tam_fail(ctx, TAM_INPUT, "%s: %lld lines for the %lld rows of %s", path, (long long)line,
                        (long long)count, of);
    }
    return TAM_OK;
}

tam_status tam_row_lines_cut(tam_ctx *ctx, const char *path, char *text, size_t size, int64_t count, const char *of,
                             tam_row_lines *out) {
    *out = (tam_row_lines){.ctx = ctx, .text = text};
    out->at = tam_allocate(ctx, (size_t)count, sizeof *out->at, "places of lines");
    tam_status status = out->at != NULL ? cut(ctx, path, size, count, of, out) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_row_lines_free(out);
    }
    return status;
}

tam_status tam_row_lines_read(tam_ctx *ctx, const char *path, int64_t count, const char *of, tam_row_lines *out) {
    uint8_t *text;
    size_t size;
    *out = (tam_row_lines){0};
    TAM_TRY(tam_file_read(ctx, path, 0, &text, &size));
    return tam_row_lines_cut(ctx, path, (char *)text, size, count, of, out);
}

void tam_row_lines_free(tam_row_lines *lines) {
    if (lines->ctx != NULL) {
        tam_release(lines->ctx, lines->text);
        tam_release(lines->ctx, lines->at);
    }
    *lines = (tam_row_lines){0};
}
