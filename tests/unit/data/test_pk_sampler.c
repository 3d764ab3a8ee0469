/* Batches of P classes with K images each, through the loader. */
#include "data_support.h"

enum { CLASSES = 7, MOST_BATCH = 32 };

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64];
    tam_dataset *dataset;
    int64_t count, size[CLASSES]; /* images of each class */
} fixture;

/* 7 classes of 1, 2, 5, 6, 6, 9 and 9 images. */
static int set_up(void **state) {
    static const int sizes[CLASSES] = {1, 2, 5, 6, 6, 9, 9};
    static fixture f;
    char name[64];
    f = (fixture){.ctx = test_ctx(2)};
    test_folder(f.folder);
    for (int c = 0; c < CLASSES; c++) {
        f.size[c] = sizes[c];
        f.count += sizes[c];
        for (int k = 0; k < sizes[c]; k++) {
            snprintf(name, sizeof name, "c%d/%02d.png", c, k);
            write_image(f.ctx, f.folder, name, 5, 5, 1, 16 * c + k);
        }
    }
    tam_dataset_config config = {.path = f.folder, .size = 5, .channels = 1};
    test_ok(f.ctx, tam_dataset_open(f.ctx, &config, &f.dataset));
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    tam_dataset_free(f->dataset);
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    return 0;
}

/* The images and labels of `steps` batches from `first` on. */
static void take(fixture *f, const char *sampler, uint64_t seed, int64_t first, int steps, int batch,
                 int64_t (*index)[MOST_BATCH]) {
    tam_loader *loader;
    tam_batch got;
    const tam_loader_config config = {
        .sampler = sampler, .seed = seed, .first_step = first, .threads = 1 + (int)first % 3};
    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader));
    assert_int_equal(tam_loader_steps_per_epoch(loader), f->count / batch);
    for (int i = 0; i < steps; i++) {
        test_ok(f->ctx, tam_loader_next(loader, &got));
        assert_int_equal(got.n, batch);
        assert_int_equal(got.step, first + i);
        assert_int_equal(got.epoch, (first + i) / (f->count / batch));
        memcpy(index[i], got.index, (size_t)batch * sizeof(int64_t));
        for (int k = 0; k < batch; k++) {
            assert_int_equal(got.labels[k], tam_dataset_label(f->dataset, got.index[k]));
        }
    }
    tam_loader_free(loader);
}

/* Three batches to a step: the batches are those of always, but for those that do not fill a step at an epoch's end. */
static void batches_of_a_step_stay_in_an_epoch(void **state) {
    static const char *const samplers[] = {"shuffle", "pk:P=2,K=2"};
    fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        for (int64_t first = 0; first <= 10; first += 5) {
            tam_loader *loader, *plain;
            tam_batch got, expected;
            tam_loader_config config = {.batch = 4, .accumulate = 4, .sampler = samplers[i], .shuffle = 1};
            config.first_step = first;
            test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader));
            assert_int_equal(f->count / 4, 9);
            assert_int_equal(tam_loader_steps_per_epoch(loader), 8);
            for (int64_t step = first; step < 20; step++) {
                test_ok(f->ctx, tam_loader_next(loader, &got));
                assert_int_equal(got.step, step);
                assert_int_equal(got.epoch, step / 8);
                assert_int_equal(got.n, 4);
                if (step < 8) {
                    config.accumulate = 0;
                    config.first_step = step;
                    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &plain));
                    test_ok(f->ctx, tam_loader_next(plain, &expected));
                    assert_memory_equal(got.index, expected.index, 4 * sizeof *got.index);
                    tam_loader_free(plain);
                }
            }
            tam_loader_free(loader);
        }
    }
    const tam_loader_config config = {.batch = 4, .accumulate = 10, .shuffle = 1};
    tam_loader *loader;
    test_fails(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader), TAM_CONFIG,
               "a batch of 40 is more than the 38 images");
}

