/* Plans of the cpu backend: what running allocates, bits, rows that are left empty, and the memory that a plan gives
 * back. The values themselves are held against ref in tests/cross. */
#include <math.h>

#include "backend/backend.h"
#include "base/random.h"
#include "base/team.h"
#include "support.h"
#include "zoo/zoo.h"

#ifndef __SANITIZE_ADDRESS__
/* Counts what anybody in the process takes from the C library in one piece of a page or more. oneDNN keeps small notes
 * about the arguments of a call; memory for numbers would be larger. */
enum { PAGE = 4096 };
static _Atomic long large_allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);

void *malloc(size_t size) {
    large_allocations += size >= PAGE;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    large_allocations += count * size >= PAGE;
    return __libc_calloc(count, size);
}
void *realloc(void *block, size_t size) {
    large_allocations += size >= PAGE;
    return __libc_realloc(block, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    large_allocations += size >= PAGE;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **block, size_t alignment, size_t size) {
    large_allocations += size >= PAGE;
    *block = __libc_memalign(alignment, size);
    return *block == NULL ? 12 : 0;
}
#endif

typedef struct fixture {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_graph *graph;
    tam_parameters *parameters;
    tam_plan *plan;
    int batch;
    size_t inputs, outputs; /* of a whole batch */
    float *x, *y, *dy, *dx;
} fixture;

static float *normal_numbers(size_t count, uint32_t stream) {
    float *values = malloc(count * sizeof *values);
    tam_random random = tam_random_at(4, TAM_PURPOSE_TEST, stream, 0);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = tam_random_normal(&random);
    }
    return values;
}

static fixture open_plan(int threads, tam_graph *(*build)(tam_ctx *ctx), int batch, bool training) {
    fixture f = {.ctx = test_ctx(threads), .batch = batch};
    tam_plan_config config = {.batch = batch, .training = training, .seed = 5};
    f.backend = tam_backend_find(f.ctx, "cpu");
    f.graph = build(f.ctx);
    tam_shape in = tam_graph_node(f.graph, 0)->shape, out = tam_graph_output_shape(f.graph);
    f.inputs = (size_t)batch * (size_t)(in.c * in.h * in.w);
    f.outputs = (size_t)batch * (size_t)out.c;
    f.x = normal_numbers(f.inputs, 1);
    f.dy = normal_numbers(f.outputs, 2);
    f.dx = calloc(f.inputs, sizeof *f.dx);
    f.y = calloc(f.outputs, sizeof *f.y);
    test_ok(f.ctx, f.backend->parameters_create(f.ctx, f.graph, &(uint64_t){1}, &f.parameters));
    test_ok(f.ctx, f.backend->plan_create(f.ctx, f.graph, f.parameters, &config, &f.plan));
    return f;
}

static void close_plan(fixture *f) {
    f->backend->plan_free(f->plan);
    f->backend->parameters_free(f->parameters);
    tam_graph_free(f->graph);
    free(f->x);
    free(f->dy);
    free(f->dx);
    free(f->y);
    test_ctx_free(f->ctx);
}

static void train_step(fixture *f, uint64_t step) {
    const tam_sgd sgd = {.lr = 0.01F, .momentum = 0.9F, .weight_decay = 1e-3F, .gradient_scale = 1.0F / 8};
    test_ok(f->ctx, f->backend->forward(f->plan, f->batch, f->x, step, f->y));
    test_ok(f->ctx, f->backend->backward(f->plan, f->dy, NULL));
    f->backend->update(f->parameters, &sgd);
}

static tam_graph *build_ir10(tam_ctx *ctx) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_backbone_build(ctx, "ir10:width=16", 3, 33, 29, 24, &graph));
    return graph;
}

static tam_graph *build_lenet(tam_ctx *ctx) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_backbone_build(ctx, "lenet++", 1, 28, 28, 10, &graph));
    return graph;
}

static void running_allocates_nothing(void **state) {
    (void)state;
    tam_graph *(*const nets[])(tam_ctx *) = {build_ir10, build_lenet};
    for (int net = 0; net < 2; net++) {
        fixture f = open_plan(2, nets[net], 8, true);
        train_step(&f, 0);
        train_step(&f, 1);
        uint64_t ours = tam_ctx_memory(f.ctx).allocations;
#ifndef __SANITIZE_ADDRESS__
        long everybodys = large_allocations;
#endif
        train_step(&f, 2);
        assert_int_equal(tam_ctx_memory(f.ctx).allocations, ours);
#ifndef __SANITIZE_ADDRESS__
        assert_int_equal(large_allocations, everybodys);
        free(malloc(PAGE)); /* the counter counts */
        assert_true(large_allocations > everybodys);
#endif
        close_plan(&f);
    }
}

