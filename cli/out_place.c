/* Where results may go: looked at before the work that makes them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

tam_status cli_refuse_existing(cli_call *call, const char *path) {
    struct stat facts;
    if (path != NULL && lstat(path, &facts) == 0) {
        return cli_fail(call, TAM_CONFIG, "%s: exists; nothing was written", path);
    }
    return TAM_OK;
}

/* The nearest folder above `path` that is there, without links; false where there is none. */
static bool find_parent(const char *path, char real[PATH_MAX]) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) {
        return false;
    }
    while (realpath(part, real) == NULL) {
        char *slash = strrchr(part, '/');
        if (slash == NULL) {
            return realpath(".", real) != NULL;
        }
        slash[slash == part] = '\0';
    }
    return true;
}

tam_status cli_refuse_inside(cli_call *call, const char *data, const char *out) {
    char folder[PATH_MAX], place[PATH_MAX];
    if (realpath(data, folder) == NULL || !find_parent(out, place)) {
        return TAM_OK;
    }
    size_t length = strlen(folder);
    if (strncmp(place, folder, length) == 0 && (place[length] == '/' || place[length] == '\0')) {
        return cli_fail(call, TAM_CONFIG, "%s: lies inside the data %s and would become a part of them", out, data);
    }
    return TAM_OK;
}
