/* The contract and the calibration of a model file: written, read, defaults of older files, and what is refused. */
#include "support.h"

#include <math.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"
#include "model/model_weights.h"
#include "model/snapshot.h"
#include "tammes/align.h"
#include "tammes/model.h"

enum { SIDE = 16, DIM = 4, MOST = 40 };

typedef struct sample {
    tam_ctx *ctx;
    char folder[64], path[96], other[96];
    tam_net *net;
    tam_snapshot *snapshot;
} sample;

static void sample_make(sample *s, int channels, const char *alignment, bool flip) {
    tam_net_config net = {.net = "conv4:width=8", .channels = channels, .height = SIDE, .width = SIDE, .dim = DIM};
    s->ctx = test_ctx(1);
    test_folder(s->folder);
    snprintf(s->path, sizeof s->path, "%s/m.safetensors", s->folder);
    snprintf(s->other, sizeof s->other, "%s/other.safetensors", s->folder);
    test_ok(s->ctx, tam_net_create(s->ctx, &net, &s->net));
    tam_snapshot_config config = {.net = s->net,
                                  .specification = net.net,
                                  .loss = "triplet",
                                  .mean = 127.5f,
                                  .scale = 127.5f,
                                  .classes = 3,
                                  .class_names = "9\0" /* numbers in their order, which is not that of the bytes */
                                                 "10\0x",
                                  .class_names_bytes = 7,
                                  .flip = flip,
                                  .alignment = alignment};
    test_ok(s->ctx, tam_snapshot_create(s->ctx, &config, &s->snapshot));
    test_ok(s->ctx, tam_snapshot_take(s->snapshot));
    test_ok(s->ctx, tam_snapshot_write_model(s->snapshot, s->path, 5));
}

static void sample_free(sample *s) {
    tam_snapshot_free(s->snapshot);
    tam_net_free(s->net);
    test_folder_remove(s->folder);
    test_ctx_free(s->ctx);
}

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; at != NULL && (at = strstr(at, word)) != NULL; at++) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Writes the file's arrays again with one metadata value changed, added, or (NULL) dropped, and without the names in
 * `dropped` ("a b"). */
static void change(sample *s, const char *from, const char *key, const char *value, const char *dropped) {
    tam_tensors *tensors;
    tam_metadata texts[MOST], facts[MOST + 1];
    tam_tensor items[64];
    int count = 0, items_count = 0;
    test_ok(s->ctx, tam_tensors_open(s->ctx, from, &tensors));
    int all = tam_tensors_texts(tensors, texts, MOST);
    assert_true(all <= MOST && tam_tensors_count(tensors) <= 64);
    for (int i = 0; i < all; i++) {
        if (!has_word(dropped, texts[i].key) && strcmp(texts[i].key, key) != 0) {
            facts[count++] = texts[i];
        }
    }
    if (value != NULL) {
        facts[count++] = (tam_metadata){key, value};
    }
    for (int i = 0; i < tam_tensors_count(tensors); i++) {
        const tam_tensor *item = tam_tensors_at(tensors, i);
        if (!has_word(dropped, item->name)) {
            items[items_count++] = *item;
        }
    }
    test_ok(s->ctx, tam_tensors_write_again(s->ctx, s->other, tensors, items, items_count, facts, count));
    tam_tensors_free(tensors);
}

static void the_contract_comes_back(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const int channels[3] = {3, 1, 2};
        static const char *const orders[3] = {"rgb", "grey", "other"};
        sample s;
        tam_model *model;
        sample_make(&s, channels[i], i == 0 ? "arcface112" : NULL, i == 0);
        test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
        tam_model_info info = tam_model_describe(model);
        assert_string_equal(info.channel_order, orders[i]);
        assert_string_equal(info.alignment, i == 0 ? "arcface112" : "none");
        assert_int_equal(info.flip, i == 0);
        /* zlib.crc32(b"10\0" b"9\0" b"x\0") */
        assert_string_equal(info.class_digest, "fdc732e0");
        assert_null(tam_model_calibration(model));
        tam_model_free(model);
        sample_free(&s);
    }
}

