/* Steps of several batches: --accumulate. */
#include "train_parts.h"

static void compare_parts(train_sample *s, int steps) {
    static const int parts[] = {2, 4};
    char whole[96];
    snprintf(whole, sizeof whole, "%s/whole", s->folder);
    tam_run *one = open_parts(s, 8, 1, whole);
    for (int step = 0; step < steps; step++) {
        test_ok(s->ctx, tam_run_step(one));
    }
    numbers expected = take_values(s, one), momenta = take_momenta(s, one);
    for (int i = 0; i < 2; i++) {
        tam_run *run = open_parts(s, 8 / parts[i], parts[i], s->out);
        assert_int_equal(run->steps, one->steps);
        for (int step = 0; step < steps; step++) {
            test_ok(s->ctx, tam_run_step(run));
        }
        numbers got = take_values(s, run), got_momenta = take_momenta(s, run);
        assert_true(run->rate == one->rate && run->counters.step == steps);
        expect_near(&expected, &got, 2e-5);
        expect_near(&momenta, &got_momenta, 2e-3); /* rounding picks another maximum of a pool here and there */
        assert_true(fabs(run->sums.epoch.correct - one->sums.epoch.correct) <= 1.0);
        assert_true(run->sums.epoch.counted == one->sums.epoch.counted);
        double loss = tam_mean(one->sums.epoch.loss, one->sums.epoch.steps);
        assert_true(fabs(tam_mean(run->sums.epoch.loss, run->sums.epoch.steps) - loss) < 1e-4 * loss);
        free(got.value);
        free(got_momenta.value);
        train_sample_close(s, run);
        test_folder_remove(s->out);
    }
    free(expected.value);
    free(momenta.value);
    train_sample_close(s, one);
    test_folder_remove(whole);
}

/* Over more than an epoch of 6 steps: the same images in the same order. The last two have a scale that is learned, and
 * a margin that depends on the number of steps. */
static void parts_make_the_step_of_one_batch(void **state) {
    (void)state;
    static const char *const losses[] = {"softmax", "arcface:s=16,m=0.2", "subcenter-arcface:s=16,K=2",
                                         "normface:learn=yes", "sphereface:m=2"};
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        train_sample s;
        make(&s, losses[i]);
        compare_parts(&s, 8);
        train_sample_free(&s);
    }
}

/* All parts of a step draw the same classes, those that one batch would; there is room for those of all parts. */
static void parts_draw_the_same_classes(void **state) {
    (void)state;
    for (int few = 0; few < 2; few++) {
        train_sample s;
        make_many(&s, "arcface:s=16,m=0.2");
        s.config.sample_rate = few ? 0.001 : 0.1;
        compare_parts(&s, 5);
        train_sample_free(&s);
    }
}

