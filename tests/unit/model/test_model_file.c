#include "support.h"

#include <math.h>
#include <stdbool.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "model/snapshot.h"
#include "tammes/model.h"

enum { SIDE = 16, CHANNELS = 3, PIXELS = CHANNELS * SIDE * SIDE, DIM = 5, CLASSES = 3, IMAGES = 70 };

/* A net, a head, and a model file of both. */
typedef struct sample {
    tam_ctx *ctx;
    char folder[64];
    char path[96];
    tam_net *net;
    tam_head *head;
    tam_snapshot *snapshot;
} sample;

static void sample_make(sample *s) {
    tam_net_config net = {
        .net = "conv4:width=8", .channels = CHANNELS, .height = SIDE, .width = SIDE, .dim = DIM, .seed = 3};
    tam_head_config head = {.loss = "cosface+center", .classes = CLASSES, .dim = DIM, .batch = 4, .seed = 4};
    s->ctx = test_ctx(1);
    test_folder(s->folder);
    snprintf(s->path, sizeof s->path, "%s/best.safetensors", s->folder);
    test_ok(s->ctx, tam_net_create(s->ctx, &net, &s->net));
    test_ok(s->ctx, tam_head_create(s->ctx, &head, &s->head));
    tam_snapshot_config config = {.net = s->net,
                                  .head = s->head,
                                  .specification = net.net,
                                  .loss = head.loss,
                                  .mean = 127.5f,
                                  .scale = 127.5f,
                                  .classes = CLASSES,
                                  .class_names = "ant\0bee\0Gre\xE9k/c 1",
                                  .class_names_bytes = 18};
    test_ok(s->ctx, tam_snapshot_create(s->ctx, &config, &s->snapshot));
    test_ok(s->ctx, tam_snapshot_take(s->snapshot));
    test_ok(s->ctx, tam_snapshot_write_model(s->snapshot, s->path, 77));
}

static void sample_free(sample *s) {
    tam_snapshot_free(s->snapshot);
    tam_head_free(s->head);
    tam_net_free(s->net);
    test_folder_remove(s->folder);
    test_ctx_free(s->ctx);
}

static uint8_t *random_images(int count) {
    uint32_t state = 12345;
    uint8_t *images = malloc((size_t)count * PIXELS);
    for (int i = 0; i < count * PIXELS; i++) {
        state = state * 1664525u + 1013904223u;
        images[i] = (uint8_t)(state >> 24);
    }
    return images;
}

static void a_model_comes_back_whole(void **state) {
    (void)state;
    sample s;
    tam_model *model;
    sample_make(&s);
    test_ok(s.ctx, tam_model_open(s.ctx, s.folder, &model));
    tam_model_info info = tam_model_describe(model);
    assert_int_equal(info.channels, CHANNELS);
    assert_int_equal(info.height, SIDE);
    assert_int_equal(info.width, SIDE);
    assert_int_equal(info.dim, DIM);
    assert_int_equal(info.classes, CLASSES);
    assert_int_equal(info.step, 77);
    assert_true(info.mean == 127.5f && info.scale == 127.5f);
    assert_string_equal(info.net, "conv4:width=8");
    assert_string_equal(info.loss, "cosface+center");
    assert_string_equal(tam_model_class_name(model, 0), "ant");
    assert_string_equal(tam_model_class_name(model, 2), "Gre\xE9k/c 1");
    assert_null(tam_model_class_name(model, 3));
    assert_null(tam_model_class_name(model, -1));
    assert_memory_equal(tam_model_class_weights(model), tam_head_weights(s.head), CLASSES * DIM * sizeof(float));
    tam_model_free(model);
    sample_free(&s);
}

