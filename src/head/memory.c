/* All that a head allocates: once, when it is made; or only counted. */
#include <string.h>

#include "backend/class_rows.h"
#include "base/free_memory.h"
#include "head/head_inside.h"
#include "head/sampling.h"
#include "loss/pair_batch.h"

static const size_t least_default = (size_t)64 << 20;

/* What is being taken, so that one list serves for allocation and for counting. */
typedef struct allocation {
    tam_head *head;
    bool count_only;
    tam_status status;
    size_t *total; /* weights_bytes or workspace_bytes */
    const char *what;
} allocation;

static void take(allocation *t, void *block, size_t count, size_t size) {
    size_t bytes;
    if (t->status != TAM_OK) {
        return;
    }
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(*t->total, bytes, t->total)) {
        t->status =
            tam_fail(t->head->ctx, TAM_RESOURCES, "cannot allocate %zu x %zu bytes for %s", count, size, t->what);
        return;
    }
    if (!t->count_only) {
        void *taken = tam_allocate(t->head->ctx, count, size, t->what);
        memcpy(block, &taken, sizeof taken);
        t->status = taken == NULL ? TAM_RESOURCES : TAM_OK;
    }
}

/* What training moves. */
static void take_weights(allocation *t) {
    tam_head *head = t->head;
    size_t classes = (size_t)head->classes, dim = (size_t)head->dim, rows = classes * (size_t)head->subs;
    size_t number = tam_class_number_bytes(head->dtype);
    t->total = &head->weights_bytes;
    if (head->loss.class_loss != NULL) {
        t->what = "the class weights";
        take(t, &head->w, rows * dim, number);
        t->what = "the class weights' momentum";
        take(t, &head->momentum, rows * dim, number);
    }
    if (tam_head_has(head, TAM_LOSS_BIAS)) {
        t->what = "the biases";
        take(t, &head->bias, classes, sizeof(float));
        take(t, &head->bias_momentum, classes, sizeof(float));
    }
}

static bool has_centres(const tam_head *head, bool *pairs) {
    bool centres = false;
    *pairs = false;
    for (int k = 0; k < head->loss.terms; k++) {
        const tam_batch_term *term = head->loss.term[k].term;
        centres = centres || (term->traits & TAM_TERM_CENTRES) != 0;
        *pairs = *pairs || tam_batch_term_is_pair(term);
    }
    return centres;
}

static void take_terms(allocation *t) {
    tam_head *head = t->head;
    size_t classes = (size_t)head->classes, room = tam_head_terms_room(head);
    bool pairs, centres = has_centres(head, &pairs);
    if (centres) {
        t->total = &head->weights_bytes;
        t->what = "the class centres";
        take(t, &head->centres, classes * (size_t)head->dim, sizeof(float));
    }
    t->total = &head->workspace_bytes;
    t->what = "the head's workspace";
    if (centres) {
        take(t, &head->in_batch, classes, sizeof(int32_t));
    }
    if (pairs) {
        take(t, &head->pair_space, tam_pair_space_bytes(head->batch, head->dim), 1);
    }
    if (room > 0) {
        take(t, &head->term_room, room, 1);
    }
}

static void take_scratch(allocation *t, tam_head_scratch *scratch) {
    tam_head *head = t->head;
    const tam_class_products *products = head->products;
    size_t tile = (size_t)head->cut.tile_classes, rows = tile * (size_t)head->subs, batch = (size_t)head->batch;
    size_t stride = (size_t)tam_class_stride((int64_t)rows);
    float **by_class[] = {&scratch->bias,  &scratch->c,          &scratch->z,
                          &scratch->slope, &scratch->column_own, &scratch->column_rest};
    take(t, &scratch->values, batch * stride, sizeof(float));
    take(t, &scratch->slot, head->slot_bytes, 1);
    take(t, &scratch->room, products->room_bytes(head->batch, head->dim, (int64_t)rows), 1);
    take(t, &scratch->rows, rows, sizeof(int64_t));
    take(t, &scratch->inverse_w, rows, sizeof(float));
    take(t, &scratch->row, (size_t)head->dim, sizeof(float));
    for (size_t k = 0; k < sizeof by_class / sizeof by_class[0]; k++) {
        take(t, by_class[k], tile, sizeof(float));
    }
    take(t, &scratch->rescale, batch, sizeof(float));
    take(t, &scratch->own, batch, sizeof(tam_class_own));
    if (head->subs > 1) {
        take(t, &scratch->nearest, tile, sizeof(uint8_t));
    }
}

/* What single samples need. */
static void take_samples(allocation *t) {
    tam_head *head = t->head;
    size_t batch = (size_t)head->batch, dim = (size_t)head->dim;
    take(t, &head->x_unit, batch * dim, sizeof(float));
    take(t, &head->own_w, batch * dim, sizeof(float));
    take(t, &head->factor, batch, sizeof(float));
    if (tam_head_has(head, TAM_LOSS_BIAS)) {
        take(t, &head->bias_factor, batch, sizeof(float));
    }
    take(t, &head->row, batch, sizeof(tam_head_row));
    take(t, &head->own, batch, sizeof(tam_head_own));
    for (int pack = 0; pack < 2; pack++) {
        take(t, &head->packed[pack], head->products->packed_bytes((tam_class_pack)pack, head->batch, head->dim), 1);
    }
    if (head->loss.class_loss->observe != NULL) {
        take(t, &head->statistics, 4 * batch, sizeof(double));
    }
    if (tam_head_is(head, TAM_LOSS_PROXY)) {
        take(t, &head->sorted_labels, batch, sizeof(int32_t));
    }
    if (head->taking < head->classes) {
        take(t, &head->chosen, (size_t)head->taking, sizeof(int32_t));
        take(t, &head->choosing, tam_sampling_room(head->classes), 1);
    }
}

