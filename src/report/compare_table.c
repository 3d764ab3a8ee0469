/* The columns of the table, and the table as text. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/compare.h"

const tam_compare_column tam_compare_columns[TAM_COMPARE_NUMBERS] = {
    [TAM_COMPARE_ACCURACY] = {"accuracy_percent", "accuracy (%)", 2},
    [TAM_COMPARE_EER] = {"eer_percent", "EER (%)", 2},
    [TAM_COMPARE_TAR_2] = {"tar_at_far_1e-2_percent", "TAR@FAR 1e-2 (%)", 2},
    [TAM_COMPARE_TAR_3] = {"tar_at_far_1e-3_percent", "TAR@FAR 1e-3 (%)", 2},
    [TAM_COMPARE_RANK] = {"rank1_percent", "rank 1 (%)", 2},
    [TAM_COMPARE_OWN] = {"own_centre_degrees", "own centre (deg)", 2},
    [TAM_COMPARE_OTHER] = {"nearest_other_centre_degrees", "nearest other (deg)", 2},
    [TAM_COMPARE_PARAMETERS] = {"parameters_millions", "parameters (M)", 3},
    [TAM_COMPARE_MACS] = {"macs_millions", "MACs (M)", 2},
    [TAM_COMPARE_SIZE] = {"model_mb", "model (MB)", 2},
    [TAM_COMPARE_SECONDS] = {"training_seconds", "training (s)", 1},
    [TAM_COMPARE_SPEED] = {"images_per_second", "images/s", 0},
    [TAM_COMPARE_ALONE] = {"milliseconds_alone", "1 image (ms)", 3},
    [TAM_COMPARE_TOGETHER] = {"milliseconds_of_32", "of 32 (ms)", 3},
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

int tam_compare_word_columns(const tam_comparison *comparison, bool people, int column[TAM_COMPARE_WORDS]) {
    const tam_compare_lists *lists = &comparison->lists;
    bool plain = !tam_compare_varies_net(comparison) && lists->sweeps == 0; /* losses and dimensions alone */
    int count = 0;
    if (!people || plain || lists->losses > 1) {
        column[count++] = TAM_COLUMN_LOSS;
    }
    if (people ? lists->nets > 1 : tam_compare_varies_net(comparison)) {
        column[count++] = TAM_COLUMN_NET;
    }
    if (!people || plain || lists->dims > 1) {
        column[count++] = TAM_COLUMN_DIM;
    }
    for (int s = 0; s < lists->sweeps; s++) {
        column[count++] = TAM_COLUMN_SWEEP + s;
    }
    return count;
}

const char *tam_compare_word_header(const tam_comparison *comparison, int column) {
    static const char *const names[] = {[TAM_COLUMN_LOSS] = "loss", [TAM_COLUMN_NET] = "net", [TAM_COLUMN_DIM] = "dim"};
    return column < TAM_COLUMN_SWEEP ? names[column] : comparison->lists.sweep[column - TAM_COLUMN_SWEEP].key;
}

const char *tam_compare_word_cell(const tam_comparison *comparison, const tam_compare_entry *entry, int column,
                                  char words[TAM_COMPARE_CELL]) {
    if (column >= TAM_COLUMN_SWEEP) {
        int s = column - TAM_COLUMN_SWEEP;
        return comparison->lists.sweep[s].value[entry->place.value[s]];
    }
    snprintf(words, TAM_COMPARE_CELL, "%d", entry->dim);
    return column == TAM_COLUMN_LOSS ? entry->loss : column == TAM_COLUMN_NET ? entry->net : words;
}

