#include "tammes/bench.h"

#include <stdlib.h>

#include "backend/cpu/layer/dnnl_matmul.h"
#include "backend/sgd.h"
#include "base/clock.h"
#include "base/free_memory.h"
#include "base/memory.h"
#include "base/team.h"

/* Of square matrices: the best size differs from processor to processor. */
static const int sides[] = {512, 768, 1024};
enum { SIDES = sizeof sides / sizeof sides[0], MOST_SIDE = 1024 };
/* Operations of one task: some ms, beside which starting the team is nothing. */
static const double task_operations = 2.2e9;
/* Numbers that are updated at a time: their gradient stays in the first cache. */
enum { PIECE = 4096, PIECE_BYTES = 2 * PIECE * sizeof(float) };
/* Bytes that a round of updates streams at least, for the same reason. */
static const double round_bytes = 256e6;
static const size_t otherwise_bytes = 1000000000;

typedef struct work {
    /* Products: */
    const tam_backend *backend;
    float *a, *b, *c;               /* c: MOST_SIDE^2 numbers for each thread */
    tam_dnnl_matmul *const *matmul; /* of each thread */
    int side, times;
    bool transposed;
    /* Updates: */
    float *w, *v, *g;
    int64_t pieces, sweeps;
    int threads;
} work;

static void multiply(void *argument, int64_t task, int worker) {
    (void)task;
    const work *job = argument;
    int side = job->side;
    float *c = job->c + (int64_t)worker * MOST_SIDE * MOST_SIDE;
    for (int k = 0; k < job->times; k++) {
        job->backend->product(false, job->transposed, side, side, side, 1, job->a, side, job->b, side, 0, c, side);
    }
}

static void multiply_bf16(void *argument, int64_t task, int worker) {
    (void)task;
    const work *job = argument;
    for (int k = 0; k < job->times; k++) {
        tam_dnnl_matmul_run(job->matmul[worker]);
    }
}

static const tam_sgd sgd = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f, .gradient_scale = 1.0f};

/* Task k of as many as there are threads: a thread's share stays its own from sweep to sweep, as a cache likes it. */
static int64_t share_start(const work *job, int64_t task) {
    return job->pieces * task / job->threads;
}

static void update(void *argument, int64_t task, int worker) {
    (void)worker;
    const work *job = argument;
    for (int64_t sweep = 0; sweep < job->sweeps; sweep++) {
        for (int64_t piece = share_start(job, task); piece < share_start(job, task + 1); piece++) {
            tam_sgd_row(&sgd, PIECE, job->w + piece * PIECE, job->v + piece * PIECE, job->g);
        }
    }
}

