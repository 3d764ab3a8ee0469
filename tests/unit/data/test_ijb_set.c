/* The lists of IJB put together: templates, pairs and galleries that agree, and ones that do not. */
#include "data_support.h"

#include "tammes/ijb.h"

#define FACES "a.jpg 10 1\nb.jpg 10 1\nc.jpg 10 2\nd.jpg 7 1\ne.jpg 9 5\nf.jpg 12 5\n"
#define POINTS                                                                                        \
    "a.jpg 1 2 3 4 5 6 7 8 9 10 0.5\nb.jpg 1 2 3 4 5 6 7 8 9 10 0.75\nc.jpg 1 2 3 4 5 6 7 8 9 10 1\n" \
    "d.jpg 1 2 3 4 5 6 7 8 9 10 0.25\ne.jpg 1 2 3 4 5 6 7 8 9 10 0.5\nf.jpg 1 2 3 4 5 6 7 8 9 10 0.125\n"
#define PAIRS "10 7 1\n7 9 0\n12 12 1\n"
#define G1 "TEMPLATE_ID,SUBJECT_ID,FILENAME\n10,300,a.jpg\n10,300,b.jpg\n"
#define G2 "TEMPLATE_ID,SUBJECT_ID,FILENAME\n9,-4,e.jpg\n"
#define PROBES "TEMPLATE_ID,SUBJECT_ID,FILENAME\n12,-4,f.jpg\n7,300,d.jpg\n"

static void put(tam_ctx *ctx, const char *folder, const char *name, const char *words) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (words == NULL) {
        unlink(path);
    } else {
        write_bytes(ctx, path, words, strlen(words));
    }
}

static void put_all(tam_ctx *ctx, const char *folder) {
    put(ctx, folder, "ijbc_face_tid_mid.txt", FACES);
    put(ctx, folder, "ijbc_name_5pts_score.txt", POINTS);
    put(ctx, folder, "ijbc_template_pair_label.txt", PAIRS);
    put(ctx, folder, "ijbc_1N_gallery_G1.csv", G1);
    put(ctx, folder, "ijbc_1N_gallery_G2.csv", G2);
    put(ctx, folder, "ijbc_1N_probe_mixed.csv", PROBES);
}

