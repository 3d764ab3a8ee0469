/* Embeds data sets into files. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "loss/class_loss.h"
#include "model/embed_out.h"
#include "model/model_inside.h"
#include "tammes/embeddings.h"

enum { LONGEST_KEY = 4352, METADATA = 6 };

/* A run: rows go from the embedder to the file. */
typedef struct embedding_run {
    tam_model *model;
    const tam_embed_config *config;
    tam_embed_plan plan;
    const tam_embed_kind *kind;
    tam_embed_out *out;
    int64_t done;
    double shown; /* when progress was told */
    float *x;     /* [batch, dim], where rows are normalised */
    float quality[TAM_EMBED_BATCH];
} embedding_run;

/* Only a loss that puts a price on the length (MagFace) makes it a quality; elsewhere there merely is one. The
 * specification was checked when the model was opened. */
static bool norm_is_quality(const char *specification) {
    size_t length = strcspn(specification, ":,+ ");
    for (int i = 0; i < tam_class_loss_count(); i++) {
        const tam_class_loss *loss = tam_class_loss_at(i);
        if (strlen(loss->name) == length && strncmp(loss->name, specification, length) == 0) {
            return loss->length != NULL;
        }
    }
    return false;
}

/* Lengths, and rows of length 1 where they are wanted. */
static tam_status weigh(embedding_run *run, int n, const float *x) {
    int dim = run->plan.dim;
    for (int i = 0; i < n; i++) {
        const float *row = x + (size_t)i * (size_t)dim;
        double square = 0;
        for (int k = 0; k < dim; k++) {
            square += (double)row[k] * (double)row[k];
        }
        if (!isfinite(square)) {
            char key[LONGEST_KEY];
            tam_dataset_image_key(run->plan.dataset, run->done + i, key, sizeof key);
            return tam_fail(run->model->ctx, TAM_INPUT, "the embedding of image %lld ('%s') holds NaN or infinity",
                            (long long)(run->done + i), key);
        }
        run->quality[i] = (float)sqrt(square);
        for (int k = 0; run->x != NULL && k < dim; k++) {
            run->x[(size_t)i * (size_t)dim + (size_t)k] = (float)(square > 0 ? (double)row[k] / sqrt(square) : 0);
        }
    }
    return TAM_OK;
}

static tam_status take(void *user, int n, const float *x) {
    static const double interval = 0.2;
    embedding_run *run = user;
    TAM_TRY(weigh(run, n, x));
    TAM_TRY(run->kind->add(run->out, n, run->x != NULL ? run->x : x, run->quality));
    run->done += n;
    double now = tam_seconds();
    if (run->config->progress != NULL && (now - run->shown >= interval || run->done == run->plan.info.count)) {
        run->shown = now;
        run->config->progress(run->config->progress_user, run->done, run->plan.info.count);
    }
    return TAM_OK;
}

static tam_status choose_kind(embedding_run *run) {
    static const tam_embed_kind *const kinds[] = {&tam_embed_npy, &tam_embed_safetensors};
    const char *out = run->config->out != NULL ? run->config->out : "";
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t length = strlen(out), tail = strlen(kinds[k]->ending);
        if (length > tail && strcasecmp(out + length - tail, kinds[k]->ending) == 0) {
            run->kind = kinds[k];
            return TAM_OK;
        }
    }
    return tam_fail(run->model->ctx, TAM_CONFIG, "'%s': embeddings are written to NAME.npy or NAME.safetensors", out);
}

static tam_status embed_into(embedding_run *run, tam_dataset *dataset, tam_embed_result *result) {
    tam_model *model = run->model;
    TAM_TRY(run->kind->open(model->ctx, &run->plan, &run->out));
    tam_status status =
        tam_embedder_stream(model->embedder, dataset, run->config->flip != 0, run->config->stop, take, run);
    if (status != TAM_OK) {
        run->kind->abandon(run->out);
        return status;
    }
    return run->kind->commit(run->out, &result->files, &result->bytes);
}

tam_status tam_model_embed_file(tam_model *model, tam_dataset *dataset, const tam_embed_config *config,
                                tam_embed_result *result) {
    char step[24];
    const tam_metadata metadata[METADATA] = {
        {"format", "tammes-embeddings"},    {"model.net", model->info.net},
        {"model.loss", model->info.loss},   {"model.step", step},
        {"flip", config->flip ? "1" : "0"}, {"normalised", config->normalise ? "1" : "0"},
    };
    embedding_run run = {.model = model, .config = config};
    snprintf(step, sizeof step, "%lld", (long long)model->info.step);
    *result = (tam_embed_result){0};
    TAM_TRY(choose_kind(&run));
    TAM_TRY(tam_embedder_check(model->ctx, model->net, dataset));
    TAM_TRY(tam_model_need_embedder(model));
    run.plan = (tam_embed_plan){.out = config->out,
                                .dataset = dataset,
                                .info = tam_dataset_describe(dataset),
                                .dim = model->info.dim,
                                .quality = config->norms || norm_is_quality(model->info.loss),
                                .metadata = metadata,
                                .metadata_count = METADATA};
    if (config->normalise) {
        run.x = tam_allocate(model->ctx, TAM_EMBED_BATCH, (size_t)model->info.dim * sizeof *run.x, "embeddings");
        if (run.x == NULL) {
            return TAM_RESOURCES;
        }
    }
    tam_status status = embed_into(&run, dataset, result);
    tam_release(model->ctx, run.x);
    result->count = run.plan.info.count;
    result->classes = run.plan.info.classes;
    result->dim = run.plan.dim;
    result->quality = run.plan.quality;
    return status;
}
