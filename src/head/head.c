#include <math.h>
#include <string.h>

#include "base/random.h"
#include "head/head_inside.h"

/* A tile's weights, their gradient and its logits together take about this much of a core's cache. */
enum { TILE_BYTES = 1 << 20, FEWEST_TILE_CLASSES = 64, MOST_TILE_CLASSES = 1024, FEWEST_CHUNK_CLASSES = 128 };

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t round_up(int64_t a, int64_t multiple) {
    return divide_up(a, multiple) * multiple;
}

/* Chunks depend on C alone and tiles on C, D and N: never on threads, so that sums are always cut alike. */
static void cut(tam_head *head) {
    int64_t chunk = round_up(divide_up(head->classes, TAM_HEAD_CHUNKS), 16);
    head->chunk_classes = chunk < FEWEST_CHUNK_CLASSES ? FEWEST_CHUNK_CLASSES : chunk;
    head->chunks = (int)divide_up(head->classes, head->chunk_classes);
    int64_t fit = TILE_BYTES / (int64_t)sizeof(float) / (2 * (int64_t)head->dim + head->batch);
    fit = fit < FEWEST_TILE_CLASSES ? FEWEST_TILE_CLASSES : fit > MOST_TILE_CLASSES ? MOST_TILE_CLASSES : fit;
    head->tile_classes = round_up(divide_up(head->chunk_classes, divide_up(head->chunk_classes, fit)), 16);
    int threads = tam_ctx_threads(head->ctx);
    head->scratches = threads < head->chunks ? threads : head->chunks;
}

/* Allocates count * size bytes into *block, unless an earlier allocation has failed. */
static void take(tam_head *head, void *block, size_t count, size_t size, const char *what, tam_status *status) {
    if (*status == TAM_OK) {
        void *taken = tam_allocate(head->ctx, count, size, what);
        memcpy(block, &taken, sizeof taken);
        *status = taken == NULL ? TAM_RESOURCES : TAM_OK;
    }
}

/* The same, counted as workspace. */
static void take_workspace(tam_head *head, void *block, size_t count, size_t size, tam_status *status) {
    take(head, block, count, size, "the head's workspace", status);
    head->workspace_bytes += count * size;
}

static tam_status take_all(tam_head *head) {
    tam_status status = TAM_OK;
    size_t classes = (size_t)head->classes, dim = (size_t)head->dim, batch = (size_t)head->batch;
    size_t chunks = (size_t)head->chunks, tile = (size_t)head->tile_classes;
    take(head, &head->w, classes * dim, sizeof(float), "the class weights", &status);
    take(head, &head->momentum, classes * dim, sizeof(float), "the class weights' momentum", &status);
    if (tam_head_has(head, TAM_LOSS_BIAS)) {
        take(head, &head->bias, classes, sizeof(float), "the bias", &status);
        take(head, &head->bias_momentum, classes, sizeof(float), "the bias' momentum", &status);
    }
    if (head->loss.terms > 0) {
        take(head, &head->centres, classes * dim, sizeof(float), "the class centres", &status);
        take_workspace(head, &head->in_batch, classes, sizeof(int32_t), &status);
    }
    take_workspace(head, &head->inverse_w, classes, sizeof(float), &status);
    take_workspace(head, &head->no_bias, tile, sizeof(float), &status);
    take_workspace(head, &head->x_unit, batch * dim, sizeof(float), &status);
    take_workspace(head, &head->dx_chunk, chunks * batch * dim, sizeof(float), &status);
    take_workspace(head, &head->row, batch, sizeof(tam_head_row), &status);
    take_workspace(head, &head->partial, chunks * batch, sizeof(tam_head_partial), &status);
    take_workspace(head, &head->chunk_finite, chunks, sizeof(bool), &status);
    for (int k = 0; k < head->scratches; k++) {
        tam_head_scratch *scratch = &head->scratch[k];
        take_workspace(head, &scratch->tile, batch * tile, sizeof(float), &status);
        take_workspace(head, &scratch->dw, tile * dim, sizeof(float), &status);
        take_workspace(head, &scratch->column_gc, tile, sizeof(float), &status);
        take_workspace(head, &scratch->column_g, tile, sizeof(float), &status);
        take_workspace(head, &scratch->z, tile, sizeof(float), &status);
        take_workspace(head, &scratch->slope, tile, sizeof(float), &status);
    }
    return status;
}

