/* The calibration that a model file may carry. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/format.h"
#include "base/spec.h"
#include "io/safetensors_crc.h"
#include "model/model_inside.h"

#define VERSION "1"
#define PREFIX "calibration"
#define TABLE "calibration.table"
#define CHOSEN "calibration.chosen"
enum { COLUMNS = 7, MOST_TEXTS = 64, TEXT_ROOM = 96, OWN_TEXTS = 6 };

static bool is_ours(const char *name) {
    size_t length = strlen(PREFIX);
    return strncmp(name, PREFIX, length) == 0 && (name[length] == '\0' || name[length] == '.');
}

/* The checksum that the file says of an array, which was checked when it was opened; else made here. */
static tam_status array_crc(tam_ctx *ctx, const tam_tensors *tensors, const tam_tensor *item, char text[TAM_CRC_ROOM]) {
    char key[256];
    snprintf(key, sizeof key, TAM_CRC_KEY ".%s", item->name);
    const char *stored = tam_tensors_text(tensors, key);
    if (stored != NULL && strlen(stored) < TAM_CRC_ROOM) {
        memcpy(text, stored, strlen(stored) + 1);
        return TAM_OK;
    }
    uint8_t *bytes = tam_allocate(ctx, item->bytes, 1, item->name);
    if (bytes == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_tensors_read(tensors, item, 0, item->bytes, bytes);
    tam_crc_text(tam_crc_bytes(bytes, item->bytes), text);
    tam_release(ctx, bytes);
    return status;
}

/* A digest of all that makes a score: the graph, what comes to it, and its numbers, whatever the order of the arrays.
 */
static tam_status digest_model(tam_ctx *ctx, const tam_tensors *tensors, char text[TAM_CRC_ROOM]) {
    static const char *const facts[] = {"graph", "mean_scale", "channel_order"};
    uint32_t sum = 0;
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        const char *value = tam_tensors_text(tensors, facts[i]);
        sum += tam_crc_pair(tam_crc_begin(), facts[i], value != NULL ? value : "");
    }
    for (int i = 0; i < tam_tensors_count(tensors); i++) {
        const tam_tensor *item = tam_tensors_at(tensors, i);
        char crc[TAM_CRC_ROOM];
        bool counts =
            !is_ours(item->name) && strncmp(item->name, "head.", 5) != 0 && strcmp(item->name, "class_names") != 0;
        if (counts) {
            TAM_TRY(array_crc(ctx, tensors, item, crc));
            sum += tam_crc_pair(tam_crc_begin(), item->name, crc);
        }
    }
    tam_crc_text(sum, text);
    return TAM_OK;
}

/* What is read of a file. */
typedef struct reading {
    tam_ctx *ctx;
    const char *path;
    const tam_tensors *tensors;
} reading;

static tam_status refuse(const reading *file, const char *key) {
    const char *value = tam_tensors_text(file->tensors, key);
    return value != NULL
               ? tam_fail(file->ctx, TAM_INPUT, "%s: %s is '%.60s', which is of no use", file->path, key, value)
               : tam_fail(file->ctx, TAM_INPUT, "%s: a calibrated model needs '%s' among its metadata", file->path,
                          key);
}

static tam_status read_two(const reading *file, const char *key, double *first, double *second) {
    const char *value = tam_tensors_text(file->tensors, key);
    size_t length = value != NULL ? strcspn(value, " ") : 0;
    if (value == NULL || value[length] == '\0' || !tam_number_read(value, length, first) ||
        !tam_number_read(value + length + 1, strlen(value + length + 1), second)) {
        return refuse(file, key);
    }
    return TAM_OK;
}

static bool is_share(double value) {
    return value >= 0 && value <= 1;
}

static bool is_usable(const tam_calibration_level *level) {
    bool empty = isnan(level->threshold) && isnan(level->achieved) && isnan(level->achieved_high) &&
                 isnan(level->fnmr) && isnan(level->fnmr_low) && isnan(level->fnmr_high);
    bool full = level->threshold >= -1.001 && level->threshold <= 2 && is_share(level->achieved) &&
                is_share(level->achieved_high) && is_share(level->fnmr) && is_share(level->fnmr_low) &&
                is_share(level->fnmr_high);
    return level->fmr > 0 && level->fmr <= 1 && (empty || full);
}

