/* What an image costs when a trained net is used: measured once, and kept in the run's folder, so that a comparison
 * that goes on another day still says the same. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "report/compare.h"
#include "tammes/machine.h"

enum { ALONE = 1, TOGETHER = 32, WARM_UP = 2, LEAST = 5, MOST = 500, LARGEST_FILE = 1 << 16 };
static const double seconds_enough = 0.25;
static const char file_name[] = "inference.json";

/* A number of images a forward, with its buffers. */
typedef struct stopwatch {
    int batch;
    float *images, *x;
    double seconds[MOST];
} stopwatch;

static int by_size(const void *a, const void *b) {
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

/* Milliseconds of an image: the median of forwards. */
static tam_status time_forwards(tam_net_plan *plan, stopwatch *timing, double *milliseconds) {
    int done = 0;
    double spent = 0;
    for (int i = 0; i < WARM_UP; i++) {
        TAM_TRY(tam_net_forward(plan, timing->batch, timing->images, 0, timing->x));
    }
    while (done < LEAST || (done < MOST && spent < seconds_enough)) {
        double began = tam_seconds();
        TAM_TRY(tam_net_forward(plan, timing->batch, timing->images, 0, timing->x));
        timing->seconds[done] = tam_seconds() - began;
        spent += timing->seconds[done++];
    }
    qsort(timing->seconds, (size_t)done, sizeof *timing->seconds, by_size);
    double median = (timing->seconds[done / 2] + timing->seconds[(done - 1) / 2]) / 2;
    *milliseconds = 1e3 * median / timing->batch;
    return TAM_OK;
}

/* Noise between -1 and 1: no time depends on what is in the images, but a map of zeros alone would be a special case.
 */
static void fill(float *images, size_t count) {
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525U + 1013904223U;
        images[i] = (float)(state >> 8) / 8388608.0F - 1;
    }
}

static tam_status measure_batch(tam_ctx *ctx, tam_model *model, int batch, const char *dtype, double *milliseconds) {
    const tam_model_info info = tam_model_describe(model);
    const tam_net_plan_config config = {.batch = batch, .dtype = dtype};
    size_t count = (size_t)batch * (size_t)info.channels * (size_t)info.height * (size_t)info.width;
    tam_net_plan *plan = NULL;
    stopwatch *timing = tam_allocate(ctx, 1, sizeof *timing, "times of inference");
    float *images = tam_allocate(ctx, count, sizeof *images, "images to time");
    float *x = tam_allocate(ctx, (size_t)batch * (size_t)info.dim, sizeof *x, "embeddings to time");
    tam_status status = TAM_RESOURCES;
    if (timing != NULL && images != NULL && x != NULL) {
        timing->batch = batch;
        timing->images = images;
        timing->x = x;
        fill(images, count);
        status = tam_net_plan_create(tam_model_net(model), &config, &plan);
    }
    if (status == TAM_OK) {
        status = time_forwards(plan, timing, milliseconds);
    }
    tam_net_plan_free(plan);
    tam_release(ctx, x);
    tam_release(ctx, images);
    tam_release(ctx, timing);
    return status;
}

/* What the run is timed in. */
static const char *dtype_of(const tam_compare_entry *entry) {
    const char *dtype = entry->recipe.dtype != NULL ? entry->recipe.dtype : "f32";
    return strcmp(dtype, "auto") == 0 ? tam_net_suited_dtype(NULL) : dtype;
}

/* Takes the times from the file, if they are of this model, in this dtype, on so many threads. */
static bool read_times(tam_ctx *ctx, const char *path, const tam_model_info *model, tam_compare_entry *entry) {
    uint8_t *data = NULL;
    size_t size;
    const char *dtype = "";
    json_int_t step = -1;
    int threads = 0;
    double alone, together;
    if (tam_path_look(path) != TAM_PATH_FILE || tam_file_read(ctx, path, LARGEST_FILE, &data, &size) != TAM_OK) {
        return false;
    }
    json_t *whole = json_loadb((const char *)data, size, 0, NULL);
    bool read = whole != NULL &&
                json_unpack(whole, "{s:I, s:s, s:i, s:{s:F, s:F}}", "step", &step, "dtype", &dtype, "threads", &threads,
                            "milliseconds_per_image", "1", &alone, "32", &together) == 0 &&
                step == (json_int_t)model->step && threads == tam_ctx_threads(ctx) &&
                strcmp(dtype, dtype_of(entry)) == 0 && alone > 0 && together > 0;
    if (read) {
        entry->number[TAM_COMPARE_ALONE] = alone;
        entry->number[TAM_COMPARE_TOGETHER] = together;
    }
    json_decref(whole);
    tam_release(ctx, data);
    return read;
}

static tam_status write_times(tam_ctx *ctx, const char *path, const tam_model_info *model,
                              const tam_compare_entry *entry) {
    tam_machine machine;
    tam_machine_describe(ctx, NULL, &machine);
    json_t *whole =
        json_pack("{s:I, s:s, s:i, s:s, s:{s:f, s:f}}", "step", (json_int_t)model->step, "dtype", dtype_of(entry),
                  "threads", tam_ctx_threads(ctx), "processor", machine.processor, "milliseconds_per_image", "1",
                  entry->number[TAM_COMPARE_ALONE], "32", entry->number[TAM_COMPARE_TOGETHER]);
    char *words = whole != NULL ? json_dumps(whole, JSON_COMPACT) : NULL;
    json_decref(whole);
    if (words == NULL) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: no memory for its words", path);
    }
    const tam_file_piece pieces[2] = {{words, strlen(words)}, {"\n", 1}};
    tam_status status = tam_file_write(ctx, path, pieces, 2);
    free(words);
    return status;
}

tam_status tam_compare_time(tam_comparison *comparison, tam_model *model, tam_compare_entry *entry) {
    tam_ctx *ctx = comparison->ctx;
    const tam_model_info info = tam_model_describe(model);
    char *path = tam_path_join(ctx, entry->recipe.out, file_name);
    tam_status status = path != NULL ? TAM_OK : TAM_RESOURCES;
    if (status == TAM_OK && !read_times(ctx, path, &info, entry)) {
        status = measure_batch(ctx, model, ALONE, dtype_of(entry), &entry->number[TAM_COMPARE_ALONE]);
        if (status == TAM_OK) {
            status = measure_batch(ctx, model, TOGETHER, dtype_of(entry), &entry->number[TAM_COMPARE_TOGETHER]);
        }
        if (status == TAM_OK) {
            status = write_times(ctx, path, &info, entry);
        }
    }
    tam_release(ctx, path);
    return status;
}

void tam_compare_time_words(const tam_comparison *comparison, char *words, size_t room) {
    const char *dtype = dtype_of(&comparison->entries[0]);
    for (int i = 0; i < comparison->count; i++) {
        dtype = strcmp(dtype, dtype_of(&comparison->entries[i])) == 0 ? dtype : "what each run computes in";
    }
    int threads = tam_ctx_threads(comparison->ctx);
    snprintf(words, room,
             "time per image of inference: median of forwards with 1 and with 32 images, in %s, on %d thread%s", dtype,
             threads, threads == 1 ? "" : "s");
}
