#include "base/free_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4096, LINE_ROOM = 4096 };

/* What the two versions of control groups call their files. */
typedef struct group_kind {
    const char *mount, *limit, *usage, *reclaimable;
} group_kind;

static const group_kind kinds[] = {
    {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
    {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
};

/* The number that a line of the file begins with, after `key` and blanks. SIZE_MAX when there is none ("max"). */
static size_t read_number(const char *path, const char *key) {
    char line[LINE_ROOM];
    size_t found = SIZE_MAX, length = strlen(key);
    FILE *file = fopen(path, "re");
    while (file != NULL && found == SIZE_MAX && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, length) == 0) {
            const char *number = line + length + strspn(line + length, " \t");
            found = *number >= '0' && *number <= '9' ? strtoull(number, NULL, 10) : SIZE_MAX;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

static size_t read_group_number(const char *folder, const char *name, const char *key) {
    char path[PATH_ROOM + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return read_number(path, key);
}

/* What the limit of one group leaves; pages of files that it may drop count as free. */
static size_t left_in_group(const group_kind *kind, const char *folder) {
    size_t limit = read_group_number(folder, kind->limit, ""), usage = read_group_number(folder, kind->usage, "");
    size_t reclaimable = read_group_number(folder, "memory.stat", kind->reclaimable);
    if (limit == SIZE_MAX || usage == SIZE_MAX) {
        return SIZE_MAX;
    }
    usage -= reclaimable < usage ? reclaimable : 0;
    return limit > usage ? limit - usage : 0;
}

static size_t limit_of_group(const group_kind *kind, const char *folder) {
    return read_group_number(folder, kind->limit, "");
}

typedef size_t (*group_measure)(const group_kind *kind, const char *folder);

/* The least of the group `name` and those above it. */
static size_t least_of_groups(const char *root, const group_kind *kind, const char *name, group_measure measure) {
    char folder[PATH_ROOM];
    size_t least = SIZE_MAX, top = strlen(root) + strlen(kind->mount);
    if ((size_t)snprintf(folder, sizeof folder, "%s%s%s", root, kind->mount, name) >= sizeof folder) {
        return SIZE_MAX;
    }
    while (true) {
        size_t found = measure(kind, folder);
        char *slash = strrchr(folder, '/');
        least = found < least ? found : least;
        if (slash == NULL || strlen(folder) <= top) {
            return least;
        }
        *slash = '\0';
    }
}

/* A line of /proc/self/cgroup is "number:controllers:/group"; version 2 is number 0, without controllers. */
static size_t least_by_line(const char *root, char *line, group_measure measure) {
    char *controllers = strchr(line, ':'), *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) {
        return SIZE_MAX;
    }
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(controllers, ":memory") == 0) {
        return least_of_groups(root, &kinds[0], group, measure);
    }
    return controllers[1] == '\0' ? least_of_groups(root, &kinds[1], group, measure) : SIZE_MAX;
}

/* The least over all control groups of the process; SIZE_MAX when there is none. */
static size_t least_of_process(const char *root, group_measure measure) {
    char path[PATH_ROOM], line[LINE_ROOM];
    size_t least = SIZE_MAX;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        size_t found = least_by_line(root, line, measure);
        least = found < least ? found : least;
    }
    if (file != NULL) {
        fclose(file);
    }
    return least;
}

/* A number of /proc/meminfo in bytes. */
static size_t of_machine(const char *root, const char *key) {
    char path[PATH_ROOM];
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    size_t kilobytes = read_number(path, key);
    return kilobytes < SIZE_MAX / 1024 ? kilobytes * 1024 : SIZE_MAX;
}

size_t tam_free_memory(const char *root) {
    size_t machine = of_machine(root, "MemAvailable:"), groups = least_of_process(root, left_in_group);
    return machine < groups ? machine : groups;
}

size_t tam_total_memory(const char *root) {
    size_t total = of_machine(root, "MemTotal:");
    return total == SIZE_MAX ? 0 : total;
}

size_t tam_memory_limit(const char *root) {
    size_t limit = least_of_process(root, limit_of_group), total = tam_total_memory(root);
    return limit == SIZE_MAX || (total > 0 && limit >= total) ? 0 : limit;
}
