/* Networks that are text files: the text form of a graph (graph/graph.h), as a person writes it. */
#ifndef ZOO_NET_FILE_H
#define ZOO_NET_FILE_H

#include "graph/graph.h"

/* No network that is written by hand comes near it. */
enum { TAM_NET_FILE_LARGEST = 4000000 };

/* Whether a specification names a file: it ends in ".net", or has a '/', or keys behind ".net" (which a file refuses).
 */
bool tam_net_file_is(const char *specification);

/* The file's text (tam_release). Fails with TAM_INPUT (missing, no regular file, too large, not text, empty) or
 * TAM_CONFIG (keys behind the file's name). */
TAM_MUST_USE tam_status tam_net_file_read(tam_ctx *ctx, const char *specification, char **text);

/* The graph of a file's text for an input (NULL: the one that the text names). Fails with TAM_INPUT, "FILE, line N:
 * ..."
 */
TAM_MUST_USE tam_status tam_net_file_parse(tam_ctx *ctx, const char *specification, const char *text,
                                           const tam_shape *input, tam_graph **out);

/* The same; `dim` is the embedding's width that is expected, 0: any. Another one fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_net_file_build(tam_ctx *ctx, const char *specification, const char *text,
                                           const tam_shape *input, int dim, tam_graph **out);

#endif
