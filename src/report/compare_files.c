/* The table as CSV and JSON. A number has one form, that of tam_compare_number_words, wherever it stands. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/spec.h"
#include "report/compare.h"

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
    int column[TAM_COMPARE_WORDS], before = tam_compare_word_columns(comparison, false, column);
    for (int c = 0; c < before; c++) {
        tam_text_add(text, c > 0 ? "," : "");
        add_field(text, tam_compare_word_header(comparison, column[c]));
    }
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        tam_text_format(text, ",%s", tam_compare_columns[c].key);
    }
    tam_text_add(text, ",run\n");
    for (int row = 0; row < comparison->count; row++) {
        const tam_compare_entry *entry = &comparison->entries[row];
        for (int c = 0; c < before; c++) {
            char words[TAM_COMPARE_CELL];
            tam_text_add(text, c > 0 ? "," : "");
            add_field(text, tam_compare_word_cell(comparison, entry, column[c], words));
        }
        for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
            char words[TAM_COMPARE_CELL] = "";
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
    char words[TAM_COMPARE_CELL];
    double value;
    tam_compare_number_words(entry, column, words, sizeof words);
    return tam_number_read(words, strlen(words), &value) ? json_real(value) : json_null();
}

/* `plain`: what looks like a number is one. */
static json_t *setting_value(const char *words, bool plain) {
    double value = 0;
    bool number = plain && tam_number_read(words, strlen(words), &value);
    bool whole = number && strpbrk(words, ".eE") == NULL && fabs(value) < 9e15;
    return whole ? json_integer((json_int_t)value) : number ? json_real(value) : text_value(words);
}

/* The settings that all runs share, or those of a run that they do not. */
static json_t *settings_value(const tam_comparison *comparison, const tam_compare_entry *entry, bool common) {
    json_t *object = json_object();
    for (int s = 0; s < entry->settings; s++) {
        const tam_compare_setting *setting = &entry->setting[s];
        if (tam_compare_is_common(comparison, setting) == common) {
            json_object_set_new(object, setting->key, setting_value(setting->words, setting->plain));
        }
    }
    return object;
}

static json_t *row_value(const tam_comparison *comparison, const tam_compare_entry *entry) {
    json_t *row = json_object();
    int column[TAM_COMPARE_WORDS], before = tam_compare_word_columns(comparison, false, column);
    for (int c = 0; c < before; c++) {
        char words[TAM_COMPARE_CELL];
        const char *header = tam_compare_word_header(comparison, column[c]);
        const char *value = tam_compare_word_cell(comparison, entry, column[c], words);
        bool plain = strcmp(header, "loss") != 0 && strcmp(header, "net") != 0;
        json_object_set_new(row, header, setting_value(value, plain));
    }
    json_object_set_new(row, "run", text_value(entry->slug));
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        json_object_set_new(row, tam_compare_columns[c].key, number_value(entry, c));
    }
    const tam_compare_number merit = tam_compare_merit(comparison);
    if (isfinite(entry->low[merit])) {
        char key[64];
        snprintf(key, sizeof key, "%s_interval", tam_compare_columns[merit].key);
        json_object_set_new(row, key, json_pack("[f, f]", entry->low[merit], entry->high[merit]));
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
        json_pack("{s:o, s:{s:s, s:o, s:I, s:I, s:b}, s:i, s:o}", "recipe", settings_value(comparison, known, true),
                  "evaluation", "on", on[comparison->on], "path", text_value(comparison->evaluation.path), "images",
                  (json_int_t)comparison->images, "classes", (json_int_t)comparison->classes, "closed_set",
                  (int)comparison->closed, "inference_threads", tam_ctx_threads(comparison->ctx), "rows", rows);
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
