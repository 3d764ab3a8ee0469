/* Files written piece by piece: whole under their name, or not there. */
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "support.h"

enum { MANY = 700001 };

static void pieces_of_all_sizes_and_patches(void **state) {
    tam_ctx *ctx = test_ctx(1);
    char folder[] = "/tmp/tammes-stream-XXXXXX", path[64], temporary[72];
    uint8_t *block = tam_allocate(ctx, MANY, 1, "a block"), *data;
    uint64_t at = 0;
    size_t size;
    tam_stream *stream;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    for (size_t i = 0; i < MANY; i++) {
        block[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    test_ok(ctx, tam_stream_open(ctx, path, &stream));
    for (size_t piece = 1; at + piece <= MANY; piece = piece * 3 + 1) {
        test_ok(ctx, tam_stream_write(stream, block + at, piece));
        at += piece;
        assert_int_equal(tam_stream_at(stream), at);
    }
    test_ok(ctx, tam_stream_write(stream, block + at, MANY - at));
    test_ok(ctx, tam_stream_patch(stream, 5, "tammes", 6));
    test_ok(ctx, tam_stream_write(stream, "end", 3));
    assert_int_equal(tam_path_look(path), TAM_PATH_ABSENT);
    test_ok(ctx, tam_stream_commit(stream));
    assert_int_equal(tam_path_look(temporary), TAM_PATH_ABSENT);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    memcpy(block + 5, "tammes", 6);
    assert_int_equal(size, MANY + 3);
    assert_memory_equal(data, block, MANY);
    assert_memory_equal(data + MANY, "end", 3);
    tam_release(ctx, data);
    tam_release(ctx, block);
    unlink(path);
    rmdir(folder);
    test_ctx_free(ctx);
}

/* Pieces that each fit what is gathered, and together do not. */
static void many_pieces_of_one_size(void **state) {
    tam_ctx *ctx = test_ctx(1);
    char folder[] = "/tmp/tammes-stream-XXXXXX", path[64];
    uint8_t piece[1000], *data;
    size_t size;
    tam_stream *stream;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    test_ok(ctx, tam_stream_open(ctx, path, &stream));
    for (int i = 0; i < 700; i++) {
        memset(piece, i, sizeof piece);
        test_ok(ctx, tam_stream_write(stream, piece, sizeof piece));
    }
    test_ok(ctx, tam_stream_commit(stream));
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_int_equal(size, 700 * sizeof piece);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(data[i], (uint8_t)(i / sizeof piece));
    }
    tam_release(ctx, data);
    unlink(path);
    rmdir(folder);
    test_ctx_free(ctx);
}

static void what_is_abandoned_leaves_the_old_file(void **state) {
    tam_ctx *ctx = test_ctx(1);
    char folder[] = "/tmp/tammes-stream-XXXXXX", path[64], temporary[72];
    uint8_t *data;
    size_t size;
    tam_stream *stream;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    test_ok(ctx, tam_stream_open(ctx, path, &stream));
    test_ok(ctx, tam_stream_write(stream, "old", 3));
    test_ok(ctx, tam_stream_commit(stream));
    test_ok(ctx, tam_stream_open(ctx, path, &stream));
    test_ok(ctx, tam_stream_write(stream, "new and longer", 14));
    tam_stream_abandon(stream);
    tam_stream_abandon(NULL);
    assert_int_equal(tam_path_look(temporary), TAM_PATH_ABSENT);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(data, "old", 3);
    tam_release(ctx, data);
    assert_int_equal(tam_stream_open(ctx, folder, &stream), TAM_RESOURCES);
    assert_null(stream);
    unlink(path);
    rmdir(folder);
    assert_int_equal(tam_stream_open(ctx, path, &stream), TAM_RESOURCES);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_of_all_sizes_and_patches),
        cmocka_unit_test(many_pieces_of_one_size),
        cmocka_unit_test(what_is_abandoned_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
