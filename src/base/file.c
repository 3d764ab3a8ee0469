#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

tam_status tam_file_open(tam_ctx *ctx, const char *path, int *descriptor, size_t *size) {
    struct stat facts;
    *size = 0;
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*descriptor < 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: cannot open: %s", path, strerror(errno));
    }
    if (fstat(*descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        close(*descriptor);
        *descriptor = -1;
        return tam_fail(ctx, TAM_INPUT, "%s: not a regular file", path);
    }
    *size = (size_t)facts.st_size;
    return TAM_OK;
}

tam_status tam_file_read_at(tam_ctx *ctx, const char *path, int descriptor, size_t at, void *data, size_t count) {
    uint8_t *next = data;
    for (size_t end = at + count; at < end;) {
        ssize_t got = pread(descriptor, next, end - at, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return tam_fail(ctx, TAM_INPUT, "%s: cannot read at byte %zu: %s", path, at, strerror(errno));
        }
        if (got == 0) {
            return tam_fail(ctx, TAM_INPUT, "%s: ended at byte %zu of %zu while it was read", path, at, end);
        }
        at += (size_t)got;
        next += got;
    }
    return TAM_OK;
}

tam_status tam_file_read(tam_ctx *ctx, const char *path, size_t limit, uint8_t **data, size_t *size) {
    tam_status status;
    uint8_t *block = NULL;
    int descriptor;
    size_t bytes;
    *data = NULL;
    *size = 0;
    TAM_TRY(tam_file_open(ctx, path, &descriptor, &bytes));
    if (limit > 0 && bytes > limit) {
        status = tam_fail(ctx, TAM_INPUT, "%s: %zu bytes, more than the %zu allowed", path, bytes, limit);
        goto done;
    }
    block = tam_allocate(ctx, bytes + 1, 1, path);
    if (block == NULL) {
        status = TAM_RESOURCES;
        goto done;
    }
    status = tam_file_read_at(ctx, path, descriptor, 0, block, bytes);
    if (status == TAM_OK) {
        *data = block;
        *size = bytes;
        block = NULL;
    }
done:
    tam_release(ctx, block);
    close(descriptor);
    return status;
}

static bool write_all(int descriptor, const void *data, size_t size) {
    const char *at = data;
    while (size > 0) {
        ssize_t wrote = write(descriptor, at, size);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        at += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

/* A rename is on the disk only when its folder is. */
static bool flush_folder_of(char *path) {
    char *slash = strrchr(path, '/');
    const char *folder = ".";
    if (slash == path) {
        folder = "/";
    } else if (slash != NULL) {
        *slash = '\0';
        folder = path;
    }
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    bool flushed = fsync(descriptor) == 0 || errno == EINVAL;
    close(descriptor);
    return flushed;
}

tam_status tam_file_put_in_place(tam_ctx *ctx, char *temporary, const char *path) {
    if (rename(temporary, path) != 0) {
        tam_status status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot replace it: %s", path, strerror(errno));
        unlink(temporary);
        return status;
    }
    if (!flush_folder_of(temporary)) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: cannot flush its folder: %s", path, strerror(errno));
    }
    return TAM_OK;
}

tam_status tam_file_write(tam_ctx *ctx, const char *path, const tam_file_piece *pieces, int count) {
    tam_status status = TAM_OK;
    size_t room = strlen(path) + sizeof ".tmp";
    if (tam_path_look(path) == TAM_PATH_OTHER) { /* a rename would put a file in a device's place */
        return tam_fail(ctx, TAM_RESOURCES, "%s: not a regular file, and only such are replaced", path);
    }
    char *temporary = tam_allocate(ctx, room, 1, "a path");
    if (temporary == NULL) {
        return TAM_RESOURCES;
    }
    snprintf(temporary, room, "%s.tmp", path);
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot create: %s", temporary, strerror(errno));
        goto done;
    }
    bool whole = true;
    for (int i = 0; whole && i < count; i++) {
        whole = write_all(descriptor, pieces[i].data, pieces[i].size);
    }
    whole = whole && fsync(descriptor) == 0;
    int reason = errno;
    whole = close(descriptor) == 0 && whole;
    if (!whole) {
        unlink(temporary);
        status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot write: %s", temporary, strerror(reason));
        goto done;
    }
    status = tam_file_put_in_place(ctx, temporary, path);
done:
    tam_release(ctx, temporary);
    return status;
}

tam_status tam_folder_make(tam_ctx *ctx, const char *path) {
    tam_status status = TAM_OK;
    if (*path == '\0') {
        return tam_fail(ctx, TAM_RESOURCES, "cannot make a folder without a name");
    }
    char *partial = tam_copy_string(ctx, path);
    if (partial == NULL) {
        return TAM_RESOURCES;
    }
    for (char *at = partial + 1;; at++) {
        bool end = *at == '\0';
        if (!end && *at != '/') {
            continue;
        }
        *at = '\0';
        if (mkdir(partial, 0777) != 0 && (errno != EEXIST || tam_path_look(partial) != TAM_PATH_FOLDER)) {
            status = tam_fail(ctx, TAM_RESOURCES, "%s: cannot make the folder: %s", partial, strerror(errno));
            break;
        }
        if (end) {
            break;
        }
        *at = '/';
    }
    tam_release(ctx, partial);
    return status;
}

char *tam_path_join(tam_ctx *ctx, const char *folder, const char *name) {
    size_t room = strlen(folder) + strlen(name) + 2;
    char *path = tam_allocate(ctx, room, 1, "a path");
    if (path != NULL) {
        size_t length = strlen(folder);
        const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
        snprintf(path, room, "%s%s%s", folder, slash, name);
    }
    return path;
}

tam_path_kind tam_path_look(const char *path) {
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return TAM_PATH_ABSENT;
    }
    if (S_ISREG(facts.st_mode)) {
        return TAM_PATH_FILE;
    }
    return S_ISDIR(facts.st_mode) ? TAM_PATH_FOLDER : TAM_PATH_OTHER;
}

bool tam_path_is_taken(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0;
}

bool tam_path_is_link(const char *path) {
    char plain[PATH_MAX];
    struct stat facts;
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') { /* a slash at the end would follow the link */
        length--;
    }
    snprintf(plain, sizeof plain, "%.*s", (int)length, path);
    return lstat(plain, &facts) == 0 && S_ISLNK(facts.st_mode);
}

bool tam_path_is_free(const char *path) {
    struct stat facts;
    if (lstat(path, &facts) != 0) {
        return errno == ENOENT;
    }
    DIR *folder = opendir(path);
    bool empty = folder != NULL;
    for (struct dirent *entry; empty && (entry = readdir(folder)) != NULL;) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return empty;
}
