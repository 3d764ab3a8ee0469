/* Data sets embedded into files: arrays of numpy with their neighbours, safetensors. */
#include "unit/data/data_support.h"

#include <dirent.h>
#include <math.h>
#include <stdatomic.h>

#include "io/npy.h"
#include "io/safetensors.h"
#include "model/snapshot.h"
#include "tammes/embeddings.h"
#include "tammes/model.h"

enum { SIDE = 16, DIM = 5, CLASSES = 9, EACH = 8, IMAGES = CLASSES * EACH };

typedef struct world {
    tam_ctx *ctx;
    char folder[64], images[96], model_path[96], out[96];
    tam_model *model;
    tam_dataset *dataset;
    float x[IMAGES * DIM];
} world;

static void write_model(world *w, const char *loss) {
    tam_net_config net = {.net = "conv4:width=8", .channels = 1, .height = SIDE, .width = SIDE, .dim = DIM, .seed = 3};
    tam_head_config head = {.loss = loss, .classes = 2, .dim = DIM, .batch = 4, .seed = 4};
    tam_snapshot_config config = {.specification = net.net,
                                  .loss = loss,
                                  .mean = 127.5f,
                                  .scale = 127.5f,
                                  .classes = 2,
                                  .class_names = "c0\0c1",
                                  .class_names_bytes = 6};
    tam_snapshot *snapshot;
    test_ok(w->ctx, tam_net_create(w->ctx, &net, &config.net));
    test_ok(w->ctx, tam_head_create(w->ctx, &head, &config.head));
    test_ok(w->ctx, tam_snapshot_create(w->ctx, &config, &snapshot));
    test_ok(w->ctx, tam_snapshot_take(snapshot));
    test_ok(w->ctx, tam_snapshot_write_model(snapshot, w->model_path, 7));
    tam_snapshot_free(snapshot);
    tam_head_free(config.head);
    tam_net_free(config.net);
}

static void open_all(world *w, const char *loss) {
    const tam_dataset_config data = {.path = w->images};
    write_model(w, loss);
    test_ok(w->ctx, tam_model_open(w->ctx, w->model_path, &w->model));
    test_ok(w->ctx, tam_model_open_dataset(w->model, &data, &w->dataset));
    test_ok(w->ctx, tam_model_embed_dataset(w->model, w->dataset, 0, w->x));
}

static int setup(void **state) {
    world *w = calloc(1, sizeof *w);
    w->ctx = test_ctx(1);
    test_folder(w->folder);
    snprintf(w->images, sizeof w->images, "%s/images", w->folder);
    snprintf(w->model_path, sizeof w->model_path, "%s/model.safetensors", w->folder);
    snprintf(w->out, sizeof w->out, "%s/E.npy", w->folder);
    write_classes(w->ctx, w->images, CLASSES, EACH);
    *state = w;
    return 0;
}

static int teardown(void **state) {
    world *w = *state;
    tam_dataset_free(w->dataset);
    tam_model_free(w->model);
    test_folder_remove(w->folder);
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

/* Entries of the folder: the images, the model, and what was written. */
static int entries(const world *w) {
    DIR *folder = opendir(w->folder);
    int count = -2;
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static void read_array(world *w, const char *ending, tam_npy_type type, int64_t rows, int64_t row, void *values) {
    char path[128];
    tam_npy array;
    snprintf(path, sizeof path, "%s/E%s", w->folder, ending);
    test_ok(w->ctx, tam_npy_open(w->ctx, path, &array));
    assert_int_equal(array.type, type);
    assert_int_equal(array.rows, rows);
    assert_int_equal(array.row, row);
    test_ok(w->ctx, tam_npy_read(&array, 0, array.count, values));
    tam_npy_close(&array);
}

static void arrays_hold_what_the_model_says(void **state) {
    world *w = *state;
    const tam_embed_config config = {.out = w->out, .norms = 1}, again = {.out = w->out};
    const tam_dataset_config read = {.path = w->out};
    tam_embed_result result;
    tam_embeddings *e;
    float x[IMAGES * DIM], quality[IMAGES];
    open_all(w, "arcface");
    test_ok(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result));
    assert_int_equal(result.count, IMAGES);
    assert_int_equal(result.classes, CLASSES);
    assert_int_equal(result.dim, DIM);
    assert_int_equal(result.files, 5);
    read_array(w, ".npy", TAM_NPY_F4, IMAGES, DIM, x);
    assert_memory_equal(x, w->x, sizeof x);
    read_array(w, ".quality.npy", TAM_NPY_F4, IMAGES, 1, quality);
    for (int i = 0; i < IMAGES; i++) {
        double square = 0;
        for (int k = 0; k < DIM; k++) {
            square += (double)x[i * DIM + k] * (double)x[i * DIM + k];
        }
        assert_true(quality[i] == (float)sqrt(square) && quality[i] > 0);
    }
    test_ok(w->ctx, tam_embeddings_open(w->ctx, &read, &e));
    tam_dataset *set = tam_embeddings_dataset(e);
    for (int i = 0; i < IMAGES; i++) {
        char key[32], ours[32];
        assert_int_equal(tam_dataset_label(set, i), tam_dataset_label(w->dataset, i));
        tam_dataset_image_key(set, i, key, sizeof key);
        tam_dataset_image_key(w->dataset, i, ours, sizeof ours);
        assert_string_equal(key, ours);
    }
    assert_string_equal(tam_dataset_class_name(set, 8), "c8");
    tam_embeddings_free(e);
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &again, &result), TAM_CONFIG, "E.npy: exists");
}

