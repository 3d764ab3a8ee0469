#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/stream.h"
#include "base/team.h"
#include "data/face/look.h"
#include "data/synth_folder.h"
#include "io/image.h"

/* Identities are drawn a batch at a time, then their lines are written, in their order. */
enum { BATCH = 64 };

typedef struct face_writer {
    tam_ctx *ctx;
    tam_faces_config config;
    const char *folder;
    int64_t first;              /* of the batch */
    tam_face_facts *facts;      /* [BATCH, per_identity] */
    tam_face_painter **painter; /* [threads] */
    uint8_t *pixels;            /* [threads, side, side, 3] */
    tam_stream *landmarks, *attributes;
    atomic_int status;
} face_writer;

static const char *ending(const face_writer *w) {
    return w->config.jpeg > 0 ? "jpg" : "png";
}

static tam_status write_picture(face_writer *w, const char *path, int side, const uint8_t *pixels) {
    uint8_t *data;
    size_t size;
    if (w->config.jpeg > 0) {
        TAM_TRY(tam_jpeg_encode(w->ctx, side, side, 3, pixels, w->config.jpeg, &data, &size));
    } else {
        TAM_TRY(tam_png_encode(w->ctx, side, side, 3, pixels, &data, &size));
    }
    tam_status status = tam_synth_file_write(w->ctx, path, data, size);
    tam_release(w->ctx, data);
    return status;
}

static tam_status write_identity(face_writer *w, int64_t task, int worker) {
    int side = tam_faces_side(&w->config);
    uint8_t *pixels = w->pixels + (size_t)worker * (size_t)side * (size_t)side * 3;
    int64_t identity = w->first + task;
    char path[PATH_MAX];
    size_t length;
    TAM_TRY(tam_synth_folder_identity(w->ctx, w->folder, identity, path, sizeof path, &length));
    for (int k = 0; k < w->config.per_identity; k++) {
        snprintf(path + length, sizeof path - length, "/%03d.%s", k, ending(w));
        tam_face_draw_sample(w->painter[worker], &w->config, identity, k, pixels,
                             &w->facts[task * w->config.per_identity + k]);
        TAM_TRY(write_picture(w, path, side, pixels));
    }
    return TAM_OK;
}

static void write_one(void *argument, int64_t task, int worker) {
    face_writer *w = argument;
    if (atomic_load(&w->status) == TAM_OK) {
        tam_status status = write_identity(w, task, worker);
        if (status != TAM_OK) {
            atomic_store(&w->status, (int)status);
        }
    }
}

static tam_status write_landmarks(face_writer *w, int64_t identity, int sample, const tam_face_facts *f) {
    char line[256];
    int n = snprintf(line, sizeof line, "id%06lld/%03d.%s", (long long)identity, sample, ending(w));
    for (int i = 0; i < 5; i++) {
        n += snprintf(line + n, sizeof line - (size_t)n, ",%.2f,%.2f", (double)f->landmark[i][0],
                      (double)f->landmark[i][1]);
    }
    line[n++] = '\n';
    return tam_stream_write(w->landmarks, line, (size_t)n);
}

static tam_status write_attributes(face_writer *w, int64_t identity, int sample, const tam_face_facts *f) {
    char line[512];
    const float value[] = {f->yaw,        f->pitch, f->roll,   f->light_x, f->light_y, f->ambient, f->smile,
                           f->mouth_open, f->blink, f->gaze_x, f->gaze_y,  f->age,     f->blur,    f->noise};
    int n = snprintf(line, sizeof line, "id%06lld/%03d.%s,%lld", (long long)identity, sample, ending(w),
                     (long long)identity);
    for (size_t i = 0; i < sizeof value / sizeof *value; i++) {
        n += snprintf(line + n, sizeof line - (size_t)n, ",%.4f", (double)value[i]);
    }
    n += snprintf(line + n, sizeof line - (size_t)n, ",%s\n", tam_face_occlusion_name(f->occlusion));
    return tam_stream_write(w->attributes, line, (size_t)n);
}