/* Between a class by direction and one by bias a learned scale decides: it is the file's, not the specification's. */
static void a_learned_scale_comes_back(void **state) {
    (void)state;
    static const float x[2] = {1, 0}, weights[4] = {1, 0, 0, 1}, bias[2] = {0, 1};
    static const double scales[2] = {64, 0.25};
    char path[96];
    tam_net_config net = {.net = "conv4:width=16", .channels = 1, .height = SIDE, .width = SIDE, .dim = 2};
    tam_head_config head = {.loss = "l2-softmax:alpha=64,learn=yes", .classes = 2, .dim = 2, .batch = 1};
    tam_snapshot_config config = {.specification = net.net,
                                  .loss = head.loss,
                                  .mean = 127.5f,
                                  .scale = 127.5f,
                                  .classes = 2,
                                  .class_names = "a\0b",
                                  .class_names_bytes = 4};
    tam_snapshot *snapshot;
    sample s;
    sample_make(&s);
    snprintf(path, sizeof path, "%s/scale.safetensors", s.folder);
    test_ok(s.ctx, tam_net_create(s.ctx, &net, &config.net));
    test_ok(s.ctx, tam_head_create(s.ctx, &head, &config.head));
    test_ok(s.ctx, tam_snapshot_create(s.ctx, &config, &snapshot));
    memcpy(tam_head_weights(config.head), weights, sizeof weights);
    for (int32_t k = 0; k < 2; k++) {
        tam_model *model;
        int32_t best;
        for (int i = 0; i < tam_head_tensor_count(config.head); i++) {
            tam_head_tensor tensor = tam_head_tensor_at(config.head, i);
            if (strcmp(tensor.name, "head.bias") == 0) {
                memcpy(tensor.data, bias, sizeof bias);
            } else if (strcmp(tensor.name, "head.running") == 0) {
                ((double *)tensor.data)[1] = scales[k];
            }
        }
        test_ok(s.ctx, tam_snapshot_take(snapshot));
        test_ok(s.ctx, tam_snapshot_write_model(snapshot, path, 1));
        test_ok(s.ctx, tam_model_open(s.ctx, path, &model));
        test_ok(s.ctx, tam_model_classify(s.ctx, model, 1, x, &best));
        assert_int_equal(best, k);
        tam_model_free(model);
    }
    tam_snapshot_free(snapshot);
    tam_head_free(config.head);
    tam_net_free(config.net);
    sample_free(&s);
}

/* Bytes [n, H, W, C] to the net's input [n, C, H, W], written out index by index. */
static void to_planes(const uint8_t *images, bool mirrored, float *input) {
    for (int n = 0; n < IMAGES; n++) {
        for (int c = 0; c < CHANNELS; c++) {
            for (int h = 0; h < SIDE; h++) {
                for (int w = 0; w < SIDE; w++) {
                    int column = mirrored ? SIDE - 1 - w : w;
                    float byte = (float)images[((n * SIDE + h) * SIDE + column) * CHANNELS + c];
                    input[((n * CHANNELS + c) * SIDE + h) * SIDE + w] = (byte - 127.5f) / 127.5f;
                }
            }
        }
    }
}

/* Embedding is the net's own forward on (byte - mean) / scale; a second forward on mirrored rows is added by flip. */
static void embedding_is_the_nets_forward(void **state) {
    (void)state;
    sample s;
    tam_model *model;
    tam_net_plan *plan;
    static float input[IMAGES * PIXELS], plain[IMAGES * DIM], both[IMAGES * DIM], expected[IMAGES * DIM];
    sample_make(&s);
    uint8_t *images = random_images(IMAGES);
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
    test_ok(s.ctx, tam_model_embed(model, IMAGES, images, 0, plain));
    test_ok(s.ctx, tam_model_embed(model, IMAGES, images, 1, both));
    test_ok(s.ctx, tam_net_plan_create(s.net, &(tam_net_plan_config){.batch = IMAGES}, &plan));
    to_planes(images, false, input);
    test_ok(s.ctx, tam_net_forward(plan, IMAGES, input, 0, expected));
    for (int i = 0; i < IMAGES * DIM; i++) {
        assert_true(fabsf(plain[i] - expected[i]) < 1e-4f);
    }
    to_planes(images, true, input);
    test_ok(s.ctx, tam_net_forward(plan, IMAGES, input, 0, expected));
    for (int i = 0; i < IMAGES * DIM; i++) {
        assert_true(fabsf(both[i] - plain[i] - expected[i]) < 2e-4f);
    }
    tam_net_plan_free(plan);
    tam_model_free(model);
    free(images);
    sample_free(&s);
}

