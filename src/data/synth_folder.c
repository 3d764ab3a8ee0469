#include "data/synth_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

tam_status tam_synth_folder_make(tam_ctx *ctx, const char *folder) {
    if (!tam_path_is_free(folder)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists and is not an empty folder; nothing was written", folder);
    }
    return tam_folder_make(ctx, folder);
}

tam_status tam_synth_folder_identity(tam_ctx *ctx, const char *folder, int64_t identity, char *path, size_t room,
                                     size_t *length) {
    int used = snprintf(path, room, "%s/id%06lld", folder, (long long)identity);
    if (used < 0 || (size_t)used + 16 > room) {
        return tam_fail(ctx, TAM_CONFIG, "%.200s...: the path is too long", folder);
    }
    *length = (size_t)used;
    if (mkdir(path, 0777) != 0) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot make the folder: %s", path, strerror(errno));
    }
    return TAM_OK;
}

tam_status tam_synth_file_write(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    size_t at = 0;
    ssize_t count = 0;
    while (descriptor >= 0 && at < size && ((count = write(descriptor, data + at, size - at)) > 0 || errno == EINTR)) {
        at += count > 0 ? (size_t)count : 0;
    }
    bool written = descriptor >= 0 && at == size;
    int error = errno;
    if (descriptor >= 0 && close(descriptor) != 0 && written) {
        written = false;
        error = errno;
    }
    return written ? TAM_OK : tam_fail(ctx, TAM_RESOURCES, "%s: cannot write: %s", path, strerror(error));
}
