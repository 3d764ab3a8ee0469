#include "data_support.h"

#include <math.h>

#include "data/augment.h"
#include "data/loader_depth.h"

enum { STEPS = 12, BATCH = 5, FLOATS = BATCH * 25 };

/* All that a run of batches delivers. */
typedef struct record {
    int n[STEPS];
    int64_t step[STEPS], epoch[STEPS];
    float images[STEPS][FLOATS];
    int32_t labels[STEPS][BATCH];
    int64_t index[STEPS][BATCH];
} record;

static void run(tam_ctx *ctx, tam_dataset *dataset, tam_loader_config config, record *out) {
    tam_loader *loader;
    tam_batch batch;
    memset(out, 0, sizeof *out);
    test_ok(ctx, tam_loader_create(ctx, dataset, &config, &loader));
    for (int i = 0; i < STEPS; i++) {
        test_ok(ctx, tam_loader_next(loader, &batch));
        out->n[i] = batch.n;
        out->step[i] = batch.step;
        out->epoch[i] = batch.epoch;
        memcpy(out->images[i], batch.images, (size_t)batch.n * 25 * sizeof(float));
        memcpy(out->labels[i], batch.labels, (size_t)batch.n * sizeof(int32_t));
        memcpy(out->index[i], batch.index, (size_t)batch.n * sizeof(int64_t));
    }
    tam_loader_free(loader);
}

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64];
    tam_dataset *dataset;
} fixture;

/* 3 classes of 6 images: 18 images, 3 batches of 5 in a shuffled epoch. */
static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(2);
    test_folder(f.folder);
    write_classes(f.ctx, f.folder, 3, 6);
    tam_dataset_config config = {.path = f.folder};
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

static const tam_loader_config shuffled = {
    .batch = BATCH, .seed = 7, .shuffle = 1, .augment = "shift=0.2,rotate=20,scale=0.2,shear=0.1,flip=0.5,erase=0.5"};

static void every_epoch_runs_through_the_images_in_a_new_order(void **state) {
    fixture *f = *state;
    static record r;
    run(f->ctx, f->dataset, shuffled, &r);
    int first[18] = {0}, second[18] = {0}, moved = 0;
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(r.n[i], BATCH);
        assert_int_equal(r.step[i], i);
        assert_int_equal(r.epoch[i], i / 3);
        for (int k = 0; k < BATCH; k++) {
            assert_int_equal(r.labels[i][k], r.index[i][k] / 6);
            first[r.index[i][k]] += i < 3;
            second[r.index[i][k]] += i >= 3 && i < 6;
            moved += i < 3 && r.index[i][k] != r.index[i + 3][k];
        }
    }
    for (int i = 0; i < 18; i++) {
        assert_true(first[i] <= 1 && second[i] <= 1);
    }
    assert_true(moved > 7);
}

/* A batch's image is the dataset's, augmented by (seed, epoch, number in the dataset). */
static void augmentation_depends_on_epoch_and_image(void **state) {
    fixture *f = *state;
    static record r;
    tam_augment augment;
    run(f->ctx, f->dataset, shuffled, &r);
    test_ok(f->ctx, tam_augment_read(f->ctx, shuffled.augment, &augment));
    for (int i = 0; i < STEPS; i++) {
        for (int k = 0; k < BATCH; k++) {
            uint8_t pixels[25];
            float image[25], scratch[49];
            test_ok(f->ctx, tam_dataset_read(f->dataset, r.index[i][k], pixels));
            tam_augment_run(&augment, shuffled.seed, i / 3, r.index[i][k], 1, 5, 5, pixels, scratch, image);
            assert_memory_equal(image, r.images[i] + 25 * k, sizeof image);
        }
    }
}