/* Same seed, same threads: the same parameters after some steps, in a plan made anew. */
static void training_repeats(void **state) {
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        fixture a = open_plan(threads, build_ir10, 8, true), b = open_plan(threads, build_ir10, 8, true);
        for (uint64_t step = 0; step < 3; step++) {
            train_step(&a, step);
            train_step(&b, step);
        }
        for (int i = 0; i < tam_graph_parameter_count(a.graph); i++) {
            size_t count = (size_t)tam_graph_parameter_at(a.graph, i)->count;
            float *one = malloc(count * sizeof *one), *other = malloc(count * sizeof *other);
            test_ok(a.ctx, a.backend->parameter_read(a.parameters, i, TAM_PART_VALUE, one));
            test_ok(b.ctx, b.backend->parameter_read(b.parameters, i, TAM_PART_VALUE, other));
            assert_memory_equal(one, other, count * sizeof *one);
            free(one);
            free(other);
        }
        close_plan(&a);
        close_plan(&b);
    }
}

/* Everything but convolutions and fc is ours, and gives the same bits on any number of threads. */
static tam_graph *build_ours(tam_ctx *ctx) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_graph_create(ctx, 20, 17, 19, &graph));
    int a = tam_graph_then(graph, "batch_norm", 0, "scale=1");
    a = tam_graph_plain(graph, "prelu", a);
    int b = tam_graph_then(graph, "max_pool", a, "kernel=3,stride=1,pad=1");
    b = tam_graph_plain(graph, "prelu", b);
    a = tam_graph_add(graph, "add", (int[]){a, b}, 2, "%s", "");
    a = tam_graph_then(graph, "avg_pool", a, "kernel=2");
    a = tam_graph_then(graph, "batch_norm", a, "scale=0");
    a = tam_graph_then(graph, "dropout", a, "p=0.3");
    tam_graph_plain(graph, "global_pool", a);
    test_ok(ctx, tam_graph_finish(graph));
    return graph;
}

static void our_kernels_ignore_the_threads(void **state) {
    (void)state;
    fixture one = open_plan(1, build_ours, 9, true);
    test_ok(one.ctx, one.backend->forward(one.plan, 9, one.x, 3, one.y));
    test_ok(one.ctx, one.backend->backward(one.plan, one.dy, one.dx));
    for (int threads = 2; threads <= 5; threads += 3) {
        fixture many = open_plan(threads, build_ours, 9, true);
        test_ok(many.ctx, many.backend->forward(many.plan, 9, many.x, 3, many.y));
        test_ok(many.ctx, many.backend->backward(many.plan, many.dy, many.dx));
        assert_memory_equal(one.y, many.y, one.outputs * sizeof(float));
        assert_memory_equal(one.dx, many.dx, one.inputs * sizeof(float));
        assert_true(one.backend->gradient_norm(one.parameters) == many.backend->gradient_norm(many.parameters));
        close_plan(&many);
    }
    close_plan(&one);
}

/* What an earlier, fuller batch has left behind must not show: neither numbers nor NaNs. */
static void empty_rows_are_nobodys(void **state) {
    (void)state;
    fixture f = open_plan(2, build_ir10, 6, false);
    size_t sample = f.inputs / 6, dim = f.outputs / 6;
    float *alone = calloc(dim, sizeof *alone);
    test_ok(f.ctx, f.backend->forward(f.plan, 1, f.x, 0, f.y));
    memcpy(alone, f.y, dim * sizeof *alone);
    f.x[sample] = NAN;
    test_ok(f.ctx, f.backend->forward(f.plan, 6, f.x, 0, f.y));
    assert_memory_equal(alone, f.y, dim * sizeof *alone);
    assert_true(isnan(f.y[dim]));
    f.y[dim] = 42;
    test_ok(f.ctx, f.backend->forward(f.plan, 1, f.x, 0, f.y));
    assert_memory_equal(alone, f.y, dim * sizeof *alone);
    assert_true(f.y[dim] == 42);
    free(alone);
    close_plan(&f);
}

/* Inference sees weights that a step, or a write, has changed since its last forward. */
static void inference_follows_the_weights(void **state) {
    (void)state;
    fixture f = open_plan(1, build_lenet, 2, false);
    size_t count = (size_t)tam_graph_parameter_at(f.graph, 0)->count;
    float *weight = calloc(count, sizeof *weight), *before = calloc(f.outputs, sizeof *before);
    test_ok(f.ctx, f.backend->forward(f.plan, 2, f.x, 0, before));
    test_ok(f.ctx, f.backend->parameter_read(f.parameters, 0, TAM_PART_VALUE, weight));
    weight[3] += 1;
    test_ok(f.ctx, f.backend->parameter_write(f.parameters, 0, TAM_PART_VALUE, weight));
    test_ok(f.ctx, f.backend->forward(f.plan, 2, f.x, 0, f.y));
    assert_memory_not_equal(before, f.y, f.outputs * sizeof *before);
    weight[3] -= 1;
    test_ok(f.ctx, f.backend->parameter_write(f.parameters, 0, TAM_PART_VALUE, weight));
    free(weight);
    free(before);
    close_plan(&f);
}