/* Killed after any step: the bytes of the run that was left alone. */
static void a_resumed_run_is_the_same_run(void **state) {
    (void)state;
    static const struct {
        const char *loss, *sampler, *head_dtype;
        double sample_rate;
        int batch;
    } cases[] = {{"arcface:s=16,m=0.2+center", NULL, NULL, 0, 4},
                 {"arcface:s=16,m=0.2", NULL, "bf16-lean", 0, 4},
                 {"elasticface-arc:s=16+triplet:miner=distance-weighted", "pk:P=2,K=3", NULL, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        train_sample s;
        tam_train_result result;
        char whole[96];
        train_sample_make(&s, 1);
        s.config.loss = cases[i].loss;
        s.config.sampler = cases[i].sampler;
        s.config.head_dtype = cases[i].head_dtype;
        s.config.batch = cases[i].batch;
        s.config.accumulate = 3;
        s.config.epochs = 2;
        snprintf(whole, sizeof whole, "%s/whole", s.folder);
        s.config.out = whole;
        test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
        const int steps = cases[i].sampler != NULL ? 6 : 8; /* of 54 images, 18 or 12 a step */
        assert_int_equal(result.step, steps);
        s.config.out = s.out;
        for (int stop = 1; stop <= steps; stop++) {
            tam_run *run = train_sample_open(&s);
            for (int step = 0; step < stop; step++) {
                if (step > 0 && step % run->steps_per_epoch == 0) {
                    test_ok(s.ctx, tam_run_end_epoch(run));
                }
                test_ok(s.ctx, tam_run_step(run));
                if (run->counters.step % s.config.log_every == 0) {
                    tam_log_step(run);
                }
            }
            test_ok(s.ctx, tam_checkpoint_save(run));
            train_sample_close(&s, run);
            test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
            assert_true(result.resumed);
            same_file(whole, s.out, "last.safetensors");
            same_file(whole, s.out, "best.safetensors");
            same_file(whole, s.out, "config.yaml");
            test_folder_remove(s.out);
        }
        train_sample_free(&s);
    }
}

/* Until the last part, w stays bit for bit, also where it is rounded at random as it moves. */
static void weights_wait_for_the_last_part(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
    for (int d = 0; d < 3; d++) {
        train_sample s;
        float x[4 * 6], dx[4 * 6];
        const int32_t y[4] = {0, 3, 3, 5};
        tam_head_result result;
        make(&s, "arcface:s=16");
        s.config.head_dtype = dtypes[d];
        tam_run *run = open_parts(&s, 4, 2, s.out);
        tam_head_tensor w = tam_head_tensor_at(run->head, 0), v = tam_head_tensor_at(run->head, 1);
        assert_string_equal(w.name, "head.weight");
        assert_string_equal(v.name, "head.momentum");
        uint8_t *kept = malloc(2 * w.bytes);
        for (int i = 0; i < 24; i++) {
            x[i] = sinf((float)(i * i));
        }
        for (int part = 0; part < 3; part++) {
            const tam_head_update update = {.lr = part == 2 ? 0.1f : 0.0f,
                                            .momentum = part == 0 ? 0.9f : 1.0f,
                                            .weight_decay = part == 0 ? 0.1f : 0.0f,
                                            .gradient_scale = 0.5f,
                                            .part = part,
                                            .more = part < 2};
            memcpy(kept, w.data, w.bytes);
            memcpy(kept + w.bytes, v.data, v.bytes);
            test_ok(s.ctx, tam_head_step(run->head, 4, x, y, dx, NULL, &update, &result));
            assert_int_equal(memcmp(kept, w.data, w.bytes) == 0, part < 2);
            assert_int_not_equal(memcmp(kept + w.bytes, v.data, v.bytes), 0);
        }
        free(kept);
        train_sample_close(&s, run);
        train_sample_free(&s);
    }
}

static void clipping_bounds_each_part(void **state) {
    (void)state;
    train_sample s;
    numbers all = {.value = malloc((size_t)1 << 24)};
    make(&s, "softmax");
    s.config.clip = 1e-3;
    s.config.momentum = s.config.weight_decay = -1;
    tam_run *run = open_parts(&s, 4, 3, s.out);
    test_ok(s.ctx, tam_run_step(run));
    add_net(&s, run, TAM_NET_MOMENTUM, &all);
    double squares = 0.0;
    for (size_t i = 0; i < all.count; i++) {
        squares += (double)all.value[i] * (double)all.value[i];
    }
    assert_true(squares > 0.0 && sqrt(squares) <= 1e-3 * 1.0001);
    free(all.value);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static void a_step_allocates_nothing(void **state) {
    (void)state;
    train_sample s;
    make_many(&s, "arcface:s=16+center");
    s.config.lr = 1e-3;
    s.config.sample_rate = 0.2;
    tam_run *run = open_parts(&s, 4, 3, s.out);
    test_ok(s.ctx, tam_run_step(run));
    uint64_t before = tam_ctx_memory(s.ctx).allocations;
    for (int i = 0; i < 10; i++) {
        test_ok(s.ctx, tam_run_step(run));
    }
    assert_int_equal(tam_ctx_memory(s.ctx).allocations, before);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static void wrong_numbers_are_refused(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    train_sample_make(&s, 1);
    tam_train_config kept = s.config;
#define REFUSED(change, sentence)                                                        \
    do {                                                                                 \
        s.config = kept;                                                                 \
        change;                                                                          \
        test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_CONFIG, (sentence)); \
        assert_int_equal(access(s.out, F_OK), -1);                                       \
    } while (0)
    REFUSED(s.config.accumulate = -1, "accumulate is -1, outside [1, 65536]");
    REFUSED(s.config.accumulate = 65537, "accumulate is 65537");
    REFUSED((s.config.accumulate = 65536, s.config.batch = 17), "batch times accumulate is 1.11411e+06");
    REFUSED(s.config.accumulate = 7, "54 images are fewer than one step of 7 batches of 8");
#undef REFUSED
    s.config = kept;
    s.config.accumulate = 2;
    s.config.steps = 2;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    s.config.accumulate = 3;
    test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_CONFIG, "accumulate: 2, this one 3");
    s.config.accumulate = 0;
    test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_CONFIG, "accumulate: 2, this one absent");
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_make_the_step_of_one_batch), cmocka_unit_test(parts_draw_the_same_classes),
        cmocka_unit_test(a_resumed_run_is_the_same_run),    cmocka_unit_test(weights_wait_for_the_last_part),
        cmocka_unit_test(clipping_bounds_each_part),        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(wrong_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
