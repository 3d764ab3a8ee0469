/* Steps of several batches, of which some are not finite. */
#include "train_parts.h"

#include "data/sampler.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_that_is_not_finite_adds_nothing),
        cmocka_unit_test(decay_comes_once),
        cmocka_unit_test(bad_parts_in_a_row_end_the_run),
        cmocka_unit_test(a_bad_gradient_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
