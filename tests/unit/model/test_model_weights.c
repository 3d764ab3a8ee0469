/* Class weights in a model file: F32 or BF16, whole or row by row. */
#include "support.h"

#include <math.h>

#include "base/bf16.h"
#include "io/safetensors.h"
#include "model/model_weights.h"
#include "model/snapshot.h"

enum { SIDE = 16, DIM = 5, CLASSES = 4, SUBS = 2, ROWS = CLASSES * SUBS, SAMPLES = 20 };

typedef struct sample {
    tam_ctx *ctx;
    char folder[64], path[96];
    tam_net *net;
    tam_head *head;
    tam_snapshot *snapshot;
    float weights[ROWS * DIM]; /* numbers that bf16 has */
} sample;

/* A model file of a head of this dtype. */
static void make(sample *s, const char *dtype) {
    tam_net_config net = {.net = "conv4:width=8", .channels = 1, .height = SIDE, .width = SIDE, .dim = DIM};
    tam_head_config head = {
        .loss = "subcenter-arcface:K=2", .classes = CLASSES, .dim = DIM, .batch = 4, .dtype = dtype};
    s->ctx = test_ctx(1);
    test_folder(s->folder);
    snprintf(s->path, sizeof s->path, "%s/best.safetensors", s->folder);
    for (int i = 0; i < ROWS * DIM; i++) {
        s->weights[i] = tam_bf16_value(tam_bf16_nearest(sinf(1.0f + (float)i)));
    }
    test_ok(s->ctx, tam_net_create(s->ctx, &net, &s->net));
    test_ok(s->ctx, tam_head_create(s->ctx, &head, &s->head));
    test_ok(s->ctx, tam_head_write_weights(s->head, 0, ROWS, s->weights));
    tam_snapshot_config config = {.net = s->net,
                                  .head = s->head,
                                  .specification = net.net,
                                  .loss = head.loss,
                                  .mean = 127.5f,
                                  .scale = 127.5f,
                                  .classes = CLASSES,
                                  .class_names = "a\0b\0c\0d",
                                  .class_names_bytes = 2 * CLASSES};
    test_ok(s->ctx, tam_snapshot_create(s->ctx, &config, &s->snapshot));
    test_ok(s->ctx, tam_snapshot_take(s->snapshot));
    test_ok(s->ctx, tam_snapshot_write_model(s->snapshot, s->path, 1));
}

static void free_all(sample *s) {
    tam_snapshot_free(s->snapshot);
    tam_head_free(s->head);
    tam_net_free(s->net);
    test_folder_remove(s->folder);
    test_ctx_free(s->ctx);
}

/* To whoever opens the file the numbers are f32, and the classes that they give are the same. */
static void dtypes_do_not_matter_to_readers(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
    float x[SAMPLES * DIM];
    int32_t best[3][SAMPLES];
    for (int i = 0; i < SAMPLES * DIM; i++) {
        x[i] = cosf((float)(i * i));
    }
    for (int k = 0; k < 3; k++) {
        sample s;
        tam_tensors *read;
        tam_model *model;
        make(&s, dtypes[k]);
        test_ok(s.ctx, tam_tensors_open(s.ctx, s.path, &read));
        assert_int_equal(tam_tensors_find(read, "head.weight")->dtype, k == 2 ? TAM_DTYPE_BF16 : TAM_DTYPE_F32);
        tam_tensors_free(read);
        test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
        assert_int_equal(tam_model_describe(model).sub_centres, SUBS);
        assert_memory_equal(tam_model_class_weights(model), s.weights, sizeof s.weights);
        test_ok(s.ctx, tam_model_classify(s.ctx, model, SAMPLES, x, best[k]));
        assert_memory_equal(best[k], best[0], sizeof best[0]);
        tam_model_free(model);
        free_all(&s);
    }
}

static void rows_are_read_one_by_one(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16-lean"};
    for (int k = 0; k < 2; k++) {
        sample s;
        tam_model *model;
        make(&s, dtypes[k]);
        test_ok(s.ctx, tam_model_open_without_weights(s.ctx, s.path, &model));
        assert_null(tam_model_class_weights(model));
        assert_int_equal(tam_model_describe(model).sub_centres, SUBS);
        for (int64_t first = 0; first < ROWS; first++) {
            for (int64_t count = 0; first + count <= ROWS; count++) {
                float rows[ROWS * DIM];
                test_ok(s.ctx, tam_model_read_weights(model, first, count, rows));
                assert_memory_equal(rows, s.weights + first * DIM, (size_t)count * DIM * sizeof *rows);
            }
        }
        tam_model_free(model);
        free_all(&s);
    }
}

static void bf16_numbers_that_are_not_finite_are_not_taken(void **state) {
    (void)state;
    static const tam_bf16 bad[] = {0x7f80, 0xff80, 0x7fc0, 0xff81};
    sample s;
    make(&s, "bf16-lean");
    for (int i = 0; i < tam_head_tensor_count(s.head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(s.head, i);
        if (strcmp(tensor.dtype, "BF16") != 0) {
            continue;
        }
        tam_bf16 *values = tensor.data;
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            tam_bf16 before = values[ROWS * DIM - 1];
            values[ROWS * DIM - 1] = bad[k];
            test_fails(s.ctx, tam_snapshot_take(s.snapshot), TAM_NEGATIVE, tensor.name);
            values[ROWS * DIM - 1] = before;
        }
    }
    test_ok(s.ctx, tam_snapshot_take(s.snapshot));
    free_all(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dtypes_do_not_matter_to_readers),
        cmocka_unit_test(rows_are_read_one_by_one),
        cmocka_unit_test(bf16_numbers_that_are_not_finite_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
