/* What a clean found, as a list of fixes: one for each image and class. */
#include "check/clean_inside.h"
#include "check/fix_file.h"

typedef struct writing {
    const tam_clean *clean;
    tam_fix_file file;
    bool *fixed; /* [images] */
} writing;

static const char *class_name(const tam_clean *clean, int32_t c) {
    return tam_dataset_class_name(clean->data, c);
}

static tam_status write_overlaps(writing *w) {
    const tam_clean_info *info = &w->clean->info;
    for (int64_t k = 0; k < info->overlap_count; k++) {
        const tam_clean_overlap *one = &info->overlap[k];
        if (!w->fixed[one->image]) {
            w->fixed[one->image] = true;
            TAM_TRY(tam_fix_file_remark(&w->file, "shows '%s' of an evaluation set: %.1f degrees, the limit is %.1f",
                                        tam_clean_person(w->clean, one->set, one->person), (double)one->angle,
                                        info->against[one->set].limit));
            TAM_TRY(tam_fix_file_drop(&w->file, one->image, false));
        }
    }
    return TAM_OK;
}

static tam_status write_drops(writing *w) {
    const tam_clean_info *info = &w->clean->info;
    for (int64_t k = 0; k < info->drop_count; k++) {
        const tam_clean_image *one = &info->drop[k];
        if (!w->fixed[one->image]) {
            w->fixed[one->image] = true;
            TAM_TRY(tam_fix_file_remark(&w->file,
                                        "far from everybody: %.1f degrees from the own centre, the limit is %.1f",
                                        (double)one->own_angle, info->far));
            TAM_TRY(tam_fix_file_drop(&w->file, one->image, false));
        }
    }
    return TAM_OK;
}

static tam_status write_moves(writing *w) {
    const tam_clean_info *info = &w->clean->info;
    for (int64_t k = 0; k < info->move_count; k++) {
        const tam_clean_image *one = &info->move[k];
        if (!w->fixed[one->image]) {
            w->fixed[one->image] = true;
            TAM_TRY(tam_fix_file_remark(&w->file, "%.1f degrees from '%s', %.1f from '%s'", (double)one->own_angle,
                                        class_name(w->clean, one->own), (double)one->other_angle,
                                        class_name(w->clean, one->other)));
            TAM_TRY(tam_fix_file_move(&w->file, one->image, one->other, false));
        }
    }
    return TAM_OK;
}

static tam_status write_merges(writing *w) {
    const tam_clean_info *info = &w->clean->info;
    for (int64_t k = 0; k < info->merge_count; k++) {
        TAM_TRY(tam_fix_file_remark(&w->file, "one identity under two names: the centres are %.1f degrees apart",
                                    (double)info->merge[k].angle));
        TAM_TRY(tam_fix_file_merge(&w->file, info->merge[k].b, info->merge[k].a, false));
    }
    return TAM_OK;
}

static tam_status write_all(writing *w) {
    TAM_TRY(write_merges(w));
    TAM_TRY(write_overlaps(w));
    TAM_TRY(write_moves(w));
    return write_drops(w);
}

tam_status tam_clean_write_fixes(tam_clean *clean, const char *path, int64_t *fixes) {
    writing w = {.clean = clean};
    *fixes = 0;
    w.fixed = tam_allocate(clean->ctx, (size_t)clean->info.images, sizeof *w.fixed, "images that are fixed");
    tam_status status = w.fixed != NULL ? tam_fix_file_open(clean->ctx, path, clean->data, &w.file) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_fix_file_close(&w.file, write_all(&w));
    }
    *fixes = status == TAM_OK ? w.file.fixes : 0;
    tam_release(clean->ctx, w.fixed);
    return status;
}
