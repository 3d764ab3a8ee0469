/* The numbers of one run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "eval/interval.h"
#include "report/compare.h"
#include "report/training_data.h"

enum { MOST_IMAGES = 10000, MOST_GALLERY = 100000, MOST_DOTS = 2000 };
static const double degrees = 57.29577951308232;

/* Images with their embeddings. */
typedef struct measured_rows {
    tam_dataset *dataset;
    int64_t count, classes;
    int dim;
    float *x;        /* [count, dim] */
    int32_t *labels; /* [count] */
} measured_rows;

static void free_rows(tam_ctx *ctx, measured_rows *rows) {
    tam_dataset_free(rows->dataset);
    tam_release(ctx, rows->x);
    tam_release(ctx, rows->labels);
}

/* Embeds at most `most` images, evenly spaced over the data set, in the size that the model was trained with. */
static tam_status embed(tam_ctx *ctx, tam_model *model, const tam_dataset_config *data, int64_t most,
                        measured_rows *rows) {
    tam_dataset_config sized = *data;
    sized.size = sized.channels = 0;
    *rows = (measured_rows){.dim = tam_model_describe(model).dim};
    TAM_TRY(tam_model_open_dataset(model, &sized, &rows->dataset));
    const tam_dataset_info info = tam_dataset_describe(rows->dataset);
    rows->count = info.count < most ? info.count : most;
    rows->classes = info.classes;
    rows->x = tam_allocate(ctx, (size_t)rows->count, (size_t)rows->dim * sizeof *rows->x, "embeddings");
    rows->labels = tam_allocate(ctx, (size_t)rows->count, sizeof *rows->labels, "labels");
    int64_t *image = tam_allocate(ctx, (size_t)rows->count, sizeof *image, "numbers of images");
    tam_status status = rows->x != NULL && rows->labels != NULL && image != NULL ? TAM_OK : TAM_RESOURCES;
    for (int64_t i = 0; status == TAM_OK && i < rows->count; i++) {
        image[i] = (int64_t)((double)i * (double)info.count / (double)rows->count);
        rows->labels[i] = tam_dataset_label(rows->dataset, image[i]);
    }
    if (status == TAM_OK) {
        status = tam_model_embed_listed(model, rows->dataset, rows->count, image, 0, rows->x);
    }
    tam_release(ctx, image);
    return status;
}

/* The model's number of each of the data set's classes, -1 for an unknown one; both lists of names are sorted alike in
 * most cases, so the search goes on where it last ended. Returns whether all are known. */
static bool match_classes(const tam_model *model, const measured_rows *rows, int32_t *number) {
    int64_t known = tam_model_describe(model).classes, at = 0;
    bool all = true;
    for (int64_t c = 0; c < rows->classes; c++) {
        const char *name = tam_dataset_class_name(rows->dataset, c);
        number[c] = -1;
        for (int64_t tried = 0; tried < known && number[c] < 0; tried++, at = (at + 1) % known) {
            number[c] = strcmp(tam_model_class_name(model, at), name) == 0 ? (int32_t)at : -1;
        }
        all = all && number[c] >= 0;
    }
    return all;
}

/* The share of rows that the class weights put into their own class. */
static tam_status classify(tam_ctx *ctx, const tam_model *model, const measured_rows *rows, const int32_t *number,
                           double *share) {
    int64_t right = 0;
    int32_t *best = tam_allocate(ctx, (size_t)rows->count, sizeof *best, "answers");
    tam_status status = best != NULL ? tam_model_classify(ctx, model, rows->count, rows->x, best) : TAM_RESOURCES;
    for (int64_t i = 0; status == TAM_OK && i < rows->count; i++) {
        right += best[i] == number[rows->labels[i]];
    }
    *share = (double)right / (double)rows->count;
    tam_release(ctx, best);
    return status;
}

