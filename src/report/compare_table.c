/* The table: as text, CSV and JSON. A number has one form, that of tam_compare_number_words, in all of them. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spec.h"
#include "report/compare.h"

const tam_compare_column tam_compare_columns[TAM_COMPARE_NUMBERS] = {
    [TAM_COMPARE_ACCURACY] = {"accuracy_percent", "accuracy (%)", 2},
    [TAM_COMPARE_EER] = {"eer_percent", "EER (%)", 2},
    [TAM_COMPARE_TAR_2] = {"tar_at_far_1e-2_percent", "TAR@FAR 1e-2 (%)", 2},
    [TAM_COMPARE_TAR_3] = {"tar_at_far_1e-3_percent", "TAR@FAR 1e-3 (%)", 2},
    [TAM_COMPARE_RANK] = {"rank1_percent", "rank 1 (%)", 2},
    [TAM_COMPARE_OWN] = {"own_centre_degrees", "own centre (deg)", 2},
    [TAM_COMPARE_OTHER] = {"nearest_other_centre_degrees", "nearest other (deg)", 2},
    [TAM_COMPARE_SECONDS] = {"training_seconds", "training (s)", 1},
    [TAM_COMPARE_SPEED] = {"images_per_second", "images/s", 0},
};

void tam_compare_number_words(const tam_compare_entry *entry, int column, char *words, size_t room) {
    double value = entry->number[column];
    if (isfinite(value)) {
        tam_fixed_words(words, room, value, tam_compare_columns[column].decimals);
    } else {
        snprintf(words, room, "-");
    }
}

void tam_compare_evaluation_words(const tam_comparison *comparison, char *words, size_t room) {
    static const char *const images[] = {[TAM_COMPARE_VALIDATION] = "on the images of",
                                         [TAM_COMPARE_TEST] = "on the test images of",
                                         [TAM_COMPARE_TRAINING] = "on the training data itself,"};
    int length = snprintf(words, room, "%s %.600s", images[comparison->on], comparison->evaluation.path);
    if (comparison->images > 0) {
        snprintf(words + length, room - (size_t)length, ": %lld images of %lld classes%s",
                 (long long)comparison->images, (long long)comparison->classes,
                 comparison->closed ? ", all trained on" : "");
    }
}

bool tam_compare_is_common(const tam_comparison *comparison, const tam_compare_setting *setting) {
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        bool found = entry->settings == 0; /* nothing is known of it */
        for (int s = 0; s < entry->settings && !found; s++) {
            found = strcmp(entry->setting[s].key, setting->key) == 0 &&
                    strcmp(entry->setting[s].words, setting->words) == 0;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Columns of the text: loss and dim before the numbers. */
enum { COLUMNS = TAM_COMPARE_NUMBERS + 2, WORDS = 48 };

static const char *cell(const tam_comparison *comparison, int row, int column, char words[WORDS]) {
    if (row < 0) {
        return column == 0 ? "loss" : column == 1 ? "dim" : tam_compare_columns[column - 2].header;
    }
    const tam_compare_entry *entry = &comparison->entries[row];
    if (column == 0) {
        return entry->loss;
    }
    if (column == 1) {
        snprintf(words, WORDS, "%d", entry->dim);
    } else {
        tam_compare_number_words(entry, column - 2, words, WORDS);
    }
    return words;
}

void tam_compare_write_table(const tam_comparison *comparison, tam_text *text) {
    int width[COLUMNS] = {0};
    char words[1024];
    for (int row = -1; row < comparison->count; row++) {
        for (int c = 0; c < COLUMNS; c++) {
            int length = (int)strlen(cell(comparison, row, c, words));
            width[c] = length > width[c] ? length : width[c];
        }
    }
    tam_compare_evaluation_words(comparison, words, sizeof words);
    tam_text_format(text, "%s\n", words);
    for (int row = -1; row < comparison->count; row++) {
        for (int c = 0; c < COLUMNS; c++) {
            tam_text_format(text, c == 0 ? "%-*s" : "  %*s", width[c], cell(comparison, row, c, words));
        }
        tam_text_add(text, "\n");
    }
    for (int row = 0; row < comparison->count; row++) {
        if (comparison->entries[row].left_out != NULL) {
            tam_text_format(text, "no numbers of %s, %d dimensions: %s\n", comparison->entries[row].given,
                            comparison->entries[row].dim, comparison->entries[row].left_out);
        }
    }
}

/* A field of RFC 4180. */
static void add_field(tam_text *text, const char *words) {
    if (strpbrk(words, ",\"\r\n") == NULL) {
        tam_text_add(text, words);
        return;
    }
    tam_text_add(text, "\"");
    for (const char *at = words; *at != '\0'; at++) {
        tam_text_add(text, *at == '"' ? "\"" : "");
        tam_text_bytes(text, at, 1);
    }
    tam_text_add(text, "\"");
}

void tam_compare_write_csv(const tam_comparison *comparison, tam_text *text) {
    tam_text_add(text, "loss,dim");
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        tam_text_format(text, ",%s", tam_compare_columns[c].key);
    }
    tam_text_add(text, ",run\n");
    for (int row = 0; row < comparison->count; row++) {
        const tam_compare_entry *entry = &comparison->entries[row];
        add_field(text, entry->loss);
        tam_text_format(text, ",%d", entry->dim);
        for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
            char words[WORDS] = "";
            if (isfinite(entry->number[c])) {
                tam_compare_number_words(entry, c, words, sizeof words);
            }
            tam_text_format(text, ",%s", words);
        }
        tam_text_add(text, ",");
        add_field(text, entry->slug);
        tam_text_add(text, "\n");
    }
}