static tam_status write_batch(face_writer *w, int64_t first, int64_t count) {
    w->first = first;
    tam_team_run(w->ctx, count, write_one, w);
    TAM_TRY((tam_status)atomic_load(&w->status));
    for (int64_t i = 0; i < count; i++) {
        for (int k = 0; k < w->config.per_identity; k++) {
            const tam_face_facts *f = &w->facts[i * w->config.per_identity + k];
            TAM_TRY(write_landmarks(w, first + i, k, f));
            TAM_TRY(write_attributes(w, first + i, k, f));
        }
    }
    return TAM_OK;
}

static tam_status write_batches(face_writer *w) {
    static const char landmarks[] = "path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5\n";
    static const char attributes[] = "path,identity,yaw,pitch,roll,light_x,light_y,ambient,smile,mouth_open,blink,"
                                     "gaze_x,gaze_y,age,blur,noise,occlusion\n";
    TAM_TRY(tam_stream_write(w->landmarks, landmarks, sizeof landmarks - 1));
    TAM_TRY(tam_stream_write(w->attributes, attributes, sizeof attributes - 1));
    for (int64_t done = 0; done < w->config.identities; done += BATCH) {
        int64_t left = w->config.identities - done;
        TAM_TRY(write_batch(w, w->config.first + done, left < BATCH ? left : BATCH));
    }
    return TAM_OK;
}

static tam_status open_lists(face_writer *w) {
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/attributes.csv", w->folder) >= (int)sizeof path) {
        return tam_fail(w->ctx, TAM_CONFIG, "%.200s...: the path is too long", w->folder);
    }
    TAM_TRY(tam_stream_open(w->ctx, path, &w->attributes));
    snprintf(path, sizeof path, "%s/landmarks.csv", w->folder);
    return tam_stream_open(w->ctx, path, &w->landmarks);
}

static tam_status write_all(face_writer *w) {
    size_t threads = (size_t)tam_ctx_threads(w->ctx), side = (size_t)tam_faces_side(&w->config);
    w->facts = tam_allocate(w->ctx, BATCH * (size_t)w->config.per_identity, sizeof *w->facts, "faces");
    w->pixels = tam_allocate(w->ctx, threads, side * side * 3, "faces");
    w->painter = tam_allocate(w->ctx, threads, sizeof(tam_face_painter *), "faces");
    if (w->facts == NULL || w->pixels == NULL || w->painter == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t i = 0; i < threads; i++) {
        w->painter[i] = tam_face_painter_create(w->ctx, (int)side, w->config.size);
        if (w->painter[i] == NULL) {
            return TAM_RESOURCES;
        }
    }
    TAM_TRY(open_lists(w));
    TAM_TRY(write_batches(w));
    tam_stream *attributes = w->attributes, *landmarks = w->landmarks;
    w->attributes = NULL;
    TAM_TRY(tam_stream_commit(attributes));
    w->landmarks = NULL;
    return tam_stream_commit(landmarks);
}

static void clear(face_writer *w) {
    tam_stream_abandon(w->attributes);
    tam_stream_abandon(w->landmarks);
    for (int i = 0; w->painter != NULL && i < tam_ctx_threads(w->ctx); i++) {
        tam_face_painter_free(w->painter[i]);
    }
    tam_release(w->ctx, w->painter);
    tam_release(w->ctx, w->pixels);
    tam_release(w->ctx, w->facts);
}

tam_status tam_faces_write(tam_ctx *ctx, const tam_faces_config *config, const char *folder) {
    face_writer w = {.ctx = ctx, .config = *config, .folder = folder, .status = TAM_OK};
    TAM_TRY(tam_faces_settle(ctx, &w.config));
    if (config->identities < 1 || config->first < 0 || config->first > (int64_t)UINT32_MAX - config->identities) {
        return tam_fail(ctx, TAM_CONFIG, "faces: %lld identities from number %lld on; numbers are in [0, 2^32)",
                        (long long)config->identities, (long long)config->first);
    }
    if (config->jpeg < 0 || config->jpeg > 100) {
        return tam_fail(ctx, TAM_CONFIG, "faces: a JPEG quality of %d is outside [1, 100]", config->jpeg);
    }
    TAM_TRY(tam_synth_folder_make(ctx, folder));
    tam_status status = write_all(&w);
    clear(&w);
    return status;
}