/* The mean of each class's embeddings, each divided by its length first; an f64 sum. */
static tam_status class_means(tam_ctx *ctx, const measured_rows *rows, float **means) {
    size_t size = (size_t)rows->classes * (size_t)rows->dim;
    double *sums = tam_allocate(ctx, size, sizeof *sums, "class means");
    *means = tam_allocate(ctx, size, sizeof **means, "class means");
    for (int64_t i = 0; sums != NULL && i < rows->count; i++) {
        const float *row = rows->x + i * rows->dim;
        double square = 0, *sum = sums + (int64_t)rows->labels[i] * rows->dim;
        for (int k = 0; k < rows->dim; k++) {
            square += (double)row[k] * (double)row[k];
        }
        for (int k = 0; k < rows->dim && square > 0; k++) {
            sum[k] += (double)row[k] / sqrt(square);
        }
    }
    bool whole = sums != NULL && *means != NULL;
    for (size_t i = 0; whole && i < size; i++) {
        (*means)[i] = (float)sums[i];
    }
    tam_release(ctx, sums);
    return whole ? TAM_OK : TAM_RESOURCES;
}

/* Each image among the means of the training images' classes. `number`: the model's classes, which are the training
 * data's. */
static tam_status rank_among_means(tam_comparison *comparison, tam_model *model, const measured_rows *rows,
                                   const int32_t *number, tam_identification *ranks) {
    tam_ctx *ctx = comparison->ctx;
    measured_rows gallery;
    float *means = NULL;
    int32_t *probe = tam_allocate(ctx, (size_t)rows->count, sizeof *probe, "labels");
    tam_status status = embed(ctx, model, &comparison->config.recipe.data, MOST_GALLERY, &gallery);
    int32_t *labels = tam_allocate(ctx, (size_t)gallery.classes, sizeof *labels, "labels");
    if (status == TAM_OK) {
        status = probe != NULL && labels != NULL ? class_means(ctx, &gallery, &means) : TAM_RESOURCES;
    }
    for (int64_t c = 0; status == TAM_OK && c < gallery.classes; c++) {
        labels[c] = (int32_t)c;
    }
    for (int64_t i = 0; status == TAM_OK && i < rows->count; i++) {
        probe[i] = number[rows->labels[i]];
    }
    if (status == TAM_OK) {
        status = tam_eval_identify(ctx, rows->dim, gallery.classes, means, labels, rows->count, rows->x, probe, ranks);
    }
    tam_release(ctx, means);
    tam_release(ctx, labels);
    tam_release(ctx, probe);
    free_rows(ctx, &gallery);
    return status;
}

/* A share of so many images, in percent, with its 95% interval. */
static void set_share(tam_compare_entry *entry, tam_compare_number number, double share, int64_t count) {
    double low, high;
    tam_clopper_pearson((int64_t)llround(share * (double)count), count, &low, &high);
    entry->number[number] = 100 * share;
    entry->low[number] = 100 * low;
    entry->high[number] = 100 * high;
}

static tam_status measure_closed_set(tam_comparison *comparison, tam_model *model, const measured_rows *rows,
                                     tam_compare_entry *entry, tam_identification *ranks) {
    tam_ctx *ctx = comparison->ctx;
    int32_t *number = tam_allocate(ctx, (size_t)rows->classes, sizeof *number, "class numbers");
    if (number == NULL) {
        return TAM_RESOURCES;
    }
    comparison->closed = match_classes(model, rows, number);
    tam_status status = TAM_OK;
    if (comparison->closed && tam_model_class_weights(model) != NULL) {
        double share = NAN;
        status = classify(ctx, model, rows, number, &share);
        if (status == TAM_OK) {
            set_share(entry, TAM_COMPARE_ACCURACY, share, rows->count);
        }
    }
    if (status == TAM_OK && comparison->closed && comparison->on != TAM_COMPARE_TRAINING) {
        status = rank_among_means(comparison, model, rows, number, ranks);
    } else if (status == TAM_OK) {
        status = tam_eval_leave_one_out(ctx, rows->count, rows->dim, rows->x, rows->labels, ranks);
    }
    tam_release(ctx, number);
    return status;
}