static tam_status read_table(const reading *file, tam_calibration *calibration) {
    const tam_tensor *table = tam_tensors_find(file->tensors, TABLE);
    double numbers[TAM_FAR_LEVELS][COLUMNS];
    if (table == NULL || table->dtype != TAM_DTYPE_F64 || table->dims != 2 || table->size[1] != COLUMNS ||
        table->size[0] < 1 || table->size[0] > TAM_FAR_LEVELS) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: array '" TABLE "' %s", file->path,
                        table == NULL ? "is missing" : "is not F64 [1 to 8, 7]");
    }
    TAM_TRY(tam_tensors_read(file->tensors, table, 0, table->bytes, numbers));
    calibration->levels = (int)table->size[0];
    for (int i = 0; i < calibration->levels; i++) {
        const double *row = numbers[i];
        tam_calibration_level *level = &calibration->at[i];
        *level = (tam_calibration_level){row[0], row[1], row[2], row[3], row[4], row[5], row[6], !isnan(row[1])};
        if (!is_usable(level)) {
            return tam_fail(file->ctx, TAM_INPUT, "%s: array '" TABLE "' has a row that is no threshold: %d",
                            file->path, i);
        }
    }
    return TAM_OK;
}

/* The level that is named by its rate, which must have a threshold that some cosine reaches. */
static tam_status read_chosen(const reading *file, tam_calibration *calibration) {
    const char *value = tam_tensors_text(file->tensors, CHOSEN);
    double fmr;
    calibration->chosen = -1;
    if (value == NULL || !tam_number_read(value, strlen(value), &fmr)) {
        return refuse(file, CHOSEN);
    }
    for (int i = 0; i < calibration->levels; i++) {
        if (calibration->at[i].fmr == fmr && calibration->at[i].sufficient && calibration->at[i].threshold < 2) {
            calibration->chosen = i;
            return TAM_OK;
        }
    }
    return refuse(file, CHOSEN);
}

static tam_status read_confidence(const reading *file, tam_calibration *calibration) {
    const char *value = tam_tensors_text(file->tensors, PREFIX ".confidence");
    calibration->slope = calibration->offset = NAN;
    if (value != NULL && strcmp(value, "none") == 0) {
        return TAM_OK;
    }
    TAM_TRY(read_two(file, PREFIX ".confidence", &calibration->slope, &calibration->offset));
    return calibration->slope > 0 && isfinite(calibration->slope) && isfinite(calibration->offset)
               ? TAM_OK
               : refuse(file, PREFIX ".confidence");
}

static tam_status check_model(const reading *file) {
    const char *stored = tam_tensors_text(file->tensors, PREFIX ".model");
    char digest[TAM_CRC_ROOM];
    TAM_TRY(digest_model(file->ctx, file->tensors, digest));
    if (stored == NULL || strcmp(stored, digest) != 0) {
        return tam_fail(file->ctx, TAM_INPUT,
                        "%s: calibration.model is '%.16s', but the model is %s: its thresholds are another model's",
                        file->path, stored != NULL ? stored : "", digest);
    }
    return TAM_OK;
}

static tam_status read_all(const reading *file, tam_calibration *calibration) {
    const char *flip = tam_tensors_text(file->tensors, PREFIX ".flip");
    double genuine, impostor;
    TAM_TRY(read_two(file, PREFIX ".pairs", &genuine, &impostor));
    if (!(genuine >= 1 && genuine <= 0x1p62 && impostor >= 1 && impostor <= 0x1p62)) {
        return refuse(file, PREFIX ".pairs");
    }
    if (flip == NULL || (strcmp(flip, "yes") != 0 && strcmp(flip, "no") != 0)) {
        return refuse(file, PREFIX ".flip");
    }
    *calibration =
        (tam_calibration){.genuine = (int64_t)genuine, .impostor = (int64_t)impostor, .flip = strcmp(flip, "yes") == 0};
    TAM_TRY(read_table(file, calibration));
    TAM_TRY(read_chosen(file, calibration));
    TAM_TRY(check_model(file));
    return read_confidence(file, calibration);
}

tam_status tam_model_read_calibration(tam_model *model, const char *path) {
    const reading file = {model->ctx, path, model->tensors};
    const char *version = tam_tensors_text(model->tensors, PREFIX);
    bool parts = tam_tensors_find(model->tensors, TABLE) != NULL || tam_tensors_text(model->tensors, CHOSEN) != NULL;
    if (version == NULL && !parts) {
        return TAM_OK;
    }
    if (version == NULL || strcmp(version, VERSION) != 0) {
        return tam_fail(model->ctx, TAM_INPUT, "%s: calibration is '%.40s', not the one that this version reads (%s)",
                        path, version != NULL ? version : "", VERSION);
    }
    TAM_TRY(read_all(&file, &model->calibration));
    model->calibrated = true;
    return TAM_OK;
}

const tam_calibration *tam_model_calibration(const tam_model *model) {
    return model->calibrated ? &model->calibration : NULL;
}

