/* Label noise: images in the wrong class, images of nobody, classes that are one, people of evaluation sets. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check/clean_inside.h"

static const double default_margin = 10;

/* The limit of distance: so many deviations beyond the median of the angles to the own centre. */
static const double far_deviations = 4;
/* A normal distribution's deviation, in median absolute deviations. */
static const double deviation_of_mad = 1.4826;

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The median of those that are numbers; NaN: there are none. Changes the order of the values. */
static double median_of(float *values, int64_t count) {
    int64_t known = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            values[known++] = values[i];
        }
    }
    if (known == 0) {
        return NAN;
    }
    qsort(values, (size_t)known, sizeof *values, by_value);
    return (double)values[known / 2];
}

/* Medians and the limits that follow from them. */
static tam_status choose_limits(tam_clean *clean, const tam_clean_config *config) {
    tam_clean_info *info = &clean->info;
    size_t n = (size_t)info->images;
    float *values = tam_allocate(clean->ctx, n, sizeof *values, "angles");
    if (values == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(values, clean->other_angle, n * sizeof *values);
    info->other_angle = median_of(values, info->images);
    memcpy(values, clean->own_angle, n * sizeof *values);
    info->own_angle = median_of(values, info->images);
    for (size_t i = 0; i < n; i++) {
        values[i] = fabsf(clean->own_angle[i] - (float)info->own_angle);
    }
    double far = info->own_angle + far_deviations * deviation_of_mad * median_of(values, info->images);
    info->far = config->far > 0 ? config->far : far;
    info->margin = config->margin > 0 ? config->margin : default_margin;
    tam_release(clean->ctx, values);
    return TAM_OK;
}

static float margin_of(const tam_clean_image *image) {
    return image->own_angle - image->other_angle;
}

static int by_margin(const void *a, const void *b) {
    const tam_clean_image *x = a, *y = b;
    float p = margin_of(x), q = margin_of(y);
    return p != q ? (p < q) - (p > q) : (x->image > y->image) - (x->image < y->image);
}

/* Clearly nearer to another centre, and not further from it than images are from their own: it moves. Far from its own
 * centre, and from the others too: it goes. NaN is never larger. */
static tam_status judge_images(tam_clean *clean) {
    tam_clean_info *info = &clean->info;
    int64_t moves = 0, drops = 0;
    tam_clean_image *lists[2] = {NULL, NULL};
    for (int pass = 0; pass < 2; pass++) {
        moves = 0;
        drops = 0;
        for (int64_t i = 0; i < info->images; i++) {
            tam_clean_image image = {i, clean->labels[i], clean->other[i], clean->own_angle[i], clean->other_angle[i]};
            bool move = (double)margin_of(&image) >= info->margin && (double)image.other_angle <= info->far;
            bool drop = !move && (double)image.own_angle > info->far;
            if (pass == 1 && (move || drop)) {
                lists[move ? 0 : 1][move ? moves : drops] = image;
            }
            moves += move;
            drops += drop;
        }
        for (int k = 0; k < 2 && pass == 0; k++) {
            lists[k] = tam_arena_take(clean->arena, (size_t)(k == 0 ? moves : drops), sizeof **lists);
            if (lists[k] == NULL) {
                return TAM_RESOURCES;
            }
        }
    }
    if (moves > 0) {
        qsort(lists[0], (size_t)moves, sizeof **lists, by_margin);
    }
    if (drops > 0) {
        qsort(lists[1], (size_t)drops, sizeof **lists, by_margin);
    }
    info->move = lists[0];
    info->move_count = moves;
    info->drop = lists[1];
    info->drop_count = drops;
    return TAM_OK;
}

static int32_t root_of(const int32_t *family, int32_t c) {
    while (family[c] != c) {
        c = family[c];
    }
    return c;
}

/* Joins the pairs: each family goes into its largest class, the first among equals. */
static tam_status join_families(tam_clean *clean, tam_check_classes *pairs, int64_t count) {
    tam_clean_info *info = &clean->info;
    int32_t classes = (int32_t)info->classes;
    int64_t *images = tam_allocate(clean->ctx, (size_t)classes, sizeof *images, "counts of classes");
    tam_check_classes *merges = tam_arena_take(clean->arena, (size_t)classes, sizeof *merges);
    if (images == NULL || merges == NULL) {
        tam_release(clean->ctx, images);
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < info->images; i++) {
        images[clean->labels[i]]++;
    }
    for (int64_t k = 0; k < count; k++) {
        int32_t a = root_of(clean->family, pairs[k].a), b = root_of(clean->family, pairs[k].b);
        if (a != b) {
            bool into_a = images[a] != images[b] ? images[a] > images[b] : a < b;
            clean->family[into_a ? b : a] = into_a ? a : b;
            merges[info->merge_count++] = (tam_check_classes){into_a ? a : b, into_a ? b : a, pairs[k].angle, 0};
        }
    }
    for (int32_t c = 0; c < classes; c++) {
        clean->family[c] = root_of(clean->family, c);
    }
    for (int64_t k = 0; k < info->merge_count; k++) { /* where a family's class itself goes on */
        merges[k].a = clean->family[merges[k].a];
        merges[k].limit = (float)info->same;
    }
    info->merge = merges;
    tam_release(clean->ctx, images);
    return TAM_OK;
}

static tam_status find_merges(tam_clean *clean, const tam_clean_config *config) {
    tam_centres centres;
    tam_check_classes *pairs = NULL;
    int64_t count = 0;
    clean->info.same = config->same != 0 ? config->same : TAM_CENTRES_SAME_ANGLE;
    if (clean->info.same < 0) {
        return TAM_OK;
    }
    TAM_TRY(tam_centres_take(clean->ctx, (int32_t)clean->info.classes, clean->d, &centres));
    tam_centres_add(&centres, clean->info.images, clean->x, clean->labels);
    tam_status status = tam_centres_finish(clean->ctx, &centres);
    if (status == TAM_OK) {
        status = tam_centres_alike(clean->ctx, &centres, clean->info.same, &pairs, &count);
    }
    if (status == TAM_OK) {
        status = join_families(clean, pairs, count);
    }
    tam_release(clean->ctx, pairs);
    tam_centres_free(clean->ctx, &centres);
    return status;
}

static tam_status judge_labels(tam_clean *clean, const tam_clean_config *config) {
    tam_ctx *ctx = clean->ctx;
    size_t n = (size_t)clean->info.images, classes = (size_t)clean->info.classes;
    clean->own_angle = tam_allocate(ctx, n, sizeof *clean->own_angle, "angles");
    clean->other_angle = tam_allocate(ctx, n, sizeof *clean->other_angle, "angles");
    clean->other = tam_allocate(ctx, n, sizeof *clean->other, "nearest classes");
    clean->family = tam_allocate(ctx, classes, sizeof *clean->family, "classes");
    if (clean->own_angle == NULL || clean->other_angle == NULL || clean->other == NULL || clean->family == NULL) {
        return TAM_RESOURCES;
    }
    for (int32_t c = 0; c < clean->info.classes; c++) {
        clean->family[c] = c;
    }
    TAM_TRY(find_merges(clean, config));
    TAM_TRY(tam_clean_centres(ctx, clean->info.images, clean->d, clean->x, clean->labels, (int32_t)clean->info.classes,
                              &clean->robust, clean->own_angle));
    TAM_TRY(tam_clean_nearest(ctx, clean->info.images, clean->x, clean->labels, clean->family, &clean->robust,
                              clean->other, clean->other_angle));
    TAM_TRY(choose_limits(clean, config));
    return judge_images(clean);
}

static tam_status find_everything(tam_clean *clean, const tam_clean_config *config, tam_model *model) {
    tam_dataset_config data = config->data;
    data.unlabelled = config->against_count > 0;
    TAM_TRY(tam_model_open_dataset(model, &data, &clean->data));
    tam_dataset_info info = tam_dataset_describe(clean->data);
    clean->info.images = info.count;
    clean->info.classes = info.classes;
    clean->d = tam_model_describe(model).dim;
    TAM_TRY(tam_clean_embed(clean->ctx, model, clean->data, &clean->x, &clean->labels));
    if (info.classes > 1) {
        TAM_TRY(judge_labels(clean, config));
    }
    return tam_clean_overlaps(clean, config, model);
}

tam_status tam_clean_run(tam_ctx *ctx, const tam_clean_config *config, tam_clean **out) {
    tam_model *model = NULL;
    *out = NULL;
    if (config->model == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "no model was named, and images are cleaned by a model");
    }
    tam_clean *clean = tam_allocate(ctx, 1, sizeof *clean, "a clean");
    if (clean == NULL) {
        return TAM_RESOURCES;
    }
    clean->ctx = ctx;
    clean->arena = tam_arena_create(ctx, 0);
    tam_status status = clean->arena != NULL ? tam_model_open(ctx, config->model, &model) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = find_everything(clean, config, model);
    }
    tam_model_free(model);
    tam_release(ctx, clean->x);
    clean->x = NULL;
    if (status != TAM_OK) {
        tam_clean_free(clean);
        return status;
    }
    *out = clean;
    return TAM_OK;
}

