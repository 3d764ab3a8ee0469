/* Files to inspect, and what must be said of them. */
#ifndef TESTS_INSPECT_SUPPORT_H
#define TESTS_INSPECT_SUPPORT_H

#include "unit/data/data_support.h"

#include "tammes/inspect.h"

static char folder[64];

static inline void path_of(const char *name, char path[160]) {
    snprintf(path, 160, "%s/%s", folder, name);
}

static inline const tam_fact *find(const tam_inspection_info *info, const char *key) {
    for (int i = 0; i < info->fact_count; i++) {
        if (strcmp(info->facts[i].key, key) == 0) {
            return &info->facts[i];
        }
    }
    return NULL;
}

static inline void expect_number(const tam_inspection *inspection, const char *key, int64_t number) {
    tam_inspection_info info = tam_inspection_describe(inspection);
    const tam_fact *fact = find(&info, key);
    if (fact == NULL || fact->text != NULL) {
        fail_msg("no number '%s'", key);
    }
    assert_int_equal(fact->number, number);
}

static inline void expect_text(const tam_inspection *inspection, const char *key, const char *part) {
    tam_inspection_info info = tam_inspection_describe(inspection);
    const tam_fact *fact = find(&info, key);
    if (fact == NULL || fact->text == NULL || strstr(fact->text, part) == NULL) {
        fail_msg("'%s' is '%s', without '%s'", key, fact != NULL && fact->text != NULL ? fact->text : "", part);
    }
}

static inline tam_inspection *inspect(tam_ctx *ctx, const char *name, const char *kind) {
    char path[160];
    tam_inspection *inspection;
    path_of(name, path);
    test_ok(ctx, tam_inspect(ctx, path, &inspection));
    assert_string_equal(tam_inspection_describe(inspection).kind, kind);
    return inspection;
}

static inline tam_inspection *inspect_bytes(tam_ctx *ctx, const void *data, size_t size, const char *kind) {
    char path[160];
    path_of("file", path);
    write_bytes(ctx, path, data, size);
    return inspect(ctx, "file", kind);
}

static inline void expect_damaged(tam_ctx *ctx, const void *data, size_t size, const char *sentence) {
    char path[160];
    tam_inspection *inspection;
    path_of("file", path);
    write_bytes(ctx, path, data, size);
    test_fails(ctx, tam_inspect(ctx, path, &inspection), TAM_INPUT, sentence);
    assert_null(inspection);
}

static inline int setup(void **state) {
    *state = test_ctx(2);
    test_folder(folder);
    return 0;
}

static inline int teardown(void **state) {
    test_folder_remove(folder);
    test_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
