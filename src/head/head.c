#include "base/random.h"
#include "head/head_inside.h"

/* Normal numbers of deviation 0.01, each class from its own stream: class j starts alike whatever C is. */
static void init_chunk(void *argument, int64_t chunk, int worker) {
    tam_head *head = argument;
    (void)worker;
    for (int64_t j = tam_head_chunk_begin(head, chunk); j < tam_head_chunk_begin(head, chunk + 1); j++) {
        for (int k = 0; k < head->subs; k++) {
            tam_random random = tam_random_at(head->seed, TAM_PURPOSE_HEAD_INIT, (uint32_t)j, (uint32_t)k);
            float *w = head->w + (j * head->subs + k) * head->dim;
            for (int d = 0; d < head->dim; d++) {
                w[d] = 0.01f * tam_random_normal(&random);
            }
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
        .subs = 1,
        .seed = config->seed,
        .workspace_bytes = sizeof *head,
    };
    tam_status status = tam_loss_read(ctx, config->loss, config->classes, &head->loss);
    if (status == TAM_OK) {
        head->state = head->loss.state;
        head->subs =
            head->loss.class_loss != NULL ? tam_class_loss_sub_centres(head->loss.class_loss, &head->loss.state) : 1;
        status = tam_head_take_memory(head, config->workspace);
    }
    if (status != TAM_OK) {
        tam_head_free(head);
        return status;
    }
    if (head->w != NULL) {
        tam_team_run(ctx, head->chunks, init_chunk, head);
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
    return head->w;
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
