#include "train/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/format.h"
#include "base/memory.h"

/* Whether a line belongs to the steps that the checkpoint has. A line that was cut short is no JSON and goes. */
static bool keep_line(const char *line, size_t length, int64_t step, int64_t epochs) {
    json_t *object = json_loadb(line, length, 0, NULL);
    const char *kind = json_string_value(json_object_get(object, "kind"));
    bool keep = false;
    if (kind != NULL && strcmp(kind, "start") == 0) {
        keep = true;
    } else if (kind != NULL && strcmp(kind, "step") == 0) {
        keep = json_integer_value(json_object_get(object, "step")) <= step;
    } else if (kind != NULL && strcmp(kind, "epoch") == 0) {
        keep = json_integer_value(json_object_get(object, "epoch")) <= epochs;
    }
    json_decref(object);
    return keep;
}

/* Rewrites an older log without the lines that will be written again. */
static tam_status trim(tam_ctx *ctx, const char *path, int64_t step, int64_t epochs) {
    uint8_t *data;
    size_t size, kept = 0;
    TAM_TRY(tam_file_read(ctx, path, 0, &data, &size));
    for (size_t at = 0; at < size;) {
        const uint8_t *newline = memchr(data + at, '\n', size - at);
        size_t length = newline != NULL ? (size_t)(newline - data) + 1 - at : size - at;
        if (newline != NULL && step >= 0 && keep_line((const char *)data + at, length, step, epochs)) {
            memmove(data + kept, data + at, length);
            kept += length;
        }
        at += length;
    }
    tam_file_piece piece = {data, kept};
    tam_status status = kept == size ? TAM_OK : tam_file_write(ctx, path, &piece, 1);
    tam_release(ctx, data);
    return status;
}

tam_status tam_log_open(tam_ctx *ctx, const char *path, int64_t step, int64_t epochs, tam_log *log) {
    log->ctx = ctx;
    log->path = path;
    log->descriptor = -1;
    log->warned = false;
    if (tam_path_look(path) != TAM_PATH_ABSENT) {
        TAM_TRY(trim(ctx, path, step, epochs));
    }
    log->descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (log->descriptor < 0) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot create: %s", path, strerror(errno));
    }
    return TAM_OK;
}

void tam_log_close(tam_log *log) {
    if (log->path != NULL && log->descriptor >= 0) {
        close(log->descriptor);
        log->descriptor = -1;
    }
}

void tam_log_raw(tam_log *log, const char *format, ...) {
    va_list arguments;
    size_t room = sizeof log->line - log->used;
    va_start(arguments, format);
    int length = tam_format_list(log->line + log->used, room, format, arguments);
    va_end(arguments);
    if (length > 0) {
        log->used += (size_t)length < room ? (size_t)length : room - 1;
    }
}

void tam_log_begin(tam_log *log, const char *kind) {
    log->used = 0;
    tam_log_raw(log, "{\"kind\":\"%s\"", kind);
}

void tam_log_whole(tam_log *log, const char *key, int64_t value) {
    tam_log_raw(log, ",\"%s\":%" PRId64, key, value);
}

void tam_log_real(tam_log *log, const char *key, double value) {
    if (isfinite(value)) {
        tam_log_raw(log, ",\"%s\":%.9g", key, value);
    } else {
        tam_log_raw(log, ",\"%s\":null", key);
    }
}

void tam_log_text(tam_log *log, const char *key, const char *value) {
    tam_log_raw(log, ",\"%s\":\"", key);
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            tam_log_raw(log, "\\%c", *c);
        } else if (*c < 0x20 || *c > 0x7E) {
            tam_log_raw(log, "\\u%04x", *c); /* names may be in any encoding: byte by byte keeps the line valid */
        } else {
            tam_log_raw(log, "%c", *c);
        }
    }
    tam_log_raw(log, "\"");
}

void tam_log_write(tam_log *log) {
    tam_log_raw(log, "}\n");
    size_t at = 0;
    while (at < log->used) {
        ssize_t wrote = write(log->descriptor, log->line + at, log->used - at);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            break;
        }
        at += (size_t)wrote;
    }
    if (at < log->used && !log->warned) {
        log->warned = true;
        tam_warn(log->ctx, "%s: cannot write: %s; training goes on without these lines", log->path, strerror(errno));
    } else if (at == log->used) {
        log->warned = false;
    }
}