/* Files from before there was a contract. */
static void files_without_a_contract_have_the_usual_one(void **state) {
    (void)state;
    sample s;
    tam_model *model;
    sample_make(&s, 3, "arcface112", true);
    change(&s, s.path, "contract", NULL, "channel_order flip alignment alignment_points class_digest");
    test_ok(s.ctx, tam_model_open(s.ctx, s.other, &model));
    tam_model_info info = tam_model_describe(model);
    assert_string_equal(info.channel_order, "rgb");
    assert_string_equal(info.alignment, "none");
    assert_int_equal(info.flip, 0);
    assert_string_equal(info.class_digest, "fdc732e0");
    tam_model_free(model);
    sample_free(&s);
}

static void contracts_that_cannot_be_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *sentence;
    } cases[] = {
        {"contract", "2", "contract is '2'"},
        {"contract", NULL, "contract is ''"},
        {"channel_order", NULL, "needs 'channel_order'"},
        {"channel_order", "gbr", "channel_order is 'gbr', not one of: rgb, bgr, grey, other"},
        {"channel_order", "grey", "channel_order 'grey' contradicts 3 channels"},
        {"channel_order", "other", "contradicts 3 channels"},
        {"flip", NULL, "needs 'flip'"},
        {"flip", "maybe", "flip is 'maybe'"},
        {"alignment", NULL, "needs 'alignment'"},
        {"alignment", "dlib", "alignment is 'dlib'"},
        {"alignment", "none", "but alignment 'none' has ''"},
        {"alignment_points", NULL, "alignment_points are ''"},
        {"alignment_points", "1 2 3 4 5 6 7 8 9 10", "alignment_points are '1 2 3"},
        {"class_digest", NULL, "class_digest is ''"},
        {"class_digest", "12345678", "class_digest is '12345678'"},
    };
    sample s;
    tam_model *model;
    sample_make(&s, 3, "arcface112", true);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        change(&s, s.path, cases[i].key, cases[i].value, NULL);
        test_fails(s.ctx, tam_model_open(s.ctx, s.other, &model), TAM_INPUT, cases[i].sentence);
        assert_non_null(strstr(tam_ctx_message(s.ctx), s.other));
    }
    sample_free(&s);
}

/* bgr: the net gets the channels the other way round, one by one and through a data set. */
static void a_net_of_bgr_gets_bgr(void **state) {
    (void)state;
    sample s;
    tam_model *plain, *turned;
    static uint8_t images[2][SIDE * SIDE * 3];
    float x[2 * DIM], y[2 * DIM], z[2 * DIM];
    sample_make(&s, 3, NULL, false);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        images[0][i] = (uint8_t)(i * 37 % 251);
        images[1][i - i % 3 + 2 - i % 3] = images[0][i];
    }
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &plain));
    change(&s, s.path, "channel_order", "bgr", NULL);
    test_ok(s.ctx, tam_model_open(s.ctx, s.other, &turned));
    for (int n = 1; n <= 2; n++) {
        test_ok(s.ctx, tam_model_embed(plain, n, images[0], 0, x));
        test_ok(s.ctx, tam_model_embed(turned, n, images[0], 0, y));
        test_ok(s.ctx, tam_model_set_input(turned, "rgb", 127.5f, 127.5f));
        test_ok(s.ctx, tam_model_embed(turned, n, images[0], 0, z));
        assert_memory_equal(x, z, (size_t)n * DIM * sizeof *x);
        test_ok(s.ctx, tam_model_set_input(turned, "bgr", 127.5f, 127.5f));
        if (n == 2) { /* both images swap their places */
            for (int k = 0; k < DIM; k++) {
                assert_true(fabsf(y[k] - x[DIM + k]) < 1e-5f && fabsf(y[DIM + k] - x[k]) < 1e-5f);
                assert_true(fabsf(y[k] - x[k]) > 1e-6f);
            }
        }
    }
    test_ok(s.ctx, tam_model_set_input(plain, "rgb", 0, 255));
    test_ok(s.ctx, tam_model_embed(plain, 1, images[0], 0, y));
    assert_true(memcmp(x, y, DIM * sizeof *x) != 0);
    test_fails(s.ctx, tam_model_set_input(plain, "rbg", 0, 255), TAM_CONFIG, "rbg");
    test_fails(s.ctx, tam_model_set_input(plain, "rgb", 0, 0), TAM_CONFIG, "scale 0");
    test_fails(s.ctx, tam_model_set_input(plain, "rgb", NAN, 1), TAM_CONFIG, "mean");
    tam_model_free(plain);
    tam_model_free(turned);
    sample_free(&s);
}

