#include <math.h>
#include <string.h>

#include "backend/class_rows.h"
#include "base/random.h"
#include "head/head_inside.h"
#include "head/plan.h"

/* Normal numbers of deviation 0.01, each class from its own stream: class j starts alike whatever C is. */
static void init_chunk(void *argument, int64_t chunk, int worker) {
    tam_head *head = argument;
    const tam_head_cut cut = tam_head_cut_of(head, head->classes);
    float *row = tam_head_scratch_of(head, chunk, worker)->row;
    for (int64_t j = tam_head_chunk_begin(&cut, chunk); j < tam_head_chunk_begin(&cut, chunk + 1); j++) {
        for (int k = 0; k < head->subs; k++) {
            tam_random_normals(head->seed, TAM_PURPOSE_HEAD_INIT, (uint32_t)j, (uint32_t)k, head->dim, 0.01f, row);
            tam_class_row_write(head->dtype, head->w, j * head->subs + k, head->dim, row);
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

static tam_status read_dtype(tam_ctx *ctx, const char *name, tam_class_dtype *dtype) {
    _Static_assert(TAM_HEAD_DTYPES == (int)TAM_CLASS_DTYPES, "the same dtypes under two names");
    for (int k = 0; k < TAM_HEAD_DTYPES; k++) {
        if (name == NULL || strcmp(name, tam_head_dtype_names[k]) == 0) {
            *dtype = (tam_class_dtype)k;
            return TAM_OK;
        }
    }
    return tam_fail(ctx, TAM_CONFIG, "a head of dtype '%s'; there are f32, bf16 and bf16-lean", name);
}

/* How many classes take part in a step: at least those of its parts and one more. */
static tam_status read_rate(tam_ctx *ctx, const tam_head_config *config, int64_t *taking) {
    double rate = config->sample_rate == 0.0 ? 1.0 : config->sample_rate;
    if (!(rate > 0.0 && rate <= 1.0)) {
        return tam_fail(ctx, TAM_CONFIG, "a sample rate of %g, outside (0, 1]", rate);
    }
    int64_t share = (int64_t)ceil(rate * (double)config->classes),
            least = (int64_t)config->batch * (config->parts > 1 ? config->parts : 1) + 1;
    share = share < least ? least : share;
    *taking = share < config->classes ? share : config->classes;
    return TAM_OK;
}

static tam_status check_filter(tam_ctx *ctx, const tam_head_config *config, const tam_head *head) {
    const tam_class_loss *loss = head->loss.class_loss;
    if (config->gradient_filter < 0 || config->gradient_filter > 60) {
        return tam_fail(ctx, TAM_CONFIG, "a gradient filter of %d, outside [1, 60] and not 0", config->gradient_filter);
    }
    bool fits = loss != NULL && loss->kind == TAM_LOSS_SOFTMAX && loss->scale != NULL &&
                tam_head_has(head, TAM_LOSS_UNIT_X) && tam_head_has(head, TAM_LOSS_UNIT_W);
    if (config->gradient_filter > 0 && !fits) {
        return tam_fail(ctx, TAM_CONFIG,
                        "the gradient filter is for losses whose other logits are a scaled cosine, and '%s' is none",
                        config->loss != NULL ? config->loss : "arcface");
    }
    return TAM_OK;
}

/* All but memory. */
static tam_status describe(tam_ctx *ctx, const tam_head_config *config, tam_head *head) {
    TAM_TRY(check_sizes(ctx, config));
    const tam_backend *backend = tam_backend_find(ctx, config->backend);
    if (backend == NULL) {
        return TAM_CONFIG;
    }
    *head = (tam_head){
        .ctx = ctx,
        .classes = config->classes,
        .dim = config->dim,
        .batch = config->batch,
        .subs = 1,
        .gradient_filter = config->gradient_filter,
        .seed = config->seed,
    };
    TAM_TRY(read_dtype(ctx, config->dtype, &head->dtype));
    TAM_TRY(read_rate(ctx, config, &head->taking));
    TAM_TRY(tam_loss_read(ctx, config->loss, config->classes, &head->loss));
    TAM_TRY(check_filter(ctx, config, head));
    head->products = backend->class_products(head->dtype);
    head->state = head->loss.state;
    if (head->loss.class_loss != NULL) {
        head->subs = tam_class_loss_sub_centres(head->loss.class_loss, &head->loss.state);
    }
    return TAM_OK;
}

tam_status tam_head_count_bytes(tam_ctx *ctx, const tam_head_config *config, tam_head_bytes *bytes) {
    tam_head head;
    *bytes = (tam_head_bytes){0};
    TAM_TRY(describe(ctx, config, &head));
    TAM_TRY(tam_head_take_memory(&head, config->workspace, true));
    *bytes = (tam_head_bytes){head.weights_bytes, head.least_bytes, head.workspace_bytes};
    return TAM_OK;
}

tam_status tam_head_create(tam_ctx *ctx, const tam_head_config *config, tam_head **out) {
    *out = NULL;
    tam_head described;
    TAM_TRY(describe(ctx, config, &described));
    tam_head *head = tam_allocate(ctx, 1, sizeof *head, "a head");
    if (head == NULL) {
        return TAM_RESOURCES;
    }
    *head = described;
    tam_status status = tam_head_take_memory(head, config->workspace, false);
    if (status != TAM_OK) {
        tam_head_free(head);
        return status;
    }
    if (head->w != NULL) {
        tam_team_run(ctx, tam_head_cut_of(head, head->classes).chunks, init_chunk, head);
    }
    *out = head;
    return TAM_OK;
}

void tam_head_free(tam_head *head) {
    if (head == NULL) {
        return;
    }
    tam_head_release_memory(head);
    tam_release(head->ctx, head);
}

float *tam_head_weights(tam_head *head) {
    return head->dtype == TAM_CLASS_BF16_LEAN ? NULL : head->w;
}

static tam_status check_rows(const tam_head *head, int64_t first, int64_t count) {
    int64_t rows = head->classes * head->subs;
    if (head->w == NULL) {
        return tam_fail(head->ctx, TAM_CONFIG, "a loss on pairs has no class weights");
    }
    if (first < 0 || count < 0 || first > rows || count > rows - first) {
        return tam_fail(head->ctx, TAM_CONFIG, "rows %lld to %lld of %lld class weights", (long long)first,
                        (long long)first + (long long)count, (long long)rows);
    }
    return TAM_OK;
}

tam_status tam_head_read_weights(const tam_head *head, int64_t first, int64_t count, float *values) {
    TAM_TRY(check_rows(head, first, count));
    for (int64_t k = 0; k < count; k++) {
        tam_class_row_read(head->dtype, head->w, first + k, head->dim, values + k * head->dim);
    }
    return TAM_OK;
}

tam_status tam_head_write_weights(tam_head *head, int64_t first, int64_t count, const float *values) {
    TAM_TRY(check_rows(head, first, count));
    for (int64_t k = 0; k < count; k++) {
        tam_class_row_write(head->dtype, head->w, first + k, head->dim, values + k * head->dim);
    }
    return TAM_OK;
}

int tam_head_sub_centres(const tam_head *head) {
    return head->subs;
}

float *tam_head_centres(tam_head *head) {
    return head->centres;
}

size_t tam_head_workspace_bytes(const tam_head *head) {
    return head->workspace_bytes;
}
