/* Epochs shuffled block by block: each image once, far from its neighbours, read in pieces. */
#include "rec_support.h"

#include "data/block_sampler.h"

/* One epoch's order in batches of `batch`; what does not fill one comes as a short one. */
static void take_epoch(tam_ctx *ctx, int64_t count, int block, int window, uint64_t seed, int64_t epoch, int batch,
                       int64_t *order) {
    tam_block_sampler *sampler;
    test_ok(ctx, tam_block_sampler_create(ctx, count, block, window, seed, &sampler));
    for (int64_t at = 0; at < count; at += batch) {
        tam_block_sampler_take(sampler, epoch, at, count - at < batch ? (int)(count - at) : batch, order + at);
    }
    tam_block_sampler_free(sampler);
}

static void every_image_once_an_epoch(void **state) {
    (void)state;
    static const int64_t counts[] = {1, 2, 31, 32, 33, 64, 100, 1000};
    static const int blocks[] = {1, 2, 7, 32, 1000}, windows[] = {1, 3, 8, 65536};
    tam_ctx *ctx = test_ctx(1);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (int b = 0; b < 5; b++) {
            for (int w = 0; w < 4; w++) {
                for (int64_t epoch = 0; epoch < 3; epoch++) {
                    int64_t order[1000];
                    int seen[1000] = {0};
                    take_epoch(ctx, counts[c], blocks[b], windows[w], 5, epoch, 13, order);
                    for (int64_t i = 0; i < counts[c]; i++) {
                        assert_in_range(order[i], 0, counts[c] - 1);
                        seen[order[i]]++;
                    }
                    for (int64_t i = 0; i < counts[c]; i++) {
                        assert_int_equal(seen[i], 1);
                    }
                }
            }
        }
    }
    test_ctx_free(ctx);
}

/* Any place of any epoch, asked for in any order, holds what it holds in a straight run. */
static void the_state_is_the_place(void **state) {
    (void)state;
    enum { COUNT = 203, BATCH = 7, STEPS = COUNT / BATCH };
    int64_t straight[3][COUNT], other[COUNT];
    tam_ctx *ctx = test_ctx(1);
    tam_block_sampler *sampler;
    for (int epoch = 0; epoch < 3; epoch++) {
        take_epoch(ctx, COUNT, 10, 4, 9, epoch, BATCH, straight[epoch]);
        take_epoch(ctx, COUNT, 10, 4, 9, epoch, 1, other);
        assert_memory_equal(other, straight[epoch], sizeof other);
    }
    assert_memory_not_equal(straight[0], straight[1], sizeof other);
    take_epoch(ctx, COUNT, 10, 4, 10, 0, BATCH, other);
    assert_memory_not_equal(straight[0], other, sizeof other);
    test_ok(ctx, tam_block_sampler_create(ctx, COUNT, 10, 4, 9, &sampler));
    for (int i = 0; i < 3 * STEPS; i++) {
        int jump = i * 37 % (3 * STEPS), epoch = jump / STEPS, step = jump % STEPS;
        tam_block_sampler_take(sampler, epoch, (int64_t)step * BATCH, BATCH, other);
        assert_memory_equal(other, straight[epoch] + step * BATCH, BATCH * sizeof *other);
    }
    tam_block_sampler_free(sampler);
    test_ctx_free(ctx);
}

/* What a window's batches read is whole blocks: images that follow one another, `block` at a time. */
static void a_window_reads_whole_blocks(void **state) {
    (void)state;
    enum { COUNT = 4000, BLOCK = 20, WINDOW = 10, AT_ONCE = BLOCK * WINDOW };
    static int64_t order[COUNT];
    tam_ctx *ctx = test_ctx(1);
    take_epoch(ctx, COUNT, BLOCK, WINDOW, 3, 1, 50, order);
    for (int w = 0; w < COUNT / AT_ONCE; w++) {
        char read[COUNT] = {0};
        int begins = 0;
        for (int i = 0; i < AT_ONCE; i++) {
            read[order[w * AT_ONCE + i]] = 1;
        }
        for (int i = 0; i < COUNT; i++) {
            begins += read[i] && !read[(i + COUNT - 1) % COUNT];
        }
        assert_in_range(begins, 1, WINDOW); /* blocks that touch are one run */
        assert_in_range(begins, WINDOW - 4, WINDOW);
    }
    test_ctx_free(ctx);
}

