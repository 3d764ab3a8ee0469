/* What the tests of steps of several batches share. */
#ifndef TESTS_TRAIN_PARTS_H
#define TESTS_TRAIN_PARTS_H

#include "train_sample.h"

#include <math.h>

enum { MANY = 300 };

/* Each number of net and head that is trained, with its momentum, and what the head's loss has learned. */
typedef struct numbers {
    size_t count;
    float *value;
} numbers;

static inline void add_head(tam_run *run, const char *name, numbers *all) {
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

static inline void add_net(train_sample *s, tam_run *run, tam_net_part part, numbers *all) {
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(run->net, i);
        if (tensor.trained) {
            test_ok(s->ctx, tam_net_read(run->net, i, part, all->value + all->count));
            all->count += (size_t)tensor.count;
        }
    }
}

static inline numbers take_values(train_sample *s, tam_run *run) {
    numbers all = {.value = malloc((size_t)1 << 24)};
    add_net(s, run, TAM_NET_VALUE, &all);
    add_head(run, "head.weight", &all);
    add_head(run, "head.bias", &all);
    return all;
}

static inline numbers take_momenta(train_sample *s, tam_run *run) {
    numbers all = {.value = malloc((size_t)1 << 24)};
    add_net(s, run, TAM_NET_MOMENTUM, &all);
    add_head(run, "head.momentum", &all);
    add_head(run, "head.bias_momentum", &all);
    return all;
}

static inline void expect_near(const numbers *a, const numbers *b, double most) {
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
static inline void make(train_sample *s, const char *loss) {
    train_sample_make(s, 1);
    s->config.net = "lenet++";
    s->config.loss = loss;
    s->config.validation.path = NULL;
    s->config.clip = -1;
    s->config.warmup = -1;
    s->config.lr = 0.01;
    s->config.weight_decay = 1e-2;
}

/* MANY classes of one image each. */
static inline void make_many(train_sample *s, const char *loss) {
    make(s, loss);
    test_folder_remove(s->data);
    tam_glyphs_config glyphs = {.identities = MANY, .per_identity = 1, .size = 16};
    test_ok(s->ctx, tam_glyphs_write(s->ctx, &glyphs, s->data));
}

static inline tam_run *open_parts(train_sample *s, int batch, int accumulate, const char *out) {
    s->config.batch = batch;
    s->config.accumulate = accumulate;
    s->config.out = out;
    return train_sample_open(s);
}

#endif