/* What the passes over the classes need, without kept slots. */
static void take_passes(allocation *t) {
    tam_head *head = t->head;
    size_t rows = (size_t)head->taking * (size_t)head->subs, dim = (size_t)head->dim, batch = (size_t)head->batch;
    size_t chunks = (size_t)head->cut.chunks, tiles = chunks * (size_t)head->cut.chunk_tiles;
    take(t, &head->inverse_w, rows, sizeof(float));
    take(t, &head->no_bias, (size_t)head->cut.tile_classes, sizeof(float));
    take(t, &head->dx_chunk, chunks * batch * dim, sizeof(float));
    take(t, &head->tile_m, tiles * batch, sizeof(float));
    if (head->gradient_filter > 0) {
        take(t, &head->tile_sum, tiles * batch, sizeof(float));
    }
    take(t, &head->partial, (size_t)head->most_chunks * batch, sizeof(tam_head_partial));
    take(t, &head->chunk_finite, chunks, sizeof(bool));
    take(t, &head->chunk_left_out, chunks, sizeof(int64_t));
    for (int k = 0; k < head->scratches; k++) {
        take_scratch(t, &head->scratch[k]);
    }
}

static void cut(tam_head *head) {
    head->cut = tam_head_cut_of(head, head->taking);
    int all = tam_head_cut_of(head, head->classes).chunks, threads = tam_ctx_threads(head->ctx);
    head->most_chunks = all > head->cut.chunks ? all : head->cut.chunks;
    head->scratches = threads < head->most_chunks ? threads : head->most_chunks;
    int64_t stride = tam_class_stride(head->cut.tile_classes * head->subs);
    head->slot_bytes = head->products->slot_bytes(head->batch, stride);
}

/* How many tiles of each chunk keep their slots within so many bytes beyond the least workspace. */
static int kept_within(const tam_head *head, size_t bytes) {
    size_t of_all = head->slot_bytes * (size_t)head->cut.chunks, tiles = bytes / of_all;
    return tiles < (size_t)head->cut.chunk_tiles ? (int)tiles : head->cut.chunk_tiles;
}

/* A quarter of w and its momentum, at least 64 MB, but not more than half of what they leave free. */
static size_t default_workspace(const tam_head *head) {
    size_t quarter = head->weights_bytes / 4, wanted = quarter > least_default ? quarter : least_default;
    size_t free_bytes = tam_free_memory("");
    size_t left = free_bytes > head->weights_bytes ? (free_bytes - head->weights_bytes) / 2 : 0;
    return wanted < left ? wanted : left;
}

static tam_status take_all(tam_head *head, bool count_only) {
    allocation t = {.head = head, .count_only = count_only};
    head->weights_bytes = 0;
    head->workspace_bytes = sizeof *head;
    take_weights(&t);
    take_terms(&t);
    if (head->loss.class_loss != NULL) {
        take_samples(&t);
        take_passes(&t);
    }
    return t.status;
}

/* How many slots are kept, from the least workspace. */
static tam_status choose_kept(tam_head *head, size_t workspace) {
    size_t least = head->workspace_bytes;
    if (workspace != 0 && workspace < least) {
        return tam_fail(
            head->ctx, TAM_CONFIG,
            "a workspace of %.3f MB for the head is too small for one tile of classes; the least is %.3f MB "
            "(%zu bytes)",
            (double)workspace / 1e6, (double)least / 1e6, least);
    }
    if (workspace != TAM_HEAD_LEAST_WORKSPACE && head->loss.class_loss != NULL) {
        size_t allowed = workspace != 0 ? workspace : default_workspace(head);
        head->kept_tiles = allowed > least ? kept_within(head, allowed - least) : 0;
    }
    return TAM_OK;
}

tam_status tam_head_take_memory(tam_head *head, size_t workspace, bool count_only) {
    if (head->loss.class_loss != NULL) {
        cut(head);
    }
    TAM_TRY(take_all(head, true));
    head->least_bytes = head->workspace_bytes;
    TAM_TRY(choose_kept(head, workspace));
    if (!count_only) {
        TAM_TRY(take_all(head, false));
    }
    allocation t = {
        .head = head, .count_only = count_only, .total = &head->workspace_bytes, .what = "the head's workspace"};
    if (head->kept_tiles > 0) {
        take(&t, &head->kept, (size_t)head->cut.chunks * (size_t)head->kept_tiles, head->slot_bytes);
    }
    return t.status;
}

void tam_head_release_memory(tam_head *head) {
    for (int k = 0; k < TAM_HEAD_CHUNKS; k++) {
        tam_head_scratch *s = &head->scratch[k];
        void *blocks[] = {s->values, s->slot,  s->room,       s->rows,        s->inverse_w, s->row,     s->bias, s->c,
                          s->z,      s->slope, s->column_own, s->column_rest, s->nearest,   s->rescale, s->own};
        for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
            tam_release(head->ctx, blocks[b]);
        }
    }
    void *blocks[] = {head->w,        head->momentum,    head->bias,          head->bias_momentum, head->centres,
                      head->in_batch, head->inverse_w,   head->no_bias,       head->x_unit,        head->own_w,
                      head->factor,   head->bias_factor, head->packed[0],     head->packed[1],     head->dx_chunk,
                      head->kept,     head->tile_m,      head->tile_sum,      head->row,           head->own,
                      head->partial,  head->statistics,  head->chunk_finite,  head->chosen,        head->chunk_left_out,
                      head->choosing, head->pair_space,  head->sorted_labels, head->term_room};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        tam_release(head->ctx, blocks[b]);
    }
}