static void rows_may_have_length_one_and_mirrors(void **state) {
    world *w = *state;
    const tam_embed_config config = {.out = w->out, .flip = 1, .normalise = 1};
    tam_embed_result result;
    float x[IMAGES * DIM];
    open_all(w, "arcface");
    test_ok(w->ctx, tam_model_embed_dataset(w->model, w->dataset, 1, w->x));
    test_ok(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result));
    assert_int_equal(result.files, 4);
    read_array(w, ".npy", TAM_NPY_F4, IMAGES, DIM, x);
    for (int i = 0; i < IMAGES; i++) {
        double square = 0;
        for (int k = 0; k < DIM; k++) {
            square += (double)w->x[i * DIM + k] * (double)w->x[i * DIM + k];
        }
        for (int k = 0; k < DIM; k++) {
            assert_true(fabs((double)x[i * DIM + k] - (double)w->x[i * DIM + k] / sqrt(square)) < 1e-7);
        }
    }
}

static const tam_tensor *find(const tam_tensors *file, const char *name, tam_dtype dtype, size_t bytes) {
    const tam_tensor *tensor = tam_tensors_find(file, name);
    assert_non_null(tensor);
    assert_int_equal(tensor->dtype, dtype);
    assert_int_equal(tensor->bytes, bytes);
    return tensor;
}

static void safetensors_hold_it_all(void **state) {
    world *w = *state;
    const tam_embed_config config = {.out = w->out};
    tam_embed_result result;
    tam_tensors *file;
    tam_model *other;
    float x[IMAGES * DIM], quality[IMAGES];
    int64_t labels[IMAGES];
    char text[IMAGES * 10];
    snprintf(w->out, sizeof w->out, "%s/E.safetensors", w->folder);
    open_all(w, "magface:la=1,ua=11");
    test_ok(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result));
    assert_int_equal(result.quality, 1);
    assert_int_equal(result.files, 1);
    test_ok(w->ctx, tam_tensors_open(w->ctx, w->out, &file));
    test_ok(w->ctx, tam_tensors_read(file, find(file, "embeddings", TAM_DTYPE_F32, sizeof x), 0, sizeof x, x));
    assert_memory_equal(x, w->x, sizeof x);
    test_ok(w->ctx,
            tam_tensors_read(file, find(file, "quality", TAM_DTYPE_F32, sizeof quality), 0, sizeof quality, quality));
    test_ok(w->ctx,
            tam_tensors_read(file, find(file, "labels", TAM_DTYPE_I64, sizeof labels), 0, sizeof labels, labels));
    for (int i = 0; i < IMAGES; i++) {
        double square = 0;
        for (int k = 0; k < DIM; k++) {
            square += (double)x[i * DIM + k] * (double)x[i * DIM + k];
        }
        assert_true(quality[i] == (float)sqrt(square));
        assert_int_equal(labels[i], i / EACH);
    }
    test_ok(w->ctx, tam_tensors_read(file, find(file, "paths", TAM_DTYPE_U8, IMAGES * 10), 0, sizeof text, text));
    assert_memory_equal(text + 10 * EACH, "c1/00.png\nc1/01.png\n", 20);
    assert_string_equal(tam_tensors_text(file, "model.loss"), "magface:la=1,ua=11");
    tam_tensors_free(file);
    test_fails(w->ctx, tam_model_open(w->ctx, w->out, &other), TAM_INPUT, "E.safetensors");
}

static void nothing_is_left_of_a_failure(void **state) {
    world *w = *state;
    static const volatile sig_atomic_t stop = 1;
    tam_embed_config config = {.out = w->out, .stop = &stop};
    tam_embed_result result;
    char path[160];
    open_all(w, "arcface");
    assert_int_equal(entries(w), 2);
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_STOPPED, "stopped");
    assert_int_equal(entries(w), 2);
    config = (tam_embed_config){.out = w->folder};
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_CONFIG, "NAME.npy");
    config.out = NULL;
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_CONFIG, "NAME.npy");
    snprintf(path, sizeof path, "%s/nowhere/E.npy", w->folder);
    config.out = path;
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_RESOURCES, "nowhere");
    /* The last image, in the second batch, is none. */
    const tam_dataset_config data = {.path = w->images, .cache_bytes = -1};
    snprintf(path, sizeof path, "%s/c8/07.png", w->images);
    write_bytes(w->ctx, path, "no image", 8);
    tam_dataset_free(w->dataset);
    test_ok(w->ctx, tam_model_open_dataset(w->model, &data, &w->dataset));
    config.out = w->out;
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_INPUT, "c8/07.png");
    assert_int_equal(entries(w), 2);
    /* A neighbour would be taken for this array's. */
    snprintf(path, sizeof path, "%s/E.quality.npy", w->folder);
    write_bytes(w->ctx, path, "", 0);
    test_fails(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result), TAM_CONFIG,
               "E.quality.npy: exists");
    assert_int_equal(entries(w), 3);
}

