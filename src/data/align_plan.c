#include "data/align_plan.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/team.h"
#include "data/landmark_rows.h"

enum { LOOKS_PER_TASK = 64, LONGEST_KEY = 4352, LONGEST_SENTENCE = 1024 };

static const struct {
    const char *name, *words;
} faults[TAM_ALIGN_FAULTS] = {
    [TAM_ALIGN_NO_LANDMARKS] = {"no-landmarks", "no landmarks"},
    [TAM_ALIGN_AMBIGUOUS] = {"ambiguous", "it is not clear which image is meant: give more of the path"},
    [TAM_ALIGN_NOT_FINITE] = {"not-finite", "a landmark is missing or no number"},
    [TAM_ALIGN_ONE_POINT] = {"one-point", "no similarity brings the landmarks onto the template"},
    [TAM_ALIGN_SWAPPED] = {"swapped", "left and right are swapped, or eyes and mouth"},
    [TAM_ALIGN_OUTSIDE] = {"outside", "landmarks far outside of the image"},
    [TAM_ALIGN_UNREADABLE] = {"unreadable", "the image cannot be read"},
    [TAM_ALIGN_REPEATED] = {"repeated", "the list names the image again; the first line counts"},
};

const char *tam_align_fault_name(tam_align_fault fault) {
    return (unsigned)fault < TAM_ALIGN_FAULTS ? faults[fault].name : "";
}

bool tam_align_stopped(const tam_align_plan *plan) {
    return plan->config->stop != NULL && *plan->config->stop != 0;
}

tam_status tam_align_tell(tam_align_plan *plan, int64_t image, tam_align_fault fault, int64_t row) {
    char key[LONGEST_KEY], sentence[LONGEST_SENTENCE];
    int64_t line = row >= 0 ? plan->list.rows[row].line : 0;
    tam_dataset_image_key(plan->dataset, image, key, sizeof key);
    if (fault == TAM_ALIGN_UNREADABLE) {
        snprintf(sentence, sizeof sentence, "%s", tam_ctx_message(plan->ctx));
    } else if (line > 0) {
        snprintf(sentence, sizeof sentence, "%s:%lld: %.600s: %s", plan->config->landmarks, (long long)line, key,
                 faults[fault].words);
    } else {
        snprintf(sentence, sizeof sentence, "%.600s: %s in %s", key, faults[fault].words, plan->config->landmarks);
    }
    plan->result->faults[fault]++;
    tam_align_finding finding = {fault, key, line, sentence};
    if (plan->config->found != NULL) {
        plan->config->found(plan->config->user, &finding);
    }
    if (plan->config->strict) {
        return tam_fail(plan->ctx, TAM_INPUT, "%s", sentence);
    }
    return TAM_OK;
}

/* The fault that the numbers alone show. */
static int fault_of_points(const float *p) {
    double map[6];
    for (int i = 0; i < 10; i++) {
        if (!isfinite(p[i])) {
            return TAM_ALIGN_NOT_FINITE;
        }
    }
    if (!tam_similarity_fit(5, p, tam_face_template(), map)) {
        return TAM_ALIGN_ONE_POINT;
    }
    /* From the eyes' middle down to the mouth's. Seen along it, what is left must lie left of what is right, whichever
     * way the head is turned; in profile both may fall together, and a little more. */
    double down_x = 0.5 * ((double)p[6] + p[8] - p[0] - p[2]), down_y = 0.5 * ((double)p[7] + p[9] - p[1] - p[3]);
    double eyes = ((double)p[2] - p[0]) * down_y - ((double)p[3] - p[1]) * down_x;
    double mouth = ((double)p[8] - p[6]) * down_y - ((double)p[9] - p[7]) * down_x;
    double least = -0.1 * (down_x * down_x + down_y * down_y);
    return eyes < least || mouth < least ? TAM_ALIGN_SWAPPED : TAM_ALIGN_FINE;
}