static void a_batch_has_p_classes_with_k_images_each(void **state) {
    static const struct {
        const char *sampler;
        int p, k;
    } cases[] = {
        {"pk:P=2,K=2", 2, 2}, {"pk:P=3,K=4", 3, 4}, {"pk:K=1,P=7", 7, 1}, {"pk:P=2,K=16", 2, 16}, {"pk:P=7,K=4", 7, 4}};
    enum { STEPS = 60 };
    fixture *f = *state;
    static int64_t index[STEPS][MOST_BATCH];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int p = cases[i].p, k = cases[i].k;
        take(f, cases[i].sampler, 3, 0, STEPS, p * k, index);
        for (int step = 0; step < STEPS; step++) {
            int used[64] = {0}, seen[CLASSES] = {0};
            for (int at = 0; at < p * k; at++) {
                int32_t label = tam_dataset_label(f->dataset, index[step][at]);
                assert_int_equal(label, tam_dataset_label(f->dataset, index[step][at - at % k]));
                seen[label]++;
                used[index[step][at]]++;
            }
            int classes = 0;
            for (int64_t c = 0, image = 0; c < CLASSES; image += f->size[c], c++) {
                assert_true(seen[c] == 0 || seen[c] == k);
                classes += seen[c] > 0;
                for (int64_t n = 0; n < f->size[c]; n++) {
                    /* each image once before any comes again */
                    int64_t rounds = seen[c] / f->size[c];
                    assert_true(used[image + n] == rounds || (used[image + n] == rounds + 1 && seen[c] % f->size[c]));
                }
            }
            assert_int_equal(classes, p);
        }
    }
}

/* Rounds within an epoch, and, with the second, epochs of less than a round. */
static void resuming_at_any_step_is_exact(void **state) {
    enum { STEPS = 30 };
    static const char *const samplers[] = {"pk:P=3,K=4", "pk:P=2,K=8"};
    static const int batches[] = {12, 16};
    fixture *f = *state;
    static int64_t whole[STEPS][MOST_BATCH], rest[STEPS][MOST_BATCH];
    for (int which = 0; which < 2; which++) {
        int batch = batches[which];
        take(f, samplers[which], 11, 0, STEPS, batch, whole);
        for (int first = 1; first < STEPS; first++) {
            take(f, samplers[which], 11, first, STEPS - first, batch, rest);
            for (int i = first; i < STEPS; i++) {
                assert_memory_equal(whole[i], rest[i - first], (size_t)batch * sizeof(int64_t));
            }
        }
    }
}

/* A round gives each class at most once; rounds, epochs and seeds differ. */
static void classes_come_in_rounds(void **state) {
    enum { STEPS = 36 };
    fixture *f = *state;
    static int64_t index[STEPS][MOST_BATCH], other[STEPS][MOST_BATCH];
    take(f, "pk:P=2,K=2", 5, 0, STEPS, 4, index); /* 38 images: 9 steps an epoch, 3 batches a round */
    take(f, "pk:P=2,K=2", 6, 0, STEPS, 4, other);
    int orders[STEPS / 3] = {0}, different = 0;
    for (int round = 0; round < STEPS / 3; round++) {
        int seen = 0;
        for (int at = 0; at < 6; at++) {
            int32_t label = tam_dataset_label(f->dataset, index[3 * round + at / 2][at % 2 * 2]);
            assert_int_equal(seen >> label & 1, 0);
            seen |= 1 << label;
            orders[round] = orders[round] * CLASSES + label;
        }
    }
    for (int a = 0; a < STEPS / 3; a++) {
        for (int b = a + 1; b < STEPS / 3; b++) {
            assert_int_not_equal(orders[a], orders[b]);
        }
    }
    for (int i = 0; i < STEPS; i++) {
        different += memcmp(index[i], other[i], 4 * sizeof(int64_t)) != 0;
    }
    assert_true(different > STEPS / 2);
}

/* Over many steps each class comes alike often, and each image of a class does: within 5 standard deviations. */
static void all_classes_and_images_are_drawn_alike(void **state) {
    enum { P = 3, K = 4, STEPS = 1200 };
    fixture *f = *state;
    static int64_t index[STEPS][MOST_BATCH];
    int classes[CLASSES] = {0}, images[64] = {0};
    take(f, "pk:P=3,K=4", 1, 0, STEPS, P * K, index);
    for (int i = 0; i < STEPS; i++) {
        for (int k = 0; k < P * K; k++) {
            classes[tam_dataset_label(f->dataset, index[i][k])] += k % K == 0;
            images[index[i][k]]++;
        }
    }
    double share = (double)P / CLASSES, expected = STEPS * share, allowed = 25 * expected * (1 - share);
    for (int64_t c = 0, image = 0; c < CLASSES; image += f->size[c], c++) {
        double off = classes[c] - expected, per_image = (double)classes[c] * K / (double)f->size[c];
        assert_true(off * off < allowed);
        for (int64_t n = 0; n < f->size[c]; n++) {
            off = images[image + n] - per_image;
            assert_true(off * off < 25 * per_image);
        }
    }
}

