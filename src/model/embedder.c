#include "model/embedder.h"

#include "base/ctx.h"
#include "base/memory.h"

/* What tam_loader delivers: (byte - 127.5) / 127.5. */
static const float loader_centre = 127.5f;

struct tam_embedder {
    tam_ctx *ctx;
    tam_net *net;
    tam_net_plan *plan;   /* of TAM_EMBED_BATCH rows: it takes as long for one row as for all */
    tam_net_plan *single; /* of one row */
    int room;             /* rows that the buffers hold */
    tam_net_info info;
    tam_net_plan_config how; /* dtype and deterministic of its plans */
    float mean, scale;
    bool bgr;
    float *images;  /* [room, C, H, W] */
    float *mirrors; /* [room, C, H, W] */
    float *added;   /* [room, D] */
};

static size_t pixels_of(const tam_embedder *embedder) {
    return (size_t)embedder->info.channels * (size_t)embedder->info.height * (size_t)embedder->info.width;
}

static tam_status make_plan(tam_embedder *embedder, int batch, tam_net_plan **plan) {
    tam_net_plan_config config = {
        .batch = batch, .dtype = embedder->how.dtype, .deterministic = embedder->how.deterministic};
    return tam_net_plan_create(embedder->net, &config, plan);
}

/* Buffers for `rows` rows. */
static tam_status grow(tam_embedder *embedder, int rows) {
    tam_ctx *ctx = embedder->ctx;
    size_t pixels = pixels_of(embedder) * (size_t)rows, values = (size_t)embedder->info.dim * (size_t)rows;
    if (rows <= embedder->room) {
        return TAM_OK;
    }
    tam_release(ctx, embedder->images);
    tam_release(ctx, embedder->mirrors);
    tam_release(ctx, embedder->added);
    embedder->room = 0;
    embedder->images = tam_allocate(ctx, pixels, sizeof(float), "images to embed");
    embedder->mirrors = tam_allocate(ctx, pixels, sizeof(float), "mirrored images");
    embedder->added = tam_allocate(ctx, values, sizeof(float), "embeddings of mirrored images");
    if (embedder->images == NULL || embedder->mirrors == NULL || embedder->added == NULL) {
        return TAM_RESOURCES;
    }
    embedder->room = rows;
    return TAM_OK;
}

/* What n rows need. */
static tam_status prepare(tam_embedder *embedder, int n) {
    int rows = n == 1 ? 1 : TAM_EMBED_BATCH;
    tam_net_plan **plan = n == 1 ? &embedder->single : &embedder->plan;
    TAM_TRY(grow(embedder, rows));
    return *plan == NULL ? make_plan(embedder, rows, plan) : TAM_OK;
}

tam_status tam_embedder_create(tam_ctx *ctx, tam_net *net, float mean, float scale, const tam_net_plan_config *how,
                               bool at_once, tam_embedder **out) {
    *out = NULL;
    tam_embedder *embedder = tam_allocate(ctx, 1, sizeof *embedder, "an embedder");
    if (embedder == NULL) {
        return TAM_RESOURCES;
    }
    *embedder = (tam_embedder){
        .ctx = ctx, .net = net, .info = tam_net_describe(net), .how = *how, .mean = mean, .scale = scale};
    tam_status status = at_once ? prepare(embedder, TAM_EMBED_BATCH) : TAM_OK;
    if (status != TAM_OK) {
        tam_embedder_free(embedder);
        return status;
    }
    *out = embedder;
    return TAM_OK;
}

void tam_embedder_free(tam_embedder *embedder) {
    if (embedder == NULL) {
        return;
    }
    tam_net_plan_free(embedder->plan);
    tam_net_plan_free(embedder->single);
    tam_release(embedder->ctx, embedder->images);
    tam_release(embedder->ctx, embedder->mirrors);
    tam_release(embedder->ctx, embedder->added);
    tam_release(embedder->ctx, embedder);
}