/* Faces may stick out of the picture by half of its side, but their middle lies in it. */
static bool far_outside(const float *p, const tam_image_info *info) {
    double middle[2] = {0.0, 0.0}, side[2] = {info->width, info->height};
    for (int i = 0; i < 10; i++) {
        middle[i % 2] += p[i] / 5.0;
        if (p[i] < -0.5 * side[i % 2] || p[i] > 1.5 * side[i % 2]) {
            return true;
        }
    }
    return middle[0] < 0.0 || middle[1] < 0.0 || middle[0] > side[0] || middle[1] > side[1];
}

typedef struct looks {
    tam_align_plan *plan;
    atomic_int status; /* of what is no fault of an image */
} looks;

static void look_some(void *argument, int64_t task, int worker) {
    looks *all = argument;
    tam_align_plan *plan = all->plan;
    const tam_source *source = tam_dataset_source(plan->dataset);
    int64_t begin = task * LOOKS_PER_TASK, end = begin + LOOKS_PER_TASK;
    for (int64_t i = begin; i < end && i < plan->count && !tam_align_stopped(plan); i++) {
        tam_image_info info;
        if (plan->fault[i] != TAM_ALIGN_FINE) {
            continue;
        }
        const float *points = plan->list.rows[plan->row[i]].point;
        plan->fault[i] = (uint8_t)fault_of_points(points);
        if (plan->fault[i] != TAM_ALIGN_FINE) {
            continue;
        }
        tam_status status =
            tam_source_look(source, tam_dataset_source_number(plan->dataset, i), &plan->scratch[worker], &info);
        if (status == TAM_INPUT) {
            plan->fault[i] = TAM_ALIGN_UNREADABLE;
        } else if (status != TAM_OK) {
            atomic_store(&all->status, (int)status);
        } else if (far_outside(points, &info)) {
            plan->fault[i] = TAM_ALIGN_OUTSIDE;
        }
    }
}

/* owner [list.count]: the image that a row means, -1: none so far, -2: several. */
static tam_status match_images(tam_align_plan *plan, const tam_landmark_rows *rows, int64_t *owner) {
    char key[LONGEST_KEY];
    memset(owner, 0xFF, (size_t)plan->list.count * sizeof *owner);
    for (int64_t i = 0; i < plan->count; i++) {
        tam_dataset_image_key(plan->dataset, i, key, sizeof key);
        tam_landmark_match match = tam_landmark_rows_find(rows, key);
        plan->row[i] = match.row;
        plan->fault[i] = match.row < 0      ? TAM_ALIGN_NO_LANDMARKS
                         : match.rival >= 0 ? TAM_ALIGN_AMBIGUOUS
                                            : TAM_ALIGN_FINE;
        if (match.row >= 0) {
            plan->result->unused_lines -= owner[match.row] == -1;
            owner[match.row] = owner[match.row] == -1 ? i : -2;
        }
        if (match.repeated >= 0) {
            TAM_TRY(tam_align_tell(plan, i, TAM_ALIGN_REPEATED, match.repeated));
        }
    }
    for (int64_t i = 0; i < plan->count; i++) {
        if (plan->row[i] >= 0 && owner[plan->row[i]] == -2) {
            plan->fault[i] = TAM_ALIGN_AMBIGUOUS;
        }
    }
    return TAM_OK;
}

static tam_status match_list(tam_align_plan *plan) {
    tam_status status = TAM_RESOURCES;
    tam_landmark_rows *rows = tam_landmark_rows_create(plan->ctx, &plan->list);
    int64_t *owner = tam_allocate(plan->ctx, (size_t)plan->list.count, sizeof *owner, "the images of landmarks");
    plan->result->lines = plan->list.count;
    plan->result->unused_lines = plan->list.count;
    if (rows != NULL && owner != NULL) {
        status = match_images(plan, rows, owner);
    }
    tam_release(plan->ctx, owner);
    tam_landmark_rows_free(rows);
    return status;
}

static tam_status look_at_images(tam_align_plan *plan) {
    looks all = {.plan = plan, .status = TAM_OK};
    tam_team_run(plan->ctx, (plan->count + LOOKS_PER_TASK - 1) / LOOKS_PER_TASK, look_some, &all);
    return (tam_status)atomic_load(&all.status);
}

