/* What tammes data check found, as JSON. */
#include "data_check.h"

enum { LONGEST_KEY = 4352 };

static json_t *json_key(const tam_dataset *data, int64_t image) {
    char key[LONGEST_KEY];
    tam_dataset_image_key(data, image, key, sizeof key);
    return cli_json_text(key);
}

static json_t *json_twins(const check_job *job, const tam_check_twin *twins, int64_t count) {
    json_t *list = json_array();
    for (int64_t k = 0; k < count; k++) {
        const tam_check_twin *one = &twins[k];
        json_t *row = json_pack("{s:o, s:o, s:o, s:b}", "image", json_key(tam_check_set(job->check, 0), one->image),
                                "twin", json_key(tam_check_set(job->check, one->set), one->twin), "alike",
                                cli_json_real((double)one->alike), "mirrored", one->mirrored);
        if (one->set > 0) {
            json_object_set_new(row, "set", cli_json_text(job->against->word[one->set - 1]));
        }
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *json_sizes(const check_job *job) {
    json_t *list = json_array();
    for (int64_t k = 0; k < job->info.sizes; k++) {
        const tam_check_size *size = &job->info.size[k];
        json_array_append_new(list, json_pack("{s:i, s:i, s:i, s:I, s:o}", "width", size->width, "height", size->height,
                                              "channels", size->channels, "images", (json_int_t)size->count, "first",
                                              json_key(tam_check_set(job->check, 0), size->first)));
    }
    return list;
}

static json_t *json_corrupt(const check_job *job) {
    json_t *list = json_array();
    for (int64_t k = 0; k < job->info.corrupt_count; k++) {
        char reason[1024];
        tam_check_reason(job->check, job->info.corrupt[k], reason, sizeof reason);
        json_array_append_new(list, json_pack("{s:o, s:o}", "image",
                                              json_key(tam_check_set(job->check, 0), job->info.corrupt[k]), "reason",
                                              cli_json_text(reason)));
    }
    return list;
}

static json_t *json_blank(const check_job *job) {
    json_t *list = json_array();
    for (int64_t k = 0; k < job->info.blank_count; k++) {
        json_array_append_new(list, json_key(tam_check_set(job->check, 0), job->info.blank[k]));
    }
    return list;
}

static json_t *json_classes(const check_job *job) {
    const tam_dataset *data = tam_check_set(job->check, 0);
    json_t *list = json_array();
    for (int64_t k = 0; k < job->info.alike_count; k++) {
        const tam_check_classes *pair = &job->info.alike[k];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o}", "a", cli_json_text(tam_dataset_class_name(data, pair->a)),
                                        "b", cli_json_text(tam_dataset_class_name(data, pair->b)), "degrees",
                                        cli_json_real((double)pair->angle)));
    }
    return list;
}

static json_t *json_against(const check_job *job) {
    json_t *list = json_array();
    for (int k = 0; k < job->against->count; k++) {
        const tam_check_shared *one = &job->info.shared[k];
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:I, s:I}", "set", cli_json_text(job->against->word[k]),
                                        "images", (json_int_t)one->images, "unreadable", (json_int_t)one->unreadable,
                                        "classes", (json_int_t)one->classes, "shared_names", (json_int_t)one->shared));
    }
    return list;
}

json_t *check_json(const check_job *job, const check_finding list[FINDINGS]) {
    const tam_check_info *info = &job->info;
    json_t *counts = json_object(), *object;
    for (int number = 0; number < FINDINGS; number++) {
        json_object_set_new(counts, list[number].name, json_integer((json_int_t)list[number].count));
    }
    object =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "kind", tam_dataset_kind(tam_check_set(job->check, 0)),
                  "images", (json_int_t)info->images, "classes", (json_int_t)info->classes, "fewest",
                  (json_int_t)info->fewest, "median", (json_int_t)info->median, "most", (json_int_t)info->most,
                  "small_classes", (json_int_t)info->small_count, "findings", counts);
    json_object_set_new(object, "sizes", json_sizes(job));
    json_object_set_new(object, "corrupt", json_corrupt(job));
    json_object_set_new(object, "conflicts", json_twins(job, info->conflict, info->conflict_count));
    json_object_set_new(object, "copies", json_twins(job, info->copy, info->copy_count));
    json_object_set_new(object, "near", json_twins(job, info->near, info->near_count));
    json_object_set_new(object, "near_cut", json_boolean(info->near_cut));
    json_object_set_new(object, "blank", json_blank(job));
    json_object_set_new(object, "leaks", json_twins(job, info->leak, info->leak_count));
    json_object_set_new(object, "against", json_against(job));
    json_object_set_new(object, "alike", json_classes(job));
    if (job->fix_list != NULL) {
        json_object_set_new(object, "fixes", json_integer((json_int_t)job->fixes));
    }
    return object;
}
