/* A file that is written piece by piece and that appears under its name only when it is whole. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include "base/ctx.h"

typedef struct tam_stream tam_stream;

/* Writes to `path`.tmp; *out must be closed by one of the next two. Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_stream_open(tam_ctx *ctx, const char *path, tam_stream **out);
/* Flushes to the disk, renames to `path` and flushes the folder; on failure nothing is left of it and the old `path` is
 * whole. Frees the stream in any case. */
TAM_MUST_USE tam_status tam_stream_commit(tam_stream *stream);
/* Removes what was written and frees the stream; NULL is allowed. */
void tam_stream_abandon(tam_stream *stream);

/* Appends; small pieces are gathered. Fails with TAM_RESOURCES (disk full, ...): then abandon. */
TAM_MUST_USE tam_status tam_stream_write(tam_stream *stream, const void *data, size_t size);
/* Bytes written so far: where the next piece will lie. */
uint64_t tam_stream_at(const tam_stream *stream);
/* Overwrites bytes that were written already, for headers that are known last. */
TAM_MUST_USE tam_status tam_stream_patch(tam_stream *stream, uint64_t at, const void *data, size_t size);

#endif
