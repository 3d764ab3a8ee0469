/* docs/losses.md has a row for every loss and term, with all its keys and their defaults as the code has them. */
#include "support.h"

#include <ctype.h>

#include "loss/loss.h"

static char *read_page(void) {
    char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/docs/losses.md", source != NULL ? source : ".");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    char *page = calloc((size_t)size + 1, 1);
    assert_non_null(page);
    rewind(file);
    assert_int_equal(fread(page, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return page;
}

/* "key=default" as people type it. */
static void setting_of(const tam_key *key, char *out, size_t room) {
    const char *word = key->words;
    if (word == NULL) {
        snprintf(out, room, "%s=%g", key->name, key->otherwise);
        return;
    }
    for (int place = (int)key->otherwise; place > 0; place--) {
        word += strcspn(word, "|") + 1;
    }
    snprintf(out, room, "%s=%.*s", key->name, (int)strcspn(word, "|"), word);
}

static bool continues(char c) {
    return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_';
}

/* Whether the text has these words by themselves: "m=0.3" is not in "m=0.35". */
static bool has(const char *text, size_t length, const char *words) {
    size_t size = strlen(words);
    for (size_t at = 0; at + size <= length; at++) {
        if (memcmp(text + at, words, size) == 0 && (at == 0 || !continues(text[at - 1])) &&
            (at + size == length || !continues(text[at + size]))) {
            return true;
        }
    }
    return false;
}

/* The line of the table that begins with the name; NULL: there is none. */
static const char *row_of(const char *page, const char *name) {
    char opening[80];
    snprintf(opening, sizeof opening, "\n| `%s` |", name);
    const char *row = strstr(page, opening);
    return row != NULL ? row + 1 : NULL;
}

static void check_row(const char *page, const char *name, const tam_key *keys, int count) {
    char setting[80];
    const char *row = row_of(page, name);
    if (row == NULL) {
        fail_msg("docs/losses.md has no row for %s", name);
    }
    for (int i = 0; i < count; i++) {
        setting_of(&keys[i], setting, sizeof setting);
        if (!has(row, strcspn(row, "\n"), setting)) {
            fail_msg("docs/losses.md: the row of %s lacks '%s'", name, setting);
        }
    }
}

static void test_rows(void **state) {
    (void)state;
    char *page = read_page();
    for (int k = 0; k < tam_class_loss_count(); k++) {
        const tam_class_loss *loss = tam_class_loss_at(k);
        check_row(page, loss->name, loss->keys, loss->key_count);
    }
    for (int k = 0; k < tam_batch_term_count(); k++) {
        const tam_batch_term *term = tam_batch_term_at(k);
        check_row(page, term->name, term->keys, term->key_count);
    }
    free(page);
}

/* What all losses with a margin, and all on cosines, take besides: the keys behind a loss's own. */
static void test_options(void **state) {
    (void)state;
    char *page = read_page();
    for (int k = 0; k < tam_loss_count(); k++) {
        for (int i = tam_class_loss_at(k)->key_count; i < tam_loss_describe(k).keys; i++) {
            check_row(page, tam_loss_key(k, i).name, NULL, 0);
        }
    }
    free(page);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
