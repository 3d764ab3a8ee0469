#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/team.h"
#include "data/synth_folder.h"
#include "io/image.h"
#include "tammes/data.h"

enum { LEAST_SIZE = 16, MOST_SIZE = 1024, DEFAULT_SIZE = 28, DEFAULT_PER_IDENTITY = 20, MOST_PER_IDENTITY = 100000 };

typedef struct glyph_writer {
    tam_ctx *ctx;
    tam_glyphs_config config;
    const char *folder;
    uint8_t *pixels; /* [threads, size, size] */
    atomic_int status;
} glyph_writer;

static tam_status write_identity(glyph_writer *w, int64_t identity, uint8_t *pixels) {
    char path[PATH_MAX];
    size_t length;
    TAM_TRY(tam_synth_folder_identity(w->ctx, w->folder, identity, path, sizeof path, &length));
    for (int k = 0; k < w->config.per_identity; k++) {
        uint8_t *png;
        size_t size;
        snprintf(path + length, sizeof path - length, "/%03d.png", k);
        tam_glyphs_draw(&w->config, identity, k, pixels);
        TAM_TRY(tam_png_encode(w->ctx, w->config.size, w->config.size, 1, pixels, &png, &size));
        tam_status status = tam_synth_file_write(w->ctx, path, png, size);
        tam_release(w->ctx, png);
        TAM_TRY(status);
    }
    return TAM_OK;
}

static void write_one(void *argument, int64_t task, int worker) {
    glyph_writer *w = argument;
    size_t area = (size_t)w->config.size * (size_t)w->config.size;
    if (atomic_load(&w->status) != TAM_OK) {
        return;
    }
    tam_status status = write_identity(w, w->config.first + task, w->pixels + (size_t)worker * area);
    if (status != TAM_OK) {
        atomic_store(&w->status, (int)status);
    }
}

static tam_status check(tam_ctx *ctx, const tam_glyphs_config *config) {
    if (config->identities < 1 || config->first < 0 || config->first > (int64_t)UINT32_MAX - config->identities) {
        return tam_fail(ctx, TAM_CONFIG, "glyphs: %lld identities from number %lld on; numbers are in [0, 2^32)",
                        (long long)config->identities, (long long)config->first);
    }
    if (config->size < LEAST_SIZE || config->size > MOST_SIZE) {
        return tam_fail(ctx, TAM_CONFIG, "glyphs: a size of %d is outside [%d, %d]", config->size, LEAST_SIZE,
                        MOST_SIZE);
    }
    if (config->per_identity < 1 || config->per_identity > MOST_PER_IDENTITY) {
        return tam_fail(ctx, TAM_CONFIG, "glyphs: %d samples of each identity are outside [1, %d]",
                        config->per_identity, MOST_PER_IDENTITY);
    }
    return TAM_OK;
}

tam_status tam_glyphs_write(tam_ctx *ctx, const tam_glyphs_config *config, const char *folder) {
    glyph_writer w = {.ctx = ctx, .config = *config, .folder = folder, .status = TAM_OK};
    w.config.size = config->size != 0 ? config->size : DEFAULT_SIZE;
    w.config.per_identity = config->per_identity != 0 ? config->per_identity : DEFAULT_PER_IDENTITY;
    TAM_TRY(check(ctx, &w.config));
    TAM_TRY(tam_synth_folder_make(ctx, folder));
    size_t area = (size_t)w.config.size * (size_t)w.config.size;
    w.pixels = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), area, "glyphs");
    if (w.pixels == NULL) {
        return TAM_RESOURCES;
    }
    tam_team_run(ctx, w.config.identities, write_one, &w);
    tam_release(ctx, w.pixels);
    return (tam_status)atomic_load(&w.status);
}
