/* Facts about the machine, read from made-up proc and sys folders: whole, broken, and missing. */
#include "support.h"

#include "base/file.h"
#include "base/free_memory.h"
#include "base/system_facts.h"

typedef struct fixture {
    tam_ctx *ctx;
    char root[64];
    char text[64];
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(1);
    test_folder(f.root);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    test_folder_remove(f->root);
    test_ctx_free(f->ctx);
    return 0;
}

static void write_bytes(fixture *f, const char *name, const char *text, size_t size) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    *strrchr(path, '/') = '\0';
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    test_ok(f->ctx, tam_file_write(f->ctx, path, &(tam_file_piece){text, size}, 1));
}

static void write_text(fixture *f, const char *name, const char *text) {
    write_bytes(f, name, text, strlen(text));
}

static const char *processor(fixture *f, size_t room) {
    memset(f->text, 'x', sizeof f->text);
    tam_processor_name(f->root, f->text, room);
    return f->text;
}

static const char *huge_pages(fixture *f, size_t room) {
    memset(f->text, 'x', sizeof f->text);
    tam_huge_pages_setting(f->root, f->text, room);
    return f->text;
}

static void processors_have_names(void **state) {
    fixture *f = *state;
    assert_string_equal(processor(f, 64), "");
    write_text(f, "proc/cpuinfo", "processor\t: 0\nmodel\t\t: 7\nmodel name\t:  A (R) 9\nmodel name\t: B\n");
    assert_string_equal(processor(f, 64), "A (R) 9");
    assert_string_equal(processor(f, 4), "A (");
    static const char *const broken[] = {"", "\n", "model name", "model name\t\n", "model name\t:", "model name\t: \n"};
    for (size_t k = 0; k < sizeof broken / sizeof broken[0]; k++) {
        write_text(f, "proc/cpuinfo", broken[k]);
        assert_string_equal(processor(f, 64), "");
    }
    write_bytes(f, "proc/cpuinfo", "\0\0:\xff\nmodel name : \0x", 20);
    assert_string_equal(processor(f, 64), "");
    static char line[5000];
    memset(line, 'm', sizeof line - 1);
    write_text(f, "proc/cpuinfo", line);
    assert_string_equal(processor(f, 64), "");
    memcpy(line, "model name:", 11);
    write_text(f, "proc/cpuinfo", line);
    assert_int_equal(strlen(processor(f, 64)), 63);
}

static void huge_pages_have_a_setting(void **state) {
    fixture *f = *state;
    static const char name[] = "sys/kernel/mm/transparent_hugepage/enabled";
    assert_string_equal(huge_pages(f, 64), "");
    write_text(f, name, "always [madvise] never\n");
    assert_string_equal(huge_pages(f, 64), "madvise");
    assert_string_equal(huge_pages(f, 3), "ma");
    static const char *const broken[] = {"", "always madvise", "[", "]", "][", "[]", "[always"};
    for (size_t k = 0; k < sizeof broken / sizeof broken[0]; k++) {
        write_text(f, name, broken[k]);
        assert_string_equal(huge_pages(f, 64), "");
    }
}

static void memory_has_a_size_and_limits(void **state) {
    fixture *f = *state;
    assert_int_equal(tam_total_memory(f->root), 0);
    assert_int_equal(tam_memory_limit(f->root), 0);
    write_text(f, "proc/self/cgroup", "0::/a/b\n");
    write_text(f, "sys/fs/cgroup/a/memory.max", "5000\n");
    assert_int_equal(tam_memory_limit(f->root), 5000);
    write_text(f, "sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(tam_memory_limit(f->root), 5000);
    write_text(f, "proc/meminfo", "MemTotal:  4 kB\nMemAvailable: 3 kB\n");
    assert_int_equal(tam_total_memory(f->root), 4096);
    assert_int_equal(tam_memory_limit(f->root), 0); /* above what the machine has, it is none */
    write_text(f, "sys/fs/cgroup/a/b/memory.max", "4000\n");
    assert_int_equal(tam_memory_limit(f->root), 4000);
    static const char *const broken[] = {"", "MemTotal:", "MemTotal: kB\n", "MemTotal: -7 kB\n",
                                         "MemTotal: 99999999999999999999999999 kB\n"};
    for (size_t k = 0; k < sizeof broken / sizeof broken[0]; k++) {
        write_text(f, "proc/meminfo", broken[k]);
        assert_int_equal(tam_total_memory(f->root), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processors_have_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(huge_pages_have_a_setting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_has_a_size_and_limits, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
