#include "zoo/net_file.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static const char ending[] = ".net";

/* Where the file's name ends and keys begin, or NULL. */
static const char *find_keys(const char *specification) {
    size_t length = strlen(specification), end = sizeof ending - 1;
    if (length >= end && strcmp(specification + length - end, ending) == 0) {
        return NULL;
    }
    const char *keys = strstr(specification, ".net:");
    return keys != NULL ? keys + end : NULL;
}

bool tam_net_file_is(const char *specification) {
    size_t length = strlen(specification), end = sizeof ending - 1;
    return (length >= end && strcmp(specification + length - end, ending) == 0) || strchr(specification, '/') != NULL ||
           find_keys(specification) != NULL;
}

/* The line of the first byte that no text has, or 0. */
static int find_no_text(const uint8_t *data, size_t size) {
    int line = 1;
    for (size_t i = 0; i < size; i++) {
        if ((data[i] < 0x20 && data[i] != '\t' && data[i] != '\n' && data[i] != '\r') || data[i] == 0x7F) {
            return line;
        }
        line += data[i] == '\n';
    }
    return 0;
}

static tam_status check_text(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size) {
    int line = find_no_text(data, size);
    if (line > 0) {
        return tam_fail(ctx, TAM_INPUT, "%s, line %d: not a text; a network is one as tammes net NAME --text prints",
                        path, line);
    }
    if (strspn((const char *)data, " \t\r\n") == size) {
        return tam_fail(ctx, TAM_INPUT, "%s: the file is empty; a network begins with input = input(...)", path);
    }
    return TAM_OK;
}

tam_status tam_net_file_read(tam_ctx *ctx, const char *specification, char **text) {
    static const char mark[] = "\xEF\xBB\xBF"; /* some editors begin a text in UTF-8 with it */
    uint8_t *data;
    size_t size, skip = sizeof mark - 1;
    const char *keys = find_keys(specification);
    *text = NULL;
    if (keys != NULL) {
        return tam_fail(ctx, TAM_CONFIG, "%.*s: a network that is a file takes no keys, but '%s' was given",
                        (int)(keys - specification), specification, keys + 1);
    }
    TAM_TRY(tam_file_read(ctx, specification, TAM_NET_FILE_LARGEST, &data, &size));
    if (size >= skip && memcmp(data, mark, skip) == 0) {
        size -= skip;
        memmove(data, data + skip, size + 1);
    }
    tam_status status = check_text(ctx, specification, data, size);
    if (status != TAM_OK) {
        tam_release(ctx, data);
        return status;
    }
    *text = (char *)data;
    return TAM_OK;
}

tam_status tam_net_file_parse(tam_ctx *ctx, const char *specification, const char *text, const tam_shape *input,
                              tam_graph **out) {
    char *own = NULL;
    *out = NULL;
    if (text == NULL) {
        TAM_TRY(tam_net_file_read(ctx, specification, &own));
        text = own;
    }
    tam_status status = tam_graph_parse_as(ctx, specification, text, input, out);
    tam_release(ctx, own);
    return status;
}

tam_status tam_net_file_build(tam_ctx *ctx, const char *specification, const char *text, const tam_shape *input,
                              int dim, tam_graph **out) {
    TAM_TRY(tam_net_file_parse(ctx, specification, text, input, out));
    tam_shape shape = tam_graph_output_shape(*out);
    if (dim != 0 && dim != shape.c) {
        tam_graph_free(*out);
        *out = NULL;
        return tam_fail(ctx, TAM_CONFIG,
                        "%s: the network's embedding has %d numbers, not %d; leave the dimension out, or change the "
                        "file's last layer",
                        specification, shape.c, dim);
    }
    return TAM_OK;
}
