#include "data/class_labels.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/escape.h"
#include "base/spec.h"

/* Every whole number up to here is a double. */
#define LARGEST_LABEL 9007199254740991.0 /* beyond it two whole numbers may be one double */

enum { FIRST_SLOTS = 1024, DECIMALS_ROOM = 20 };

/* A text that occurs. */
typedef struct word {
    size_t at;        /* in the store */
    int64_t first;    /* the first image that has it */
    const char *text; /* once the store stands still */
    int64_t number;
    int32_t id; /* in the order of appearance */
} word;

/* The words by their hash. */
typedef struct word_table {
    tam_ctx *ctx;
    word *words;
    int32_t *slots; /* [slot_count], a power of two: a word's id, or -1 */
    size_t slot_count, word_room;
    int32_t count;
    char *store;
    size_t store_used, store_room;
} word_table;

/* FNV-1a from a start that nobody knows beforehand, so that no file can be made whose words all meet. The result does
 * not depend on it: words are numbered as they come. */
static size_t slot_of(const word_table *table, const char *text) {
    uint64_t hash = (uint64_t)(uintptr_t)table->ctx ^ 0xcbf29ce484222325u;
    for (const char *c = text; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    }
    size_t slot = (size_t)(hash ^ hash >> 32) & (table->slot_count - 1);
    while (table->slots[slot] >= 0 && strcmp(table->store + table->words[table->slots[slot]].at, text) != 0) {
        slot = (slot + 1) & (table->slot_count - 1);
    }
    return slot;
}

static tam_status more_slots(word_table *table) {
    size_t count = table->slot_count == 0 ? FIRST_SLOTS : 2 * table->slot_count;
    tam_release(table->ctx, table->slots);
    table->slots = tam_allocate(table->ctx, count, sizeof *table->slots, "the labels' table");
    if (table->slots == NULL) {
        return TAM_RESOURCES;
    }
    table->slot_count = count;
    memset(table->slots, -1, count * sizeof *table->slots);
    for (int32_t id = 0; id < table->count; id++) {
        table->slots[slot_of(table, table->store + table->words[id].at)] = id;
    }
    return TAM_OK;
}

static tam_status add_word(word_table *table, const char *text, int64_t image) {
    size_t bytes = strlen(text) + 1;
    if (table->count == INT32_MAX) {
        return tam_fail(table->ctx, TAM_INPUT, "more than 2^31 different labels");
    }
    if ((size_t)table->count == table->word_room) {
        size_t room = 2 * table->word_room + FIRST_SLOTS;
        word *larger = tam_reallocate(table->ctx, table->words, room, sizeof *larger, "the labels' table");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        table->words = larger;
        table->word_room = room;
    }
    if (table->store_room - table->store_used < bytes) {
        size_t room = 2 * table->store_room + bytes + FIRST_SLOTS;
        char *larger = tam_reallocate(table->ctx, table->store, room, 1, "class names");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        table->store = larger;
        table->store_room = room;
    }
    memcpy(table->store + table->store_used, text, bytes);
    table->words[table->count] = (word){.at = table->store_used, .first = image, .id = table->count};
    table->store_used += bytes;
    table->count++;
    return TAM_OK;
}

/* labels [count] become ids of words. */
static tam_status find_words(word_table *table, const tam_label_texts *texts, int32_t *labels) {
    char room[TAM_LABEL_ROOM];
    for (int64_t i = 0; i < texts->count; i++) {
        if ((size_t)table->count * 2 >= table->slot_count) {
            TAM_TRY(more_slots(table));
        }
        const char *text = texts->text(texts->user, i, room);
        size_t slot = slot_of(table, text);
        if (table->slots[slot] < 0) {
            TAM_TRY(add_word(table, text, i));
            table->slots[slot] = table->count - 1;
        }
        labels[i] = table->slots[slot];
    }
    for (int32_t id = 0; id < table->count; id++) {
        table->words[id].text = table->store + table->words[id].at;
    }
    return TAM_OK;
}

static size_t digits(const char *text) {
    return strspn(text, "0123456789");
}

