/* Graph texts come from model files: any bytes must be refused with a line, or give a graph whose text reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"

static char *text_of(const tam_graph *graph) {
    size_t length = tam_graph_text(graph, NULL, 0);
    char *text = malloc(length + 1);
    if (text == NULL || tam_graph_text(graph, text, length + 1) != length) {
        abort();
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_graph *graph = NULL, *again = NULL;
    char *input = malloc(size + 1);
    if (input == NULL || tam_ctx_create(NULL, &ctx) != TAM_OK) {
        abort();
    }
    memcpy(input, data, size);
    input[size] = '\0';
    if (tam_graph_parse(ctx, input, &graph) == TAM_OK) {
        char *first = text_of(graph);
        if (tam_graph_parse(ctx, first, &again) != TAM_OK) {
            abort();
        }
        char *second = text_of(again);
        if (strcmp(first, second) != 0 || tam_graph_macs(graph) != tam_graph_macs(again)) {
            abort();
        }
        free(first);
        free(second);
        tam_graph_free(again);
        tam_graph_free(graph);
    } else if (strstr(tam_ctx_message(ctx), "line") == NULL) {
        abort();
    }
    const tam_shape other = {.c = 2, .h = 9, .w = 5}; /* in place of the text's own */
    if (tam_graph_parse_as(ctx, "other", input, &other, &again) == TAM_OK) {
        tam_graph_free(again);
    } else if (strncmp(tam_ctx_message(ctx), "other, line ", 12) != 0) {
        abort();
    }
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    free(input);
    return 0;
}
