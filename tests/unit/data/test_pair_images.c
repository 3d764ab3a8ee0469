/* Pairs of a list found in an image folder. */
#include "support.h"

#include <stdbool.h>

#include "tammes/pairs.h"

static void write_text(const char *folder, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* A folder of 2 x 1 grey images: people/<A|B|C D>/..., and groups/x/... for nested names. */
static void make_images(const char *root) {
    static const char *const names[] = {"A/A_0001.pgm", "A/A_0002.pgm",       "A/A_0010.pgm",
                                        "B/B_0001.pgm", "C_D./C_D._0003.pgm", "deep/er/one.two.pgm"};
    static const char *const folders[] = {"A", "B", "C_D.", "deep", "deep/er"};
    char command[256];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(command, sizeof command, "mkdir -p '%s/set/%s'", root, folders[i]);
        assert_int_equal(system(command), 0);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[128];
        snprintf(name, sizeof name, "set/%s", names[i]);
        write_text(root, name, "P5 2 1 255\nab");
    }
}

static void pairs_find_their_images(void **state) {
    (void)state;
    char root[64], set[96], list[96], name[256];
    tam_dataset *dataset = NULL;
    tam_pairs *pairs = NULL;
    tam_ctx *ctx = test_ctx(1);
    test_folder(root);
    make_images(root);
    snprintf(set, sizeof set, "%s/set", root);
    snprintf(list, sizeof list, "%s/list", root);
    test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = set}, &dataset));

    write_text(root, "list", "2\nA\t1\t10\nA\t10\t2\nA\t1\tB\t1\nB\t1\tC_D.\t3\n");
    test_ok(ctx, tam_pairs_open(ctx, list, dataset, &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_true(info.count == 4 && info.images == 5 && info.folds == 1);
    static const char *const ends[8] = {"A/A_0001.pgm", "A/A_0010.pgm", "A/A_0010.pgm", "A/A_0002.pgm",
                                        "A/A_0001.pgm", "B/B_0001.pgm", "B/B_0001.pgm", "C_D./C_D._0003.pgm"};
    for (int i = 0; i < 8; i++) {
        tam_dataset_image_name(dataset, info.image[info.rows[i]], name, sizeof name);
        assert_non_null(strstr(name, ends[i]));
    }
    tam_pairs_free(pairs);

    write_text(root, "list", "deep/er/one.two.pgm,A/A_0001.pgm,0\nA/A_0001.pgm,A/A_0001.pgm,1\n");
    test_ok(ctx, tam_pairs_open(ctx, list, dataset, &pairs));
    info = tam_pairs_describe(pairs);
    assert_true(info.count == 2 && info.images == 2 && info.rows[2] == info.rows[3]);
    tam_pairs_free(pairs);

    /* CPLFW's form, whose names have no folder. */
    write_text(root, "list", "A_0002.pgm 1\nA_0010.pgm 1\none.two.pgm 0\nB/B_0001.pgm 0\n");
    test_ok(ctx, tam_pairs_open(ctx, list, dataset, &pairs));
    info = tam_pairs_describe(pairs);
    assert_true(info.count == 2 && info.images == 4 && info.folds == 10 && info.same[0] == 1 && info.same[1] == 0);
    static const char *const files[4] = {"A/A_0002.pgm", "A/A_0010.pgm", "deep/er/one.two.pgm", "B/B_0001.pgm"};
    for (int i = 0; i < 4; i++) {
        tam_dataset_image_name(dataset, info.image[info.rows[i]], name, sizeof name);
        assert_non_null(strstr(name, files[i]));
    }
    tam_pairs_free(pairs);

    write_text(root, "list", "1\nA\t1\t10\nA\t1\tX\t1\n");
    test_fails(ctx, tam_pairs_open(ctx, list, dataset, &pairs), TAM_INPUT, "pair 2 names 'X/X_0001'");
    assert_null(pairs);
    write_text(root, "list",
               "A/A_0001.pgm,x/1,0\nA/A_0001.pgm,A/A_0002.pgm,1\nx/2,x/1,1\nx/3,x/4,1\nx/5,x/6,0\n"
               "B/B_0001.pgm,A/A_0002.pgm,0\n");
    test_fails(ctx, tam_pairs_open(ctx, list, dataset, &pairs), TAM_INPUT,
               "pair 1 names 'x/1', which the data set does not hold; 6 images are missing in all, from 4 of 6 pairs: "
               "'x/1', 'x/2', 'x/3', 'x/4', 'x/5', ...");
    test_ok(ctx, tam_pairs_open_present(ctx, list, dataset, &pairs));
    info = tam_pairs_describe(pairs);
    assert_true(info.count == 2 && info.missing == 4 && info.images == 3);
    assert_true(info.same[0] == 1 && info.same[1] == 0 && info.rows[0] == 0 && info.rows[1] == 1 && info.rows[3] == 1);
    tam_pairs_free(pairs);
    write_text(root, "list", "x/1,x/2,1\n");
    test_fails(ctx, tam_pairs_open_present(ctx, list, dataset, &pairs), TAM_INPUT, "from 1 of 1 pairs");
    test_fails(ctx, tam_pairs_open(ctx, NULL, dataset, &pairs), TAM_CONFIG, "image folder has no pairs of its own");

    test_fails(ctx, tam_pairs_open(ctx, "/nowhere/pairs.txt", dataset, &pairs), TAM_INPUT, "/nowhere/pairs.txt");
    tam_pairs_free(NULL);
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
    test_folder_remove(root);
}

static void the_lfw_list_is_found(void **state) {
    (void)state;
    char set[1200], list[1200];
    tam_dataset *dataset = NULL;
    tam_pairs *pairs = NULL;
    if (test_data() == NULL) {
        print_message("no data: skipped\n");
        skip();
    }
    tam_ctx *ctx = test_ctx(1);
    snprintf(set, sizeof set, "%s/lfw-dev/images", test_data());
    snprintf(list, sizeof list, "%s/lfw-dev/pairsDevTrain.txt", test_data());
    test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = set}, &dataset));
    test_ok(ctx, tam_pairs_open(ctx, list, dataset, &pairs));
    tam_pairs_info info = tam_pairs_describe(pairs);
    assert_true(info.count == 2200 && info.folds == 1 && info.images > 2200 && info.images < 4400);
    for (int64_t i = 0; i < info.count; i++) {
        bool same = tam_dataset_label(dataset, info.image[info.rows[2 * i]]) ==
                    tam_dataset_label(dataset, info.image[info.rows[2 * i + 1]]);
        assert_int_equal(same, info.same[i]);
    }
    tam_pairs_free(pairs);
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
}

