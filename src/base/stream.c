#include "base/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

enum { GATHERED = 1 << 18 };

struct tam_stream {
    tam_ctx *ctx;
    char *path, *temporary;
    int descriptor;
    uint64_t flushed; /* bytes in the file; the next `waiting` are in `bytes` */
    size_t waiting;
    uint8_t bytes[GATHERED];
};

static void release(tam_stream *stream) {
    if (stream->descriptor >= 0) {
        close(stream->descriptor);
    }
    tam_release(stream->ctx, stream->path);
    tam_release(stream->ctx, stream->temporary);
    tam_release(stream->ctx, stream);
}

tam_status tam_stream_open(tam_ctx *ctx, const char *path, tam_stream **out) {
    *out = NULL;
    if (tam_path_look(path) == TAM_PATH_OTHER || tam_path_look(path) == TAM_PATH_FOLDER) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: not a regular file, and only such are replaced", path);
    }
    tam_stream *stream = tam_allocate(ctx, 1, sizeof *stream, "a file to write");
    if (stream == NULL) {
        return TAM_RESOURCES;
    }
    size_t room = strlen(path) + sizeof ".tmp";
    stream->ctx = ctx;
    stream->descriptor = -1;
    stream->path = tam_copy_string(ctx, path);
    stream->temporary = tam_allocate(ctx, room, 1, "a path");
    if (stream->path == NULL || stream->temporary == NULL) {
        release(stream);
        return TAM_RESOURCES;
    }
    snprintf(stream->temporary, room, "%s.tmp", path);
    stream->descriptor = open(stream->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (stream->descriptor < 0) {
        tam_status status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot create: %s", stream->temporary, strerror(errno));
        release(stream);
        return status;
    }
    *out = stream;
    return TAM_OK;
}

static tam_status write_at(tam_stream *stream, uint64_t at, const uint8_t *data, size_t size) {
    while (size > 0) {
        ssize_t wrote = pwrite(stream->descriptor, data, size, (off_t)at);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return tam_fail(stream->ctx, TAM_RESOURCES, "%s: cannot write at byte %llu: %s", stream->temporary,
                            (unsigned long long)at, wrote < 0 ? strerror(errno) : "nothing was taken");
        }
        at += (uint64_t)wrote;
        data += wrote;
        size -= (size_t)wrote;
    }
    return TAM_OK;
}

static tam_status flush(tam_stream *stream) {
    TAM_TRY(write_at(stream, stream->flushed, stream->bytes, stream->waiting));
    stream->flushed += stream->waiting;
    stream->waiting = 0;
    return TAM_OK;
}

tam_status tam_stream_write(tam_stream *stream, const void *data, size_t size) {
    if (size > GATHERED - stream->waiting) {
        TAM_TRY(flush(stream));
    }
    if (size > GATHERED) {
        TAM_TRY(write_at(stream, stream->flushed, data, size));
        stream->flushed += size;
        return TAM_OK;
    }
    if (size > 0) {
        memcpy(stream->bytes + stream->waiting, data, size);
        stream->waiting += size;
    }
    return TAM_OK;
}

uint64_t tam_stream_at(const tam_stream *stream) {
    return stream->flushed + stream->waiting;
}

tam_status tam_stream_patch(tam_stream *stream, uint64_t at, const void *data, size_t size) {
    TAM_TRY(flush(stream));
    return write_at(stream, at, data, size);
}

tam_status tam_stream_commit(tam_stream *stream) {
    tam_ctx *ctx = stream->ctx;
    tam_status status = flush(stream);
    if (status == TAM_OK && fsync(stream->descriptor) != 0) {
        status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot write: %s", stream->temporary, strerror(errno));
    }
    if (status == TAM_OK) {
        int descriptor = stream->descriptor;
        stream->descriptor = -1;
        if (close(descriptor) != 0) {
            status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot write: %s", stream->temporary, strerror(errno));
        }
    }
    if (status != TAM_OK) {
        tam_stream_abandon(stream);
        return status;
    }
    status = tam_file_put_in_place(ctx, stream->temporary, stream->path);
    release(stream);
    return status;
}

void tam_stream_abandon(tam_stream *stream) {
    if (stream != NULL) {
        unlink(stream->temporary);
        release(stream);
    }
}
