/* How long a step takes: measured on small heads, carried over to C classes. */
#include <stdbool.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "head/plan.h"

/* A calibration steps a small head, whose time shows the fixed cost, and one of a multiple of its classes. */
enum { SMALL_CLASSES = 144 * 16, LEAST_MULTIPLE = 2, LAST_STEP = 3, MOST_STEPS = 50 };
/* No head of a calibration takes more than about so many bytes. The larger one, and one whose classes are drawn, must
 * not fit into caches: its rows come from memory, as those of a large head do. */
enum { SMALL_BYTES = 1 << 25, LARGE_BYTES = 3 << 25, LARGE_CLASSES = 1 << 15, DRAWN_FROM = 1 << 14 };

typedef struct calibration {
    tam_ctx *ctx;
    tam_head_config config;
    double seconds; /* for the steps of one head, with those of the smaller one */
    float *x, *dx;
    int32_t *y;
} calibration;

static void fill(calibration *c) {
    tam_random random = tam_random_at(c->config.seed, TAM_PURPOSE_CALIBRATION, 0, 0);
    for (size_t k = 0; k < (size_t)c->config.batch * (size_t)c->config.dim; k++) {
        c->x[k] = tam_random_uniform(&random) - 0.5f;
    }
}

/* The fastest of a few steps of a head of that many classes: others on the machine only ever slow it down. */
static tam_status time_step(calibration *c, int64_t classes, size_t workspace, double rate, double *seconds) {
    static const tam_head_update update = {.lr = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f};
    tam_head_config config = c->config;
    tam_head *head = NULL;
    config.classes = classes;
    config.workspace = workspace;
    config.sample_rate = rate;
    TAM_TRY(tam_head_create(c->ctx, &config, &head));
    tam_status status = TAM_OK;
    double began = tam_seconds();
    for (int step = 0; status == TAM_OK && step < MOST_STEPS; step++) {
        tam_head_result result;
        for (int i = 0; i < config.batch; i++) {
            c->y[i] = (int32_t)((classes * i / config.batch + step) % classes);
        }
        double step_began = tam_seconds();
        status = tam_head_step(head, config.batch, c->x, c->y, c->dx, NULL, &update, &result);
        double now = tam_seconds(), taken = now - step_began;
        *seconds = step <= 1 || taken < *seconds ? taken : *seconds; /* the first touches memory that is new */
        if (step >= LAST_STEP && now - began >= c->seconds / 5) {
            break;
        }
    }
    tam_head_free(head);
    return status;
}

/* At most so many classes of at most so many bytes: rows of w and momentum, and a column of N. */
static int64_t bounded(const tam_head_config *config, int64_t most, int64_t bytes) {
    bool lean = tam_head_dtype_number(config->dtype) == TAM_HEAD_DTYPES - 1;
    int64_t fit = bytes / ((lean ? 4 : 8) * (int64_t)config->dim + 4 * (int64_t)config->batch);
    most = fit < most ? fit : most;
    most = most < 2 ? 2 : most;
    return most < config->classes ? most : config->classes;
}

static int64_t small_size(const tam_head_config *config) {
    return bounded(config, SMALL_CLASSES, SMALL_BYTES);
}

/* How many classes the larger head has: as many as c->seconds allow, but not so few that the two times differ by their
 * noise alone. */
static int64_t larger_size(const calibration *c, double small_seconds, int64_t small) {
    double multiple = c->seconds / (small_seconds * (LAST_STEP + 1));
    int64_t most = bounded(&c->config, LARGE_CLASSES, LARGE_BYTES);
    int64_t whole = multiple < LEAST_MULTIPLE ? LEAST_MULTIPLE : multiple < 64 ? (int64_t)multiple : 64;
    return whole * small < most ? whole * small : most;
}

static tam_status calibrate_one(calibration *c, size_t workspace, tam_head_speed *speed) {
    int64_t small = small_size(&c->config);
    double first = 0.0, second = 0.0;
    TAM_TRY(time_step(c, small, workspace, 1.0, &first));
    int64_t large = larger_size(c, first, small);
    *speed = (tam_head_speed){.each = first / (double)small};
    if (large > small) {
        TAM_TRY(time_step(c, large, workspace, 1.0, &second));
        double slope = (second - first) / (double)(large - small), most = second / (double)large;
        speed->each = slope > most || slope <= 0.0 ? most : slope;
        speed->fixed = second - speed->each * (double)large;
    }
    return TAM_OK;
}

/* What drawing classes adds to their time. */
static tam_status calibrate_draw(calibration *c, int dtype, tam_head_speeds *speeds) {
    const double rate = 0.25;
    double seconds = 0.0;
    int64_t classes = bounded(&c->config, DRAWN_FROM, LARGE_BYTES);
    TAM_TRY(time_step(c, classes, TAM_HEAD_KEEP_ALL, rate, &seconds));
    double part = rate * (double)classes;
    double more = seconds - speeds->kept[dtype].fixed - speeds->kept[dtype].each * part;
    speeds->drawn[dtype] = more > 0.0 ? more / part : 0.0;
    return TAM_OK;
}

/* Kept and made again, for one dtype. Where nothing can be kept the two are one. */
static tam_status calibrate_dtype(calibration *c, int dtype, tam_head_speeds *speeds) {
    tam_head_bytes all, least;
    c->config.dtype = tam_head_dtype_names[dtype];
    tam_head_config config = c->config;
    config.classes = small_size(&config);
    config.sample_rate = 1.0;
    config.workspace = TAM_HEAD_KEEP_ALL;
    TAM_TRY(tam_head_count_bytes(c->ctx, &config, &all));
    config.workspace = TAM_HEAD_LEAST_WORKSPACE;
    TAM_TRY(tam_head_count_bytes(c->ctx, &config, &least));
    TAM_TRY(calibrate_one(c, TAM_HEAD_LEAST_WORKSPACE, &speeds->again[dtype]));
    speeds->kept[dtype] = speeds->again[dtype];
    if (all.workspace > least.workspace) {
        TAM_TRY(calibrate_one(c, TAM_HEAD_KEEP_ALL, &speeds->kept[dtype]));
    }
    return calibrate_draw(c, dtype, speeds);
}

tam_status tam_head_plan_calibrate(tam_ctx *ctx, const tam_head_config *config, double seconds,
                                   tam_head_speeds *speeds) {
    tam_head_bytes bytes;
    *speeds = (tam_head_speeds){0};
    TAM_TRY(tam_head_count_bytes(ctx, config, &bytes));
    calibration c = {.ctx = ctx, .config = *config, .seconds = (seconds > 0.0 ? seconds : 1.0) / 5};
    size_t numbers = (size_t)config->batch * (size_t)config->dim;
    c.config.gradient_filter = 0;
    c.x = tam_allocate(ctx, numbers, sizeof(float), "the calibration's batch");
    c.dx = tam_allocate(ctx, numbers, sizeof(float), "the calibration's batch");
    c.y = tam_allocate(ctx, (size_t)config->batch, sizeof(int32_t), "the calibration's batch");
    tam_status status = c.x != NULL && c.dx != NULL && c.y != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK) {
        fill(&c);
    }
    for (int dtype = 0; status == TAM_OK && dtype < TAM_HEAD_DTYPES; dtype++) {
        status = calibrate_dtype(&c, dtype, speeds);
    }
    tam_release(ctx, c.x);
    tam_release(ctx, c.dx);
    tam_release(ctx, c.y);
    return status;
}