static double percent_at(const tam_verification *result, int level) {
    return result->at[level].sufficient ? 100 * result->at[level].tar : NAN;
}

static tam_status measure_rows(tam_comparison *comparison, tam_model *model, const measured_rows *rows,
                               tam_compare_entry *entry, tam_report_run *run) {
    static const double far[2] = {1e-2, 1e-3};
    tam_ctx *ctx = comparison->ctx;
    tam_identification ranks;
    tam_geometry geometry;
    TAM_TRY(tam_eval_all_pairs(ctx, rows->count, rows->dim, rows->x, rows->labels, 2, far, &run->validation));
    TAM_TRY(measure_closed_set(comparison, model, rows, entry, &ranks));
    TAM_TRY(tam_eval_geometry(ctx, rows->count, rows->dim, rows->x, rows->labels, &geometry));
    run->validated = true;
    comparison->images = rows->count;
    comparison->classes = rows->classes;
    entry->number[TAM_COMPARE_EER] = 100 * run->validation.eer;
    entry->number[TAM_COMPARE_TAR_2] = percent_at(&run->validation, 0);
    entry->number[TAM_COMPARE_TAR_3] = percent_at(&run->validation, 1);
    set_share(entry, TAM_COMPARE_RANK, ranks.rank1, ranks.probes);
    entry->number[TAM_COMPARE_OWN] = degrees * geometry.own_angle;
    entry->number[TAM_COMPARE_OTHER] = degrees * geometry.other_angle;
    return TAM_OK;
}