/* Once more, so that the sentence is this image's. */
static tam_status explain(tam_align_plan *plan, int64_t i) {
    tam_image_info info;
    int64_t number = tam_dataset_source_number(plan->dataset, i);
    tam_status status = tam_source_look(tam_dataset_source(plan->dataset), number, &plan->scratch[0], &info);
    return status == TAM_INPUT || status == TAM_OK ? TAM_OK : status;
}

/* No image is left: where no name fits, how both sides name images; else how often what is wrong. */
static tam_status refuse_all(tam_align_plan *plan) {
    char key[256], counts[512] = "";
    size_t length = 0;
    if (plan->result->faults[TAM_ALIGN_NO_LANDMARKS] == plan->count) {
        tam_dataset_image_key(plan->dataset, 0, key, sizeof key);
        return tam_fail(plan->ctx, TAM_INPUT,
                        "%s: no image can be aligned; the data name images like '%s', the list like '%.256s'",
                        plan->config->landmarks, key, plan->list.rows[0].name);
    }
    for (int i = 0; i < TAM_ALIGN_REPEATED; i++) {
        if (plan->result->faults[i] > 0) {
            length += (size_t)snprintf(counts + length, sizeof counts - length, "%s%lld %s", length > 0 ? ", " : "",
                                       (long long)plan->result->faults[i], faults[i].name);
        }
    }
    return tam_fail(plan->ctx, TAM_INPUT, "%s: none of %lld images can be aligned: %s", plan->config->landmarks,
                    (long long)plan->count, counts);
}

static tam_status tell_findings(tam_align_plan *plan) {
    int64_t fine = 0;
    for (int64_t i = 0; i < plan->count; i++) {
        if (plan->fault[i] == TAM_ALIGN_FINE) {
            fine++;
            continue;
        }
        if (plan->fault[i] == TAM_ALIGN_UNREADABLE) {
            TAM_TRY(explain(plan, i));
        }
        TAM_TRY(tam_align_tell(plan, i, plan->fault[i], plan->row[i]));
    }
    return fine > 0 ? TAM_OK : refuse_all(plan);
}

static tam_status fill(tam_align_plan *plan) {
    tam_ctx *ctx = plan->ctx;
    plan->row = tam_allocate(ctx, (size_t)plan->count, sizeof *plan->row, "the landmarks of images");
    plan->fault = tam_allocate(ctx, (size_t)plan->count, 1, "the landmarks of images");
    plan->scratch = tam_allocate(ctx, (size_t)tam_ctx_threads(ctx), sizeof *plan->scratch, "images");
    if (plan->row == NULL || plan->fault == NULL || plan->scratch == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_landmarks_read(ctx, plan->config->landmarks, &plan->list));
    TAM_TRY(match_list(plan));
    TAM_TRY(look_at_images(plan));
    if (tam_align_stopped(plan)) {
        return tam_fail(ctx, TAM_STOPPED, "stopped while looking at the images; nothing was written");
    }
    return tell_findings(plan);
}

tam_status tam_align_plan_make(tam_ctx *ctx, const tam_dataset *dataset, const tam_align_config *config,
                               tam_align_result *result, tam_align_plan *plan) {
    *plan = (tam_align_plan){.ctx = ctx, .dataset = dataset, .config = config, .result = result};
    plan->count = tam_dataset_describe(dataset).count;
    result->images = plan->count;
    tam_status status = fill(plan);
    if (status != TAM_OK) {
        tam_align_plan_free(plan);
    }
    return status;
}

void tam_align_plan_free(tam_align_plan *plan) {
    for (int t = 0; plan->scratch != NULL && t < tam_ctx_threads(plan->ctx); t++) {
        tam_scratch_free(plan->ctx, &plan->scratch[t]);
    }
    tam_release(plan->ctx, plan->scratch);
    tam_release(plan->ctx, plan->row);
    tam_release(plan->ctx, plan->fault);
    tam_landmarks_free(plan->ctx, &plan->list);
}
