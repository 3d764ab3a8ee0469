/* What a diagnosis is made on: pairs and their images. */
#include <stdlib.h>
#include <string.h>

#include "diagnose.h"

/* Images of a class. */
enum { MOST_EACH = 16 };

static tam_status take(eval_job *job, diagnose_sample *sample) {
    sample->image = calloc(4 * (size_t)sample->most, sizeof *sample->image);
    sample->rows = calloc(4 * (size_t)sample->most, sizeof *sample->rows);
    sample->same = calloc(2 * (size_t)sample->most, sizeof *sample->same);
    bool whole = sample->image != NULL && sample->rows != NULL && sample->same != NULL;
    return whole ? TAM_OK : cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for a sample of pairs");
}

void diagnose_free(diagnose_sample *sample) {
    free(sample->image);
    free(sample->rows);
    free(sample->same);
    *sample = (diagnose_sample){0};
}

/* The row of an image; the sample is small. */
static int64_t row_of(diagnose_sample *sample, int64_t image) {
    for (int64_t i = 0; i < sample->images; i++) {
        if (sample->image[i] == image) {
            return i;
        }
    }
    sample->image[sample->images] = image;
    return sample->images++;
}

static void add_pair(diagnose_sample *sample, int64_t first, int64_t second, bool same) {
    int64_t *row = sample->rows + 2 * sample->pairs;
    row[0] = row_of(sample, first);
    row[1] = row_of(sample, second);
    sample->same[sample->pairs++] = same;
}

/* Pair k of `wanted` among `count`, spread evenly. */
static int64_t spread(int64_t k, int64_t wanted, int64_t count) {
    return (int64_t)((double)k * (double)count / (double)wanted);
}

static void choose_listed(const tam_pairs_info *pairs, diagnose_sample *sample) {
    int64_t have[2] = {0, 0}, seen[2] = {0, 0}, taken[2] = {0, 0};
    for (int64_t i = 0; i < pairs->count; i++) {
        have[pairs->same[i]]++;
    }
    int64_t wanted = have[0] < have[1] ? have[0] : have[1];
    wanted = wanted < sample->most ? wanted : sample->most;
    for (int64_t i = 0; i < pairs->count; i++) {
        int same = pairs->same[i];
        if (taken[same] < wanted && seen[same]++ == spread(taken[same], wanted, have[same])) {
            const int64_t *row = pairs->rows + 2 * i;
            add_pair(sample, pairs->image[row[0]], pairs->image[row[1]], same);
            taken[same]++;
        }
    }
}

/* The first images of each class: `each` of them, -1 where it has fewer. */
static void first_images(const tam_dataset *dataset, int64_t each, int64_t *first) {
    const tam_dataset_info info = tam_dataset_describe(dataset);
    memset(first, -1, (size_t)(info.classes * each) * sizeof *first);
    for (int64_t i = 0; i < info.count; i++) {
        int64_t *of = first + each * tam_dataset_label(dataset, i), at = 0;
        while (at < each && of[at] >= 0) {
            at++;
        }
        if (at < each) {
            of[at] = i;
        }
    }
}

/* Images two by two of each class that has them: with each other, and each first one with the next class's second. */
static tam_status choose_labelled(eval_job *job, const tam_dataset *dataset, diagnose_sample *sample) {
    int64_t classes = tam_dataset_describe(dataset).classes, usable = 0;
    int64_t each = 2 * (sample->most / (classes > 0 ? classes : 1) + 1);
    each = each < MOST_EACH ? each : MOST_EACH;
    int64_t *first = malloc((size_t)(classes * each) * sizeof *first);
    if (first == NULL) {
        return cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for the classes");
    }
    first_images(dataset, each, first);
    for (int64_t c = 0; c < classes; c++) {
        if (first[c * each + 1] >= 0) {
            memmove(first + each * usable++, first + each * c, (size_t)each * sizeof *first);
        }
    }
    int64_t wanted = usable < sample->most ? usable : sample->most;
    for (int64_t at = 0; at < each; at += 2) {
        for (int64_t k = 0; k < wanted && wanted > 1 && sample->pairs < 2 * sample->most; k++) {
            const int64_t *own = first + each * spread(k, wanted, usable) + at;
            const int64_t *next = first + each * spread((k + 1) % wanted, wanted, usable) + at;
            if (own[1] >= 0 && next[1] >= 0) {
                add_pair(sample, own[0], own[1], true);
                add_pair(sample, own[0], next[1], false);
            }
        }
    }
    free(first);
    return TAM_OK;
}

tam_status diagnose_choose(eval_job *job, const tam_dataset *dataset, diagnose_sample *sample) {
    tam_pairs *pairs;
    tam_status status = take(job, sample);
    if (status == TAM_OK && (job->pairs != NULL || job->own_pairs)) {
        status = job->skip_missing ? tam_pairs_open_present(job->call->ctx, job->pairs, dataset, &pairs)
                                   : tam_pairs_open(job->call->ctx, job->pairs, dataset, &pairs);
        if (status == TAM_OK) {
            const tam_pairs_info info = tam_pairs_describe(pairs);
            choose_listed(&info, sample);
            tam_pairs_free(pairs);
        }
    } else if (status == TAM_OK) {
        status = choose_labelled(job, dataset, sample);
    }
    return status;
}

/* The middle 1/zoom of an image [from, from, C] as one [to, to, C]; black beyond it. */
static void cut_middle(int channels, int from, int to, double zoom, const uint8_t *pixels, uint8_t *out) {
    double scale = zoom * to / from, shift = (to - 1) / 2.0 - scale * (from - 1) / 2.0;
    const double map[6] = {scale, 0, shift, 0, scale, shift};
    tam_warp_affine(from, from, channels, pixels, map, to, to, out);
}

tam_status diagnose_read(eval_job *job, const diagnose_sample *sample, tam_dataset *dataset, double zoom,
                         uint8_t *pixels) {
    const tam_model_info *info = &job->info;
    const tam_dataset_info data = tam_dataset_describe(dataset);
    size_t bytes = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    uint8_t *one = malloc((size_t)data.height * (size_t)data.width * (size_t)data.channels);
    tam_status status = TAM_OK;
    if (one == NULL) {
        status = cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for an image");
    }
    for (int64_t i = 0; status == TAM_OK && i < sample->images; i++) {
        uint8_t *to = pixels + (size_t)i * bytes;
        status = tam_dataset_read(dataset, sample->image[i], zoom == 1 ? to : one);
        if (status == TAM_OK && zoom != 1) {
            cut_middle(info->channels, data.height, info->height, zoom, one, to);
        }
    }
    free(one);
    return status;
}
