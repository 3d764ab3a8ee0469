/* Networks that are files: which names are files, and what is refused. */
#include "support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "tammes/net.h"
#include "zoo/net_file.h"

#define SMALL "input = input(channels=2, height=6, width=5)\nx = fc(input, out=3)\n"

static void write_file(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void names_tell_what_is_a_file(void **state) {
    (void)state;
    assert_true(tam_net_file_is("a.net") && tam_net_file_is("nets/a") && tam_net_file_is("a.net:width=3"));
    assert_true(tam_net_file_is("old:new.net"));
    assert_false(tam_net_file_is("ir50:width=32") || tam_net_file_is("net") || tam_net_file_is("a.network"));
    assert_true(tam_net_is_file("a.net") == 1 && tam_net_is_file("ir50") == 0);
}

static void a_file_gives_its_net(void **state) {
    (void)state;
    char folder[] = "/tmp/tammes-net-XXXXXX", path[64];
    tam_ctx *ctx = test_ctx(1);
    tam_net *net = NULL;
    tam_net_usual usual;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/small", folder);
    write_file(path, "\xEF\xBB\xBF" SMALL, sizeof SMALL + 2);
    test_ok(ctx, tam_net_find_usual(ctx, path, &usual));
    assert_true(usual.channels == 2 && usual.height == 6 && usual.width == 5 && usual.dim == 3);
    tam_net_config config = {.net = path, .channels = 1, .height = 7, .width = 8};
    test_ok(ctx, tam_net_create(ctx, &config, &net));
    tam_net_info info = tam_net_describe(net);
    assert_true(info.channels == 1 && info.height == 7 && info.width == 8 && info.dim == 3);
    tam_net_free(net);
    config.dim = 4;
    test_fails(ctx, tam_net_create(ctx, &config, &net), TAM_CONFIG, "embedding has 3 numbers, not 4");
    unlink(path);
    config.dim = 3;
    test_fails(ctx, tam_net_create(ctx, &config, &net), TAM_INPUT, "cannot open");
    config.text = SMALL; /* read before */
    test_ok(ctx, tam_net_create(ctx, &config, &net));
    tam_net_free(net);
    rmdir(folder);
    assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
    test_ctx_free(ctx);
}

static void faults_name_the_file(void **state) {
    (void)state;
    char folder[] = "/tmp/tammes-net-XXXXXX", path[64], keys[96];
    char *text;
    tam_ctx *ctx = test_ctx(1);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/faulty.net", folder);
    snprintf(keys, sizeof keys, "%s:width=3", path);
    test_fails(ctx, tam_net_file_read(ctx, keys, &text), TAM_CONFIG,
               "faulty.net: a network that is a file takes no keys, but 'width=3' was given");
    test_fails(ctx, tam_net_file_read(ctx, path, &text), TAM_INPUT, "faulty.net: cannot open");
    test_fails(ctx, tam_net_file_read(ctx, folder, &text), TAM_INPUT, "not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0);
    test_fails(ctx, tam_net_file_read(ctx, path, &text), TAM_INPUT, "faulty.net: not a regular file");
    unlink(path);
    static const struct {
        const char *text, *sentence;
        size_t size;
    } faults[] = {
        {"", "faulty.net: the file is empty", 0},           {"\xEF\xBB\xBF \n", "faulty.net: the file is empty", 5},
        {"a\nb\n\0c", "faulty.net, line 3: not a text", 6}, {"\x89PNG\r\n\x1a\n", "faulty.net, line 2: not a text", 8},
        {"a\x7F", "faulty.net, line 1: not a text", 2},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        write_file(path, faults[i].text, faults[i].size);
        test_fails(ctx, tam_net_file_read(ctx, path, &text), TAM_INPUT, faults[i].sentence);
        assert_null(text);
    }
    static char large[TAM_NET_FILE_LARGEST + 1];
    memset(large, '#', sizeof large);
    write_file(path, large, sizeof large);
    test_fails(ctx, tam_net_file_read(ctx, path, &text), TAM_INPUT, "4000001 bytes, more than the 4000000 allowed");
    write_file(path, large, sizeof large - 1);
    test_ok(ctx, tam_net_file_read(ctx, path, &text));
    tam_release(ctx, text);
    unlink(path);
    rmdir(folder);
    assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_what_is_a_file),
        cmocka_unit_test(a_file_gives_its_net),
        cmocka_unit_test(faults_name_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
