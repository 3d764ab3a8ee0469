#include "io/npy_names.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool tam_npy_beside(const char *path, const char *old, const char *ending, char *beside, size_t room) {
    size_t length = strlen(path), tail = strlen(old);
    if (length <= tail || strcasecmp(path + length - tail, old) != 0) {
        return false;
    }
    int wrote = snprintf(beside, room, "%.*s%s", (int)(length - tail), path, ending);
    return wrote >= 0 && (size_t)wrote < room;
}
