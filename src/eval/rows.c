#include "eval/rows.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"

/* Rows of a panel that one call of the kernel multiplies: with two columns, 16 vectors of sums fit the registers. */
enum { KERNEL_ROWS = 8, PANELS_PER_TILE = TAM_TILE / TAM_PANEL };
/* Numbers of a row at a time: two panels' worth of them stay in the first-level cache for all rows of a tile. */
enum { DEPTH = 128 };

typedef float lanes __attribute__((vector_size(4 * TAM_PANEL)));

typedef struct pack_job {
    tam_rows *rows;
    const float *e;
    const uint32_t *order;
} pack_job;

static void pack_panel(void *argument, int64_t panel, int worker) {
    pack_job *job = argument;
    int d = job->rows->d;
    float *out = job->rows->panels + panel * d * TAM_PANEL;
    (void)worker;
    for (int lane = 0; lane < TAM_PANEL; lane++) {
        int64_t i = panel * TAM_PANEL + lane;
        if (i >= job->rows->count) {
            return;
        }
        const float *row = job->e + (job->order != NULL ? (int64_t)job->order[i] : i) * d;
        double square = 0;
        for (int k = 0; k < d; k++) {
            square += (double)row[k] * (double)row[k];
        }
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (int k = 0; k < d; k++) {
            out[(int64_t)k * TAM_PANEL + lane] = (float)((double)row[k] * scale);
        }
    }
}

typedef struct check_job {
    int64_t n;
    int d;
    const float *e;
    _Atomic int64_t first; /* bad row with the lowest number */
} check_job;

enum { CHECK_ROWS = 1024 };

static void check_rows(void *argument, int64_t task, int worker) {
    check_job *job = argument;
    int64_t end = (task + 1) * CHECK_ROWS < job->n ? (task + 1) * CHECK_ROWS : job->n;
    (void)worker;
    for (int64_t i = task * CHECK_ROWS; i < end; i++) {
        const float *row = job->e + i * job->d;
        float sum = 0; /* of x - x: 0 when every value is finite, else NaN */
        for (int k = 0; k < job->d; k++) {
            sum += row[k] - row[k];
        }
        int64_t first = atomic_load(&job->first);
        while (sum != 0 && i < first && !atomic_compare_exchange_weak(&job->first, &first, i)) {
        }
    }
}

tam_status tam_rows_check(tam_ctx *ctx, int64_t n, int d, const float *e, const char *what) {
    if (d < 1 || n < 0 || n > UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld %ss of %d values cannot be evaluated", (long long)n, what, d);
    }
    check_job job = {.n = n, .d = d, .e = e, .first = n};
    tam_team_run(ctx, (n + CHECK_ROWS - 1) / CHECK_ROWS, check_rows, &job);
    int64_t first = atomic_load(&job.first);
    if (first < n) {
        return tam_fail(ctx, TAM_INPUT, "%s %lld holds a NaN or an infinity", what, (long long)first);
    }
    return TAM_OK;
}

tam_status tam_rows_pack(tam_ctx *ctx, int64_t n, int d, const float *e, const uint32_t *order, tam_rows *rows) {
    *rows = (tam_rows){.count = n, .d = d, .tiles = (n + TAM_TILE - 1) / TAM_TILE};
    rows->panels = tam_allocate(ctx, (size_t)(rows->tiles * TAM_TILE), (size_t)d * sizeof(float), "packed embeddings");
    if (rows->panels == NULL) {
        return TAM_RESOURCES;
    }
    pack_job job = {.rows = rows, .e = e, .order = order};
    tam_team_run(ctx, (n + TAM_PANEL - 1) / TAM_PANEL, pack_panel, &job);
    return TAM_OK;
}

void tam_rows_free(tam_ctx *ctx, tam_rows *rows) {
    tam_release(ctx, rows->panels);
    rows->panels = NULL;
}

float *tam_rows_scratch(tam_ctx *ctx) {
    return tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), TAM_TILE * TAM_TILE * sizeof(float), "tiles of scores");
}

/* Eight rows of panel a against the 16 rows of each of two panels b and c, over `depth` numbers: two columns for every
 * number that is spread over a register, so that multiplying and not loading is what takes the time. Adds to the
 * scores unless `first`. */
TAM_KERNEL static void multiply_panels(int depth, const float *a, const float *b, const float *c, bool first,
                                       float *scores) {
    lanes sum[2][KERNEL_ROWS];
    const lanes *columns = (const lanes *)b, *more = (const lanes *)c;
#pragma GCC unroll 8
    for (int r = 0; r < KERNEL_ROWS; r++) {
        sum[0][r] = first ? (lanes){0} : *(const lanes *)(scores + r * TAM_TILE);
        sum[1][r] = first ? (lanes){0} : *(const lanes *)(scores + r * TAM_TILE + TAM_PANEL);
    }
    for (int k = 0; k < depth; k++) {
        lanes column = columns[k], another = more[k];
        const float *values = a + (size_t)k * TAM_PANEL;
#pragma GCC unroll 8
        for (int r = 0; r < KERNEL_ROWS; r++) {
            lanes value = values[r] - (lanes){0};
            sum[0][r] += value * column;
            sum[1][r] += value * another;
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < KERNEL_ROWS; r++) {
        *(lanes *)(scores + r * TAM_TILE) = sum[0][r];
        *(lanes *)(scores + r * TAM_TILE + TAM_PANEL) = sum[1][r];
    }
}

void tam_rows_tile(const tam_rows *a, int64_t tile_a, const tam_rows *b, int64_t tile_b, float *scores) {
    size_t panel = (size_t)a->d * TAM_PANEL;
    const float *first_a = a->panels + (size_t)tile_a * PANELS_PER_TILE * panel;
    const float *first_b = b->panels + (size_t)tile_b * PANELS_PER_TILE * panel;
    for (int q = 0; q < PANELS_PER_TILE; q += 2) {
        for (int from = 0; from < a->d; from += DEPTH) {
            int depth = a->d - from < DEPTH ? a->d - from : DEPTH;
            const float *columns = first_b + (size_t)q * panel + (size_t)from * TAM_PANEL;
            for (int r = 0; r < TAM_TILE; r += KERNEL_ROWS) {
                const float *rows =
                    first_a + (size_t)(r / TAM_PANEL) * panel + (size_t)from * TAM_PANEL + r % TAM_PANEL;
                multiply_panels(depth, rows, columns, columns + panel, from == 0,
                                scores + r * TAM_TILE + q * TAM_PANEL);
            }
        }
    }
}
