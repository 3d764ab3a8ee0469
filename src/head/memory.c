/* How a head is cut, and all that it allocates: once, when it is made. */
#include <string.h>

#include "head/head_inside.h"
#include "loss/pair_batch.h"

/* A tile's weights, their gradient and its logits together take about this much of a core's cache. */
enum { TILE_BYTES = 1 << 20, FEWEST_TILE_ROWS = 64, MOST_TILE_ROWS = 1024, FEWEST_CHUNK_CLASSES = 128 };

static const size_t least_workspace = (size_t)64 << 20;

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

static int64_t round_up(int64_t a, int64_t multiple) {
    return divide_up(a, multiple) * multiple;
}

/* Chunks depend on C alone and tiles on C, K, D and N: never on threads, so that sums are always cut alike. */
static void cut(tam_head *head) {
    int64_t chunk = round_up(divide_up(head->classes, TAM_HEAD_CHUNKS), 16);
    head->chunk_classes = chunk < FEWEST_CHUNK_CLASSES ? FEWEST_CHUNK_CLASSES : chunk;
    head->chunks = (int)divide_up(head->classes, head->chunk_classes);
    int64_t rows = TILE_BYTES / (int64_t)sizeof(float) / (2 * (int64_t)head->dim + head->batch);
    rows = rows < FEWEST_TILE_ROWS ? FEWEST_TILE_ROWS : rows > MOST_TILE_ROWS ? MOST_TILE_ROWS : rows;
    int64_t fit = divide_up(rows, head->subs);
    int64_t multiple = head->subs > 1 ? 32 : 16; /* rows of w in multiples that the product likes */
    head->tile_classes = round_up(divide_up(head->chunk_classes, divide_up(head->chunk_classes, fit)), multiple);
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

/* What training moves. */
static void take_weights(tam_head *head, tam_status *status) {
    size_t classes = (size_t)head->classes, dim = (size_t)head->dim, rows = classes * (size_t)head->subs;
    take(head, &head->w, rows * dim, sizeof(float), "the class weights", status);
    take(head, &head->momentum, rows * dim, sizeof(float), "the class weights' momentum", status);
    if (tam_head_has(head, TAM_LOSS_BIAS)) {
        take(head, &head->bias, classes, sizeof(float), "the bias", status);
        take(head, &head->bias_momentum, classes, sizeof(float), "the bias' momentum", status);
    }
}

/* A softmax needs its products twice: they are kept from one pass to the next if that takes little beside w. */
static bool keeps_products(const tam_head *head, size_t workspace) {
    size_t rows = (size_t)head->classes * (size_t)head->subs;
    size_t quarter = rows * (size_t)head->dim * sizeof(float) / 2;
    size_t allowed = workspace != 0 ? workspace : quarter > least_workspace ? quarter : least_workspace;
    return tam_head_is(head, TAM_LOSS_SOFTMAX) && (size_t)head->batch * rows * sizeof(float) <= allowed;
}

static void take_scratch(tam_head *head, tam_head_scratch *scratch, tam_status *status) {
    size_t tile = (size_t)head->tile_classes, rows = tile * (size_t)head->subs;
    float **by_class[] = {
        &scratch->column_g, &scratch->column_length, &scratch->column_own, &scratch->column_rest, &scratch->c,
        &scratch->z,        &scratch->slope};
    if (head->kept == NULL) {
        take_workspace(head, &scratch->tile, (size_t)head->batch * rows, sizeof(float), status);
    }
    take_workspace(head, &scratch->dw, rows * (size_t)head->dim, sizeof(float), status);
    take_workspace(head, &scratch->column_gc, rows, sizeof(float), status);
    for (size_t k = 0; k < sizeof by_class / sizeof by_class[0]; k++) {
        take_workspace(head, by_class[k], tile, sizeof(float), status);
    }
    if (head->subs > 1) {
        take_workspace(head, &scratch->nearest, tile, sizeof(uint8_t), status);
    }
}

/* What the passes over the classes need. */
static void take_passes(tam_head *head, size_t workspace, tam_status *status) {
    size_t rows = (size_t)head->classes * (size_t)head->subs, dim = (size_t)head->dim, batch = (size_t)head->batch;
    size_t chunks = (size_t)head->chunks;
    take_workspace(head, &head->inverse_w, rows, sizeof(float), status);
    take_workspace(head, &head->no_bias, (size_t)head->tile_classes, sizeof(float), status);
    take_workspace(head, &head->x_unit, batch * dim, sizeof(float), status);
    take_workspace(head, &head->dx_chunk, chunks * batch * dim, sizeof(float), status);
    take_workspace(head, &head->row, batch, sizeof(tam_head_row), status);
    take_workspace(head, &head->partial, chunks * batch, sizeof(tam_head_partial), status);
    take_workspace(head, &head->chunk_finite, chunks, sizeof(bool), status);
    if (keeps_products(head, workspace)) {
        take_workspace(head, &head->kept, batch * rows, sizeof(float), status);
    }
    for (int k = 0; k < head->scratches; k++) {
        take_scratch(head, &head->scratch[k], status);
    }
    if (head->loss.class_loss->observe != NULL) {
        take_workspace(head, &head->statistics, 4 * batch, sizeof(double), status);
    }
    if (tam_head_is(head, TAM_LOSS_PROXY)) {
        take_workspace(head, &head->sorted_labels, batch, sizeof(int32_t), status);
    }
}

static void take_terms(tam_head *head, tam_status *status) {
    size_t classes = (size_t)head->classes, room = tam_head_terms_room(head);
    bool centres = false, pairs = false;
    for (int k = 0; k < head->loss.terms; k++) {
        const tam_batch_term *term = head->loss.term[k].term;
        centres = centres || (term->traits & TAM_TERM_CENTRES) != 0;
        pairs = pairs || tam_batch_term_is_pair(term);
    }
    if (centres) {
        take(head, &head->centres, classes * (size_t)head->dim, sizeof(float), "the class centres", status);
        take_workspace(head, &head->in_batch, classes, sizeof(int32_t), status);
    }
    if (pairs) {
        take_workspace(head, &head->pair_space, tam_pair_space_bytes(head->batch, head->dim), 1, status);
    }
    if (room > 0) {
        take_workspace(head, &head->term_room, room, 1, status);
    }
}

tam_status tam_head_take_memory(tam_head *head, size_t workspace) {
    tam_status status = TAM_OK;
    if (head->loss.class_loss != NULL) {
        cut(head);
        take_weights(head, &status);
        take_passes(head, workspace, &status);
    }
    take_terms(head, &status);
    return status;
}

void tam_head_release_memory(tam_head *head) {
    for (int k = 0; k < TAM_HEAD_CHUNKS; k++) {
        tam_head_scratch *s = &head->scratch[k];
        void *blocks[] = {s->tile,        s->dw, s->column_gc, s->column_g, s->column_length, s->column_own,
                          s->column_rest, s->c,  s->z,         s->slope,    s->nearest};
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
            tam_release(head->ctx, blocks[b]);
        }
    }
    void *blocks[] = {head->w,          head->momentum,      head->bias,     head->bias_momentum, head->centres,
                      head->in_batch,   head->inverse_w,     head->no_bias,  head->x_unit,        head->dx_chunk,
                      head->kept,       head->row,           head->partial,  head->chunk_finite,  head->statistics,
                      head->pair_space, head->sorted_labels, head->term_room};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        tam_release(head->ctx, blocks[b]);
    }
}
