/* Steps of several batches: --accumulate. */
#include "train_sample.h"

#include <math.h>

#include "data/sampler.h"

enum { MANY = 300 };

/* Each number of net and head that is trained, with its momentum, and what the head's loss has learned. */
typedef struct numbers {
    size_t count;
    float *value;
} numbers;

static void add_head(tam_run *run, const char *name, numbers *all) {
    for (int i = 0; i < tam_head_tensor_count(run->head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(run->head, i);
        if (strcmp(tensor.name, name) == 0) {
            bool wide = strcmp(tensor.dtype, "F64") == 0;
            assert_true(wide || strcmp(tensor.dtype, "F32") == 0);
            for (size_t k = 0; k < tensor.bytes / (wide ? 8 : 4); k++) {
                all->value[all->count++] = wide ? (float)((double *)tensor.data)[k] : ((float *)tensor.data)[k];
            }
        }
    }
}

static void add_net(train_sample *s, tam_run *run, tam_net_part part, numbers *all) {
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(run->net, i);
        if (tensor.trained) {
            test_ok(s->ctx, tam_net_read(run->net, i, part, all->value + all->count));
            all->count += (size_t)tensor.count;
        }
    }
}

static numbers take_values(train_sample *s, tam_run *run) {
    numbers all = {.value = malloc((size_t)1 << 24)};
    add_net(s, run, TAM_NET_VALUE, &all);
    add_head(run, "head.weight", &all);
    add_head(run, "head.bias", &all);
    return all;
}

static numbers take_momenta(train_sample *s, tam_run *run) {
    numbers all = {.value = malloc((size_t)1 << 24)};
    add_net(s, run, TAM_NET_MOMENTUM, &all);
    add_head(run, "head.momentum", &all);
    add_head(run, "head.bias_momentum", &all);
    return all;
}

static void expect_near(const numbers *a, const numbers *b, double most) {
    double squares = 0.0, apart = 0.0;
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        squares += (double)a->value[i] * (double)a->value[i];
        apart += ((double)a->value[i] - (double)b->value[i]) * ((double)a->value[i] - (double)b->value[i]);
    }
    assert_true(squares > 0.0);
    if (!(sqrt(apart) <= most * sqrt(squares))) {
        fail_msg("%g of %g apart", sqrt(apart), sqrt(squares));
    }
}

/* A net without batch norm: each sample for itself. */
static void make(train_sample *s, const char *loss) {
    train_sample_make(s, 1);
    s->config.net = "lenet++";
    s->config.loss = loss;
    s->config.validation.path = NULL;
    s->config.clip = -1;
    s->config.warmup = -1;
    s->config.lr = 0.05;
    s->config.weight_decay = 1e-2;
}

/* MANY classes of one image each. */
static void make_many(train_sample *s, const char *loss) {
    make(s, loss);
    test_folder_remove(s->data);
    tam_glyphs_config glyphs = {.identities = MANY, .per_identity = 1, .size = 16};
    test_ok(s->ctx, tam_glyphs_write(s->ctx, &glyphs, s->data));
}

static tam_run *open_parts(train_sample *s, int batch, int accumulate, const char *out) {
    s->config.batch = batch;
    s->config.accumulate = accumulate;
    s->config.out = out;
    return train_sample_open(s);
}

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
        expect_near(&momenta, &got_momenta, 2e-4);
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

