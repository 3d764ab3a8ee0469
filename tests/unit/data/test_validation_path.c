/* What one word of a validation means. */
#include "data_support.h"

#include "data/validation_path.h"

static void one_word_names_data_and_pairs(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_validation_path read;
    char folder[64], word[160], bin[96], odd[96];
    test_folder(folder);
    snprintf(bin, sizeof bin, "%s/set.bin", folder);
    snprintf(odd, sizeof odd, "%s/a:b", folder);
    write_bytes(ctx, bin, "\x80\x02]", 3);

    test_ok(ctx, tam_validation_path_read(ctx, arena, folder, &read));
    assert_true(strcmp(read.data, folder) == 0 && read.list == NULL && !read.pairs);
    test_ok(ctx, tam_validation_path_read(ctx, arena, bin, &read));
    assert_true(strcmp(read.data, bin) == 0 && read.list == NULL && read.pairs);
    snprintf(word, sizeof word, "%s:x/pairs.txt", odd);
    test_ok(ctx, tam_validation_path_read(ctx, arena, word, &read));
    assert_true(strcmp(read.data, odd) == 0 && strcmp(read.list, "x/pairs.txt") == 0 && read.pairs);
    test_ok(ctx, tam_folder_make(ctx, odd)); /* a folder with a colon in its name */
    test_ok(ctx, tam_validation_path_read(ctx, arena, odd, &read));
    assert_true(strcmp(read.data, odd) == 0 && read.list == NULL && !read.pairs);
    static const char *const plain[] = {"nowhere", ":nowhere", "nowhere:", ":"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        test_ok(ctx, tam_validation_path_read(ctx, arena, plain[i], &read));
        assert_true(read.data == plain[i] && read.list == NULL && !read.pairs);
    }
    tam_arena_free(arena);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_word_names_data_and_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
