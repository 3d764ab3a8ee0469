/* What tests of comparisons share: images that the test draws, and a small recipe. */
#ifndef UNIT_REPORT_COMPARE_FIXTURE_H
#define UNIT_REPORT_COMPARE_FIXTURE_H

#include "support.h"

#include "report/compare.h"
#include "tammes/data.h"

enum { SIDE = 16, CLASSES = 5, TRAIN = 60, TEST = 20 };

static inline void put_number(FILE *file, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        fputc((int)(value >> shift & 255), file);
    }
}

/* IDX files of procedural characters; train and test are different samples of the same ones. */
static inline void write_idx(const char *folder, const char *stem, int first, int count) {
    char path[256];
    const tam_glyphs_config config = {.identities = CLASSES, .size = SIDE, .seed = 11};
    uint8_t pixels[SIDE * SIDE];
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", folder, stem);
    FILE *images = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", folder, stem);
    FILE *labels = fopen(path, "wb");
    assert_true(images != NULL && labels != NULL);
    put_number(images, 0x803);
    put_number(images, (uint32_t)count);
    put_number(images, SIDE);
    put_number(images, SIDE);
    put_number(labels, 0x801);
    put_number(labels, (uint32_t)count);
    for (int i = 0; i < count; i++) {
        tam_glyphs_draw(&config, i % CLASSES, first + i / CLASSES, pixels);
        fwrite(pixels, 1, sizeof pixels, images);
        fputc(i % CLASSES, labels);
    }
    assert_int_equal(fclose(images) | fclose(labels), 0);
}

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64], data[96], out[96];
} fixture;

static inline fixture begin(void) {
    fixture made = {.ctx = test_ctx(1)};
    char command[160];
    test_folder(made.folder);
    snprintf(made.data, sizeof made.data, "%s/data", made.folder);
    snprintf(made.out, sizeof made.out, "%s/out", made.folder);
    snprintf(command, sizeof command, "mkdir %s", made.data);
    assert_int_equal(system(command), 0);
    write_idx(made.data, "train", 0, TRAIN);
    write_idx(made.data, "t10k", 100, TEST);
    return made;
}

static inline void end(fixture *made) {
    test_folder_remove(made->folder);
    test_ctx_free(made->ctx);
}

static inline tam_compare_config config_of(const fixture *made, const char *losses, const char *dims) {
    return (tam_compare_config){
        .losses = losses,
        .dims = dims,
        .out = made->out,
        .recipe = {
            .data = {.path = made->data}, .net = "conv4:width=16,bn=0", .batch = 10, .steps = 12, .log_every = 4}};
}

static inline void train_all(tam_ctx *ctx, tam_comparison *comparison) {
    for (int i = 0; i < tam_compare_runs(comparison); i++) {
        const tam_train_config recipe = tam_compare_recipe(comparison, i);
        tam_train_result result;
        test_ok(ctx, tam_train(ctx, &recipe, &result));
        test_ok(ctx, tam_compare_measure(comparison, i));
    }
}

static inline char *read_file(const char *folder, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 22);
    assert_true(fread(text, 1, (1 << 22) - 1, file) > 0);
    fclose(file);
    return text;
}

#endif