/* Places within a window: no two windows of an epoch are shuffled alike. */
static void each_window_has_an_order_of_its_own(void **state) {
    (void)state;
    enum { COUNT = 640, BLOCK = 64 };
    int64_t order[COUNT], least[COUNT / BLOCK];
    tam_ctx *ctx = test_ctx(1);
    for (uint64_t seed = 0; seed < 20; seed++) {
        take_epoch(ctx, COUNT, BLOCK, 1, seed, 0, BLOCK, order); /* a window is a block */
        for (int w = 0; w < COUNT / BLOCK; w++) {
            least[w] = INT64_MAX;
            for (int i = 0; i < BLOCK; i++) {
                least[w] = order[w * BLOCK + i] < least[w] ? order[w * BLOCK + i] : least[w];
            }
        }
        for (int w = 1; w < COUNT / BLOCK; w++) {
            int alike = 0;
            for (int i = 0; i < BLOCK; i++) {
                alike += order[w * BLOCK + i] - least[w] == order[(w - 1) * BLOCK + i] - least[w - 1];
            }
            assert_in_range(alike, 0, BLOCK / 4); /* one, on average */
        }
    }
    test_ctx_free(ctx);
}

/* Where the blocks begin differs from epoch to epoch: what was together once is not together always. */
static void blocks_are_cut_anew(void **state) {
    (void)state;
    enum { COUNT = 1000, BLOCK = 10, EPOCHS = 40 };
    int64_t order[COUNT];
    int offsets[BLOCK] = {0};
    tam_ctx *ctx = test_ctx(1);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        take_epoch(ctx, COUNT, BLOCK, 1, 8, epoch, BLOCK, order); /* a window is a block */
        int64_t least = COUNT;
        bool first = false, last = false;
        for (int i = 0; i < BLOCK; i++) {
            least = order[i] < least ? order[i] : least;
            first = first || order[i] == 0;
            last = last || order[i] == COUNT - 1;
        }
        if (!(first && last)) { /* the block across the end of the data says nothing */
            offsets[least % BLOCK]++;
        }
    }
    for (int i = 0; i < BLOCK; i++) {
        assert_in_range(offsets[i], 0, EPOCHS / 3);
    }
    test_ctx_free(ctx);
}

/* Different classes in each batch of 128 from data sorted by class, 50 images each, on average over the epoch. */
static double classes_in_a_batch(tam_ctx *ctx, int64_t count, int block, int window) {
    enum { BATCH = 128, EACH = 50 };
    tam_block_sampler *sampler;
    int64_t index[BATCH], different = 0, batches = count / BATCH;
    int64_t *last = calloc((size_t)(count / EACH), sizeof *last); /* 1 + the batch that had the class last */
    assert_non_null(last);
    test_ok(ctx, tam_block_sampler_create(ctx, count, block, window, 1, &sampler));
    for (int64_t b = 0; b < batches; b++) {
        tam_block_sampler_take(sampler, 0, b * BATCH, BATCH, index);
        for (int k = 0; k < BATCH; k++) {
            int64_t *of_class = &last[index[k] / EACH];
            different += *of_class != b + 1;
            *of_class = b + 1;
        }
    }
    tam_block_sampler_free(sampler);
    free(last);
    return (double)different / (double)batches;
}

/* 10,000 classes in a row. All images shuffled at once give 127.2 classes in a batch of 128, the blocks 121.6;
 * without a window a batch has 7. */
static void classes_mix(void **state) {
    (void)state;
    enum { COUNT = 500000 };
    tam_ctx *ctx = test_ctx(1);
    double usual = classes_in_a_batch(ctx, COUNT, 32, 1024), small = classes_in_a_batch(ctx, COUNT, 32, 128);
    double none = classes_in_a_batch(ctx, COUNT, 32, 1), full = classes_in_a_batch(ctx, COUNT, 1, 65536);
    print_message(
        "classes in a batch of 128: %.1f by default, %.1f of 128 blocks, %.1f of one, %.1f of single images\n", usual,
        small, none, full);
    assert_true(usual > 120.0);
    assert_true(small > 85.0 && small < usual);
    assert_true(none < 20.0);
    assert_true(full > usual);
    test_ctx_free(ctx);
}