/* All parts of a step draw the same classes, those that one batch would. */
static void parts_draw_the_same_classes(void **state) {
    (void)state;
    train_sample s;
    make_many(&s, "arcface:s=16,m=0.2");
    s.config.sample_rate = 0.1;
    compare_parts(&s, 5);
    train_sample_free(&s);
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

/* The labels of a part of the first step. */
static void labels_of_part(train_sample *s, tam_run *run, int part, int32_t *y) {
    tam_sampler *sampler;
    int64_t index[16], epoch;
    const tam_loader_config config = {
        .batch = run->config.batch, .accumulate = run->config.accumulate, .seed = run->config.seed, .shuffle = 1};
    test_ok(s->ctx, tam_sampler_create(s->ctx, run->data, &config, &sampler));
    assert_int_equal(tam_sampler_batch(sampler, part, index, &epoch), run->config.batch);
    for (int k = 0; k < run->config.batch; k++) {
        y[k] = tam_dataset_label(run->data, index[k]);
    }
    tam_sampler_free(sampler);
}

/* The first step of three parts, those in `bad` (a bit each) with a loss that is not finite. */
static void step_with_bad(train_sample *s, int bad, numbers *before, numbers *after, numbers *momenta) {
    int count = 0;
    tam_run *run = open_parts(s, 4, 3, s->out);
    *before = take_values(s, run);
    for (int part = 0; part < 3; part++) {
        int32_t y[4];
        if ((bad & 1 << part) != 0) {
            labels_of_part(s, run, part, y);
            tam_head_centres(run->head)[y[2] * s->config.dim + 1] = NAN;
            count++;
        }
    }
    test_ok(s->ctx, tam_run_step(run));
    assert_int_equal(run->counters.skipped, count);
    assert_int_equal(run->counters.step, 1);
    assert_int_equal(run->counters.skipped_in_row, bad == 7 ? 3 : bad >= 6 ? 2 : bad >= 4 ? 1 : 0);
    assert_int_equal((int)run->sums.epoch.steps, 3 - count);
    *after = take_values(s, run);
    *momenta = take_momenta(s, run);
    train_sample_close(s, run);
    test_folder_remove(s->out);
}

static void free_numbers(numbers *a, numbers *b, numbers *c) {
    free(a->value);
    free(b->value);
    free(c->value);
}

/* v_p of each part alone, one third of its gradient; then every set of bad parts has the sum of the others, and w has
 * moved by it. */
static void a_part_that_is_not_finite_adds_nothing(void **state) {
    (void)state;
    train_sample s;
    numbers before, after, momenta, of_part[3];
    make_many(&s, "softmax+center:lambda=0.1");
    s.config.weight_decay = -1;
    for (int part = 0; part < 3; part++) {
        step_with_bad(&s, 7 & ~(1 << part), &before, &after, &of_part[part]);
        free(before.value);
        free(after.value);
    }
    for (int bad = 0; bad < 8; bad++) {
        step_with_bad(&s, bad, &before, &after, &momenta);
        for (size_t i = 0; i < before.count; i++) {
            double sum = 0.0;
            for (int part = 0; part < 3; part++) {
                sum += (bad & 1 << part) == 0 ? (double)of_part[part].value[i] : 0.0;
            }
            double moved = (double)before.value[i] - s.config.lr * sum;
            assert_true(fabs((double)momenta.value[i] - sum) <= 1e-5 * (fabs(sum) + 0.01));
            assert_true(fabs((double)after.value[i] - moved) <= 1e-5 * (fabs(moved) + 0.01));
        }
        if (bad == 7) {
            assert_memory_equal(before.value, after.value, before.count * sizeof(float));
        }
        free_numbers(&before, &after, &momenta);
    }
    free_numbers(&of_part[0], &of_part[1], &of_part[2]);
    train_sample_free(&s);
}

/* Weight decay comes with the first part that is finite, once. */
static void decay_comes_once(void **state) {
    (void)state;
    train_sample s;
    numbers before, after, without, with;
    make_many(&s, "softmax+center:lambda=0.1");
    for (int bad = 0; bad < 8; bad++) {
        s.config.weight_decay = -1;
        step_with_bad(&s, bad, &before, &after, &without);
        free(before.value);
        free(after.value);
        s.config.weight_decay = 0.5;
        step_with_bad(&s, bad, &before, &after, &with);
        size_t decayed = 0;
        for (size_t i = 0; i < before.count; i++) {
            double added = (double)with.value[i] - (double)without.value[i], decay = 0.5 * (double)before.value[i];
            bool by_decay = fabs(added - decay) <= 1e-5 * (fabs(decay) + 0.01);
            assert_true(by_decay || added == 0.0); /* biases and slopes do not decay */
            decayed += by_decay && fabs(decay) > 1e-6;
        }
        assert_true(bad == 7 ? decayed == 0 : decayed > before.count / 2);
        free_numbers(&before, &after, &with);
        free(without.value);
    }
    train_sample_free(&s);
}

static void bad_parts_in_a_row_end_the_run(void **state) {
    (void)state;
    train_sample s;
    make_many(&s, "softmax+center");
    tam_run *run = open_parts(&s, 4, 8, s.out);
    for (int i = 0; i < MANY * s.config.dim; i++) {
        tam_head_centres(run->head)[i] = NAN;
    }
    test_ok(s.ctx, tam_run_step(run));
    test_ok(s.ctx, tam_run_step(run));
    test_fails(s.ctx, tam_run_step(run), TAM_NEGATIVE, "not finite in 24 parts of steps in a row, up to step 3");
    train_sample_close(&s, run);
    train_sample_free(&s);
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

/* The move that comes late, after a part whose gradient was not finite: it lies there still. */
static void a_bad_gradient_is_not_looked_at(void **state) {
    (void)state;
    train_sample s;
    float bad[800], before[800], after[800];
    make(&s, "softmax");
    tam_run *run = open_parts(&s, 4, 3, s.out);
    tam_net_tensor tensor = tam_net_tensor_at(run->net, 0);
    assert_true(tensor.trained && tensor.count == 800);
    test_ok(s.ctx, tam_run_step(run));
    for (int i = 0; i < 800; i++) {
        bad[i] = i % 2 == 0 ? NAN : INFINITY;
    }
    test_ok(s.ctx, tam_net_write(run->net, 0, TAM_NET_GRADIENT, bad));
    test_ok(s.ctx, tam_net_read(run->net, 0, TAM_NET_VALUE, before));
    test_ok(s.ctx, tam_net_read(run->net, 0, TAM_NET_MOMENTUM, bad));
    tam_net_update(run->net, 0.5f, 1.0f, 0.0f, 0.0f);
    test_ok(s.ctx, tam_net_read(run->net, 0, TAM_NET_VALUE, after));
    for (int i = 0; i < 800; i++) {
        assert_true(fabsf(after[i] - (before[i] - 0.5f * bad[i])) <= 1e-6f * fabsf(before[i]) + 1e-9f);
    }
    train_sample_close(&s, run);
    train_sample_free(&s);
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
        cmocka_unit_test(parts_make_the_step_of_one_batch),
        cmocka_unit_test(parts_draw_the_same_classes),
        cmocka_unit_test(a_resumed_run_is_the_same_run),
        cmocka_unit_test(a_part_that_is_not_finite_adds_nothing),
        cmocka_unit_test(decay_comes_once),
        cmocka_unit_test(bad_parts_in_a_row_end_the_run),
        cmocka_unit_test(weights_wait_for_the_last_part),
        cmocka_unit_test(a_bad_gradient_is_not_looked_at),
        cmocka_unit_test(clipping_bounds_each_part),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(wrong_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