static void plans_give_memory_back(void **state) {
    (void)state;
    fixture f = open_plan(2, build_ir10, 3, true);
    size_t held = tam_ctx_memory(f.ctx).bytes;
    tam_plan_config config = {.batch = 3, .training = true};
    for (int i = 0; i < 3; i++) {
        f.backend->plan_free(f.plan);
        assert_true(tam_ctx_memory(f.ctx).bytes < held);
        test_ok(f.ctx, f.backend->plan_create(f.ctx, f.graph, f.parameters, &config, &f.plan));
        assert_int_equal(tam_ctx_memory(f.ctx).bytes, held);
    }
    assert_true(f.backend->plan_bytes(f.plan) < held);
    f.backend->plan_free(NULL);
    close_plan(&f);
}

/* An allocator whose call number `fails` fails. */
typedef struct miser {
    int calls, fails;
} miser;

static void *miserly_allocate(void *user, size_t size, size_t alignment) {
    miser *m = user;
    return m->calls++ == m->fails ? NULL : aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void miserly_release(void *user, void *block) {
    (void)user;
    free(block);
}

static void exhaustion_is_reported_and_undone(void **state) {
    (void)state;
    miser m = {.fails = -1};
    tam_ctx_config config = {.threads = 1, .allocator = {miserly_allocate, miserly_release, &m}};
    tam_plan_config plan_config = {.batch = 2, .training = true};
    tam_ctx *ctx = NULL;
    tam_plan *plan = NULL;
    tam_parameters *parameters = NULL;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    const tam_backend *backend = tam_backend_find(ctx, "cpu");
    tam_graph *graph = build_ours(ctx);
    test_ok(ctx, backend->parameters_create(ctx, graph, &(uint64_t){1}, &parameters));
    size_t held = tam_ctx_memory(ctx).bytes;
    tam_status status = TAM_RESOURCES;
    int attempts = 0;
    for (; status == TAM_RESOURCES; attempts++) {
        m = (miser){.fails = attempts};
        status = backend->plan_create(ctx, graph, parameters, &plan_config, &plan);
        if (status == TAM_RESOURCES) {
            assert_null(plan);
            assert_int_equal(tam_ctx_memory(ctx).bytes, held);
            assert_non_null(strstr(tam_ctx_message(ctx), "cannot allocate"));
        }
    }
    assert_int_equal(status, TAM_OK);
    assert_true(attempts > 5);
    backend->plan_free(plan);
    backend->parameters_free(parameters);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

typedef struct product_job {
    const tam_backend *backend;
    const float *a, *b;
    float *c; /* one for each task */
} product_job;

enum { M = 16, N = 24, K = 20000 };

static void product_task(void *argument, int64_t task, int worker) {
    (void)worker;
    const product_job *job = argument;
    job->backend->product(true, false, M, N, K, 1, job->a, M, job->b, N, 0, job->c + task * M * N, N);
}

static int thread_count(void) {
    char line[128];
    int threads = 0;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "Threads: %d", &threads);
    }
    fclose(file);
    return threads;
}

/* Must run first: later tests leave threads behind. */
static void products_start_no_threads(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(4);
    float *a = normal_numbers((size_t)M * K, 7), *b = normal_numbers((size_t)N * K, 8);
    float *c = calloc((size_t)M * N, sizeof *c);
    int threads = thread_count();
    product_job job = {tam_backend_find(ctx, "cpu"), a, b, c};
    tam_team_enter(ctx);
    product_task(&job, 0, 0);
    assert_int_equal(thread_count(), threads);
    free(a);
    free(b);
    free(c);
    test_ctx_free(ctx);
}

/* A long inner side tempts a library to share it among threads. */
static void products_ignore_the_threads(void **state) {
    (void)state;
    float *a = normal_numbers((size_t)M * K, 7), *b = normal_numbers((size_t)N * K, 8);
    float *c = calloc((size_t)4 * M * N, sizeof *c), *expected = calloc((size_t)M * N, sizeof *expected);
    tam_ctx *ctx = test_ctx(1);
    product_job job = {tam_backend_find(ctx, "cpu"), a, b, expected};
    tam_team_run(ctx, 1, product_task, &job);
    test_ctx_free(ctx);
    job.c = c;
    for (int threads = 1; threads <= 4; threads++) {
        for (int tasks = 1; tasks <= 4; tasks += 3) {
            ctx = test_ctx(threads);
            tam_team_run(ctx, tasks, product_task, &job);
            for (int task = 0; task < tasks; task++) {
                assert_memory_equal(c + task * M * N, expected, (size_t)M * N * sizeof *c);
            }
            tam_team_enter(ctx);
            product_task(&job, 0, 0); /* outside the team */
            assert_memory_equal(c, expected, (size_t)M * N * sizeof *c);
            test_ctx_free(ctx);
        }
    }
    free(a);
    free(b);
    free(c);
    free(expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_start_no_threads),
        cmocka_unit_test(running_allocates_nothing),
        cmocka_unit_test(training_repeats),
        cmocka_unit_test(our_kernels_ignore_the_threads),
        cmocka_unit_test(empty_rows_are_nobodys),
        cmocka_unit_test(inference_follows_the_weights),
        cmocka_unit_test(plans_give_memory_back),
        cmocka_unit_test(exhaustion_is_reported_and_undone),
        cmocka_unit_test(products_ignore_the_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