/* Neighbours in the data lie a third of a window apart in the epoch, as in a shuffle of the whole window. */
static void neighbours_are_spread(void **state) {
    (void)state;
    enum { COUNT = 100000, BLOCK = 32, WINDOW = 256 };
    static int64_t order[COUNT], place[COUNT];
    tam_ctx *ctx = test_ctx(1);
    double apart = 0;
    int64_t adjacent = 0;
    take_epoch(ctx, COUNT, BLOCK, WINDOW, 4, 2, 100, order);
    for (int64_t i = 0; i < COUNT; i++) {
        place[order[i]] = i;
    }
    for (int64_t i = 1; i < COUNT; i++) {
        int64_t distance = llabs(place[i] - place[i - 1]);
        apart += (double)distance;
        adjacent += distance == 1;
    }
    assert_true(apart / (COUNT - 1) > 0.32 * BLOCK * WINDOW);
    assert_true(adjacent < COUNT / 1000);
    test_ctx_free(ctx);
}

/* Through the loader, on a RecordIO file: whole epochs, and a run that begins anywhere goes on as it would have. */
static void a_loader_resumes(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    enum { COUNT = 61, BATCH = 4, STEPS = 15, ALL = 2 * STEPS + 3 };
    int64_t straight[ALL][BATCH];
    bytes = (record_file){0};
    for (int i = 0; i < COUNT; i++) {
        add_image(f, &bytes, (uint64_t)i, (float)(i / 10), i);
    }
    store(f, &bytes, NULL);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    for (int first = 0; first < ALL; first += 4) {
        tam_loader_config config = {.batch = BATCH,
                                    .seed = 6,
                                    .sampler = "block:images=5,blocks=3",
                                    .threads = 1 + first % 3,
                                    .first_step = first};
        tam_loader *loader;
        test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
        assert_int_equal(tam_loader_steps_per_epoch(loader), STEPS);
        for (int step = first; step < ALL; step++) {
            tam_batch got;
            test_ok(f->ctx, tam_loader_next(loader, &got));
            assert_int_equal(got.n, BATCH);
            assert_int_equal(got.epoch, step / STEPS);
            if (first == 0) {
                memcpy(straight[step], got.index, sizeof straight[step]);
            }
            assert_memory_equal(straight[step], got.index, sizeof straight[step]);
        }
        tam_loader_free(loader);
    }
    for (int epoch = 0; epoch < 2; epoch++) {
        int seen[COUNT] = {0}, all = 0;
        for (int i = 0; i < STEPS * BATCH; i++) {
            all += seen[straight[epoch * STEPS + i / BATCH][i % BATCH]]++ == 0;
        }
        assert_int_equal(all, STEPS * BATCH); /* of 61, one does not fill a batch */
    }
    static const struct {
        const char *sampler, *sentence;
    } wrong[] = {{"block:images=0", "images"},
                 {"block:pieces=3", "pieces"},
                 {"block:images=1.5", "images"},
                 {"blocks", "did you mean 'block'"}};
    for (int i = 0; i < 4; i++) {
        tam_loader_config config = {.batch = BATCH, .sampler = wrong[i].sampler};
        tam_loader *loader;
        test_fails(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader), TAM_CONFIG, wrong[i].sentence);
    }
    tam_dataset_free(dataset);
}

static void memory_may_run_out(void **state) {
    (void)state;
    int left;
    for (int k = 0; k < 4; k++) {
        tam_ctx *ctx;
        tam_block_sampler *sampler;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        assert_int_equal(tam_block_sampler_create(ctx, 100, 8, 4, 1, &sampler), k < 3 ? TAM_RESOURCES : TAM_OK);
        tam_block_sampler_free(sampler);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_image_once_an_epoch),
        cmocka_unit_test(the_state_is_the_place),
        cmocka_unit_test(a_window_reads_whole_blocks),
        cmocka_unit_test(each_window_has_an_order_of_its_own),
        cmocka_unit_test(blocks_are_cut_anew),
        cmocka_unit_test(classes_mix),
        cmocka_unit_test(neighbours_are_spread),
        cmocka_unit_test_setup_teardown(a_loader_resumes, rec_set_up, rec_tear_down),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