/* f32 again has the bits of before. */
static void a_model_embeds_in_a_chosen_dtype(void **state) {
    (void)state;
    sample s;
    tam_model *model;
    static float plain[IMAGES * DIM], again[IMAGES * DIM];
    sample_make(&s);
    uint8_t *images = random_images(IMAGES);
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
    assert_string_equal(tam_model_describe(model).dtype, "f32");
    test_ok(s.ctx, tam_model_embed(model, IMAGES, images, 0, plain));
    test_ok(s.ctx, tam_model_set_dtype(model, "bf16"));
    assert_string_equal(tam_model_describe(model).dtype, "bf16");
    test_ok(s.ctx, tam_model_set_dtype(model, "auto"));
    assert_string_equal(tam_model_describe(model).dtype, tam_net_suited_dtype(NULL));
    test_fails(s.ctx, tam_model_set_dtype(model, "f16"), TAM_CONFIG, "unknown dtype 'f16'");
    test_ok(s.ctx, tam_model_set_dtype(model, NULL));
    test_ok(s.ctx, tam_model_embed(model, IMAGES, images, 0, again));
    assert_memory_equal(plain, again, sizeof plain);
    tam_model_free(model);
    free(images);
    sample_free(&s);
}

static void a_data_set_embeds_in_its_order(void **state) {
    (void)state;
    sample s;
    char folder[96];
    tam_model *model;
    tam_dataset *data;
    sample_make(&s);
    snprintf(folder, sizeof folder, "%s/glyphs", s.folder);
    tam_glyphs_config glyphs = {.identities = 7, .per_identity = 10, .size = SIDE};
    test_ok(s.ctx, tam_glyphs_write(s.ctx, &glyphs, folder));
    tam_dataset_config config = {.path = folder, .channels = CHANNELS};
    test_ok(s.ctx, tam_dataset_open(s.ctx, &config, &data));
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
    static uint8_t images[70 * PIXELS];
    static float all[70 * DIM], each[70 * DIM];
    for (int i = 0; i < 70; i++) {
        test_ok(s.ctx, tam_dataset_read(data, i, images + i * PIXELS));
    }
    test_ok(s.ctx, tam_model_embed_dataset(model, data, 1, all));
    test_ok(s.ctx, tam_model_embed(model, 70, images, 1, each));
    for (int i = 0; i < 70 * DIM; i++) {
        assert_true(fabsf(all[i] - each[i]) < 1e-5f);
    }
    for (int i = 0; i < 70; i += 23) { /* one by one: another plan, the same numbers */
        test_ok(s.ctx, tam_model_embed(model, 1, images + i * PIXELS, 1, each));
        for (int k = 0; k < DIM; k++) {
            assert_true(fabsf(all[i * DIM + k] - each[k]) < 1e-5f);
        }
    }
    int64_t listed[67]; /* more than a batch of them, backwards */
    for (int i = 0; i < 67; i++) {
        listed[i] = 69 - i;
    }
    test_ok(s.ctx, tam_model_embed_listed(model, data, 67, listed, 1, each));
    for (int i = 0; i < 67 * DIM; i++) {
        assert_true(fabsf(all[(69 - i / DIM) * DIM + i % DIM] - each[i]) < 1e-5f);
    }
    tam_dataset_free(data);
    config.size = 20;
    test_ok(s.ctx, tam_dataset_open(s.ctx, &config, &data));
    test_fails(s.ctx, tam_model_embed_dataset(model, data, 0, all), TAM_CONFIG, "20 x 20");
    test_fails(s.ctx, tam_model_embed_listed(model, data, 1, listed, 0, all), TAM_CONFIG, "20 x 20");
    tam_dataset_free(data);
    test_fails(s.ctx, tam_model_open_dataset(model, &config, &data), TAM_CONFIG, "20 x 20");
    assert_null(data);
    config.size = config.channels = 0;
    test_ok(s.ctx, tam_model_open_dataset(model, &config, &data));
    assert_int_equal(tam_dataset_describe(data).channels, CHANNELS);
    tam_dataset_free(data);
    tam_model_free(model);
    sample_free(&s);
}

