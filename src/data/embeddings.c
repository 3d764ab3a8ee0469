/* Arrays of embeddings with what a data set knows of their rows. */
#include "tammes/embeddings.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "data/reader_embeddings.h"

enum { LONGEST_KEY = 4352 };

struct tam_embeddings {
    tam_ctx *ctx;
    tam_dataset *dataset;
    const tam_npy *array;
};

tam_status tam_embeddings_inside(tam_ctx *ctx, const char *path, int *inside) {
    tam_place place;
    tam_npy array;
    *inside = 0;
    TAM_TRY(tam_place_look(ctx, path, &place));
    if (tam_reader_embeddings.recognise(&place)) {
        tam_status status = tam_npy_open(ctx, path, &array);
        *inside = status == TAM_OK && array.dims <= 2;
        tam_npy_close(&array);
        return status;
    }
    return TAM_OK;
}

tam_status tam_embeddings_open(tam_ctx *ctx, const tam_dataset_config *config, tam_embeddings **out) {
    tam_dataset_config wanted = *config;
    *out = NULL;
    tam_embeddings *embeddings = tam_allocate(ctx, 1, sizeof *embeddings, "embeddings");
    if (embeddings == NULL) {
        return TAM_RESOURCES;
    }
    embeddings->ctx = ctx;
    wanted.size = 0;
    wanted.channels = 0;
    wanted.any_size = 1;
    wanted.cache_bytes = -1;
    tam_status status = tam_dataset_open_by(ctx, &tam_reader_embeddings, &wanted, &embeddings->dataset);
    if (status != TAM_OK) {
        tam_embeddings_free(embeddings);
        return status;
    }
    embeddings->array = tam_embeddings_array(tam_dataset_source(embeddings->dataset));
    *out = embeddings;
    return TAM_OK;
}

void tam_embeddings_free(tam_embeddings *embeddings) {
    if (embeddings != NULL) {
        tam_dataset_free(embeddings->dataset);
        tam_release(embeddings->ctx, embeddings);
    }
}

tam_embeddings_info tam_embeddings_describe(const tam_embeddings *embeddings) {
    tam_dataset_info info = tam_dataset_describe(embeddings->dataset);
    return (tam_embeddings_info){.count = info.count, .classes = info.classes, .dim = (int)embeddings->array->row};
}

tam_dataset *tam_embeddings_dataset(const tam_embeddings *embeddings) {
    return embeddings->dataset;
}

static tam_status check_row(const tam_embeddings *embeddings, int64_t row, const float *x) {
    for (int64_t k = 0; k < embeddings->array->row; k++) {
        if (!isfinite(x[k])) {
            char key[LONGEST_KEY];
            tam_dataset_image_key(embeddings->dataset, row, key, sizeof key);
            return tam_fail(embeddings->ctx, TAM_INPUT, "%s: row %lld ('%s') holds %s in column %lld",
                            embeddings->array->name, (long long)tam_dataset_source_number(embeddings->dataset, row),
                            key, isnan(x[k]) ? "NaN" : "a number beyond f32 or infinity", (long long)k);
        }
    }
    return TAM_OK;
}

/* Number of the file's row behind the i-th one that is wanted; row NULL: from `first` on. */
static int64_t place_of(const tam_embeddings *embeddings, int64_t first, const int64_t *row, int64_t i) {
    return tam_dataset_source_number(embeddings->dataset, row != NULL ? row[i] : first + i);
}

static tam_status read_rows(const tam_embeddings *embeddings, int64_t first, const int64_t *row, int64_t count,
                            float *x) {
    int64_t dim = embeddings->array->row;
    for (int64_t i = 0, run; i < count; i += run) {
        int64_t place = place_of(embeddings, first, row, i);
        for (run = 1; i + run < count && place_of(embeddings, first, row, i + run) == place + run; run++) {
        }
        TAM_TRY(tam_npy_read_f32(embeddings->array, place * dim, run * dim, x + i * dim));
        for (int64_t k = i; k < i + run; k++) {
            TAM_TRY(check_row(embeddings, row != NULL ? row[k] : first + k, x + k * dim));
        }
    }
    return TAM_OK;
}

tam_status tam_embeddings_read(const tam_embeddings *embeddings, int64_t first, int64_t count, float *x) {
    return read_rows(embeddings, first, NULL, count, x);
}

tam_status tam_embeddings_read_listed(const tam_embeddings *embeddings, int64_t count, const int64_t *row, float *x) {
    return read_rows(embeddings, 0, row, count, x);
}