void tam_embedder_set_input(tam_embedder *embedder, float mean, float scale, bool bgr) {
    embedder->mean = mean;
    embedder->scale = scale;
    embedder->bgr = bgr;
}

/* Where channel c of an image goes. */
static size_t place_of_channel(const tam_embedder *embedder, size_t c) {
    return embedder->bgr ? 2 - c : c;
}

/* images [n, C, H, W] of the net's input, n <= TAM_EMBED_BATCH, which were prepared for -> x [n, D]. */
static tam_status embed(tam_embedder *embedder, int n, const float *images, bool flip, float *x) {
    tam_net_plan *plan = n == 1 ? embedder->single : embedder->plan;
    TAM_TRY(tam_net_forward(plan, n, images, 0, x));
    if (!flip) {
        return TAM_OK;
    }
    size_t width = (size_t)embedder->info.width, rows = (size_t)n * pixels_of(embedder) / width;
    for (size_t row = 0; row < rows; row++) {
        const float *from = images + row * width;
        float *to = embedder->mirrors + row * width;
        for (size_t i = 0; i < width; i++) {
            to[i] = from[width - 1 - i];
        }
    }
    TAM_TRY(tam_net_forward(plan, n, embedder->mirrors, 0, embedder->added));
    for (size_t i = 0; i < (size_t)n * (size_t)embedder->info.dim; i++) {
        x[i] += embedder->added[i];
    }
    return TAM_OK;
}

tam_status tam_embedder_bytes(tam_embedder *embedder, int64_t n, const uint8_t *images, bool flip, float *x) {
    size_t channels = (size_t)embedder->info.channels, pixels = pixels_of(embedder), plane = pixels / channels;
    for (int64_t first = 0; first < n; first += TAM_EMBED_BATCH) {
        int count = (int)(n - first < TAM_EMBED_BATCH ? n - first : TAM_EMBED_BATCH);
        const uint8_t *bytes = images + (size_t)first * pixels;
        TAM_TRY(prepare(embedder, count));
        for (size_t i = 0; i < (size_t)count * pixels; i++) {
            size_t image = i / pixels, channel = place_of_channel(embedder, i % channels),
                   place = i % pixels / channels;
            embedder->images[image * pixels + channel * plane + place] =
                ((float)bytes[i] - embedder->mean) / embedder->scale;
        }
        TAM_TRY(embed(embedder, count, embedder->images, flip, x + first * embedder->info.dim));
    }
    return TAM_OK;
}

/* A batch of the loader as the net wants it. */
static const float *as_input(tam_embedder *embedder, const tam_batch *batch) {
    if (embedder->mean == loader_centre && embedder->scale == loader_centre && !embedder->bgr) {
        return batch->images;
    }
    size_t channels = (size_t)embedder->info.channels, plane = pixels_of(embedder) / channels;
    for (size_t i = 0; i < (size_t)batch->n * channels; i++) {
        size_t image = i / channels, channel = place_of_channel(embedder, i % channels);
        const float *from = batch->images + i * plane;
        float *to = embedder->images + (image * channels + channel) * plane;
        for (size_t k = 0; k < plane; k++) {
            to[k] = (from[k] * loader_centre + loader_centre - embedder->mean) / embedder->scale;
        }
    }
    return embedder->images;
}

/* x: room for all rows, or for one batch where a sink takes every batch. */
typedef struct embed_target {
    float *x;
    tam_embed_sink sink;
    void *user;
} embed_target;

static tam_status embed_all(tam_embedder *embedder, tam_loader *loader, bool flip, const volatile sig_atomic_t *stop,
                            const embed_target *target) {
    float *x = target->x;
    while (true) {
        tam_batch batch;
        TAM_TRY(tam_loader_next(loader, &batch));
        if (batch.n == 0) {
            return TAM_OK;
        }
        if (stop != NULL && *stop != 0) {
            return tam_fail(embedder->ctx, TAM_STOPPED, "stopped while embedding");
        }
        TAM_TRY(prepare(embedder, batch.n));
        TAM_TRY(embed(embedder, batch.n, as_input(embedder, &batch), flip, x));
        if (target->sink != NULL) {
            TAM_TRY(target->sink(target->user, batch.n, x));
        } else {
            x += (size_t)batch.n * (size_t)embedder->info.dim;
        }
    }
}

