#include "support.h"

#include "io/ijb.h"

#define FACES "1.jpg 1 69544\n2.jpg 1 69544\r\n\n3.jpg 20 -7\na b.jpg\t9223372036854775807  1\n5.jpg 1 3\n"
#define PAIRS "1 3 1\r\n1 2 0\n-9223372036854775808\t9223372036854775807 0"
#define GALLERY "TEMPLATE_ID,SUBJECT_ID,FILENAME\r\n1,7,img/1.jpg\r\n1 , 7\n30,-2,x,y"
#define POINTS "1.jpg 46.060 62.026 87.785 60.323 68.851 89.190 51.532 104.927 84.321 104.154 0.999\n"

static tam_lines lines_of(tam_ctx *ctx, const char *words, size_t size) {
    return tam_lines_of(ctx, "ijb.txt", words, size);
}

static void faces_are_grouped(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_ijb_faces faces;
    tam_ijb_templates templates;
    tam_lines lines = lines_of(ctx, FACES, strlen(FACES));
    test_ok(ctx, tam_ijb_read_faces(&lines, &faces));
    assert_int_equal(faces.count, 5);
    assert_string_equal(faces.name[1], "2.jpg");
    assert_string_equal(faces.name[3], "a b.jpg");
    assert_true(faces.template_id[2] == 20 && faces.media_id[2] == -7 && faces.template_id[3] == INT64_MAX);
    test_ok(ctx, tam_ijb_group(ctx, &faces, &templates));
    assert_int_equal(templates.count, 3);
    static const int64_t ids[] = {1, 20, INT64_MAX}, first[] = {0, 3, 4, 5}, face[] = {4, 0, 1, 2, 3};
    assert_memory_equal(templates.id, ids, sizeof ids);
    assert_memory_equal(templates.first, first, sizeof first);
    assert_memory_equal(templates.face, face, sizeof face); /* media 3 before 69544 */
    assert_true(tam_ijb_find(&templates, 20) == 1 && tam_ijb_find(&templates, INT64_MAX) == 2);
    assert_true(tam_ijb_find(&templates, 0) == -1 && tam_ijb_find(&templates, 21) == -1);
    tam_ijb_free_templates(ctx, &templates);
    tam_ijb_free_faces(ctx, &faces);
    test_ctx_free(ctx);
}

static void landmarks_go_row_by_row(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const char *names[] = {"1.jpg", "2.jpg"};
    tam_ijb_faces faces = {.count = 2, .name = names};
    tam_landmark rows[] = {{.name = "1.jpg", .line = 1}, {.name = "2.jpg", .line = 3}, {.name = "3.jpg", .line = 4}};
    tam_landmarks points = {.count = 2, .rows = rows};
    test_ok(ctx, tam_ijb_check_points(ctx, "f", &faces, "p", &points));
    points.count = 3;
    test_fails(ctx, tam_ijb_check_points(ctx, "f", &faces, "p", &points), TAM_INPUT,
               "f has 2 faces, but p landmarks of 3");
    points = (tam_landmarks){.count = 2, .rows = rows + 1};
    test_fails(ctx, tam_ijb_check_points(ctx, "f", &faces, "p", &points), TAM_INPUT,
               "p:3: landmarks of '2.jpg', but row 1 of f is '1.jpg'");
    test_ctx_free(ctx);
}

static void pairs_and_galleries(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_ijb_pairs pairs;
    tam_ijb_gallery gallery;
    tam_lines lines = lines_of(ctx, PAIRS, strlen(PAIRS));
    test_ok(ctx, tam_ijb_read_pairs(&lines, &pairs));
    static const int64_t ids[] = {1, 3, 1, 2, INT64_MIN, INT64_MAX};
    assert_int_equal(pairs.count, 3);
    assert_memory_equal(pairs.template_id, ids, sizeof ids);
    assert_memory_equal(pairs.same, "\1\0\0", 3);
    tam_ijb_free_pairs(ctx, &pairs);
    lines = lines_of(ctx, GALLERY, strlen(GALLERY));
    test_ok(ctx, tam_ijb_read_gallery(&lines, &gallery));
    static const int64_t templates[] = {1, 1, 30}, subjects[] = {7, 7, -2};
    assert_int_equal(gallery.count, 3);
    assert_memory_equal(gallery.template_id, templates, sizeof templates);
    assert_memory_equal(gallery.subject_id, subjects, sizeof subjects);
    tam_ijb_free_gallery(ctx, &gallery);
    test_ctx_free(ctx);
}

static tam_status read_any(tam_ctx *ctx, char kind, const char *words, size_t size) {
    tam_lines lines = lines_of(ctx, words, size);
    tam_ijb_faces faces = {0};
    tam_ijb_pairs pairs = {0};
    tam_ijb_gallery gallery = {0};
    tam_status status = kind == 'f'   ? tam_ijb_read_faces(&lines, &faces)
                        : kind == 'p' ? tam_ijb_read_pairs(&lines, &pairs)
                                      : tam_ijb_read_gallery(&lines, &gallery);
    if (status == TAM_OK) {
        assert_true(faces.count + pairs.count + gallery.count > 0);
        tam_ijb_free_faces(ctx, &faces);
        tam_ijb_free_pairs(ctx, &pairs);
        tam_ijb_free_gallery(ctx, &gallery);
    }
    return status;
}