/* Some images hold a share of another one, as it is in that epoch; labels stay. Threads do not matter here either. */
static void mixed_images_keep_their_labels(void **state) {
    fixture *f = *state;
    static record r, again;
    tam_augment augment;
    tam_loader_config config = shuffled;
    int mixed = 0;
    config.augment = "flip=0.5,mixup=0.5,mixup-share=0.4";
    run(f->ctx, f->dataset, config, &r);
    config.threads = 3;
    run(f->ctx, f->dataset, config, &again);
    assert_memory_equal(&r, &again, sizeof r);
    test_ok(f->ctx, tam_augment_read(f->ctx, config.augment, &augment));
    for (int i = 0; i < STEPS; i++) {
        for (int k = 0; k < BATCH; k++) {
            uint8_t pixels[25];
            float image[25], other[25], scratch[4096], share;
            int64_t partner, at = r.index[i][k];
            assert_true(tam_augment_scratch(5, 5) <= 4096);
            test_ok(f->ctx, tam_dataset_read(f->dataset, at, pixels));
            test_ok(f->ctx, tam_augment_run(&augment, config.seed, i / 3, at, 1, 5, 5, pixels, scratch, image));
            if (tam_augment_partner(&augment, config.seed, i / 3, at, 18, &partner, &share)) {
                mixed++;
                test_ok(f->ctx, tam_dataset_read(f->dataset, partner, pixels));
                test_ok(f->ctx,
                        tam_augment_run(&augment, config.seed, i / 3, partner, 1, 5, 5, pixels, scratch, other));
                tam_augment_mix(share, other, 25, image);
            }
            assert_memory_equal(image, r.images[i] + 25 * k, sizeof image);
            assert_int_equal(r.labels[i][k], at / 6);
        }
    }
    assert_in_range(mixed, 15, 45);
}

static void threads_do_not_matter(void **state) {
    fixture *f = *state;
    static record one, three;
    tam_loader_config config = shuffled;
    run(f->ctx, f->dataset, config, &one);
    config.threads = 3;
    run(f->ctx, f->dataset, config, &three);
    assert_memory_equal(&one, &three, sizeof one);
}

static void resuming_continues_exactly(void **state) {
    fixture *f = *state;
    static record whole, rest;
    run(f->ctx, f->dataset, shuffled, &whole);
    for (int k = 1; k < STEPS; k++) {
        tam_loader_config config = shuffled;
        config.first_step = k;
        config.threads = 1 + k % 3;
        run(f->ctx, f->dataset, config, &rest);
        size_t left = (size_t)(STEPS - k);
        assert_memory_equal(rest.step, whole.step + k, left * sizeof *rest.step);
        assert_memory_equal(rest.epoch, whole.epoch + k, left * sizeof *rest.epoch);
        assert_memory_equal(rest.index, whole.index + k, left * sizeof *rest.index);
        assert_memory_equal(rest.labels, whole.labels + k, left * sizeof *rest.labels);
        assert_memory_equal(rest.images, whole.images + k, left * sizeof *rest.images);
    }
}

static void the_seed_decides_the_order(void **state) {
    fixture *f = *state;
    static record a, b;
    tam_loader_config config = shuffled;
    run(f->ctx, f->dataset, config, &a);
    config.seed = 8;
    run(f->ctx, f->dataset, config, &b);
    assert_memory_not_equal(a.index, b.index, sizeof a.index);
}

static void without_shuffle_all_images_come_once_in_order(void **state) {
    fixture *f = *state;
    static record r;
    tam_loader_config config = {.batch = BATCH, .threads = 2};
    run(f->ctx, f->dataset, config, &r);
    static const int sizes[STEPS] = {5, 5, 5, 3};
    for (int i = 0; i < STEPS; i++) {
        assert_int_equal(r.n[i], sizes[i]);
        for (int k = 0; k < r.n[i]; k++) {
            int64_t image = 5 * i + k;
            assert_int_equal(r.index[i][k], image);
            int first = (int)(16 * (image / 6) + image % 6);
            assert_float_equal(r.images[i][25 * k], ((float)first - 127.5f) / 127.5f, 1e-6);
            assert_float_equal(r.images[i][25 * k + 24], ((float)first + 24 - 127.5f) / 127.5f, 1e-6);
        }
    }
    config.first_step = 3;
    run(f->ctx, f->dataset, config, &r);
    assert_int_equal(r.n[0], 3);
    assert_int_equal(r.n[1], 0);
}

