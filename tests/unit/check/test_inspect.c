/* What files are, by their first bytes; damage is found where the little that is read shows it. */
#include <fcntl.h>
#include <sys/stat.h>

#include "unit/check/inspect_support.h"

static void folders_are_told_apart(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    path_of("set", path);
    write_classes(ctx, path, 3, 2);
    write_image(ctx, path, "c0/extra.png", 9, 4, 3, 0);
    tam_inspection *inspection = inspect(ctx, "set", "image folder");
    expect_number(inspection, "images", 7);
    expect_number(inspection, "classes", 3);
    expect_text(inspection, "class_sizes", "2 to 3 images");
    expect_text(inspection, "labels", "c0 to c2");
    expect_text(inspection, "image", "00.png: 5 x 5, grey, png");
    assert_int_equal(tam_inspection_describe(inspection).bytes, -1);
    tam_inspection_free(inspection);
    inspection = inspect(ctx, "set/c1", "folder of files");
    expect_number(inspection, "image_files", 2);
    tam_inspection_free(inspection);
    path_of("nothing", path);
    test_ok(ctx, tam_folder_make(ctx, path));
    tam_inspection_free(inspect(ctx, "nothing", "empty folder"));
}

static void images_are_decoded(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    uint8_t *data;
    size_t size;
    static const uint8_t pixels[6 * 2 * 3] = {10, 200, 30};
    write_image(ctx, folder, "colour.png", 7, 3, 3, 5);
    tam_inspection *inspection = inspect(ctx, "colour.png", "image");
    expect_number(inspection, "width", 7);
    expect_number(inspection, "height", 3);
    expect_number(inspection, "channels", 3);
    expect_text(inspection, "png", "colour, 8 bits");
    tam_inspection_free(inspection);
    test_ok(ctx, tam_jpeg_encode(ctx, 6, 2, 3, pixels, 90, &data, &size));
    inspection = inspect_bytes(ctx, data, size, "image");
    expect_text(inspection, "format", "jpg");
    expect_text(inspection, "jpeg", "baseline, colour");
    tam_inspection_free(inspection);
    expect_damaged(ctx, data, size - 3, "file: ");
    tam_release(ctx, data);
    path_of("colour.png", path);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    expect_damaged(ctx, data, size - 20, "file: ");
    tam_release(ctx, data);
}

static void idx_files_say_shape_and_labels(void **state) {
    tam_ctx *ctx = *state;
    static const uint8_t labels[8 + 4] = {0, 0, 8, 1, 0, 0, 0, 4, 9, 2, 9, 4};
    static const uint8_t images[16 + 6] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2};
    tam_inspection *inspection = inspect_bytes(ctx, labels, sizeof labels, "IDX");
    expect_number(inspection, "classes", 3);
    expect_text(inspection, "labels", "2 to 9");
    tam_inspection_free(inspection);
    inspection = inspect_bytes(ctx, images, sizeof images, "IDX");
    expect_text(inspection, "shape", "3 x 1 x 2");
    expect_text(inspection, "holds", "images");
    tam_inspection_free(inspection);
    for (size_t cut = 16; cut < sizeof images; cut++) {
        expect_damaged(ctx, images, cut, "it is cut short or damaged");
    }
}

static void safetensors_are_known_by_their_header(void **state) {
    tam_ctx *ctx = *state;
    static const char header[] = "{\"__metadata__\":{\"net\":\"conv4\",\"loss\":\"arcface\",\"step\":\"70\"},"
                                 "\"w\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[0,12]}}";
    uint8_t file[8 + sizeof header - 1 + 12] = {(uint8_t)(sizeof header - 1)};
    memcpy(file + 8, header, sizeof header - 1);
    tam_inspection *inspection = inspect_bytes(ctx, file, sizeof file, "model of tammes (safetensors)");
    expect_number(inspection, "numbers", 6);
    expect_text(inspection, "tensor", "w: F16 [2, 3]");
    expect_text(inspection, "metadata", "net: conv4");
    tam_inspection_free(inspection);
    for (size_t cut = 10; cut < sizeof file; cut++) {
        char path[160];
        path_of("file", path);
        write_bytes(ctx, path, file, cut);
        assert_int_equal(tam_inspect(ctx, path, &inspection), TAM_INPUT);
    }
    expect_damaged(ctx, file, sizeof file - 1, "array 'w' is not in the file whole");
}