/* Writes the sample's model again with one metadata value changed (NULL: dropped) or one array dropped or renamed. */
static void rewrite(sample *s, const char *key, const char *value, const char *array, int64_t first_size) {
    static const char *const keys[] = {"format", "kind",  "net", "loss",       "graph",   "channels",
                                       "height", "width", "dim", "mean_scale", "classes", "step"};
    tam_metadata facts[12];
    tam_tensor items[64];
    tam_tensors *read;
    int fact_count = 0, count = 0;
    test_ok(s->ctx, tam_snapshot_write_model(s->snapshot, s->path, 77));
    uint8_t *data;
    size_t size;
    test_ok(s->ctx, tam_file_read(s->ctx, s->path, 0, &data, &size));
    test_ok(s->ctx, tam_tensors_parse(s->ctx, s->path, data, size, &read));
    for (int i = 0; i < 12; i++) {
        const char *text = key != NULL && strcmp(keys[i], key) == 0 ? value : tam_tensors_text(read, keys[i]);
        if (text != NULL) {
            facts[fact_count++] = (tam_metadata){keys[i], text};
        }
    }
    for (int i = 0; i < tam_tensors_count(read); i++) {
        items[count] = *tam_tensors_at(read, i);
        if (array != NULL && strcmp(items[count].name, array) == 0) {
            if (first_size == 0) {
                continue;
            }
            items[count].bytes = items[count].bytes / (size_t)items[count].size[0] * (size_t)first_size;
            items[count].size[0] = first_size;
        }
        count++;
    }
    test_ok(s->ctx, tam_tensors_write(s->ctx, s->path, items, count, facts, fact_count));
    tam_tensors_free(read);
    tam_release(s->ctx, data);
}

static void wrong_models_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *array;
        int64_t first_size;
        const char *sentence;
    } cases[] = {
        {"format", NULL, NULL, 0, "not a model"},
        {"format", "other", NULL, 0, "not a model"},
        {"format", "tammes-model-9", NULL, 0, "format 'tammes-model-9'"},
        {"net", NULL, NULL, 0, "needs 'net'"},
        {"dim", "6", NULL, 0, "16 x 16 to 5, the metadata say 3 x 16 x 16 to 6"},
        {"dim", "x", NULL, 0, "dim is 'x'"},
        {"dim", "1.5", NULL, 0, "dim is '1.5'"},
        {"height", "-1", NULL, 0, "height is '-1'"},
        {"width", "17", NULL, 0, "the metadata say"},
        {"classes", "4", NULL, 0, "class_names has 3 names, the metadata say 4"},
        {"mean_scale", "1", NULL, 0, "mean_scale is '1'"},
        {"mean_scale", "1 0", NULL, 0, "mean_scale is '1 0'"},
        {"mean_scale", "nan 1", NULL, 0, "mean_scale is 'nan 1'"},
        {"graph", "input = input(channels=1", NULL, 0, "graph: "},
        {"graph", "input = input(channels=1, height=16, width=16)\na = fc(input, out=65536)\nb = fc(a, out=65536)\n",
         NULL, 0, "array 'a.weight' is missing"},
        {NULL, NULL, "conv1.weight", 0, "array 'conv1.weight' is missing"},
        {NULL, NULL, "conv1.weight", 7, "array 'conv1.weight' has another shape"},
        {NULL, NULL, "class_names", 0, "class_names has 0 names"},
        {NULL, NULL, "class_names", 17, "class_names has"},
        {NULL, NULL, "head.weight", 2, "'head.weight' is not F32 or BF16 [3, 5]"},
    };
    sample s;
    tam_model *model;
    sample_make(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rewrite(&s, cases[i].key, cases[i].value, cases[i].array, cases[i].first_size);
        test_fails(s.ctx, tam_model_open(s.ctx, s.path, &model), TAM_INPUT, cases[i].sentence);
        assert_non_null(strstr(tam_ctx_message(s.ctx), s.path));
        assert_null(model);
    }
    assert_true(tam_ctx_memory(s.ctx).peak_bytes < 16u << 20); /* the graph with 2^32 weights cost nothing */
    rewrite(&s, NULL, NULL, "head.weight", 0);
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
    assert_null(tam_model_class_weights(model));
    tam_model_free(model);
    sample_free(&s);
}