/* The metadata of a calibration; their texts live in `text`. */
static int list_texts(const tam_calibration *calibration, const char *digest, char text[OWN_TEXTS][TEXT_ROOM],
                      tam_metadata *facts) {
    bool sure = isfinite(calibration->slope);
    tam_format(text[0], TEXT_ROOM, "%lld %lld", (long long)calibration->genuine, (long long)calibration->impostor);
    tam_format(text[1], TEXT_ROOM, "%.17g", calibration->at[calibration->chosen].fmr);
    tam_format(text[2], TEXT_ROOM, sure ? "%.17g %.17g" : "none", calibration->slope, calibration->offset);
    facts[0] = (tam_metadata){PREFIX, VERSION};
    facts[1] = (tam_metadata){PREFIX ".pairs", text[0]};
    facts[2] = (tam_metadata){CHOSEN, text[1]};
    facts[3] = (tam_metadata){PREFIX ".confidence", text[2]};
    facts[4] = (tam_metadata){PREFIX ".flip", calibration->flip ? "yes" : "no"};
    facts[5] = (tam_metadata){PREFIX ".model", digest};
    return OWN_TEXTS;
}

static tam_tensor list_table(const tam_calibration *calibration, double numbers[TAM_FAR_LEVELS][COLUMNS]) {
    for (int i = 0; i < calibration->levels; i++) {
        const tam_calibration_level *level = &calibration->at[i];
        const double row[COLUMNS] = {level->fmr,  level->threshold, level->achieved, level->achieved_high,
                                     level->fnmr, level->fnmr_low,  level->fnmr_high};
        memcpy(numbers[i], row, sizeof row);
    }
    return (tam_tensor){.name = TABLE,
                        .dtype = TAM_DTYPE_F64,
                        .dims = 2,
                        .size = {calibration->levels, COLUMNS},
                        .data = numbers,
                        .bytes = (size_t)calibration->levels * sizeof numbers[0]};
}

/* Everything that is there, without an older calibration, and the new one behind it. */
static tam_status write_anew(tam_ctx *ctx, const tam_tensors *from, const char *out,
                             const tam_calibration *calibration) {
    char text[OWN_TEXTS][TEXT_ROOM];
    double numbers[TAM_FAR_LEVELS][COLUMNS];
    tam_metadata there[MOST_TEXTS], facts[MOST_TEXTS + OWN_TEXTS];
    char digest[TAM_CRC_ROOM];
    int texts = tam_tensors_texts(from, there, MOST_TEXTS), fact_count = 0, count = 0;
    if (texts > MOST_TEXTS) {
        return tam_fail(ctx, TAM_INPUT, "%s: %d metadata, more than a model has", out, texts);
    }
    TAM_TRY(digest_model(ctx, from, digest));
    for (int i = 0; i < texts; i++) {
        if (!is_ours(there[i].key)) {
            facts[fact_count++] = there[i];
        }
    }
    fact_count += list_texts(calibration, digest, text, facts + fact_count);
    tam_tensor *items = tam_allocate(ctx, (size_t)tam_tensors_count(from) + 1, sizeof *items, "a list of arrays");
    if (items == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < tam_tensors_count(from); i++) {
        if (!is_ours(tam_tensors_at(from, i)->name)) {
            items[count++] = *tam_tensors_at(from, i);
        }
    }
    items[count++] = list_table(calibration, numbers);
    tam_status status = tam_tensors_write_again(ctx, out, from, items, count, facts, fact_count);
    tam_release(ctx, items);
    return status;
}

static tam_status check_calibration(tam_ctx *ctx, const tam_calibration *calibration) {
    int chosen = calibration->chosen;
    if (chosen < 0 || chosen >= calibration->levels || !calibration->at[chosen].sufficient ||
        !(calibration->at[chosen].threshold < 2)) {
        return tam_fail(ctx, TAM_CONFIG, "a calibration without a chosen threshold cannot be kept");
    }
    return TAM_OK;
}

tam_status tam_model_write_calibration(tam_ctx *ctx, const char *path, const tam_calibration *calibration,
                                       const char *out) {
    char *file;
    tam_tensors *tensors;
    TAM_TRY(check_calibration(ctx, calibration));
    if (out != NULL && tam_path_look(out) != TAM_PATH_ABSENT) {
        return tam_fail(ctx, TAM_CONFIG, "%s: is there already", out);
    }
    TAM_TRY(tam_model_find_file(ctx, path, &file));
    tam_status status = tam_tensors_open(ctx, file, &tensors);
    if (status == TAM_OK) {
        status = write_anew(ctx, tensors, out != NULL ? out : file, calibration);
        tam_tensors_free(tensors);
    }
    tam_release(ctx, file);
    return status;
}