void tam_clean_free(tam_clean *clean) {
    if (clean == NULL) {
        return;
    }
    tam_ctx *ctx = clean->ctx;
    for (int s = 0; s < clean->sets; s++) {
        tam_dataset_free(clean->against[s]);
    }
    tam_dataset_free(clean->data);
    tam_centres_free(ctx, &clean->robust);
    tam_release(ctx, clean->against);
    tam_release(ctx, clean->labels);
    tam_release(ctx, clean->own_angle);
    tam_release(ctx, clean->other_angle);
    tam_release(ctx, clean->other);
    tam_release(ctx, clean->family);
    tam_arena_free(clean->arena);
    tam_release(ctx, clean);
}

tam_clean_info tam_clean_describe(const tam_clean *clean) {
    return clean->info;
}

const tam_dataset *tam_clean_data(const tam_clean *clean) {
    return clean->data;
}

const char *tam_clean_person(const tam_clean *clean, int set, int32_t person) {
    return tam_dataset_class_name(clean->against[set], person);
}

int tam_clean_typical(const tam_clean *clean, int32_t c, int most, int64_t *image) {
    int count = 0;
    for (int64_t i = 0; i < clean->info.images; i++) {
        if (clean->labels[i] != c) {
            continue;
        }
        int at = count;
        while (at > 0 && clean->own_angle[i] < clean->own_angle[image[at - 1]]) {
            at--;
        }
        int last = count < most ? count : most - 1;
        if (at < most) {
            memmove(image + at + 1, image + at, (size_t)(last - at) * sizeof *image);
            image[at] = i;
            count += count < most;
        }
    }
    return count;
}