/* A file's name alone is nothing where several images have it; a whole key always is. */
static void a_file_name_must_be_one_image(void **state) {
    (void)state;
    char root[64], set[96], list[96];
    tam_dataset *dataset = NULL;
    tam_pairs *pairs = NULL;
    tam_ctx *ctx = test_ctx(1);
    test_folder(root);
    make_images(root);
    write_text(root, "set/B/A_0001.pgm", "P5 2 1 255\nab");
    snprintf(set, sizeof set, "%s/set", root);
    snprintf(list, sizeof list, "%s/list", root);
    test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = set}, &dataset));
    write_text(root, "list", "B_0001.pgm 0\nA_0002.pgm 0\nA_0001.pgm 1\nA_0002.pgm 1\n");
    test_fails(ctx, tam_pairs_open(ctx, list, dataset, &pairs), TAM_INPUT,
               "list names 'A_0001.pgm', as several images are called");
    write_text(root, "list", "B/A_0001.pgm 1\nA_0002.pgm 1\n");
    test_ok(ctx, tam_pairs_open(ctx, list, dataset, &pairs));
    tam_pairs_free(pairs);
    write_text(root, "list", "er/one.two.pgm 1\nA_0002.pgm 1\n"); /* part of a path is no file's name */
    test_fails(ctx, tam_pairs_open(ctx, list, dataset, &pairs), TAM_INPUT, "does not hold");
    tam_dataset_free(dataset);
    test_folder_remove(root);
    test_ctx_free(ctx);
}

static void memory_may_run_out(void **state) {
    (void)state;
    char root[64], set[96], list[96];
    int failures = 0;
    test_folder(root);
    make_images(root);
    write_text(root, "list", "A_0002.pgm 1\nA_0010.pgm 1\none.two.pgm 0\nB/B_0001.pgm 0\n");
    snprintf(set, sizeof set, "%s/set", root);
    snprintf(list, sizeof list, "%s/list", root);
    for (int k = 1;; k++) {
        int left = 1 << 20;
        tam_ctx *ctx = NULL;
        tam_dataset *dataset = NULL;
        tam_pairs *pairs = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = set}, &dataset));
        left = k;
        tam_status status = tam_pairs_open(ctx, list, dataset, &pairs);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        assert_true((pairs != NULL) == (status == TAM_OK));
        failures += status != TAM_OK;
        tam_pairs_free(pairs);
        tam_dataset_free(dataset);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures > 5);
    test_folder_remove(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_find_their_images),
        cmocka_unit_test(a_file_name_must_be_one_image),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(the_lfw_list_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
