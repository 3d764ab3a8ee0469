#include "tammes/bench.h"

#include "backend/sgd.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/team.h"

/* One product takes about 2 ms a core; a round has several for each thread. */
enum { SIDE = 512, PRODUCTS = 4 };
/* 32 MB an array. */
enum { STREAMED = 1 << 23, PIECE = 1 << 16 };

typedef struct work {
    const tam_backend *backend;
    float *w, *v, *g; /* for products: c, a and b; every task has its own piece of w */
} work;

static void multiply(void *argument, int64_t task, int worker) {
    (void)task;
    const work *job = argument;
    int64_t places = STREAMED / (SIDE * SIDE);
    float *c = job->w + worker % places * SIDE * SIDE;
    job->backend->product(false, true, SIDE, SIDE, SIDE, 1, job->v, SIDE, job->g, SIDE, 0, c, SIDE);
}

static void stream(void *argument, int64_t task, int worker) {
    (void)worker;
    const work *job = argument;
    const tam_sgd sgd = {.lr = 0.1F, .momentum = 0.9F, .weight_decay = 5e-4F, .gradient_scale = 1};
    tam_sgd_row(&sgd, PIECE, job->w + task * PIECE, job->v + task * PIECE, job->g + task * PIECE);
}

/* The most amounts of `amount` a second in any round. */
static double best_rate(tam_ctx *ctx, int64_t tasks, tam_task run, work *job, double amount, double seconds) {
    double best = 0, began = tam_seconds(), round_began;
    do {
        round_began = tam_seconds();
        tam_team_run(ctx, tasks, run, job);
        double rate = amount / (tam_seconds() - round_began);
        best = rate > best ? rate : best;
    } while (tam_seconds() - began < seconds);
    return best;
}

tam_status tam_bench_measure(tam_ctx *ctx, double seconds, tam_bench_limits *limits) {
    tam_status status = TAM_RESOURCES;
    work job = {.backend = tam_backend_at(0)};
    double each = (seconds > 0 ? seconds : 0.5) / 2;
    *limits = (tam_bench_limits){0};
    job.w = tam_allocate(ctx, STREAMED, sizeof(float), "the bench's arrays");
    job.v = tam_allocate(ctx, STREAMED, sizeof(float), "the bench's arrays");
    job.g = tam_allocate(ctx, STREAMED, sizeof(float), "the bench's arrays");
    if (job.w != NULL && job.v != NULL && job.g != NULL) {
        int64_t products = (int64_t)PRODUCTS * tam_ctx_threads(ctx);
        double operations = 2.0 * SIDE * SIDE * SIDE * (double)products;
        limits->memory_gbs =
            1e-9 * best_rate(ctx, STREAMED / PIECE, stream, &job, 5.0 * sizeof(float) * STREAMED, each);
        limits->product_gflops = 1e-9 * best_rate(ctx, products, multiply, &job, operations, each);
        status = TAM_OK;
    }
    tam_release(ctx, job.w);
    tam_release(ctx, job.v);
    tam_release(ctx, job.g);
    return status;
}