/* [+-]12[.34][e[+-]56], also where the number is too large for any type, and what programs print for no number. */
static bool looks_like_a_number(const char *text) {
    const char *at = text + (*text == '+' || *text == '-');
    if (strcasecmp(at, "nan") == 0 || strcasecmp(at, "inf") == 0 || strcasecmp(at, "infinity") == 0) {
        return true;
    }
    size_t whole = digits(at), part = 0;
    at += whole;
    if (*at == '.') {
        part = digits(at + 1);
        at += 1 + part;
    }
    if ((*at == 'e' || *at == 'E') && whole + part > 0) {
        at += 1 + (at[1] == '+' || at[1] == '-');
        if (digits(at) == 0) {
            return false;
        }
        at += digits(at);
    }
    return *at == '\0' && whole + part > 0;
}

static tam_status read_numbers(word_table *table, const tam_label_texts *texts) {
    for (int32_t id = 0; id < table->count; id++) {
        word *w = &table->words[id];
        double value;
        if (!tam_number_read(w->text, strlen(w->text), &value) || !(value >= 0 && value <= LARGEST_LABEL) ||
            value != floor(value)) {
            char place[TAM_LABEL_PLACE_ROOM];
            texts->place(texts->user, w->first, place);
            return tam_fail(table->ctx, TAM_INPUT, "%s: the label %.64s: labels that are numbers are whole, below 2^53",
                            place, w->text);
        }
        w->number = (int64_t)value;
    }
    return TAM_OK;
}

static int by_number(const void *a, const void *b) {
    int64_t x = ((const word *)a)->number, y = ((const word *)b)->number;
    return (x > y) - (x < y);
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(((const word *)a)->text, ((const word *)b)->text);
}

/* Numbers the sorted words: class_of [words], by id. 1, 01 and 1.0 are one class. */
static int32_t rank_words(const word_table *table, bool numbers, int32_t *class_of) {
    int32_t classes = 0;
    for (int32_t k = 0; k < table->count; k++) {
        const word *w = &table->words[k];
        classes += k == 0 || !numbers || w->number != w[-1].number;
        class_of[w->id] = classes - 1;
    }
    return classes;
}

static tam_status name_classes(word_table *table, bool numbers, const int32_t *class_of, tam_class_labels *out) {
    tam_ctx *ctx = table->ctx;
    size_t classes = (size_t)out->classes;
    out->names = tam_allocate(ctx, classes, sizeof *out->names, "class names");
    out->numbers = numbers ? tam_allocate(ctx, classes, sizeof *out->numbers, "class numbers") : NULL;
    out->store = numbers ? tam_allocate(ctx, classes, DECIMALS_ROOM, "class names") : table->store;
    if (out->names == NULL || out->store == NULL || (numbers && out->numbers == NULL)) {
        return TAM_RESOURCES;
    }
    if (!numbers) {
        table->store = NULL;
    }
    for (int32_t k = 0; k < table->count; k++) {
        const word *w = &table->words[k];
        int32_t c = class_of[w->id];
        out->names[c] = numbers ? out->store + (size_t)c * DECIMALS_ROOM : w->text;
        if (numbers) {
            out->numbers[c] = w->number;
            snprintf(out->store + (size_t)c * DECIMALS_ROOM, DECIMALS_ROOM, "%lld", (long long)w->number);
        }
    }
    return TAM_OK;
}

static tam_status make(word_table *table, const tam_label_texts *texts, tam_class_labels *out) {
    bool numbers = !texts->names;
    TAM_TRY(find_words(table, texts, out->labels));
    for (int32_t id = 0; numbers && id < table->count; id++) {
        numbers = looks_like_a_number(table->words[id].text);
    }
    if (numbers) {
        TAM_TRY(read_numbers(table, texts));
    }
    int32_t *class_of = tam_allocate(table->ctx, (size_t)table->count, sizeof *class_of, "the labels' table");
    if (class_of == NULL) {
        return TAM_RESOURCES;
    }
    qsort(table->words, (size_t)table->count, sizeof *table->words, numbers ? by_number : by_bytes);
    out->classes = rank_words(table, numbers, class_of);
    for (int64_t i = 0; i < texts->count; i++) {
        out->labels[i] = class_of[out->labels[i]];
    }
    tam_status status = name_classes(table, numbers, class_of, out);
    tam_release(table->ctx, class_of);
    return status;
}