static void a_loader_may_be_freed_at_any_moment(void **state) {
    fixture *f = *state;
    for (int steps = 0; steps < 8; steps++) {
        for (int threads = 1; threads <= 4; threads += 3) {
            tam_loader_config config = shuffled;
            tam_loader *loader;
            tam_batch batch;
            config.threads = threads;
            test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader));
            for (int i = 0; i < steps; i++) {
                test_ok(f->ctx, tam_loader_next(loader, &batch));
            }
            tam_loader_free(loader);
        }
    }
    tam_loader_free(NULL);
}

/* However small the batches and many the threads: each finds work while the caller holds a batch, and the ring holds no
 * more than that takes. */
static void every_thread_finds_work(void **state) {
    (void)state;
    for (int threads = 1; threads <= 256; threads++) {
        for (int batch = 1; batch <= 600; batch++) {
            tam_loader_depth depth = tam_loader_depth_of(batch, threads);
            int pieces = (batch + depth.at_a_time - 1) / depth.at_a_time;
            assert_true(depth.at_a_time >= 1 && depth.at_a_time <= 8);
            assert_true((depth.ring - 1) * pieces >= 2 * threads);
            assert_true(depth.ring == 3 || (depth.ring - 2) * batch < 2 * threads);
        }
    }
}

/* Batches of one image, eight threads: the ring is deep, what it delivers is what one thread does. */
static void small_batches_are_the_same_on_many_threads(void **state) {
    fixture *f = *state;
    tam_loader_config config = shuffled;
    tam_loader *one, *eight;
    tam_batch a, b;
    config.batch = 1;
    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &one));
    config.threads = 8;
    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &eight));
    for (int i = 0; i < 100; i++) {
        test_ok(f->ctx, tam_loader_next(one, &a));
        test_ok(f->ctx, tam_loader_next(eight, &b));
        assert_int_equal(a.index[0], b.index[0]);
        assert_memory_equal(a.images, b.images, 25 * sizeof(float));
    }
    tam_loader_free(one);
    tam_loader_free(eight);
}

static void running_allocates_nothing(void **state) {
    fixture *f = *state;
    tam_loader_config config = shuffled;
    tam_loader *loader;
    tam_batch batch;
    config.threads = 1;
    test_ok(f->ctx, tam_loader_create(f->ctx, f->dataset, &config, &loader));
    for (int i = 0; i < 6; i++) {
        test_ok(f->ctx, tam_loader_next(loader, &batch));
    }
    uint64_t before = tam_ctx_memory(f->ctx).allocations;
    for (int i = 0; i < 60; i++) {
        test_ok(f->ctx, tam_loader_next(loader, &batch));
    }
    assert_int_equal(tam_ctx_memory(f->ctx).allocations, before);
    assert_true(tam_loader_stall(loader) >= 0);
    tam_loader_free(loader);
}

/* A partner to be mixed in that cannot be read is no fault of the image, and is counted where it is one itself. */
static void partners_are_not_counted(fixture *f, tam_dataset *dataset) {
    for (int threads = 1; threads <= 3; threads++) {
        tam_loader_config config = {.batch = BATCH,
                                    .shuffle = 1,
                                    .threads = threads,
                                    .skip_unreadable = 1,
                                    .augment = "mixup=1,mixup-share=0.4"};
        tam_loader *loader;
        tam_batch batch;
        int unreadable = 0;
        test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
        for (int64_t steps = 30 * tam_loader_steps_per_epoch(loader); steps > 0; steps--) {
            test_ok(f->ctx, tam_loader_next(loader, &batch));
            unreadable += batch.unreadable;
        }
        assert_in_range(unreadable, 20, 30); /* once an epoch at most: what fills no batch is left out */
        tam_loader_free(loader);
    }
}