static void lists_are_told_apart(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *text, *kind;
    } cases[] = {
        {"2\t1\nA\t1\t2\nA\t1\tB\t3\nB\t1\t2\nC\t1\tB\t3\n", "LFW pairs"},
        {"2\nAnn_B\t3\nCy_D\t1\n", "LFW people"},
        {"path_a,path_b,same\na/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n", "pairs CSV"},
        {"85742,112,112\n", "property of RecordIO data"},
        {"0\t0\n4\t5500\n7\t11228\n", "index of RecordIO data"},
        {"0\t1.0\ta/b.jpg\n", "MXNet list (.lst)"},
        {"1.jpg 1 69544\n2.jpg 1 69545\n", "IJB faces, templates and media"},
        {"1 11065 1\n1 11085 0\n", "IJB pairs of templates"},
        {"1.jpg 46.060 62.026 87.785 60.323 68.851 77.656 52.162 99.875 86.450 98.648 0.999\n",
         "IJB landmarks and scores"},
        {"path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\na/1.jpg,1,2,3,4,5,6,7,8,9,10\n", "landmarks CSV"},
        {"path,identity,a,b,c,d,e,f,g,h,i,j\na/1.jpg,0,1,2,3,4,5,6,7,8,9,10\n", "CSV of images"},
        {"path,label\na/1.jpg,anna\n", "CSV of images"},
        {"a/1.jpg anna\nb.png\tbert\n", "list of images"},
        {"a/1.jpg 0\na/2.jpg 0\nb/1.jpg 1\nb/2.jpg 1\n", "list of images"},
        {"1.jpg 0\n2.jpg 0\n3.jpg 0\n4.jpg 1\n", "list of images"},
        {"a_1.jpg 1\na_2.jpg 1\nb_1.jpg 0\nc_2.jpg 0\n", "CALFW or CPLFW pairs"},
        {"template,subject\n1,2\n", "IJB gallery or probes"},
        {"# noise\n3\tFlickr/a/1.jpg\n", "MegaFace list of noise"},
        {"a/1.jpg\nb.png\n", "list of paths without labels"},
        {"{\"step\":1}\n{\"step\":2}\n", "log of JSON lines"},
        {"# tammes fixes 1\ndrop\ta/1.jpg\n", "list of fixes"},
        {"# tammes fixes 1\n", "list of fixes"},
        {"net: \"conv4\"\nbatch: 16\n", "settings (YAML)"},
        {"<svg/>\n", "page or drawing (HTML, SVG, XML)"},
        {"just words\nand more of them\n", "text"},
        {"# nothing\n\n", "text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_inspection_free(inspect_bytes(ctx, cases[i].text, strlen(cases[i].text), cases[i].kind));
    }
    tam_inspection *inspection = inspect_bytes(ctx, cases[0].text, strlen(cases[0].text), "LFW pairs");
    expect_number(inspection, "pairs", 4);
    expect_number(inspection, "same", 2);
    expect_number(inspection, "folds", 2);
    expect_number(inspection, "lines", 5);
    expect_text(inspection, "line", "2\\t1");
    tam_inspection_free(inspection);
    static const char csv[] = "path,label,split\na/1.jpg,anna,train\nb/1.jpg,bert,test\n";
    inspection = inspect_bytes(ctx, csv, sizeof csv - 1, "CSV of images");
    expect_number(inspection, "images", 2);
    expect_text(inspection, "splits", "--split");
    tam_inspection_free(inspection);
    expect_damaged(ctx, "2\t1\nA\t1\t2\nA\t1\tB\t3\nB\t1\t2\n", 24, "file");
}

static void other_files_are_named_with_advice(void **state) {
    tam_ctx *ctx = *state;
    static const uint8_t mp4[12] = "\0\0\0\x20"
                                   "ftypisom",
                         zip[8] = "PK\003\004", hdf5[8] = "\211HDF\r\n\032\n";
    static const uint8_t strange[6] = {1, 2, 3, 0, 5, 6};
    tam_inspection *inspection = inspect_bytes(ctx, mp4, sizeof mp4, "MP4 or QuickTime video");
    assert_non_null(strstr(tam_inspection_describe(inspection).advice, "frames"));
    tam_inspection_free(inspection);
    tam_inspection_free(inspect_bytes(ctx, zip, sizeof zip, "zip"));
    tam_inspection_free(inspect_bytes(ctx, hdf5, sizeof hdf5, "HDF5"));
    inspection = inspect_bytes(ctx, strange, sizeof strange, "unknown");
    assert_int_equal(tam_inspection_describe(inspection).known, 0);
    expect_text(inspection, "first_bytes", "01 02 03 00 05 06");
    tam_inspection_free(inspection);
    tam_inspection_free(inspect_bytes(ctx, "", 0, "empty file"));
}

static void what_cannot_be_read_is_said(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    tam_inspection *inspection;
    path_of("absent", path);
    test_fails(ctx, tam_inspect(ctx, path, &inspection), TAM_INPUT, "absent: cannot open");
    path_of("pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    test_fails(ctx, tam_inspect(ctx, path, &inspection), TAM_INPUT, "pipe: not a regular file");
}

static void memory_may_run_out_anywhere(void **state) {
    char path[160];
    int left, failures = 0;
    path_of("set", path);
    write_classes(*state, path, 2, 2);
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_inspection *inspection;
        left = k;
        if (tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = test_ration(&left)}, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_inspect(ctx, path, &inspection);
        tam_inspection_free(inspection);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
        assert_true(k < 1000);
    }
    assert_true(failures > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(folders_are_told_apart),         TEST(images_are_decoded),
        TEST(idx_files_say_shape_and_labels), TEST(safetensors_are_known_by_their_header),
        TEST(lists_are_told_apart),           TEST(other_files_are_named_with_advice),
        TEST(what_cannot_be_read_is_said),    TEST(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
