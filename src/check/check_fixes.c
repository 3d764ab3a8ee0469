/* What a check found, as a list of fixes. */
#include <stdlib.h>
#include <string.h>

#include "check/check_inside.h"
#include "check/fix_file.h"

enum { LONGEST_KEY = 4352 };

/* Whether two images have one key, as when a list names a file twice: such a fix would be refused. */
static bool one_key(const tam_dataset *data, int64_t i, int64_t j) {
    char a[LONGEST_KEY], b[LONGEST_KEY];
    tam_dataset_image_key(data, i, a, sizeof a);
    tam_dataset_image_key(data, j, b, sizeof b);
    return strcmp(a, b) == 0;
}

/* What has been dropped already is not dropped again. */
typedef struct writing {
    tam_check *check;
    tam_fix_file file;
    const tam_dataset *data;
    bool *dropped; /* [images] */
} writing;

static tam_status drop(writing *w, int64_t image, bool proposed) {
    if (w->dropped[image]) {
        return TAM_OK;
    }
    w->dropped[image] = !proposed;
    return tam_fix_file_drop(&w->file, image, proposed);
}

static tam_status write_corrupt(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->corrupt_count; k++) {
        char reason[1024];
        tam_check_reason(w->check, info->corrupt[k], reason, sizeof reason);
        TAM_TRY(tam_fix_file_remark(&w->file, "corrupt: %s", reason));
        TAM_TRY(drop(w, info->corrupt[k], false));
    }
    return TAM_OK;
}

static tam_status write_copies(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->copy_count; k++) {
        const tam_check_twin *copy = &info->copy[k];
        char first[LONGEST_KEY];
        tam_dataset_image_key(w->data, copy->twin, first, sizeof first);
        bool same_key = one_key(w->data, copy->image, copy->twin);
        TAM_TRY(tam_fix_file_remark(&w->file, "the same pixels as %s%s", first,
                                    same_key ? ": the data name it twice, and no fix can tell which" : ""));
        if (!same_key) {
            TAM_TRY(drop(w, copy->image, false));
        }
    }
    return TAM_OK;
}

/* All images of the conflict go, the first one too. */
static tam_status write_conflicts(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->conflict_count; k++) {
        const tam_check_twin *one = &info->conflict[k];
        char key[LONGEST_KEY];
        tam_dataset_image_key(w->data, one->twin, key, sizeof key);
        TAM_TRY(tam_fix_file_remark(&w->file, "the same pixels in several classes: %s of '%s' is also in '%s'", key,
                                    tam_dataset_class_name(w->data, tam_dataset_label(w->data, one->twin)),
                                    tam_dataset_class_name(w->data, tam_dataset_label(w->data, one->image))));
        if (one_key(w->data, one->image, one->twin)) {
            TAM_TRY(tam_fix_file_remark(&w->file, "the data name it twice, and no fix can tell which"));
            continue;
        }
        TAM_TRY(drop(w, one->twin, false));
        TAM_TRY(drop(w, one->image, false));
    }
    return TAM_OK;
}

static tam_status write_near(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->near_count; k++) {
        const tam_check_twin *one = &info->near[k];
        char key[LONGEST_KEY];
        tam_dataset_image_key(w->data, one->twin, key, sizeof key);
        if (!w->dropped[one->twin] && !w->dropped[one->image]) {
            TAM_TRY(tam_fix_file_remark(&w->file, "to decide: nearly %s%s (correlation %.4f)", key,
                                        one->mirrored ? " mirrored" : "", (double)one->alike));
            TAM_TRY(drop(w, one->image, true));
        }
    }
    for (int64_t k = 0; k < info->blank_count; k++) {
        if (!w->dropped[info->blank[k]]) {
            TAM_TRY(tam_fix_file_remark(&w->file, "to decide: all pixels have one value"));
            TAM_TRY(drop(w, info->blank[k], true));
        }
    }
    return TAM_OK;
}

static tam_status write_leaks(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->leak_count; k++) {
        const tam_check_twin *leak = &info->leak[k];
        char name[LONGEST_KEY];
        tam_dataset_image_name(w->check->album.set[leak->set], leak->twin, name, sizeof name);
        bool again = k > 0 && info->leak[k - 1].image == leak->image;
        if (!w->dropped[leak->image] && !again) {
            TAM_TRY(tam_fix_file_remark(&w->file, "to decide: %s%s of an evaluation set (correlation %.4f)", name,
                                        leak->mirrored ? " mirrored" : "", (double)leak->alike));
            TAM_TRY(drop(w, leak->image, true));
        }
    }
    return TAM_OK;
}

static tam_status write_alike(writing *w) {
    const tam_check_info *info = &w->check->info;
    for (int64_t k = 0; k < info->alike_count; k++) {
        const tam_check_classes *pair = &info->alike[k];
        TAM_TRY(tam_fix_file_remark(&w->file, "to decide: the centres are %.1f degrees apart", (double)pair->angle));
        TAM_TRY(tam_fix_file_merge(&w->file, pair->b, pair->a, true));
    }
    return TAM_OK;
}

static tam_status write_all(writing *w) {
    TAM_TRY(write_corrupt(w));
    TAM_TRY(write_conflicts(w));
    TAM_TRY(write_copies(w));
    TAM_TRY(write_near(w));
    TAM_TRY(write_leaks(w));
    return write_alike(w);
}

tam_status tam_check_write_fixes(tam_check *check, const char *path, int64_t *fixes) {
    writing w = {.check = check, .data = check->album.set[0]};
    *fixes = 0;
    w.dropped = tam_allocate(check->ctx, (size_t)check->info.images, sizeof *w.dropped, "images that are dropped");
    tam_status status = w.dropped != NULL ? tam_fix_file_open(check->ctx, path, w.data, &w.file) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_fix_file_close(&w.file, write_all(&w));
    }
    *fixes = status == TAM_OK ? w.file.fixes : 0;
    tam_release(check->ctx, w.dropped);
    return status;
}
