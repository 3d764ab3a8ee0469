/* tammes eval of several models or data: the figures of each in one line. */
#include <string.h>

#include "eval.h"

enum { COLUMN_WIDTH = 10, MOST_COLUMNS = 24, LABEL_ROOM = 24 };

/* Figures in the results of the protocols, in the order of the columns. */
static const struct {
    const char *key, *label;
    bool share; /* printed in percent */
} figures[] = {
    {"accuracy", "accuracy", true},
    {"standard_error", "std err", true},
    {"accuracy_std", "std dev", true},
    {"eer", "EER", true},
    {"auc", "AUC", false},
    {"fewshot_error", "error", true},
    {"r_precision", "R-prec.", true},
    {"map_at_r", "MAP@R", true},
    {"nmi", "NMI", false},
    {"pair_precision", "precision", true},
    {"pair_recall", "recall", true},
    {"pair_f", "pair F", true},
    {"edc_area", "EDC area", true},
};

/* Lists of figures: of objects with a level and a value, or objects whose keys are the levels. */
static const struct {
    const char *list, *level, *value, *label, *format;
} levels[] = {
    {"tar_at_far", "far", "tar", "TAR@%s", "%.0e"},
    {"tpir_at_fpir", "fpir", "tpir", "TPIR@%s", "%.0e"},
    {"at_distractors", "distractors", "rank", "1 in %s", "%.0f"},
    {"rank", NULL, NULL, "rank %s", NULL},
    {"recall_at", NULL, NULL, "R@%s", NULL},
};

typedef struct column {
    char label[LABEL_ROOM];
    const char *key;   /* of the result, or of its list */
    const char *level; /* NULL: the figure itself */
    int item;          /* of an array */
    const char *value; /* of an array's item */
    bool share;
} column;

typedef struct table {
    column columns[MOST_COLUMNS];
    int count;
} table;

static void add(table *t, const column *wanted) {
    for (int i = 0; i < t->count; i++) {
        if (strcmp(t->columns[i].label, wanted->label) == 0) {
            return;
        }
    }
    if (t->count < MOST_COLUMNS) {
        t->columns[t->count++] = *wanted;
    }
}

/* The columns that this result has figures for. */
static void add_columns(table *t, json_t *result) {
    for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
        if (json_object_get(result, figures[f].key) != NULL) {
            column one = {.key = figures[f].key, .share = figures[f].share};
            snprintf(one.label, sizeof one.label, "%s", figures[f].label);
            add(t, &one);
        }
    }
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        json_t *list = json_object_get(result, levels[l].list);
        column one = {.key = levels[l].list, .value = levels[l].value, .share = true};
        const char *name;
        json_t *item;
        char level[16];
        for (size_t i = 0; i < json_array_size(list); i++) {
            json_t *at = json_object_get(json_array_get(list, i), levels[l].level);
            snprintf(level, sizeof level, levels[l].format, json_number_value(at));
            one.item = (int)i;
            snprintf(one.label, sizeof one.label, levels[l].label, level);
            add(t, &one);
        }
        json_object_foreach(list, name, item) {
            one.level = name;
            snprintf(one.label, sizeof one.label, levels[l].label, name);
            add(t, &one);
        }
    }
}

static void print_figure(const column *c, json_t *result) {
    json_t *value = json_object_get(result, c->key), *enough = NULL;
    if (json_is_array(value)) {
        json_t *item = json_array_get(value, (size_t)c->item);
        value = json_object_get(item, c->value);
        value = json_is_object(value) ? json_object_get(value, "1") : value;
        enough = json_object_get(item, "sufficient");
    } else if (c->level != NULL) {
        value = json_object_get(value, c->level);
    }
    if (value == NULL) {
        printf("  %*s", COLUMN_WIDTH, "-");
    } else if (!json_is_number(value) || json_is_false(enough)) {
        printf("  %*s", COLUMN_WIDTH, "too few");
    } else if (c->share) {
        printf("  %*.2f%%", COLUMN_WIDTH - 1, 100 * json_number_value(value));
    } else {
        printf("  %*.5f", COLUMN_WIDTH, json_number_value(value));
    }
}

static const char *text_of(json_t *result, const char *key) {
    const char *text = json_string_value(json_object_get(result, key));
    return text != NULL ? text : "-";
}

/* A column of words: as wide as the longest. */
static int widest(json_t *results, const char *key) {
    size_t width = strlen(key), i;
    json_t *result;
    json_array_foreach(results, i, result) {
        size_t length = strlen(text_of(result, key));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_word(const char *word, int width) {
    cli_print_name(word);
    printf("%*s  ", width - (int)strlen(word), "");
}

static void print_rows(json_t *results, const table *t) {
    static const char *const words[] = {"model", "data", "protocol"};
    int width[3];
    size_t i;
    json_t *result;
    for (int w = 0; w < 3; w++) {
        width[w] = widest(results, words[w]);
        print_word(words[w], width[w]);
    }
    for (int c = 0; c < t->count; c++) {
        printf("  %*s", COLUMN_WIDTH, t->columns[c].label);
    }
    printf("\n");
    json_array_foreach(results, i, result) {
        for (int w = 0; w < 3; w++) {
            print_word(text_of(result, words[w]), width[w]);
        }
        for (int c = 0; c < t->count; c++) {
            print_figure(&t->columns[c], result);
        }
        printf("\n");
    }
}

tam_status eval_print_table(cli_call *call, json_t *results) {
    table t = {.count = 0};
    size_t i;
    json_t *result;
    if (call->json) {
        return cli_print_json(call, json_pack("{s:O}", "models", results));
    }
    json_array_foreach(results, i, result) {
        add_columns(&t, result);
    }
    print_rows(results, &t);
    return TAM_OK;
}