/* Some of the rows with the directions of the class weights; where there are none, with those of the class means. */
static tam_status fill_scatter(tam_ctx *ctx, tam_model *model, bool closed, const measured_rows *rows,
                               tam_scatter *scatter) {
    const float *weights = closed ? tam_model_class_weights(model) : NULL;
    size_t classes = (size_t)rows->classes;
    int64_t dots = rows->count < MOST_DOTS ? rows->count : MOST_DOTS;
    scatter->classes = rows->classes;
    scatter->x = tam_allocate(ctx, (size_t)dots, 2 * sizeof *scatter->x, "a scatter");
    scatter->labels = tam_allocate(ctx, (size_t)dots, sizeof *scatter->labels, "a scatter");
    scatter->names = tam_allocate(ctx, classes, sizeof *scatter->names, "class names");
    if (scatter->x == NULL || scatter->labels == NULL || scatter->names == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t c = 0; c < classes; c++) {
        scatter->names[c] = tam_copy_string(ctx, tam_dataset_class_name(rows->dataset, (int64_t)c));
        if (scatter->names[c] == NULL) {
            return TAM_RESOURCES;
        }
    }
    for (int64_t i = 0; i < dots; i++) {
        int64_t row = (int64_t)((double)i * (double)rows->count / (double)dots);
        memcpy(scatter->x + 2 * i, rows->x + 2 * row, 2 * sizeof *rows->x);
        scatter->labels[i] = rows->labels[row];
    }
    scatter->count = dots;
    if (weights == NULL || tam_model_describe(model).classes != rows->classes) {
        scatter->sub_centres = 1;
        return class_means(ctx, rows, &scatter->weights);
    }
    scatter->sub_centres = tam_model_describe(model).sub_centres;
    classes *= (size_t)scatter->sub_centres;
    scatter->weights = tam_allocate(ctx, classes, 2 * sizeof *weights, "class directions");
    if (scatter->weights == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(scatter->weights, weights, classes * 2 * sizeof *weights);
    return TAM_OK;
}

/* Seconds in steps from the log's speeds, which a resumed run goes on writing; steps without a line of their own count
 * as the others do. */
static void measure_time(const tam_run_log *log, tam_compare_entry *entry) {
    double seconds = 0;
    int64_t timed = 0, before = 0;
    for (int64_t i = 0; i < log->step_count; i++) {
        const tam_log_step *line = &log->steps[i];
        if (line->images_per_second > 0) {
            seconds += (double)((line->step - before) * log->batch) / line->images_per_second;
            timed += line->step - before;
        }
        before = line->step;
    }
    if (timed > 0 && seconds > 0) {
        entry->number[TAM_COMPARE_SECONDS] = seconds * (double)log->planned_steps / (double)timed;
        entry->number[TAM_COMPARE_SPEED] = (double)(timed * log->batch) / seconds;
    }
}

typedef struct setting_reader {
    tam_comparison *comparison;
    tam_compare_entry *entry;
} setting_reader;

static bool has_column(const tam_comparison *comparison, const char *key) {
    bool has = strcmp(key, "loss") == 0 || strcmp(key, "dim") == 0 ||
               (strcmp(key, "net") == 0 && tam_compare_varies_net(comparison));
    for (int s = 0; s < comparison->lists.sweeps; s++) {
        has = has || strcmp(key, comparison->lists.sweep[s].key) == 0;
    }
    return has;
}

static tam_status keep_setting(void *user, const char *key, const char *words, bool plain) {
    const setting_reader *into = user;
    tam_compare_entry *entry = into->entry;
    if (has_column(into->comparison, key) || entry->settings == TAM_COMPARE_SETTINGS) {
        return TAM_OK;
    }
    tam_compare_setting *setting = &entry->setting[entry->settings];
    setting->key = tam_arena_string(into->comparison->arena, key, strlen(key));
    setting->words = tam_arena_string(into->comparison->arena, words, strlen(words));
    setting->plain = plain;
    entry->settings += setting->key != NULL && setting->words != NULL;
    return setting->key != NULL && setting->words != NULL ? TAM_OK : TAM_RESOURCES;
}

/* What the net is made of. A model file holds its tensors as f32. */
static void measure_size(tam_model *model, tam_compare_entry *entry) {
    const tam_net *net = tam_model_net(model);
    const tam_net_info info = tam_net_describe(net);
    double numbers = 0;
    for (int i = 0; i < tam_net_tensor_count(net); i++) {
        numbers += (double)tam_net_tensor_at(net, i).count;
    }
    entry->number[TAM_COMPARE_PARAMETERS] = (double)info.parameters / 1e6;
    entry->number[TAM_COMPARE_MACS] = (double)info.macs / 1e6;
    entry->number[TAM_COMPARE_SIZE] = numbers * sizeof(float) / 1e6;
}

static tam_status measure(tam_comparison *comparison, tam_compare_entry *entry, tam_report_run *run) {
    tam_ctx *ctx = comparison->ctx;
    tam_model *model = NULL;
    measured_rows rows = {0};
    entry->settings = 0;
    TAM_TRY(tam_run_settings(ctx, entry->recipe.out, keep_setting, &(setting_reader){comparison, entry}));
    TAM_TRY(tam_run_log_read(ctx, entry->recipe.out, &run->log));
    measure_time(&run->log, entry);
    TAM_TRY(tam_model_open(ctx, entry->recipe.out, &model));
    measure_size(model, entry);
    tam_status status = tam_compare_time(comparison, model, entry);
    if (status == TAM_OK) {
        status = embed(ctx, model, &comparison->evaluation, MOST_IMAGES, &rows);
    }
    if (status == TAM_OK) {
        status = measure_rows(comparison, model, &rows, entry, run);
    }
    if (status == TAM_OK && rows.dim == 2) {
        status = fill_scatter(ctx, model, comparison->closed, &rows, &run->scatter);
    }
    free_rows(ctx, &rows);
    tam_model_free(model);
    return status;
}

tam_status tam_compare_measure(tam_comparison *comparison, int i) {
    tam_compare_entry *entry = &comparison->entries[i];
    TAM_TRY(tam_compare_forget_run(comparison, i));
    entry->left_out = NULL;
    tam_status status = measure(comparison, entry, &comparison->runs[i]);
    if (status == TAM_INPUT) {
        char reason[512];
        snprintf(reason, sizeof reason, "%s", tam_ctx_message(comparison->ctx));
        tam_compare_leave_out(comparison, i, reason);
        return TAM_OK;
    }
    return status;
}
