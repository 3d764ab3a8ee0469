/* A small data set and a configuration for the tests of training. */
#ifndef TESTS_TRAIN_SAMPLE_H
#define TESTS_TRAIN_SAMPLE_H

#include "support.h"

#include "base/memory.h"
#include "tammes/train.h"
#include "train/run.h"

typedef struct train_sample {
    tam_ctx *ctx;
    char folder[64], data[96], validation[96], out[96];
    tam_train_config config;
} train_sample;

/* 6 identities of 9 glyphs, batches of 8: 6 steps an epoch, 4 more identities to validate on. */
static inline void train_sample_make(train_sample *s, int threads) {
    s->ctx = test_ctx(threads);
    test_folder(s->folder);
    snprintf(s->data, sizeof s->data, "%s/glyphs", s->folder);
    snprintf(s->validation, sizeof s->validation, "%s/others", s->folder);
    snprintf(s->out, sizeof s->out, "%s/run", s->folder);
    tam_glyphs_config glyphs = {.identities = 6, .per_identity = 9, .size = 16};
    test_ok(s->ctx, tam_glyphs_write(s->ctx, &glyphs, s->data));
    glyphs.first = 100;
    glyphs.identities = 4;
    test_ok(s->ctx, tam_glyphs_write(s->ctx, &glyphs, s->validation));
    s->config = (tam_train_config){.data.path = s->data,
                                   .validation.path = s->validation,
                                   .net = "conv4:width=16",
                                   .loss = "arcface:s=16,m=0.2+center",
                                   .dim = 6,
                                   .out = s->out,
                                   .epochs = 3,
                                   .batch = 8,
                                   .log_every = 4,
                                   .augment = "affine"};
}

static inline void train_sample_free(train_sample *s) {
    test_folder_remove(s->folder);
    test_ctx_free(s->ctx);
}

/* A run that the test itself takes from step to step. */
static inline tam_run *train_sample_open(train_sample *s) {
    tam_run *run = tam_allocate(s->ctx, 1, sizeof *run, "a run");
    test_ok(s->ctx, tam_run_open(s->ctx, &s->config, run));
    return run;
}

static inline void train_sample_close(train_sample *s, tam_run *run) {
    tam_run_close(run);
    tam_release(s->ctx, run);
}

/* Asserts that two files have the same bytes. */
static inline void same_file(const char *folder_a, const char *folder_b, const char *name) {
    char command[1000];
    snprintf(command, sizeof command, "cmp '%s/%s' '%s/%s'", folder_a, name, folder_b, name);
    assert_int_equal(system(command), 0);
}

#endif