/* Class 300 needs a second byte. */
static void many_classes_keep_their_numbers(void **state) {
    world *w = *state;
    enum { MANY = 301 };
    const tam_embed_config config = {.out = w->out};
    tam_embed_result result;
    int64_t labels[MANY];
    char list[MANY * 40] = "";
    snprintf(w->images, sizeof w->images, "%s/images/list.txt", w->folder);
    for (int i = 0; i < MANY; i++) {
        snprintf(list + strlen(list), 40, "c%d/00.png\tclass %03d\n", i % CLASSES, i);
    }
    write_bytes(w->ctx, w->images, list, strlen(list));
    const tam_dataset_config data = {.path = w->images};
    write_model(w, "arcface");
    test_ok(w->ctx, tam_model_open(w->ctx, w->model_path, &w->model));
    test_ok(w->ctx, tam_model_open_dataset(w->model, &data, &w->dataset));
    test_ok(w->ctx, tam_model_embed_file(w->model, w->dataset, &config, &result));
    read_array(w, ".labels.npy", TAM_NPY_I8, MANY, 1, labels);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(labels[i], i);
    }
}

static void image_files_are_data(void **state) {
    world *w = *state;
    char first[128], second[128], key[128];
    const char *const paths[] = {first, second};
    const tam_dataset_config two = {.images = paths, .image_count = 2, .unlabelled = 1};
    const tam_dataset_config one = {.path = second, .unlabelled = 1};
    tam_dataset *dataset;
    tam_embed_result result;
    const tam_embed_config config = {.out = w->out};
    float x[2 * DIM];
    snprintf(first, sizeof first, "%s/c3/01.png", w->images);
    snprintf(second, sizeof second, "%s/c0/02.png", w->images);
    open_all(w, "arcface");
    test_ok(w->ctx, tam_model_open_dataset(w->model, &two, &dataset));
    test_ok(w->ctx, tam_model_embed_file(w->model, dataset, &config, &result));
    assert_int_equal(result.files, 2);
    assert_int_equal(result.classes, 0);
    read_array(w, ".npy", TAM_NPY_F4, 2, DIM, x);
    for (int k = 0; k < DIM; k++) {
        assert_true(fabsf(x[k] - w->x[(3 * EACH + 1) * DIM + k]) < 1e-5f);
        assert_true(fabsf(x[DIM + k] - w->x[2 * DIM + k]) < 1e-5f);
    }
    tam_dataset_free(dataset);
    test_ok(w->ctx, tam_model_open_dataset(w->model, &one, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 1);
    tam_dataset_image_key(dataset, 0, key, sizeof key);
    assert_string_equal(key, second);
    tam_dataset_free(dataset);
}

static atomic_int left; /* allocations until one fails, of whichever thread */

static void *allocate(void *user, size_t size, size_t alignment) {
    (void)user;
    return atomic_fetch_sub(&left, 1) > 0 ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                                          : NULL;
}

static void release(void *user, void *block) {
    (void)user;
    free(block);
}

static tam_status use_all(tam_ctx *ctx, const world *w) {
    const tam_dataset_config data = {.path = w->images, .classes = "c0,c1", .cache_bytes = -1};
    const tam_embed_config config = {.out = w->out, .norms = 1, .normalise = 1};
    tam_model *model;
    tam_dataset *dataset = NULL;
    tam_embed_result result;
    TAM_TRY(tam_model_open(ctx, w->model_path, &model));
    tam_status status = tam_model_open_dataset(model, &data, &dataset);
    if (status == TAM_OK) {
        status = tam_model_embed_file(model, dataset, &config, &result);
    }
    tam_dataset_free(dataset);
    tam_model_free(model);
    return status;
}

static void memory_may_run_out(const char *ending, world *w) {
    int failures = 0;
    snprintf(w->out, sizeof w->out, "%s/E%s", w->folder, ending);
    for (int k = 0; k < 400; k++) {
        tam_ctx_config config = {.threads = 1, .allocator = {allocate, release, NULL}};
        tam_ctx *ctx;
        atomic_store(&left, 1 << 20);
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        atomic_store(&left, k);
        tam_status status = use_all(ctx, w);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        assert_int_equal(entries(w), 2);
        failures++;
    }
    assert_true(failures > 60 && failures < 400);
}

static void memory_may_run_out_before_an_array(void **state) {
    world *w = *state;
    write_model(w, "arcface");
    memory_may_run_out(".npy", w);
}

static void memory_may_run_out_before_safetensors(void **state) {
    world *w = *state;
    write_model(w, "arcface");
    memory_may_run_out(".safetensors", w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(arrays_hold_what_the_model_says, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_may_have_length_one_and_mirrors, setup, teardown),
        cmocka_unit_test_setup_teardown(safetensors_hold_it_all, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_a_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(many_classes_keep_their_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(image_files_are_data, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_may_run_out_before_an_array, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_may_run_out_before_safetensors, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
