#include "data/fixes.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "io/fix_list.h"

#define MOST_FILE_BYTES ((size_t)1 << 30)

enum { LONGEST_KEY = 4352 };

typedef struct class_name {
    const char *name;
    int32_t number;
} class_name;

typedef struct fixing {
    tam_ctx *ctx;
    const char *path;
    const tam_source *source;
    tam_fixed *fixed;
    tam_fix_list list;
    const tam_fix **by_image; /* [of_images] drops and moves, by key, then by line */
    int64_t of_images;
    int64_t *found;      /* [of_images] image with the key, -1: not seen yet; of equal keys the first one's counts */
    class_name *classes; /* [all] by name; numbers: the source's, and behind them, in byte order, the added ones */
    const char **names;  /* [all] by number */
    int32_t known, all;  /* the source's classes; with those that the list adds */
    int32_t *into;       /* [all] number of the class that this one goes into; itself: it stays */
    int64_t *merge_line; /* [all] 0: none */
} fixing;

static tam_status refuse(const fixing *f, int64_t line, const char *opening, const char *name, const char *rest) {
    return tam_fail(f->ctx, TAM_INPUT, "%s:%lld: %s '%.500s' %s", f->path, (long long)line, opening, name, rest);
}

static int by_key(const void *a, const void *b) {
    const tam_fix *x = *(const tam_fix *const *)a, *y = *(const tam_fix *const *)b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static bool same_fix(const tam_fix *a, const tam_fix *b) {
    return a->kind == b->kind && (a->into == NULL || strcmp(a->into, b->into) == 0);
}

/* Drops and moves in the order of their keys. The same fix twice, as in lists that were put together, is one. */
static tam_status sort_images(fixing *f) {
    f->by_image = tam_allocate(f->ctx, (size_t)f->list.count, sizeof *f->by_image, "a list of fixes");
    if (f->by_image == NULL) {
        return TAM_RESOURCES;
    }
    int64_t count = 0;
    for (int64_t i = 0; i < f->list.count; i++) {
        if (f->list.fixes[i].kind != TAM_FIX_MERGE) {
            f->by_image[count++] = &f->list.fixes[i];
        }
    }
    qsort(f->by_image, (size_t)count, sizeof *f->by_image, by_key);
    for (int64_t i = 0; i < count; i++) {
        const tam_fix *last = f->of_images > 0 ? f->by_image[f->of_images - 1] : NULL;
        if (last == NULL || strcmp(last->name, f->by_image[i]->name) != 0) {
            f->by_image[f->of_images++] = f->by_image[i];
        } else if (!same_fix(last, f->by_image[i])) {
            return tam_fail(f->ctx, TAM_INPUT, "%s:%lld: line %lld says something else about the image '%.500s'",
                            f->path, (long long)f->by_image[i]->line, (long long)last->line, last->name);
        }
    }
    f->found = tam_allocate(f->ctx, (size_t)f->of_images, sizeof *f->found, "a list of fixes");
    return f->found != NULL ? TAM_OK : TAM_RESOURCES;
}

static int by_name(const void *a, const void *b) {
    const class_name *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

/* The place of a name among the first `count` of the sorted classes, -1 if it is not there. */
static int32_t find_class(const fixing *f, const char *name, int32_t count) {
    int32_t low = 0, high = count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (strcmp(f->classes[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && strcmp(f->classes[low].name, name) == 0 ? low : -1;
}

/* All class names that there are before the merges: the source's, and those that images move to. */
static tam_status list_classes(fixing *f) {
    int64_t moves = 0;
    for (int64_t i = 0; i < f->of_images; i++) {
        moves += f->by_image[i]->kind == TAM_FIX_MOVE;
    }
    size_t room = (size_t)(f->source->classes + moves);
    f->classes = tam_allocate(f->ctx, room, sizeof *f->classes, "class names");
    f->names = tam_allocate(f->ctx, room, sizeof *f->names, "class names");
    f->into = tam_allocate(f->ctx, room, sizeof *f->into, "class names");
    f->merge_line = tam_allocate(f->ctx, room, sizeof *f->merge_line, "class names");
    if (f->classes == NULL || f->names == NULL || f->into == NULL || f->merge_line == NULL) {
        return TAM_RESOURCES;
    }
    f->known = f->source->classes;
    for (int32_t c = 0; c < f->known; c++) {
        f->classes[c] = (class_name){f->source->class_names[c], c};
    }
    qsort(f->classes, (size_t)f->known, sizeof *f->classes, by_name);
    int64_t all = f->known;
    for (int64_t i = 0; i < f->of_images; i++) {
        const tam_fix *fix = f->by_image[i];
        if (fix->kind == TAM_FIX_MOVE && find_class(f, fix->into, f->known) < 0) {
            f->classes[all++] = (class_name){fix->into, INT32_MAX};
        }
    }
    if (all > INT32_MAX - 1) {
        return tam_fail(f->ctx, TAM_INPUT, "%s: %lld classes are too many", f->path, (long long)all);
    }
    qsort(f->classes, (size_t)all, sizeof *f->classes, by_name);
    f->all = 0;
    for (int64_t c = 0; c < all; c++) {
        bool added = f->classes[c].number == INT32_MAX;
        if (!added || f->all == 0 || strcmp(f->classes[f->all - 1].name, f->classes[c].name) != 0) {
            f->classes[f->all++] = f->classes[c];
        }
    }
    for (int32_t c = 0, next = f->known; c < f->all; c++) {
        f->classes[c].number = f->classes[c].number == INT32_MAX ? next++ : f->classes[c].number;
        f->names[f->classes[c].number] = f->classes[c].name;
        f->into[f->classes[c].number] = f->classes[c].number;
    }
    return TAM_OK;
}

static tam_status class_number(const fixing *f, const tam_fix *fix, const char *name, int32_t *number) {
    int32_t place = find_class(f, name, f->all);
    if (place < 0) {
        return refuse(f, fix->line, "the class", name, "is not in the data");
    }
    *number = f->classes[place].number;
    return TAM_OK;
}

/* Every class's goal; `steps` bounds the way there, so that a circle is found. */
static tam_status follow_merges(fixing *f) {
    for (int32_t c = 0; c < f->all; c++) {
        int32_t goal = c, steps = 0;
        while (f->into[goal] != goal && steps <= f->all) {
            goal = f->into[goal];
            steps++;
        }
        if (steps > f->all) {
            return tam_fail(f->ctx, TAM_INPUT, "%s:%lld: this merge goes round in a circle", f->path,
                            (long long)f->merge_line[goal]);
        }
        for (int32_t at = c; f->into[at] != goal;) { /* the way is not gone a second time */
            int32_t next = f->into[at];
            f->into[at] = goal;
            at = next;
        }
    }
    return TAM_OK;
}

static tam_status read_merges(fixing *f) {
    for (int64_t i = 0; i < f->list.count; i++) {
        const tam_fix *fix = &f->list.fixes[i];
        int32_t from = 0, to = 0;
        if (fix->kind != TAM_FIX_MERGE) {
            continue;
        }
        TAM_TRY(class_number(f, fix, fix->name, &from));
        TAM_TRY(class_number(f, fix, fix->into, &to));
        if (from == to) {
            return refuse(f, fix->line, "the class", fix->name, "is to go into itself");
        }
        if (f->merge_line[from] != 0 && f->into[from] != to) {
            return refuse(f, fix->line, "the class", fix->name, "goes into another one already");
        }
        f->into[from] = to;
        f->merge_line[from] = fix->line;
    }
    return follow_merges(f);
}

static int compare_key(const void *key, const void *fix) {
    return strcmp(key, (*(const tam_fix *const *)fix)->name);
}

/* class_of before the merges: the source's labels, drops and moves. */
static tam_status fix_images(fixing *f) {
    const tam_source *source = f->source;
    char key[LONGEST_KEY];
    for (int64_t i = 0; i < f->of_images; i++) {
        f->found[i] = -1;
    }
    for (int64_t i = 0; i < source->count && f->of_images > 0; i++) {
        source->reader->image_key(source, i, key, sizeof key);
        const tam_fix **at = bsearch(key, f->by_image, (size_t)f->of_images, sizeof *f->by_image, compare_key);
        if (at == NULL) {
            continue;
        }
        if (f->found[at - f->by_image] >= 0) {
            return refuse(f, (*at)->line, "several images have the key", key, "");
        }
        f->found[at - f->by_image] = i;
    }
    for (int64_t k = 0; k < f->of_images; k++) {
        const tam_fix *fix = f->by_image[k];
        int32_t number = -1;
        if (f->found[k] < 0) {
            return refuse(f, fix->line, "the image", fix->name, "is not in the data");
        }
        if (fix->kind == TAM_FIX_MOVE) {
            TAM_TRY(class_number(f, fix, fix->into, &number));
        }
        f->fixed->class_of[f->found[k]] = number;
    }
    return TAM_OK;
}

static bool names_in_order(const tam_source *source) {
    for (int32_t c = 1; c < source->classes; c++) {
        if (strcmp(source->class_names[c - 1], source->class_names[c]) >= 0) {
            return false;
        }
    }
    return true;
}

/* Merges, and new numbers for the classes that have images then. */
static tam_status number_classes(fixing *f) {
    tam_fixed *fixed = f->fixed;
    int32_t *rank = tam_allocate(f->ctx, (size_t)f->all, sizeof *rank, "class names");
    fixed->class_names = tam_allocate(f->ctx, (size_t)f->all, sizeof *fixed->class_names, "class names");
    if (rank == NULL || fixed->class_names == NULL) {
        tam_release(f->ctx, rank);
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < f->source->count && f->all > 0; i++) {
        if (fixed->class_of[i] >= 0) {
            fixed->class_of[i] = f->into[fixed->class_of[i]];
            rank[fixed->class_of[i]] = 1;
        }
    }
    bool in_order = names_in_order(f->source);
    for (int32_t c = 0; c < f->all; c++) {
        int32_t number = in_order ? f->classes[c].number : c;
        if (rank[number] != 0) {
            rank[number] = fixed->classes;
            fixed->class_names[fixed->classes++] = f->names[number];
        }
    }
    for (int64_t i = 0; i < f->source->count && f->all > 0; i++) {
        fixed->class_of[i] = fixed->class_of[i] >= 0 ? rank[fixed->class_of[i]] : -1;
    }
    tam_release(f->ctx, rank);
    return TAM_OK;
}

/* The added names are those of the list, whose bytes go with the arena of the result. */
static tam_status read_list(fixing *f) {
    uint8_t *data;
    size_t size;
    TAM_TRY(tam_file_read(f->ctx, f->path, MOST_FILE_BYTES, &data, &size));
    tam_status status = tam_fix_list_parse(f->ctx, f->fixed->arena, f->path, data, size, &f->list);
    tam_release(f->ctx, data);
    return status;
}

static tam_status refuse_without_labels(const fixing *f) {
    for (int64_t i = 0; i < f->list.count && f->source->classes == 0; i++) {
        if (f->list.fixes[i].kind != TAM_FIX_DROP) {
            return tam_fail(f->ctx, TAM_INPUT, "%s:%lld: a class is named, but the data have no labels", f->path,
                            (long long)f->list.fixes[i].line);
        }
    }
    return TAM_OK;
}

static tam_status apply(fixing *f) {
    TAM_TRY(read_list(f));
    TAM_TRY(refuse_without_labels(f));
    TAM_TRY(sort_images(f));
    TAM_TRY(list_classes(f));
    TAM_TRY(read_merges(f));
    TAM_TRY(fix_images(f));
    return number_classes(f);
}

/* Without a list: the source's own classes. */
static tam_status copy_classes(tam_ctx *ctx, const tam_source *source, tam_fixed *fixed) {
    fixed->classes = source->classes;
    fixed->class_names = tam_allocate(ctx, (size_t)source->classes, sizeof *fixed->class_names, "class names");
    if (fixed->class_names == NULL) {
        return TAM_RESOURCES;
    }
    for (int32_t c = 0; c < source->classes; c++) {
        fixed->class_names[c] = source->class_names[c];
    }
    return TAM_OK;
}

tam_status tam_fixes_apply(tam_ctx *ctx, const char *path, const tam_source *source, tam_fixed *fixed) {
    *fixed = (tam_fixed){0};
    fixing f = {.ctx = ctx, .path = path, .source = source, .fixed = fixed};
    tam_status status = TAM_RESOURCES;
    fixed->class_of = tam_allocate(ctx, (size_t)source->count, sizeof *fixed->class_of, "labels");
    fixed->arena = tam_arena_create(ctx, 0);
    if (fixed->class_of != NULL && fixed->arena != NULL) {
        for (int64_t i = 0; source->classes > 0 && i < source->count; i++) {
            fixed->class_of[i] = source->labels[i];
        }
        status = path != NULL ? apply(&f) : copy_classes(ctx, source, fixed);
    }
    tam_release(ctx, f.by_image);
    tam_release(ctx, f.found);
    tam_release(ctx, f.classes);
    tam_release(ctx, f.names);
    tam_release(ctx, f.into);
    tam_release(ctx, f.merge_line);
    if (status != TAM_OK) {
        tam_fixes_free(ctx, fixed);
    }
    return status;
}

void tam_fixes_free(tam_ctx *ctx, tam_fixed *fixed) {
    tam_arena_free(fixed->arena);
    tam_release(ctx, fixed->class_names);
    tam_release(ctx, fixed->class_of);
    *fixed = (tam_fixed){0};
}