static void wrong_lines_are_named(void **state) {
    (void)state;
    static const struct {
        char kind;
        const char *words, *part;
    } wrong[] = {
        {'f', "", "ijb.txt: no faces in it"},
        {'p', "\n \n", "ijb.txt: no pairs in it"},
        {'g', "TEMPLATE_ID,SUBJECT_ID\n", "ijb.txt: no templates in it"},
        {'f', "1.jpg 1 2\n2.jpg 1\n", "ijb.txt:2: not 'image template media'"},
        {'f', "1.jpg 1 9223372036854775808\n", "ijb.txt:1: not"},
        {'f', "1.jpg 1 2.5\n", "ijb.txt:1: not"},
        {'f', "1 2\n", "ijb.txt:1: not"},
        {'p', "1 2 1\n\n1 2 2\n", "ijb.txt:3: not 'template template 0|1'"},
        {'p', "1 2 1 1\n", "ijb.txt:1: not"},
        {'p', "1 2\n", "ijb.txt:1: not"},
        {'p', "1,2,1\n", "ijb.txt:1: not"},
        {'g', "TEMPLATE_ID,SUBJECT_ID\n1,2\na,b\n", "ijb.txt:3: not 'template,subject,...'"},
        {'g', "hello\n", "ijb.txt:1: not"},
        {'g', "a,b\nc,d\n", "ijb.txt:2: not"},
        {'g', "1,\n1,2\n3\n", "ijb.txt:3: not"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_fails(ctx, read_any(ctx, wrong[i].kind, wrong[i].words, strlen(wrong[i].words)), TAM_INPUT, wrong[i].part);
    }
    test_ctx_free(ctx);
}

/* From memory of exactly that size, so that a sanitiser sees a byte too many. */
static void lists_cut_anywhere(void **state) {
    (void)state;
    static const struct {
        char kind;
        const char *words;
    } lists[] = {{'f', FACES}, {'p', PAIRS}, {'g', GALLERY}, {'f', POINTS}};
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        int read = 0;
        for (size_t size = 1; size <= strlen(lists[k].words); size++) {
            char *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, lists[k].words, size);
            tam_status status = read_any(ctx, lists[k].kind, copy, size);
            assert_true(status == TAM_OK || status == TAM_INPUT);
            read += status == TAM_OK;
            (void)tam_ijb_recognise(copy, size);
            free(copy);
        }
        assert_true((read > 0) == (k < 3));
    }
    test_ctx_free(ctx);
}

static void beginnings_are_recognised(void **state) {
    (void)state;
    static const struct {
        const char *words;
        tam_ijb_kind kind;
    } cases[] = {
        {FACES, TAM_IJB_FACES},
        {PAIRS, TAM_IJB_PAIRS},
        {GALLERY, TAM_IJB_GALLERY},
        {POINTS, TAM_IJB_POINTS},
        {"1.jpg 1 69544", TAM_IJB_NONE},
        {"A\t1\t4\n", TAM_IJB_NONE},
        {"10 300\nA 1 4\n", TAM_IJB_NONE},
        {"template,subject\nx,y\n", TAM_IJB_NONE},
        {"1 2 3\n", TAM_IJB_NONE},
        {"", TAM_IJB_NONE},
        {"\n", TAM_IJB_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(tam_ijb_recognise(cases[i].words, strlen(cases[i].words)), cases[i].kind);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    static const struct {
        char kind;
        const char *words;
    } lists[] = {{'f', FACES}, {'p', PAIRS}, {'g', GALLERY}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        int failures = 0;
        for (int k = 1;; k++) {
            int left = k;
            tam_ctx *ctx = NULL;
            tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
            if (tam_ctx_create(&config, &ctx) != TAM_OK) {
                continue;
            }
            tam_status status = read_any(ctx, lists[i].kind, lists[i].words, strlen(lists[i].words));
            assert_true(status == TAM_OK || status == TAM_RESOURCES);
            failures += status != TAM_OK;
            test_ctx_free(ctx);
            if (status == TAM_OK) {
                break;
            }
        }
        assert_true(failures >= 2);
    }
}

static void grouping_may_run_out_of_memory(void **state) {
    (void)state;
    int64_t ids[] = {1, 1, 2}, media[] = {5, 4, 4};
    const tam_ijb_faces faces = {.count = 3, .template_id = ids, .media_id = media};
    int failures = 0;
    for (int k = 1;; k++) {
        int left = k;
        tam_ctx *ctx = NULL;
        tam_ijb_templates templates;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        if (tam_ctx_create(&config, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_ijb_group(ctx, &faces, &templates);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        failures += status != TAM_OK;
        tam_ijb_free_templates(ctx, &templates);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures >= 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faces_are_grouped),   cmocka_unit_test(landmarks_go_row_by_row),
        cmocka_unit_test(pairs_and_galleries), cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(lists_cut_anywhere),  cmocka_unit_test(beginnings_are_recognised),
        cmocka_unit_test(memory_may_run_out),  cmocka_unit_test(grouping_may_run_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