void tam_compare_constant_words(const tam_comparison *comparison, char *words, size_t room) {
    const tam_compare_entry *entry = &comparison->entries[0];
    int column[TAM_COMPARE_WORDS], count = tam_compare_word_columns(comparison, true, column);
    bool shown[TAM_COLUMN_SWEEP] = {false}, swept[TAM_SWEEP_RECIPE + 1] = {false};
    for (int c = 0; c < count; c++) {
        if (column[c] < TAM_COLUMN_SWEEP) {
            shown[column[c]] = true;
        }
    }
    for (int s = 0; s < comparison->lists.sweeps; s++) {
        swept[comparison->lists.sweep[s].owner] = true;
    }
    const char *net = comparison->lists.net[0] != NULL ? comparison->lists.net[0] : tam_compare_default_net(entry->dim);
    size_t used = 0;
    *words = '\0';
    if (!shown[TAM_COLUMN_LOSS]) {
        used +=
            (size_t)snprintf(words, room, "every run: loss %.200s", swept[TAM_SWEEP_LOSS] ? entry->given : entry->loss);
    }
    if (!shown[TAM_COLUMN_NET] && tam_compare_varies_net(comparison)) {
        used += (size_t)snprintf(words + used, room - used, "%s net %.200s", used > 0 ? "," : "every run:", net);
    }
    if (!shown[TAM_COLUMN_DIM]) {
        snprintf(words + used, room - used, "%s %d dimension%s", used > 0 ? "," : "every run:", entry->dim,
                 entry->dim == 1 ? "" : "s");
    }
}

/* The columns of the text. */
typedef struct text_columns {
    int words, word[TAM_COMPARE_WORDS], all;
} text_columns;

static const char *cell(const tam_comparison *comparison, const text_columns *columns, int row, int c,
                        char words[TAM_COMPARE_CELL]) {
    if (row < 0) {
        return c < columns->words ? tam_compare_word_header(comparison, columns->word[c])
                                  : tam_compare_columns[c - columns->words].header;
    }
    const tam_compare_entry *entry = &comparison->entries[row];
    if (c < columns->words) {
        return tam_compare_word_cell(comparison, entry, columns->word[c], words);
    }
    tam_compare_number_words(entry, c - columns->words, words, TAM_COMPARE_CELL);
    return words;
}

static void write_rows(const tam_comparison *comparison, const text_columns *columns, tam_text *text) {
    int width[TAM_COMPARE_WORDS + TAM_COMPARE_NUMBERS] = {0};
    char words[TAM_COMPARE_CELL];
    for (int row = -1; row < comparison->count; row++) {
        for (int c = 0; c < columns->all; c++) {
            int length = (int)strlen(cell(comparison, columns, row, c, words));
            width[c] = length > width[c] ? length : width[c];
        }
    }
    for (int row = -1; row < comparison->count; row++) {
        for (int c = 0; c < columns->all; c++) {
            bool left = c < columns->words && columns->word[c] <= TAM_COLUMN_NET;
            tam_text_add(text, c > 0 ? "  " : "");
            tam_text_format(text, left ? "%-*s" : "%*s", width[c], cell(comparison, columns, row, c, words));
        }
        tam_text_add(text, "\n");
    }
}

void tam_compare_write_table(const tam_comparison *comparison, tam_text *text) {
    text_columns columns;
    char words[1024];
    columns.words = tam_compare_word_columns(comparison, true, columns.word);
    columns.all = columns.words + TAM_COMPARE_NUMBERS;
    tam_compare_evaluation_words(comparison, words, sizeof words);
    tam_text_format(text, "%s\n", words);
    tam_compare_constant_words(comparison, words, sizeof words);
    tam_text_format(text, "%s%s", words, *words != '\0' ? "\n" : "");
    tam_compare_time_words(comparison, words, sizeof words);
    tam_text_format(text, "%s\n", words);
    write_rows(comparison, &columns, text);
    for (int row = 0; row < comparison->count; row++) {
        const tam_compare_entry *entry = &comparison->entries[row];
        if (entry->left_out != NULL) {
            tam_text_format(text, "no numbers of %s, %d dimensions: %s\n", entry->name, entry->dim, entry->left_out);
        }
    }
}
