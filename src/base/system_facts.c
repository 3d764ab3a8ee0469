#include "base/system_facts.h"

#include <stdio.h>
#include <string.h>

enum { PATH_ROOM = 4096, LINE_ROOM = 1024 };

static FILE *open_below(const char *root, const char *name) {
    char path[PATH_ROOM];
    return (size_t)snprintf(path, sizeof path, "%s/%s", root, name) < sizeof path ? fopen(path, "re") : NULL;
}

/* What stands between two places of a line, as much as there is room for. */
static void copy(const char *from, size_t length, char *to, size_t room) {
    length = length < room ? length : room - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

void tam_processor_name(const char *root, char *name, size_t room) {
    char line[LINE_ROOM];
    FILE *file = open_below(root, "proc/cpuinfo");
    name[0] = '\0';
    while (file != NULL && name[0] == '\0' && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) == 0 && colon != NULL) {
            const char *begin = colon + 1 + strspn(colon + 1, " \t");
            copy(begin, strcspn(begin, "\n"), name, room);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

void tam_huge_pages_setting(const char *root, char *setting, size_t room) {
    char line[LINE_ROOM];
    FILE *file = open_below(root, "sys/kernel/mm/transparent_hugepage/enabled");
    setting[0] = '\0';
    if (file == NULL) {
        return;
    }
    if (fgets(line, sizeof line, file) != NULL) { /* "always [madvise] never" */
        const char *open = strchr(line, '['), *close = open != NULL ? strchr(open, ']') : NULL;
        if (close != NULL) {
            copy(open + 1, (size_t)(close - open - 1), setting, room);
        }
    }
    fclose(file);
}