tam_status tam_class_labels_make(tam_ctx *ctx, const tam_label_texts *texts, tam_class_labels *out) {
    word_table table = {.ctx = ctx};
    tam_status status = TAM_RESOURCES;
    *out = (tam_class_labels){.ctx = ctx};
    out->labels = tam_allocate(ctx, (size_t)texts->count, sizeof *out->labels, "labels");
    if (out->labels != NULL) {
        status = make(&table, texts, out);
    }
    tam_release(ctx, table.words);
    tam_release(ctx, table.slots);
    if (table.store != out->store) {
        tam_release(ctx, table.store);
    }
    if (status != TAM_OK) {
        tam_class_labels_free(out);
    }
    return status;
}

void tam_class_labels_free(tam_class_labels *labels) {
    if (labels->ctx != NULL) {
        tam_release(labels->ctx, labels->labels);
        tam_release(labels->ctx, labels->names);
        tam_release(labels->ctx, labels->numbers);
        tam_release(labels->ctx, labels->store);
    }
    *labels = (tam_class_labels){0};
}

/* Ends the lines of the text with zero bytes and undoes their escapes; names [classes] in `chosen`. */
static tam_status choose_names(const tam_class_labels *labels, const char *name, char *text, size_t size,
                               const char **chosen) {
    int64_t line = 0;
    int32_t c = 0;
    for (size_t at = 0; at < size && c < labels->classes; line++) {
        char *end = memchr(text + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - text) - at : size - at, next = at + length + 1;
        if (line == labels->numbers[c]) {
            length -= length > 0 && text[at + length - 1] == '\r';
            length = tam_unescape(text + at, length);
            text[at + length] = '\0';
            if (length == 0 || strlen(text + at) < length) {
                return tam_fail(labels->ctx, TAM_INPUT, "%s:%lld: %s class %lld", name, (long long)line + 1,
                                length == 0 ? "no name of" : "a zero byte in the name of", (long long)line);
            }
            chosen[c++] = text + at;
        }
        at = next;
    }
    if (c < labels->classes) {
        return tam_fail(labels->ctx, TAM_INPUT, "%s: %lld class names, and there is a label %lld", name,
                        (long long)line, (long long)labels->numbers[labels->classes - 1]);
    }
    return TAM_OK;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Classes of one name would become one wherever a class is called by it: in a folder, in a list of fixes. */
static tam_status refuse_twins(const tam_class_labels *labels, const char *name, const char *const *chosen) {
    size_t classes = (size_t)labels->classes;
    const char **sorted = tam_allocate(labels->ctx, classes, sizeof *sorted, "class names");
    tam_status status = sorted != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK && classes > 0) {
        memcpy(sorted, chosen, classes * sizeof *sorted);
        qsort(sorted, classes, sizeof *sorted, by_text);
    }
    for (size_t k = 1; status == TAM_OK && k < classes; k++) {
        if (strcmp(sorted[k - 1], sorted[k]) == 0) {
            status = tam_fail(labels->ctx, TAM_INPUT, "%s: two classes are called '%.256s'", name, sorted[k]);
        }
    }
    tam_release(labels->ctx, sorted);
    return status;
}

tam_status tam_class_labels_name(tam_class_labels *labels, const char *name, const void *text, size_t size) {
    if (labels->numbers == NULL) {
        return tam_fail(labels->ctx, TAM_INPUT, "%s: names of classes for labels that are no numbers", name);
    }
    char *copy = tam_allocate(labels->ctx, size + 1, 1, "class names");
    const char **chosen = tam_allocate(labels->ctx, (size_t)labels->classes, sizeof *chosen, "class names");
    tam_status status = TAM_RESOURCES;
    if (copy != NULL && chosen != NULL) {
        if (size > 0) {
            memcpy(copy, text, size);
        }
        status = choose_names(labels, name, copy, size, chosen);
    }
    if (status == TAM_OK) {
        status = refuse_twins(labels, name, chosen);
    }
    if (status != TAM_OK) {
        tam_release(labels->ctx, copy);
        tam_release(labels->ctx, chosen);
        return status;
    }
    tam_release(labels->ctx, labels->store);
    tam_release(labels->ctx, labels->names);
    labels->store = copy;
    labels->names = chosen;
    return TAM_OK;
}