static void lists_become_places(void **state) {
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    put_all(ctx, folder);
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    tam_ijb_info info = tam_ijb_describe(ijb);
    static const int64_t ids[] = {7, 9, 10, 12}, first[] = {0, 1, 2, 5, 6}, face[] = {3, 4, 0, 1, 2, 5};
    static const int64_t pairs[] = {2, 0, 0, 1, 3, 3};
    assert_int_equal(info.faces, 6);
    assert_string_equal(info.face_name[4], "e.jpg");
    assert_true(info.score[1] == 0.75f && info.score[5] == 0.125f);
    assert_int_equal(info.templates.templates, 4);
    assert_memory_equal(info.template_id, ids, sizeof ids);
    assert_memory_equal(info.templates.first, first, sizeof first);
    assert_memory_equal(info.templates.face, face, sizeof face);
    assert_true(info.templates.media[2] == 2 && info.templates.media[4] == 5);
    assert_int_equal(info.pairs, 3);
    assert_memory_equal(info.pair, pairs, sizeof pairs);
    assert_memory_equal(info.same, "\1\0\1", 3);
    assert_int_equal(info.subjects, 2);
    assert_true(info.gallery[0].count == 1 && info.gallery[0].place[0] == 2 && info.gallery[0].subject[0] == 1);
    assert_true(info.gallery[1].count == 1 && info.gallery[1].place[0] == 1 && info.gallery[1].subject[0] == 0);
    assert_true(info.probes.count == 2 && info.probes.place[0] == 0 && info.probes.subject[0] == 1);
    assert_true(info.probes.place[1] == 3 && info.probes.subject[1] == 0);
    tam_ijb_free(ijb);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void lists_may_be_absent(void **state) {
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    test_fails(ctx, tam_ijb_open(ctx, folder, &ijb), TAM_INPUT, "no list NAME_face_tid_mid.txt");
    assert_null(ijb);
    test_fails(ctx, tam_ijb_open(ctx, "/nowhere/at-all", &ijb), TAM_INPUT, "/nowhere/at-all");
    put_all(ctx, folder);
    put(ctx, folder, "ijbc_name_5pts_score.txt", NULL);
    put(ctx, folder, "ijbc_1N_gallery_G2.csv", NULL);
    put(ctx, folder, "ijbc_template_pair_label.txt", NULL);
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    tam_ijb_info info = tam_ijb_describe(ijb);
    assert_true(info.score == NULL && info.pairs == 0 && info.gallery[1].path == NULL && info.gallery[0].count == 1);
    tam_ijb_free(ijb);
    put(ctx, folder, "ijbc_1N_gallery_S2.csv", G2); /* as IJB-B calls it */
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    assert_int_equal(tam_ijb_describe(ijb).gallery[1].count, 1);
    tam_ijb_free(ijb);
    put(ctx, folder, "ijbc_1N_probe_mixed.csv", NULL);
    test_fails(ctx, tam_ijb_open(ctx, folder, &ijb), TAM_INPUT, "nothing to measure");
    put(ctx, folder, "ijbb_face_tid_mid.txt", FACES);
    test_fails(ctx, tam_ijb_open(ctx, folder, &ijb), TAM_INPUT,
               "several sets: ijbb_face_tid_mid.txt and ijbc_face_tid_mid.txt");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void contradictions_are_refused(void **state) {
    static const struct {
        const char *name, *words, *part;
    } wrong[] = {
        {"ijbc_template_pair_label.txt", "10 7 1\n10 99 0\n98 7 0\n",
         "label.txt: 2 lines name templates without faces in"},
        {"ijbc_template_pair_label.txt", "10 7 1\n10 99 0\n98 7 0\n", "the first is template 99"},
        {"ijbc_template_pair_label.txt", "10 7 1\n9 9 0\n",
         "pair 2 says that template 9 is another person than itself"},
        {"ijbc_template_pair_label.txt", "10 7 2\n", "label.txt:1"},
        {"ijbc_1N_gallery_G2.csv", "TEMPLATE_ID,SUBJECT_ID\n8,1\n", "1 lines name templates without faces"},
        {"ijbc_1N_gallery_G1.csv", "T,S\n10,300\n10,301\n",
         "G1.csv: template 10 is of subject 301, but before it was of subject 300"},
        {"ijbc_1N_probe_mixed.csv", "T,S\n9,300\n",
         "probe_mixed.csv: template 9 is of subject 300, but before it was of subject -4"},
        {"ijbc_name_5pts_score.txt", "a.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n", "6 faces"},
        {"ijbc_name_5pts_score.txt", "b.jpg 1 2 3 4 5 6 7 8 9 10 0.5\n", "landmarks of 'b.jpg', but row 1"},
        {"ijbc_face_tid_mid.txt", "a.jpg 10\n", "tid_mid.txt:1"},
    };
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_all(ctx, folder);
        put(ctx, folder, wrong[i].name, wrong[i].words);
        test_fails(ctx, tam_ijb_open(ctx, folder, &ijb), TAM_INPUT, wrong[i].part);
        assert_null(ijb);
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* A list that is cut anywhere opens or is refused, and what opens is whole. */
static void cut_lists_are_safe(void **state) {
    static const struct {
        const char *name, *words;
    } lists[] = {{"ijbc_face_tid_mid.txt", FACES},        {"ijbc_name_5pts_score.txt", POINTS},
                 {"ijbc_template_pair_label.txt", PAIRS}, {"ijbc_1N_gallery_G1.csv", G1},
                 {"ijbc_1N_gallery_G2.csv", G2},          {"ijbc_1N_probe_mixed.csv", PROBES}};
    char folder[64], words[1024];
    int refused = 0;
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    put_all(ctx, folder);
    for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
        for (size_t size = 0; size < strlen(lists[l].words); size++) {
            memcpy(words, lists[l].words, size);
            words[size] = '\0';
            put(ctx, folder, lists[l].name, words);
            tam_status status = tam_ijb_open(ctx, folder, &ijb);
            assert_true(status == TAM_OK || status == TAM_INPUT);
            refused += status == TAM_INPUT;
            if (status == TAM_OK) {
                tam_ijb_info info = tam_ijb_describe(ijb);
                for (int64_t i = 0; i < 2 * info.pairs; i++) {
                    assert_true(info.pair[i] >= 0 && info.pair[i] < info.templates.templates);
                }
            }
            tam_ijb_free(ijb);
        }
        put(ctx, folder, lists[l].name, lists[l].words);
    }
    assert_true(refused > 300);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state) {
    char folder[64];
    int left = 1 << 20, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    tam_ctx *ctx;
    (void)state;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    test_folder(folder);
    put_all(ctx, folder);
    for (int k = 0;; k++) {
        tam_ijb *ijb;
        left = k;
        tam_status status = tam_ijb_open(ctx, folder, &ijb);
        left = 1 << 20;
        if (status == TAM_OK) {
            tam_ijb_free(ijb);
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        failures++;
    }
    assert_true(failures > 30);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static tam_dataset *open_images(tam_ctx *ctx, const char *folder, const char *missing) {
    static const char *const names[] = {"all/a.png", "all/b.png", "all/c.png", "all/d.png", "all/e.png", "all/f.png"};
    tam_dataset_config config = {.path = folder, .unlabelled = 1};
    tam_dataset *dataset;
    for (int i = 0; i < 6; i++) {
        if (strchr(missing, names[i][4]) == NULL) {
            write_image(ctx, folder, names[i], 4, 4, 1, i);
        }
    }
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    return dataset;
}

static void images_are_found_by_name(void **state) {
    char folder[64], images[64];
    const int64_t *image;
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    test_folder(images);
    put_all(ctx, folder);
    tam_dataset *dataset = open_images(ctx, images, "");
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    test_ok(ctx, tam_ijb_find_images(ijb, dataset, 0, &image));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(image[i], i);
    }
    tam_ijb_free(ijb);
    write_image(ctx, images, "more/c.jpg.png", 4, 4, 1, 1);
    write_image(ctx, images, "more/d.png", 4, 4, 1, 1);
    tam_dataset_free(dataset);
    dataset = open_images(ctx, images, "");
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    test_fails(ctx, tam_ijb_find_images(ijb, dataset, 1, &image), TAM_INPUT, "row 4 names 'd.jpg', as several images");
    tam_ijb_free(ijb);
    tam_dataset_free(dataset);
    test_folder_remove(images);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void missing_images_leave_with_their_templates(void **state) {
    char folder[64], images[64];
    const int64_t *image;
    tam_ctx *ctx = test_ctx(1);
    tam_ijb *ijb;
    (void)state;
    test_folder(folder);
    test_folder(images);
    put_all(ctx, folder);
    tam_dataset *dataset = open_images(ctx, images, "be");
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    test_fails(ctx, tam_ijb_find_images(ijb, dataset, 0, &image), TAM_INPUT,
               "lacks the images of 2 of 6 faces: 'b.jpg', 'e.jpg'");
    tam_ijb_free(ijb);
    test_ok(ctx, tam_ijb_open(ctx, folder, &ijb));
    test_ok(ctx, tam_ijb_find_images(ijb, dataset, 1, &image));
    tam_ijb_info info = tam_ijb_describe(ijb);
    static const int64_t ids[] = {7, 10, 12}, first[] = {0, 1, 3, 4}, face[] = {2, 0, 1, 3}, pairs[] = {1, 0, 2, 2};
    static const int64_t found[] = {0, 1, 2, 3};
    assert_int_equal(info.faces, 4);
    assert_string_equal(info.face_name[1], "c.jpg");
    assert_true(info.score[2] == 0.25f && info.templates.media[3] == 5);
    assert_memory_equal(image, found, sizeof found);
    assert_int_equal(info.templates.templates, 3);
    assert_memory_equal(info.template_id, ids, sizeof ids);
    assert_memory_equal(info.templates.first, first, sizeof first);
    assert_memory_equal(info.templates.face, face, sizeof face);
    assert_int_equal(info.pairs, 2);
    assert_memory_equal(info.pair, pairs, sizeof pairs);
    assert_memory_equal(info.same, "\1\1", 2);
    assert_true(info.gallery[0].place[0] == 1 && info.gallery[1].count == 0 && info.probes.place[1] == 2);
    assert_true(info.missing_faces == 2 && info.missing_templates == 1 && info.missing_pairs == 1 &&
                info.missing_members == 1);
    tam_ijb_free(ijb);
    tam_dataset_free(dataset);
    test_folder_remove(images);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_become_places),
        cmocka_unit_test(lists_may_be_absent),
        cmocka_unit_test(contradictions_are_refused),
        cmocka_unit_test(cut_lists_are_safe),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(images_are_found_by_name),
        cmocka_unit_test(missing_images_leave_with_their_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