static void damage_is_refused(void **state) {
    (void)state;
    sample s;
    uint8_t *data;
    size_t size;
    tam_model *model;
    sample_make(&s);
    test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &data, &size));
    for (size_t at = 9; at < size; at += 131) {
        data[at] ^= 0x10;
        tam_file_piece piece = {data, size};
        test_ok(s.ctx, tam_file_write(s.ctx, s.path, &piece, 1));
        assert_int_equal(tam_model_open(s.ctx, s.path, &model), TAM_INPUT);
        data[at] ^= 0x10;
    }
    for (size_t cut = 0; cut < size; cut += 1009) {
        tam_file_piece piece = {data, cut};
        test_ok(s.ctx, tam_file_write(s.ctx, s.path, &piece, 1));
        assert_int_equal(tam_model_open(s.ctx, s.path, &model), TAM_INPUT);
    }
    tam_release(s.ctx, data);
    sample_free(&s);
}

static void a_folder_gives_best_else_last(void **state) {
    (void)state;
    sample s;
    tam_model *model;
    char last[96];
    sample_make(&s);
    snprintf(last, sizeof last, "%s/last.safetensors", s.folder);
    test_ok(s.ctx, tam_snapshot_write_checkpoint(s.snapshot, last, 99, NULL, 0));
    test_ok(s.ctx, tam_model_open(s.ctx, s.folder, &model));
    assert_int_equal(tam_model_describe(model).step, 77);
    tam_model_free(model);
    assert_int_equal(unlink(s.path), 0);
    test_ok(s.ctx, tam_model_open(s.ctx, s.folder, &model));
    assert_int_equal(tam_model_describe(model).step, 99);
    tam_model_free(model);
    assert_int_equal(unlink(last), 0);
    test_fails(s.ctx, tam_model_open(s.ctx, s.folder, &model), TAM_INPUT, "neither best.safetensors nor");
    test_fails(s.ctx, tam_model_open(s.ctx, s.path, &model), TAM_INPUT, "cannot open");
    sample_free(&s);
}

static void values_that_are_not_finite_are_not_taken(void **state) {
    (void)state;
    sample s;
    sample_make(&s);
    float *weights = tam_head_weights(s.head), before = weights[2];
    weights[2] = NAN;
    test_fails(s.ctx, tam_snapshot_take(s.snapshot), TAM_NEGATIVE, "'head.weight'");
    weights[2] = -INFINITY;
    test_fails(s.ctx, tam_snapshot_take(s.snapshot), TAM_NEGATIVE, "'head.weight'");
    weights[2] = before;
    test_ok(s.ctx, tam_snapshot_take(s.snapshot));
    sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_comes_back_whole),
        cmocka_unit_test(a_learned_scale_comes_back),
        cmocka_unit_test(embedding_is_the_nets_forward),
        cmocka_unit_test(a_model_embeds_in_a_chosen_dtype),
        cmocka_unit_test(a_data_set_embeds_in_its_order),
        cmocka_unit_test(wrong_models_are_refused_by_name),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(a_folder_gives_best_else_last),
        cmocka_unit_test(values_that_are_not_finite_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