/* JSON is UTF-8: the bytes of other words become the letters of Latin-1, as in log.jsonl. */
static json_t *text_value(const char *words) {
    json_t *string = json_string(words);
    char *copy = string == NULL ? malloc(2 * strlen(words) + 1) : NULL, *to = copy;
    if (copy == NULL) {
        return string;
    }
    for (const unsigned char *at = (const unsigned char *)words; *at != '\0'; at++) {
        if (*at >= 0x80) {
            *to++ = (char)(0xC0 | *at >> 6);
        }
        *to++ = (char)(*at >= 0x80 ? 0x80 | (*at & 0x3F) : *at);
    }
    *to = '\0';
    string = json_string(copy);
    free(copy);
    return string;
}

static json_t *number_value(const tam_compare_entry *entry, int column) {
    char words[WORDS];
    double value;
    tam_compare_number_words(entry, column, words, sizeof words);
    return tam_number_read(words, strlen(words), &value) ? json_real(value) : json_null();
}

/* The settings that all runs share, or those of a run that they do not. */
static json_t *settings_value(const tam_comparison *comparison, const tam_compare_entry *entry, bool common) {
    json_t *object = json_object();
    for (int s = 0; s < entry->settings; s++) {
        const tam_compare_setting *setting = &entry->setting[s];
        double value = 0;
        bool number = setting->plain && tam_number_read(setting->words, strlen(setting->words), &value);
        bool whole = number && strpbrk(setting->words, ".eE") == NULL && fabs(value) < 9e15;
        if (tam_compare_is_common(comparison, setting) == common) {
            json_object_set_new(object, setting->key,
                                whole    ? json_integer((json_int_t)value)
                                : number ? json_real(value)
                                         : text_value(setting->words));
        }
    }
    return object;
}

static json_t *row_value(const tam_comparison *comparison, const tam_compare_entry *entry) {
    json_t *row = json_pack("{s:o, s:i, s:o}", "loss", text_value(entry->loss), "dim", entry->dim, "run",
                            text_value(entry->slug));
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        json_object_set_new(row, tam_compare_columns[c].key, number_value(entry, c));
    }
    json_object_set_new(row, "settings", settings_value(comparison, entry, false));
    if (entry->left_out != NULL) {
        json_object_set_new(row, "left_out", text_value(entry->left_out));
    }
    return row;
}

void tam_compare_write_json(const tam_comparison *comparison, tam_text *text) {
    static const char *const on[] = {
        [TAM_COMPARE_VALIDATION] = "validation", [TAM_COMPARE_TEST] = "test", [TAM_COMPARE_TRAINING] = "training"};
    const tam_compare_entry *known = &comparison->entries[0];
    json_t *rows = json_array();
    for (int i = 0; i < comparison->count; i++) {
        known = known->settings == 0 ? &comparison->entries[i] : known;
        json_array_append_new(rows, row_value(comparison, &comparison->entries[i]));
    }
    json_t *whole =
        json_pack("{s:o, s:{s:s, s:o, s:I, s:I, s:b}, s:o}", "recipe", settings_value(comparison, known, true),
                  "evaluation", "on", on[comparison->on], "path", text_value(comparison->evaluation.path), "images",
                  (json_int_t)comparison->images, "classes", (json_int_t)comparison->classes, "closed_set",
                  (int)comparison->closed, "rows", rows);
    char *words = whole != NULL ? json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(whole);
    if (words == NULL) {
        text->failed = true;
        return;
    }
    tam_text_add(text, words);
    tam_text_add(text, "\n");
    free(words);
}
