/* Free memory, read from made-up proc and sys folders. */
#include "support.h"

#include "base/file.h"
#include "base/free_memory.h"
#include "base/memory.h"

typedef struct fixture {
    tam_ctx *ctx;
    char root[64];
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

static void write_text(fixture *f, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    *strrchr(path, '/') = '\0';
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    test_ok(f->ctx, tam_file_write(f->ctx, path, &(tam_file_piece){text, strlen(text)}, 1));
}

static void the_machine_limits(void **state) {
    fixture *f = *state;
    assert_true(tam_free_memory(f->root) == SIZE_MAX);
    write_text(f, "proc/meminfo", "MemTotal:  9000 kB\nMemFree: 10 kB\nMemAvailable:    3000 kB\n");
    assert_true(tam_free_memory(f->root) == (size_t)3000 * 1024);
    write_text(f, "proc/self/cgroup", "nonsense\n0::/nowhere\n5:memory:/nowhere\n");
    assert_true(tam_free_memory(f->root) == (size_t)3000 * 1024);
}

static void groups_limit(void **state) {
    fixture *f = *state;
    write_text(f, "proc/meminfo", "MemAvailable:    3000 kB\n");
    write_text(f, "proc/self/cgroup", "0::/a/b\n");
    write_text(f, "sys/fs/cgroup/a/b/memory.max", "max\n");
    write_text(f, "sys/fs/cgroup/a/b/memory.current", "900\n");
    assert_true(tam_free_memory(f->root) == (size_t)3000 * 1024);
    write_text(f, "sys/fs/cgroup/a/memory.max", "100000\n"); /* the group above */
    write_text(f, "sys/fs/cgroup/a/memory.current", "30000\n");
    assert_int_equal(tam_free_memory(f->root), 70000);
    write_text(f, "sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 10000\n");
    assert_int_equal(tam_free_memory(f->root), 80000);
    write_text(f, "proc/self/cgroup", "3:cpu,cpuacct:/\n2:memory:/c\n");
    assert_true(tam_free_memory(f->root) == (size_t)3000 * 1024);
    write_text(f, "sys/fs/cgroup/memory/memory.limit_in_bytes", "50000\n");
    write_text(f, "sys/fs/cgroup/memory/memory.usage_in_bytes", "60000\n");
    assert_int_equal(tam_free_memory(f->root), 0);
}

/* Of what is asked for, the allocator gives only what is there. */
static void more_than_is_free_is_refused(void **state) {
    fixture *f = *state;
    size_t free_now = tam_free_memory("");
    if (free_now == SIZE_MAX) {
        return;
    }
    assert_null(tam_allocate(f->ctx, free_now / 64 * 63, 1, "a test"));
    assert_non_null(strstr(tam_ctx_message(f->ctx), "MB for a test"));
    void *block = tam_allocate(f->ctx, (size_t)20 << 20, 1, "a test");
    assert_non_null(block);
    tam_release(f->ctx, block);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_machine_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_is_free_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