tam_status tam_embedder_check(tam_ctx *ctx, const tam_net *net, const tam_dataset *dataset) {
    tam_dataset_info data = tam_dataset_describe(dataset);
    tam_net_info info = tam_net_describe(net);
    if (data.channels != info.channels || data.height != info.height || data.width != info.width) {
        return tam_fail(ctx, TAM_CONFIG, "the images are %d x %d with %d channels, the net takes %d x %d with %d",
                        data.height, data.width, data.channels, info.height, info.width, info.channels);
    }
    return TAM_OK;
}

static tam_status load_all(tam_embedder *embedder, tam_dataset *dataset, bool flip, const volatile sig_atomic_t *stop,
                           const embed_target *target) {
    tam_loader *loader = NULL;
    TAM_TRY(tam_embedder_check(embedder->ctx, embedder->net, dataset));
    tam_loader_config config = {.batch = TAM_EMBED_BATCH, .threads = tam_ctx_threads(embedder->ctx)};
    tam_status status = tam_loader_create(embedder->ctx, dataset, &config, &loader);
    if (status == TAM_OK) {
        status = embed_all(embedder, loader, flip, stop, target);
    }
    tam_loader_free(loader);
    return status;
}

tam_status tam_embedder_dataset(tam_embedder *embedder, tam_dataset *dataset, bool flip,
                                const volatile sig_atomic_t *stop, float *x) {
    const embed_target target = {.x = x};
    return load_all(embedder, dataset, flip, stop, &target);
}

tam_status tam_embedder_stream(tam_embedder *embedder, tam_dataset *dataset, bool flip,
                               const volatile sig_atomic_t *stop, tam_embed_sink sink, void *user) {
    embed_target target = {.sink = sink, .user = user};
    target.x = tam_allocate(embedder->ctx, TAM_EMBED_BATCH, (size_t)embedder->info.dim * sizeof(float), "embeddings");
    tam_status status = target.x != NULL ? load_all(embedder, dataset, flip, stop, &target) : TAM_RESOURCES;
    tam_release(embedder->ctx, target.x);
    return status;
}

tam_status tam_embedder_listed(tam_embedder *embedder, tam_dataset *dataset, int64_t count, const int64_t *image,
                               bool flip, const volatile sig_atomic_t *stop, float *x) {
    size_t pixels = pixels_of(embedder);
    TAM_TRY(tam_embedder_check(embedder->ctx, embedder->net, dataset));
    bool vectors = tam_dataset_describe(dataset).vectors != 0;
    uint8_t *bytes = tam_allocate(embedder->ctx, TAM_EMBED_BATCH, pixels, "images to embed");
    tam_status status = bytes != NULL ? TAM_OK : TAM_RESOURCES;
    for (int64_t first = 0; status == TAM_OK && first < count; first += TAM_EMBED_BATCH) {
        int64_t n = count - first < TAM_EMBED_BATCH ? count - first : TAM_EMBED_BATCH;
        if (stop != NULL && *stop != 0) {
            status = tam_fail(embedder->ctx, TAM_STOPPED, "stopped while embedding");
        }
        for (int64_t i = 0; status == TAM_OK && i < n; i++) {
            status = vectors ? tam_dataset_read_vector(dataset, image[first + i], embedder->images + (size_t)i * pixels)
                             : tam_dataset_read(dataset, image[first + i], bytes + (size_t)i * pixels);
        }
        if (status == TAM_OK && vectors) {
            status = embed(embedder, (int)n, embedder->images, flip, x + first * embedder->info.dim);
        } else if (status == TAM_OK) {
            status = tam_embedder_bytes(embedder, n, bytes, flip, x + first * embedder->info.dim);
        }
    }
    tam_release(embedder->ctx, bytes);
    return status;
}