typedef struct init_job {
    tam_head *head;
    uint64_t seed;
} init_job;

/* Normal numbers of deviation 0.01, each class from its own stream: class j starts alike whatever C is. */
static void init_chunk(void *argument, int64_t chunk, int worker) {
    const init_job *job = argument;
    tam_head *head = job->head;
    (void)worker;
    for (int64_t j = tam_head_chunk_begin(head, chunk); j < tam_head_chunk_begin(head, chunk + 1); j++) {
        tam_random random = tam_random_at(job->seed, TAM_PURPOSE_HEAD_INIT, (uint32_t)j, 0);
        for (int d = 0; d < head->dim; d++) {
            head->w[j * head->dim + d] = 0.01f * tam_random_normal(&random);
        }
    }
}

static tam_status check_sizes(tam_ctx *ctx, const tam_head_config *config) {
    if (config->classes < 2 || config->classes > INT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "a head of %lld classes; it needs at least 2 and at most %d",
                        (long long)config->classes, INT32_MAX);
    }
    if (config->dim < 1 || config->dim > 1 << 20) {
        return tam_fail(ctx, TAM_CONFIG, "a head of width %d, outside [1, %d]", config->dim, 1 << 20);
    }
    if (config->batch < 1 || config->batch > 1 << 20) {
        return tam_fail(ctx, TAM_CONFIG, "a head for batches of %d, outside [1, %d]", config->batch, 1 << 20);
    }
    return TAM_OK;
}

tam_status tam_head_create(tam_ctx *ctx, const tam_head_config *config, tam_head **out) {
    *out = NULL;
    TAM_TRY(check_sizes(ctx, config));
    const tam_backend *backend = tam_backend_find(ctx, config->backend);
    if (backend == NULL) {
        return TAM_CONFIG;
    }
    tam_head *head = tam_allocate(ctx, 1, sizeof *head, "a head");
    if (head == NULL) {
        return TAM_RESOURCES;
    }
    *head = (tam_head){
        .ctx = ctx,
        .backend = backend,
        .classes = config->classes,
        .dim = config->dim,
        .batch = config->batch,
        .workspace_bytes = sizeof *head,
    };
    tam_status status = tam_loss_read(ctx, config->loss, config->classes, &head->loss);
    if (status == TAM_OK) {
        cut(head);
        status = take_all(head);
    }
    if (status != TAM_OK) {
        tam_head_free(head);
        return status;
    }
    tam_team_run(ctx, head->chunks, init_chunk, &(init_job){head, config->seed});
    *out = head;
    return TAM_OK;
}

void tam_head_free(tam_head *head) {
    if (head == NULL) {
        return;
    }
    for (int k = 0; k < TAM_HEAD_CHUNKS; k++) {
        tam_head_scratch *scratch = &head->scratch[k];
        void *blocks[] = {scratch->tile,     scratch->dw, scratch->column_gc,
                          scratch->column_g, scratch->z,  scratch->slope};
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
            tam_release(head->ctx, blocks[b]);
        }
    }
    void *blocks[] = {head->w,        head->momentum,  head->bias,        head->bias_momentum, head->centres,
                      head->in_batch, head->inverse_w, head->no_bias,     head->x_unit,        head->dx_chunk,
                      head->row,      head->partial,   head->chunk_finite};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        tam_release(head->ctx, blocks[b]);
    }
    tam_release(head->ctx, head);
}

float *tam_head_weights(tam_head *head) {
    return head->w;
}

float *tam_head_centres(tam_head *head) {
    return head->centres;
}

size_t tam_head_workspace_bytes(const tam_head *head) {
    return head->workspace_bytes;
}