static tam_calibration some_calibration(void) {
    return (tam_calibration){.genuine = 240,
                             .impostor = 4320,
                             .flip = 1,
                             .levels = 3,
                             .at = {{0.1, 0.25, 0.0993, 0.11, 0.2, 0.1, 0.3, 1},
                                    {1e-3, 2, 0, 1e-3, 1, 0.98, 1, 1},
                                    {1e-6, NAN, NAN, NAN, NAN, NAN, NAN, 0}},
                             .chosen = 0,
                             .slope = 12.25,
                             .offset = -3.0 / 7};
}

static void a_calibration_comes_back(void **state) {
    (void)state;
    sample s;
    tam_model *model, *again;
    const tam_calibration wanted = some_calibration();
    sample_make(&s, 1, NULL, false);
    test_ok(s.ctx, tam_model_write_calibration(s.ctx, s.path, &wanted, s.other));
    test_ok(s.ctx, tam_model_open(s.ctx, s.path, &model));
    test_ok(s.ctx, tam_model_open(s.ctx, s.other, &again));
    assert_null(tam_model_calibration(model));
    const tam_calibration *found = tam_model_calibration(again);
    assert_non_null(found);
    assert_true(found->genuine == 240 && found->impostor == 4320 && found->flip == 1 && found->chosen == 0);
    assert_true(found->slope == wanted.slope && found->offset == wanted.offset);
    assert_int_equal(found->levels, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(found->at[i].fmr == wanted.at[i].fmr);
        assert_int_equal(found->at[i].sufficient, wanted.at[i].sufficient);
        assert_memory_equal(&found->at[i].threshold, &wanted.at[i].threshold, sizeof(double));
        assert_memory_equal(&found->at[i].fnmr_high, &wanted.at[i].fnmr_high, sizeof(double));
    }
    for (int i = 0; i < tam_net_tensor_count(tam_model_net(model)); i++) {
        int64_t count = tam_net_tensor_at(tam_model_net(model), i).count;
        float *a = malloc((size_t)count * sizeof *a), *b = malloc((size_t)count * sizeof *b);
        test_ok(s.ctx, tam_net_read(tam_model_net(model), i, TAM_NET_VALUE, a));
        test_ok(s.ctx, tam_net_read(tam_model_net(again), i, TAM_NET_VALUE, b));
        assert_memory_equal(a, b, (size_t)count * sizeof *a);
        free(a);
        free(b);
    }
    tam_model_free(model);
    tam_model_free(again);
    test_fails(s.ctx, tam_model_write_calibration(s.ctx, s.path, &wanted, s.other), TAM_CONFIG, "there already");
    for (int chosen = -1; chosen <= 3; chosen++) {
        tam_calibration wrong = wanted;
        wrong.chosen = chosen;
        if (chosen != 0) {
            test_fails(s.ctx, tam_model_write_calibration(s.ctx, s.path, &wrong, NULL), TAM_CONFIG, "without a chosen");
        }
    }
    sample_free(&s);
}

