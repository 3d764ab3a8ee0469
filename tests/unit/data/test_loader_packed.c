/* A bad record of a packed file: left out, counted, and named with its file and its key. */
#include "data_support.h"

#include "tammes/pack.h"

enum { CLASSES = 3, EACH = 4, IMAGES = CLASSES * EACH, BAD = 6 };

static char warning[1024];
static int warnings;

static void keep_warning(void *user, const char *sentence) {
    (void)user;
    snprintf(warning, sizeof warning, "%s", sentence);
    warnings++;
}

/* Spoils the signature of the PNG number `which` in the file. */
static void spoil(tam_ctx *ctx, const char *path, int which) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    uint8_t *data;
    size_t size, at = 0;
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    for (int found = 0; at + sizeof signature <= size; at++) {
        if (memcmp(data + at, signature, sizeof signature) == 0 && found++ == which) {
            break;
        }
    }
    assert_true(at + sizeof signature <= size);
    data[at + 1] = 'X';
    write_bytes(ctx, path, data, size);
    tam_release(ctx, data);
}

static void leave_out_one(const char *format, const char *out, const char *file, const char *named) {
    char folder[64], source[128], packed[128], spoilt[160], expected[192];
    tam_ctx *ctx;
    tam_ctx_config warned = {.threads = 1, .warn = keep_warning};
    tam_pack_result result;
    tam_dataset *dataset;
    assert_int_equal(tam_ctx_create(&warned, &ctx), TAM_OK);
    test_folder(folder);
    snprintf(source, sizeof source, "%s/images", folder);
    snprintf(packed, sizeof packed, "%s/%s", folder, out);
    snprintf(spoilt, sizeof spoilt, "%s/%s", folder, file);
    write_classes(ctx, source, CLASSES, EACH);
    test_ok(ctx, tam_dataset_open(ctx, &(tam_dataset_config){.path = source}, &dataset));
    test_ok(ctx, tam_pack(ctx, dataset, &(tam_pack_config){.out = packed, .format = format}, &result));
    tam_dataset_free(dataset);
    spoil(ctx, spoilt, BAD);

    tam_dataset_config config = {.path = packed, .size = 5, .channels = 1};
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    tam_loader_config loading = {.batch = 5, .threads = 2, .skip_unreadable = 1};
    tam_loader *loader;
    tam_batch batch;
    int seen = 0, unreadable = 0;
    warnings = 0;
    test_ok(ctx, tam_loader_create(ctx, dataset, &loading, &loader));
    for (;;) {
        test_ok(ctx, tam_loader_next(loader, &batch));
        if (batch.n == 0) {
            break;
        }
        for (int k = 0; k < batch.n; k++) {
            assert_int_equal(batch.labels[k], batch.index[k] == BAD ? -1 : batch.index[k] / EACH);
        }
        seen += batch.n;
        unreadable += batch.unreadable;
    }
    assert_int_equal(seen, IMAGES);
    assert_int_equal(unreadable, 1);
    assert_int_equal(warnings, 1);
    snprintf(expected, sizeof expected, "%s%s", spoilt, named);
    if (strstr(warning, expected) == NULL) {
        fail_msg("'%s' does not name '%s'", warning, expected);
    }
    tam_loader_free(loader);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void a_record_is_named_with_its_key(void **state) {
    (void)state;
    leave_out_one("rec", "packed", "packed/train.rec", "#7: "); /* key 0 is the header, 1 the first image */
    leave_out_one("rec-plain", "plain.rec", "plain.rec", "#6: ");
}

static void a_member_of_a_shard_is_named(void **state) {
    (void)state;
    leave_out_one("tar", "one.tar", "one.tar", "#");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_named_with_its_key),
        cmocka_unit_test(a_member_of_a_shard_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
