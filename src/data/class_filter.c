#include "data/class_filter.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

#define MOST_FILE_BYTES ((size_t)1 << 30)

typedef struct class_filter {
    tam_ctx *ctx;
    const char *const *names;
    int32_t classes;
    int32_t *sorted; /* class numbers in byte order of their names */
    bool value;
    bool *keep;
} class_filter;

static int by_name(const void *a, const void *b, void *names) {
    const char *const *all = names;
    return strcmp(all[*(const int32_t *)a], all[*(const int32_t *)b]);
}

/* The number of the class with exactly this name, or -1. */
static int32_t find_name(const class_filter *f, const char *name) {
    int32_t low = 0, high = f->classes;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        int order = strcmp(f->names[f->sorted[middle]], name);
        if (order == 0) {
            return f->sorted[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}

static tam_status apply_one(const class_filter *f, const char *pattern) {
    int32_t exact = find_name(f, pattern);
    bool any = exact >= 0;
    if (any) {
        f->keep[exact] = f->value;
    } else if (strpbrk(pattern, "*?[") != NULL) {
        for (int32_t c = 0; c < f->classes; c++) {
            if (fnmatch(pattern, f->names[c], 0) == 0) {
                f->keep[c] = f->value;
                any = true;
            }
        }
    }
    if (!any) {
        return tam_fail(f->ctx, TAM_CONFIG, "no class matches '%s'; there are %d, from '%s' to '%s'", pattern,
                        f->classes, f->names[f->sorted[0]], f->names[f->sorted[f->classes - 1]]);
    }
    return TAM_OK;
}

/* Applies every part of the text, which is cut up in doing so. */
static tam_status apply_all(const class_filter *f, char *text, const char *separators, const char *from) {
    char *rest = NULL;
    int parts = 0;
    for (char *part = strtok_r(text, separators, &rest); part != NULL; part = strtok_r(NULL, separators, &rest)) {
        TAM_TRY(apply_one(f, part));
        parts++;
    }
    return parts > 0 ? TAM_OK : tam_fail(f->ctx, TAM_CONFIG, "the class filter '%s' names no class", from);
}

tam_status tam_class_filter(tam_ctx *ctx, const char *filter, const char *const *names, int32_t classes, bool value,
                            bool *keep) {
    class_filter f = {.ctx = ctx, .names = names, .classes = classes, .value = value, .keep = keep};
    bool from_file = filter[0] == '@';
    char *text = NULL;
    size_t size;
    tam_status status = TAM_RESOURCES;
    f.sorted = tam_allocate(ctx, (size_t)classes, sizeof *f.sorted, "the order of the classes");
    if (f.sorted == NULL) {
        goto done;
    }
    for (int32_t c = 0; c < classes; c++) {
        f.sorted[c] = c;
    }
    qsort_r(f.sorted, (size_t)classes, sizeof *f.sorted, by_name, (void *)names);
    if (from_file) {
        uint8_t *data;
        status = tam_file_read(ctx, filter + 1, MOST_FILE_BYTES, &data, &size);
        if (status != TAM_OK) {
            goto done;
        }
        text = (char *)data; /* tam_file_read closes it with a zero */
    } else {
        text = tam_copy_string(ctx, filter);
        if (text == NULL) {
            goto done;
        }
    }
    status = apply_all(&f, text, from_file ? "\r\n" : ",", filter);
done:
    tam_release(ctx, text);
    tam_release(ctx, f.sorted);
    return status;
}
