/* RecordIO files on the disk, for the tests of their reader and writers. */
#ifndef TESTS_REC_SUPPORT_H
#define TESTS_REC_SUPPORT_H

#include "data_support.h"

#include "data/dataset.h"
#include "unit/io/record_support.h"

/* Keys of records that an index counts. */
static const uint64_t counted[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* A folder, a context that keeps its warnings, and one image for each number. */
typedef struct rec_fixture {
    tam_ctx *ctx;
    char folder[64], path[128], index[128];
    char warnings[2048];
    uint8_t image[256];
    size_t image_size;
} rec_fixture;

static inline void keep_warning(void *user, const char *sentence) {
    char *warnings = user;
    size_t length = strlen(warnings);
    snprintf(warnings + length, 2048 - length, "%s\n", sentence);
}

static inline int rec_set_up(void **state) {
    static rec_fixture f;
    f = (rec_fixture){0};
    tam_ctx_config config = {.threads = 3, .warn = keep_warning, .warn_user = f.warnings};
    assert_int_equal(tam_ctx_create(&config, &f.ctx), TAM_OK);
    test_folder(f.folder);
    snprintf(f.path, sizeof f.path, "%s/train.rec", f.folder);
    snprintf(f.index, sizeof f.index, "%s/train.idx", f.folder);
    *state = &f;
    return 0;
}

static inline int rec_tear_down(void **state) {
    rec_fixture *f = *state;
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    return 0;
}

/* The image of a number: a PNG of 2 x 2 whose first pixel is the number. */
static inline void draw(rec_fixture *f, int number) {
    const uint8_t pixels[4] = {(uint8_t)number, 50, 100, 150};
    uint8_t *png;
    test_ok(f->ctx, tam_png_encode(f->ctx, 2, 2, 1, pixels, &png, &f->image_size));
    assert_true(f->image_size <= sizeof f->image);
    memcpy(f->image, png, f->image_size);
    tam_release(f->ctx, png);
}

static inline void add_image(rec_fixture *f, record_file *bytes, uint64_t id, float label, int number) {
    draw(f, number);
    put_image(bytes, id, label, f->image, f->image_size);
}

/* Four images with labels 7, 3, 7, 10 and ids of their own. */
static inline void put_four(rec_fixture *f, record_file *bytes) {
    static const float labels[4] = {7, 3, 7, 10};
    static const uint64_t ids[4] = {20, 5, 6, 11};
    *bytes = (record_file){0};
    for (int i = 0; i < 4; i++) {
        add_image(f, bytes, ids[i], labels[i], 30 + i);
    }
}

/* train.rec, and train.idx with these keys for its records (NULL: none). */
static inline void store(rec_fixture *f, const record_file *bytes, const uint64_t *keys) {
    char text[MOST_RECORDS * 24];
    int length = 0;
    write_bytes(f->ctx, f->path, bytes->bytes, bytes->size);
    unlink(f->index);
    for (int i = 0; keys != NULL && i < bytes->count; i++) {
        length += snprintf(text + length, sizeof text - (size_t)length, "%llu\t%llu\n", (unsigned long long)keys[i],
                           (unsigned long long)bytes->at[i]);
    }
    if (keys != NULL) {
        write_bytes(f->ctx, f->index, text, (size_t)length);
    }
}

static inline tam_status open_data(rec_fixture *f, const char *path, tam_dataset **dataset) {
    tam_dataset_config config = {.path = path};
    f->warnings[0] = '\0';
    return tam_dataset_open(f->ctx, &config, dataset);
}

/* Image i of the data: its key, the name of its class, its number. */
static inline void expect_image(rec_fixture *f, tam_dataset *dataset, int64_t i, const char *key, const char *name,
                                int number) {
    char found[64];
    uint8_t pixels[4];
    tam_dataset_image_key(dataset, i, found, sizeof found);
    assert_string_equal(found, key);
    assert_string_equal(tam_dataset_class_name(dataset, tam_dataset_label(dataset, i)), name);
    test_ok(f->ctx, tam_dataset_read(dataset, i, pixels));
    assert_int_equal(pixels[0], number);
}

#endif