static int compare_rates(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Amounts of `amount` a second in the middle one of many rounds, as steps beside them are told by their median. */
static double median_rate(tam_ctx *ctx, tam_task run, work *job, double amount, double seconds) {
    enum { LEAST = 3, MOST = 1000 };
    double rates[MOST], began = tam_seconds();
    int rounds = 0;
    while (rounds < LEAST || (rounds < MOST && tam_seconds() - began < seconds)) {
        double round_began = tam_seconds();
        tam_team_run(ctx, job->threads, run, job);
        rates[rounds++] = amount / (tam_seconds() - round_began);
    }
    qsort(rates, (size_t)rounds, sizeof *rates, compare_rates);
    return rates[rounds / 2];
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

/* Sets how often a task multiplies, and returns the operations of all tasks. */
static double prepare_products(work *job, int side) {
    double operations = 2.0 * side * side * side;
    job->side = side;
    job->times = operations < task_operations ? (int)(task_operations / operations) : 1;
    return operations * job->times * job->threads;
}

static tam_status measure_product(tam_ctx *ctx, double seconds, tam_bench_limits *limits) {
    size_t numbers = (size_t)MOST_SIDE * MOST_SIDE;
    int threads = tam_ctx_threads(ctx);
    float *room = tam_allocate(ctx, (size_t)(threads + 2) * numbers, sizeof *room, "products to measure");
    if (room == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t k = 0; k < 2 * numbers; k++) {
        room[k] = (float)(k % 17) - 8.0f;
    }
    work job = {.backend = tam_backend_at(0), .a = room, .b = room + numbers, .c = room + 2 * numbers};
    job.threads = threads;
    for (int k = 0; k < 2 * SIDES; k++) {
        job.transposed = k % 2 == 1;
        double operations = prepare_products(&job, sides[k / 2]);
        double rate = median_rate(ctx, multiply, &job, 1e-9 * operations, seconds / (2 * SIDES));
        limits->product_gflops = larger(limits->product_gflops, rate);
    }
    tam_release(ctx, room);
    return TAM_OK;
}

/* One size, packed or not. */
static tam_status measure_matmul(tam_ctx *ctx, int side, bool packed, double seconds, tam_dnnl_matmul **matmul,
                                 tam_bench_limits *limits) {
    int threads = tam_ctx_threads(ctx), made = 0;
    tam_status status = TAM_OK;
    while (status == TAM_OK && made < threads) {
        status = tam_dnnl_matmul_create(ctx, side, packed, &matmul[made]);
        if (matmul[made] == NULL) {
            break; /* there is no bf16, or no memory */
        }
        made++;
    }
    if (made == threads) {
        work job = {.matmul = matmul, .threads = threads};
        double operations = prepare_products(&job, side);
        double rate = median_rate(ctx, multiply_bf16, &job, 1e-9 * operations, seconds);
        limits->product_bf16_gflops = larger(limits->product_bf16_gflops, rate);
    }
    while (made > 0) {
        tam_dnnl_matmul_free(matmul[--made]);
    }
    return status;
}

static tam_status measure_product_bf16(tam_ctx *ctx, double seconds, tam_bench_limits *limits) {
    tam_dnnl_matmul **matmul =
        tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), sizeof(tam_dnnl_matmul *), "products to measure");
    tam_status status = matmul == NULL ? TAM_RESOURCES : TAM_OK;
    for (int k = 0; k < 2 * SIDES && status == TAM_OK; k++) {
        status = measure_matmul(ctx, sides[k / 2], k % 2 == 1, seconds / (2 * SIDES), matmul, limits);
    }
    tam_release(ctx, matmul);
    return status;
}

static tam_status measure_memory(tam_ctx *ctx, size_t bytes, double seconds, tam_bench_limits *limits) {
    tam_status status = TAM_RESOURCES;
    size_t unit = PIECE_BYTES * (size_t)tam_ctx_threads(ctx), most = tam_free_memory("") / 4;
    bytes = bytes == 0 ? otherwise_bytes : bytes;
    bytes = bytes < most ? bytes : most;
    bytes = bytes / unit * unit > unit ? bytes / unit * unit : unit;
    work job = {.threads = tam_ctx_threads(ctx)};
    job.w = tam_allocate(ctx, bytes / 2, 1, "updates to measure");
    job.v = tam_allocate(ctx, bytes / 2, 1, "updates to measure");
    job.g = tam_allocate(ctx, PIECE, sizeof *job.g, "updates to measure");
    if (job.w != NULL && job.v != NULL && job.g != NULL) {
        double sweep = 2.0 * (double)bytes; /* all of it read, all of it written */
        job.pieces = (int64_t)(bytes / PIECE_BYTES);
        job.sweeps = sweep < round_bytes ? (int64_t)(round_bytes / sweep) : 1;
        limits->memory_gbs = median_rate(ctx, update, &job, 1e-9 * sweep * (double)job.sweeps, seconds);
        status = TAM_OK;
    }
    tam_release(ctx, job.w);
    tam_release(ctx, job.v);
    tam_release(ctx, job.g);
    return status;
}

tam_status tam_bench_measure(tam_ctx *ctx, const tam_bench_config *config, tam_bench_limits *limits) {
    double seconds = config != NULL && config->seconds > 0.0 ? config->seconds : 0.5;
    *limits = (tam_bench_limits){0};
    TAM_TRY(measure_memory(ctx, config != NULL ? config->bytes : 0, seconds / 3, limits));
    TAM_TRY(measure_product(ctx, seconds / 3, limits));
    return measure_product_bf16(ctx, seconds / 3, limits);
}