static void an_unreadable_image_leaves_the_others_alone(void **state) {
    enum { P = 3, K = 4, STEPS = 30 };
    fixture *f = *state;
    char path[128];
    static int64_t whole[STEPS][MOST_BATCH];
    take(f, "pk:P=3,K=4", 2, 0, STEPS, P * K, whole);
    snprintf(path, sizeof path, "%s/c5/03.png", f->folder);
    write_bytes(f->ctx, path, "no picture", 10);
    tam_dataset_config data = {.path = f->folder, .size = 5, .channels = 1};
    const tam_loader_config config = {.sampler = "pk:P=3,K=4", .seed = 2, .batch = 12, .skip_unreadable = 1};
    tam_dataset *dataset;
    tam_loader *loader;
    tam_batch batch;
    int unreadable = 0;
    test_ok(f->ctx, tam_dataset_open(f->ctx, &data, &dataset));
    test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
    for (int i = 0; i < STEPS; i++) {
        test_ok(f->ctx, tam_loader_next(loader, &batch));
        assert_memory_equal(batch.index, whole[i], sizeof(int64_t) * P * K);
        unreadable += batch.unreadable;
        for (int k = 0; k < batch.n; k++) {
            bool gone = batch.index[k] == 1 + 2 + 5 + 6 + 6 + 3;
            assert_int_equal(batch.labels[k], gone ? -1 : tam_dataset_label(dataset, batch.index[k]));
        }
    }
    assert_true(unreadable > 0);
    tam_loader_free(loader);
    tam_dataset_free(dataset);
}

static void running_allocates_nothing(void **state) {
    fixture *f = *state;
    const tam_loader_config config = {.sampler = "pk:P=3,K=4"};
    tam_loader *loader;
    tam_batch batch;
    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader));
    for (int i = 0; i < 30; i++) { /* the images come into the cache */
        test_ok(f->ctx, tam_loader_next(loader, &batch));
    }
    uint64_t before = tam_ctx_memory(f->ctx).allocations;
    for (int i = 0; i < 60; i++) {
        test_ok(f->ctx, tam_loader_next(loader, &batch));
    }
    assert_int_equal(tam_ctx_memory(f->ctx).allocations, before);
    tam_loader_free(loader);
}

static void wrong_words_are_refused(void **state) {
    fixture *f = *state;
    static const struct {
        const char *sampler;
        int batch;
        const char *sentence;
    } cases[] = {
        {"pk:P=8,K=2", 0, "P=8 classes in a batch, the data set has 7"},
        {"pk:P=2,K=3", 7, "batch is 7, but the sampler pk:P=2,K=3 makes batches of 6"},
        {"pk:P=2,K=3", -1, "batch is -1, but"},
        {"pk:P=2,K=20", 0, "a batch of 40 is more than the 38 images"},
        {"pk:P=65536,K=17", 0, "makes batches of 1114112, more than 1048576"},
        {"pk:P=1,K=3", 0, "pk: P=1 is outside its range [2, 65536] of whole numbers"},
        {"pk:P=2,K=0", 0, "pk: K=0 is outside"},
        {"pk:P=2.5,K=2", 0, "pk: P=2.5 is outside"},
        {"pk:P=x", 0, "pk: P=x is not a number"},
        {"pk:p=3", 0, "unknown key of pk 'p'"},
        {"pk:P=2,P=3", 0, "P is given twice"},
        {"pk:P=2,", 0, "a comma ends"},
        {"kp", 0, "did you mean 'pk'"},
        {"shufle", 5, "did you mean 'shuffle'"},
        {"shuffle:P=3", 5, "shuffle takes no keys"},
        {"", 5, "unknown sampler ''"},
        {"a name that is longer than any sampler has", 5, "unknown sampler 'a name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tam_loader_config config = {.sampler = cases[i].sampler, .batch = cases[i].batch, .shuffle = 1};
        tam_loader *loader;
        test_fails(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader), TAM_CONFIG, cases[i].sentence);
        assert_null(loader);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(batches_of_a_step_stay_in_an_epoch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_has_p_classes_with_k_images_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resuming_at_any_step_is_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(classes_come_in_rounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_classes_and_images_are_drawn_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unreadable_image_leaves_the_others_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_allocates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_words_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