static void calibrations_that_cannot_be_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *dropped, *sentence;
    } cases[] = {
        {"calibration", "2", NULL, "calibration is '2'"},
        {"calibration", NULL, NULL, "calibration is ''"},
        {"calibration", NULL, "calibration.table", "calibration is ''"},
        {"calibration.pairs", NULL, NULL, "needs 'calibration.pairs'"},
        {"calibration.pairs", "3", NULL, "calibration.pairs is '3'"},
        {"calibration.pairs", "0 5", NULL, "calibration.pairs is '0 5'"},
        {"calibration.flip", "no!", NULL, "calibration.flip is 'no!'"},
        {"calibration.chosen", NULL, NULL, "needs 'calibration.chosen'"},
        {"calibration.chosen", "0.2", NULL, "calibration.chosen is '0.2'"},
        {"calibration.chosen", "0.001", NULL, "calibration.chosen is '0.001'"}, /* a threshold of 2 */
        {"calibration.chosen", "1e-06", NULL, "calibration.chosen is '1e-06'"}, /* insufficient */
        {"calibration.confidence", "1", NULL, "calibration.confidence is '1'"},
        {"calibration.confidence", "-1 2", NULL, "calibration.confidence is '-1 2'"},
        {"calibration.confidence", "nan 2", NULL, "calibration.confidence is 'nan 2'"},
        {"calibration.model", NULL, NULL, "calibration.model is ''"},
        {"calibration.model", "00000000", NULL, "calibration.model is '00000000'"},
        {"mean_scale", "0 255", NULL, "its thresholds are another model's"},
        {"x", NULL, "calibration.table", "array 'calibration.table' is missing"},
    };
    sample s;
    tam_model *model;
    const tam_calibration wanted = some_calibration();
    sample_make(&s, 1, NULL, false);
    test_ok(s.ctx, tam_model_write_calibration(s.ctx, s.path, &wanted, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        change(&s, s.path, cases[i].key, cases[i].value, cases[i].dropped);
        test_fails(s.ctx, tam_model_open(s.ctx, s.other, &model), TAM_INPUT, cases[i].sentence);
        assert_non_null(strstr(tam_ctx_message(s.ctx), s.other));
    }
    change(&s, s.path, "calibration.confidence", "none", NULL);
    test_ok(s.ctx, tam_model_open(s.ctx, s.other, &model));
    assert_true(isnan(tam_confidence(tam_model_calibration(model), 0.5)));
    tam_model_free(model);
    sample_free(&s);
}

/* Memory that fails at the k-th request: the old file stays whole, and nothing else is left. */
static void writing_without_memory_leaves_the_file(void **state) {
    (void)state;
    sample s;
    uint8_t *before, *after;
    size_t size, size_after;
    const tam_calibration wanted = some_calibration();
    sample_make(&s, 1, NULL, false);
    test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &before, &size));
    for (int k = 0;; k++) {
        int left = k;
        tam_ctx *ctx;
        if (tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = test_ration(&left)}, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_model_write_calibration(ctx, s.path, &wanted, NULL);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            assert_true(k > 5);
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &after, &size_after));
        assert_int_equal(size, size_after);
        assert_memory_equal(before, after, size);
        tam_release(s.ctx, after);
    }
    tam_release(s.ctx, before);
    sample_free(&s);
}

/* A net to be filled is that of the text, all of its numbers zero. */
static void a_blank_net_is_zero(void **state) {
    (void)state;
    static char text[8192], again[8192];
    sample s;
    tam_net *net;
    sample_make(&s, 1, NULL, false);
    assert_true(tam_net_text(s.net, text, sizeof text) < sizeof text);
    test_ok(s.ctx, tam_net_parse_blank(s.ctx, text, &net));
    assert_true(tam_net_text(net, again, sizeof again) < sizeof again);
    assert_string_equal(text, again);
    for (int i = 0; i < tam_net_tensor_count(net); i++) {
        int64_t count = tam_net_tensor_at(net, i).count;
        float *values = malloc((size_t)count * sizeof *values);
        test_ok(s.ctx, tam_net_read(net, i, TAM_NET_VALUE, values));
        for (int64_t k = 0; k < count; k++) {
            assert_true(values[k] == 0);
        }
        free(values);
    }
    tam_net_free(net);
    test_fails(s.ctx, tam_net_parse_blank(s.ctx, "input = inputt()", &net), TAM_INPUT, "line 1");
    assert_null(net);
    sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_comes_back),
        cmocka_unit_test(files_without_a_contract_have_the_usual_one),
        cmocka_unit_test(contracts_that_cannot_be_are_refused_by_name),
        cmocka_unit_test(a_blank_net_is_zero),
        cmocka_unit_test(a_net_of_bgr_gets_bgr),
        cmocka_unit_test(a_calibration_comes_back),
        cmocka_unit_test(calibrations_that_cannot_be_are_refused_by_name),
        cmocka_unit_test(writing_without_memory_leaves_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