/* With skip_unreadable the image's row is empty and all others are as ever, whatever the number of threads. */
static void leave_out_and_count(fixture *f, tam_dataset *dataset) {
    uint8_t pixels[25];
    for (int threads = 1; threads <= 3; threads++) {
        tam_loader_config config = {.batch = BATCH, .threads = threads, .skip_unreadable = 1};
        tam_loader *loader;
        tam_batch batch;
        int unreadable = 0;
        test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
        for (int64_t steps = tam_loader_steps_per_epoch(loader); steps > 0; steps--) {
            test_ok(f->ctx, tam_loader_next(loader, &batch));
            unreadable += batch.unreadable;
            for (int k = 0; k < batch.n; k++) {
                char name[128];
                tam_dataset_image_name(dataset, batch.index[k], name, sizeof name);
                bool gone = strstr(name, "c1/03.png") != NULL;
                assert_int_equal(batch.labels[k], gone ? -1 : tam_dataset_label(dataset, batch.index[k]));
                if (!gone) {
                    test_ok(f->ctx, tam_dataset_read(dataset, batch.index[k], pixels));
                }
                for (int p = 0; p < 25; p++) {
                    float expected = gone ? 0.0f : ((float)pixels[p] - 127.5f) / 127.5f;
                    assert_true(fabsf(batch.images[k * 25 + p] - expected) < 1e-6f);
                }
            }
        }
        assert_int_equal(unreadable, 1);
        tam_loader_free(loader);
        config.batch = 1; /* nothing is left of such a batch */
        test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
        tam_status status = TAM_OK;
        for (int i = 0; i < 18 && status == TAM_OK; i++) {
            status = tam_loader_next(loader, &batch);
        }
        test_fails(f->ctx, status, TAM_INPUT, "c1/03.png: neither PNG");
        tam_loader_free(loader);
    }
}

static void a_corrupt_image_is_named(void **state) {
    fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/c1/03.png", f->folder);
    write_bytes(f->ctx, path, "no picture", 10);
    /* Sizes are given, so that opening looks at no header. */
    tam_dataset_config data = {.path = f->folder, .size = 5, .channels = 1};
    tam_dataset *dataset;
    test_ok(f->ctx, tam_dataset_open(f->ctx, &data, &dataset));
    for (int threads = 1; threads <= 3; threads++) {
        tam_loader_config config = {.batch = BATCH, .threads = threads};
        tam_loader *loader;
        tam_batch batch;
        test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
        test_ok(f->ctx, tam_loader_next(loader, &batch));
        test_fails(f->ctx, tam_loader_next(loader, &batch), TAM_INPUT, "c1/03.png: neither PNG");
        test_fails(f->ctx, tam_loader_next(loader, &batch), TAM_INPUT, "c1/03.png: neither PNG");
        assert_int_equal(batch.n, 0);
        tam_loader_free(loader);
    }
    leave_out_and_count(f, dataset);
    partners_are_not_counted(f, dataset);
    tam_dataset_free(dataset);
    data.size = 0;
    test_fails(f->ctx, tam_dataset_open(f->ctx, &data, &dataset), TAM_INPUT, "c1/03.png: neither PNG");
    assert_null(dataset);
}

static void wrong_settings_are_refused(void **state) {
    fixture *f = *state;
    const struct {
        tam_loader_config config;
        const char *sentence;
    } cases[] = {
        {{.batch = 0}, "a batch of 0"},
        {{.batch = -3}, "a batch of -3"},
        {{.batch = 19, .shuffle = 1}, "a batch of 19 is more than the 18 images"},
        {{.batch = 4, .threads = -1}, "-1 loader threads"},
        {{.batch = 4, .threads = 1000}, "1000 loader threads"},
        {{.batch = 4, .first_step = -1}, "a first step of -1"},
        {{.batch = 4, .augment = "afine"}, "did you mean 'affine'"},
        {{.batch = 4, .augment = "rotat=3"}, "did you mean 'rotate'"},
        {{.batch = 4, .augment = "flip=2"}, "flip=2 is outside"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_loader *loader;
        test_fails(f->ctx, tam_loader_create(f->ctx, f->dataset, &cases[i].config, &loader), TAM_CONFIG,
                   cases[i].sentence);
        assert_null(loader);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_epoch_runs_through_the_images_in_a_new_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(augmentation_depends_on_epoch_and_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mixed_images_keep_their_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resuming_continues_exactly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_seed_decides_the_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_shuffle_all_images_come_once_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loader_may_be_freed_at_any_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_thread_finds_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_batches_are_the_same_on_many_threads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(running_allocates_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_corrupt_image_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_settings_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
