/* NAME.npy [N, D] of f32; beside it NAME.labels.npy, NAME.classes.txt, NAME.paths.txt and NAME.quality.npy. */
#include <limits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/npy.h"
#include "io/npy_names.h"
#include "model/embed_out.h"

enum { ROWS, QUALITY, LABELS, CLASSES, PATHS, FILES };

struct tam_embed_out {
    tam_ctx *ctx;
    tam_stream *streams[FILES]; /* NULL: not wanted */
    char paths[FILES][PATH_MAX];
    int dim;
};

static void abandon(tam_embed_out *out) {
    for (int f = 0; f < FILES; f++) {
        tam_stream_abandon(out->streams[f]);
    }
    tam_release(out->ctx, out);
}

/* A neighbour that is there already would be taken for one of this array, so none may be. */
static tam_status name_files(tam_embed_out *out, const char *path) {
    static const char *const endings[FILES] = {".npy", TAM_NPY_QUALITY, TAM_NPY_LABELS, TAM_NPY_CLASSES, TAM_NPY_PATHS};
    for (int f = 0; f < FILES; f++) {
        if (!tam_npy_beside(path, ".npy", endings[f], out->paths[f], PATH_MAX)) {
            return tam_fail(out->ctx, TAM_CONFIG, "%.200s: the path is too long", path);
        }
        if (tam_path_is_taken(out->paths[f])) {
            return tam_fail(out->ctx, TAM_CONFIG, "%s: exists; nothing was written", out->paths[f]);
        }
    }
    return TAM_OK;
}

static tam_status open_array(tam_embed_out *out, int file, tam_npy_type type, int dims, const int64_t *shape) {
    uint8_t header[TAM_NPY_HEADER];
    if (!tam_npy_header(type, dims, shape, header)) {
        return tam_fail(out->ctx, TAM_CONFIG, "%s: a shape that no header holds", out->paths[file]);
    }
    TAM_TRY(tam_stream_open(out->ctx, out->paths[file], &out->streams[file]));
    return tam_stream_write(out->streams[file], header, sizeof header);
}

static tam_status write_text(tam_embed_out *out, const tam_embed_plan *plan, int file, tam_embed_text text) {
    TAM_TRY(tam_stream_open(out->ctx, out->paths[file], &out->streams[file]));
    return tam_embed_text_write(out->ctx, plan, text, out->streams[file]);
}

static tam_status start(tam_embed_out *out, const tam_embed_plan *plan) {
    const int64_t shape[2] = {plan->info.count, plan->dim};
    TAM_TRY(name_files(out, plan->out));
    TAM_TRY(open_array(out, ROWS, TAM_NPY_F4, 2, shape));
    if (plan->quality) {
        TAM_TRY(open_array(out, QUALITY, TAM_NPY_F4, 1, shape));
    }
    if (plan->info.classes > 0) {
        TAM_TRY(open_array(out, LABELS, TAM_NPY_I8, 1, shape));
        TAM_TRY(tam_embed_labels_write(plan, out->streams[LABELS]));
        TAM_TRY(write_text(out, plan, CLASSES, TAM_EMBED_CLASSES));
    }
    return write_text(out, plan, PATHS, TAM_EMBED_KEYS);
}

static tam_status open_npy(tam_ctx *ctx, const tam_embed_plan *plan, tam_embed_out **out) {
    *out = tam_allocate(ctx, 1, sizeof **out, "the embeddings to write");
    if (*out == NULL) {
        return TAM_RESOURCES;
    }
    (*out)->ctx = ctx;
    (*out)->dim = plan->dim;
    tam_status status = start(*out, plan);
    if (status != TAM_OK) {
        abandon(*out);
        *out = NULL;
    }
    return status;
}

static tam_status add(tam_embed_out *out, int n, const float *x, const float *quality) {
    TAM_TRY(tam_stream_write(out->streams[ROWS], x, (size_t)n * (size_t)out->dim * sizeof *x));
    return out->streams[QUALITY] == NULL
               ? TAM_OK
               : tam_stream_write(out->streams[QUALITY], quality, (size_t)n * sizeof *quality);
}

/* The rows come last: where they are, the others are too. A file that fails takes those before it back. */
static tam_status commit(tam_embed_out *out, int64_t *files, uint64_t *bytes) {
    tam_status status = TAM_OK;
    bool placed[FILES] = {false};
    for (int f = FILES - 1; status == TAM_OK && f >= 0; f--) {
        tam_stream *stream = out->streams[f];
        out->streams[f] = NULL;
        if (stream != NULL) {
            *bytes += tam_stream_at(stream);
            *files += 1;
            status = tam_stream_commit(stream);
            placed[f] = status == TAM_OK;
        }
    }
    for (int f = 0; status != TAM_OK && f < FILES; f++) {
        if (placed[f]) {
            unlink(out->paths[f]);
        }
    }
    abandon(out);
    return status;
}

const tam_embed_kind tam_embed_npy = {".npy", open_npy, add, commit, abandon};
