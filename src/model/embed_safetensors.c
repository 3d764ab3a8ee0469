/* NAME.safetensors: "labels" [N] of int64, "quality" [N], "embeddings" [N, D], "classes" and "paths" as texts. All
 * lengths are known before the first row, so the header is written first; qualities are filled in as they come. */
#include "base/file.h"
#include "base/memory.h"
#include "model/embed_out.h"

enum { MOST_TENSORS = 5, ZEROS = 4096 };

struct tam_embed_out {
    tam_ctx *ctx;
    const tam_embed_plan *plan;
    tam_stream *stream;
    uint64_t quality_at; /* where the next row's quality lies */
};

static void abandon(tam_embed_out *out) {
    tam_stream_abandon(out->stream);
    tam_release(out->ctx, out);
}

static void describe(tam_tensor *tensors, int *count, const char *name, tam_dtype dtype, int64_t rows, int64_t columns,
                     size_t size) {
    tensors[(*count)++] = (tam_tensor){.name = name,
                                       .dtype = dtype,
                                       .dims = columns > 0 ? 2 : 1,
                                       .size = {rows, columns},
                                       .bytes = (size_t)rows * (columns > 0 ? (size_t)columns : 1) * size};
}

static tam_status write_header(tam_embed_out *out) {
    const tam_embed_plan *plan = out->plan;
    tam_tensor tensors[MOST_TENSORS];
    int count = 0;
    uint8_t *header;
    size_t size;
    uint64_t classes = tam_embed_text_bytes(out->ctx, plan, TAM_EMBED_CLASSES);
    uint64_t keys = tam_embed_text_bytes(out->ctx, plan, TAM_EMBED_KEYS);
    if (classes == UINT64_MAX || keys == UINT64_MAX) {
        return TAM_RESOURCES;
    }
    if (plan->info.classes > 0) {
        describe(tensors, &count, "labels", TAM_DTYPE_I64, plan->info.count, 0, 8);
    }
    if (plan->quality) {
        describe(tensors, &count, "quality", TAM_DTYPE_F32, plan->info.count, 0, 4);
    }
    describe(tensors, &count, "embeddings", TAM_DTYPE_F32, plan->info.count, plan->dim, 4);
    if (plan->info.classes > 0) {
        describe(tensors, &count, "classes", TAM_DTYPE_U8, (int64_t)classes, 0, 1);
    }
    describe(tensors, &count, "paths", TAM_DTYPE_U8, (int64_t)keys, 0, 1);
    TAM_TRY(
        tam_tensors_header(out->ctx, plan->out, tensors, count, plan->metadata, plan->metadata_count, &header, &size));
    tam_status status = tam_stream_write(out->stream, header, size);
    tam_release(out->ctx, header);
    return status;
}

static tam_status start(tam_embed_out *out) {
    const tam_embed_plan *plan = out->plan;
    static const uint8_t zeros[ZEROS];
    TAM_TRY(tam_stream_open(out->ctx, plan->out, &out->stream));
    TAM_TRY(write_header(out));
    if (plan->info.classes > 0) {
        TAM_TRY(tam_embed_labels_write(plan, out->stream));
    }
    out->quality_at = tam_stream_at(out->stream);
    for (uint64_t left = plan->quality ? 4 * (uint64_t)plan->info.count : 0; left > 0;) {
        size_t some = left < ZEROS ? (size_t)left : ZEROS;
        TAM_TRY(tam_stream_write(out->stream, zeros, some));
        left -= some;
    }
    return TAM_OK;
}

static tam_status open_safetensors(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_out **out) {
    *out = NULL;
    if (tam_path_is_taken(plan->out)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists; nothing was written", plan->out);
    }
    *out = tam_allocate(ctx, 1, sizeof **out, "the embeddings to write");
    if (*out == NULL) {
        return TAM_RESOURCES;
    }
    **out = (tam_embed_out){.ctx = ctx, .plan = plan};
    tam_status status = start(*out);
    if (status != TAM_OK) {
        abandon(*out);
        *out = NULL;
    }
    return status;
}

static tam_status add(tam_embed_out *out, int n, const float *x, const float *quality) {
    if (out->plan->quality) {
        TAM_TRY(tam_stream_patch(out->stream, out->quality_at, quality, (size_t)n * sizeof *quality));
        out->quality_at += (uint64_t)n * sizeof *quality;
    }
    return tam_stream_write(out->stream, x, (size_t)n * (size_t)out->plan->dim * sizeof *x);
}

static tam_status write_texts(tam_embed_out *out) {
    TAM_TRY(tam_embed_text_write(out->ctx, out->plan, TAM_EMBED_CLASSES, out->stream));
    return tam_embed_text_write(out->ctx, out->plan, TAM_EMBED_KEYS, out->stream);
}

static tam_status commit(tam_embed_out *out, int64_t *files, uint64_t *bytes) {
    tam_status status = write_texts(out);
    if (status == TAM_OK) {
        tam_stream *stream = out->stream;
        out->stream = NULL;
        *files = 1;
        *bytes = tam_stream_at(stream);
        status = tam_stream_commit(stream);
    }
    abandon(out);
    return status;
}

const tam_embed_kind tam_embed_safetensors = {".safetensors", open_safetensors, add, commit, abandon};
