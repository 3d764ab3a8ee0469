#include "eval/curve.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "eval/interval.h"
#include "eval/radix.h"

/* Private counts for every worker cost 8 bytes a threshold; above this the workers share one array and add atomically.
 */
enum { LARGEST_PRIVATE = 4 << 20, CHUNK = 512 };
/* A slice with thresholds in it. */
#define FULL (1u << 31)

__extension__ typedef unsigned __int128 wide;

static const double ordinary_levels[] = {1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6};

tam_status tam_curve_levels(tam_ctx *ctx, int *levels, const double **far) {
    if (*far == NULL) {
        *levels = (int)(sizeof ordinary_levels / sizeof *ordinary_levels);
        *far = ordinary_levels;
    }
    if (*levels < 0 || *levels > TAM_FAR_LEVELS) {
        return tam_fail(ctx, TAM_CONFIG, "%d false accept rates, but 0 to %d are possible", *levels, TAM_FAR_LEVELS);
    }
    for (int i = 0; i < *levels; i++) {
        if (!((*far)[i] > 0 && (*far)[i] <= 1)) {
            return tam_fail(ctx, TAM_CONFIG, "a false accept rate of %g is outside (0, 1]", (*far)[i]);
        }
    }
    return TAM_OK;
}

/* Monotone in the score, so the thresholds of one bucket lie together. */
static inline int bucket_of(float score, float slices, float last) {
    float place = (score + 1.0f) * slices;
    place = place > 0 ? place : 0;
    return (int)(place < last ? place : last);
}

static tam_status sort_scores(tam_ctx *ctx, int64_t count, float *scores) {
    uint32_t *spare = tam_allocate(ctx, (size_t)count, 2 * sizeof *spare, "sorting of genuine scores");
    if (spare == NULL) {
        return TAM_RESOURCES;
    }
    uint32_t *keys = spare + count;
    for (int64_t i = 0; i < count; i++) {
        keys[i] = tam_key_of_float(scores[i]);
    }
    tam_radix_sort(keys, spare, NULL, NULL, count);
    for (int64_t i = 0; i < count; i++) {
        scores[i] = tam_float_of_key(keys[i]);
    }
    tam_release(ctx, spare);
    return TAM_OK;
}

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(4 * LANES)));

/* Sixteen sums side by side. */
TAM_KERNEL void tam_moments_add(int64_t n, const float *scores, tam_moments *moments) {
    lanes sum = {0}, squares = {0}, next = {0};
    for (; n >= LANES; n -= LANES, scores += LANES) {
        memcpy(&next, scores, sizeof next);
        sum += next;
        squares += next * next;
    }
    next = (lanes){0};
    memcpy(&next, scores, (size_t)n * sizeof *scores);
    sum += next;
    squares += next * next;
    for (int lane = 0; lane < LANES; lane++) {
        moments->sum += (double)sum[lane];
        moments->squares += (double)squares[lane];
    }
}

static tam_status take_arrays(tam_ctx *ctx, tam_curve *curve) {
    size_t thresholds = (size_t)curve->thresholds;
    curve->shared = curve->thresholds > LARGEST_PRIVATE;
    curve->copies = curve->shared ? 1 : tam_ctx_threads(ctx);
    for (curve->buckets = 1 << 10; curve->buckets < 1 << 22 && curve->buckets < 2 * curve->thresholds;) {
        curve->buckets *= 2;
    }
    curve->block = tam_allocate(ctx, thresholds + 2, sizeof *curve->block, "thresholds");
    curve->below = tam_allocate(ctx, thresholds + 1, sizeof *curve->below, "thresholds");
    curve->equal = tam_allocate(ctx, thresholds, sizeof *curve->equal, "counts of scores");
    curve->count =
        tam_allocate(ctx, (size_t)curve->copies * (thresholds + 1), sizeof *curve->count, "counts of scores");
    curve->start = tam_allocate(ctx, (size_t)curve->buckets + 1, sizeof *curve->start, "slices of scores");
    bool whole = curve->block != NULL && curve->below != NULL && curve->equal != NULL && curve->count != NULL &&
                 curve->start != NULL;
    return whole ? TAM_OK : TAM_RESOURCES;
}

static void set_thresholds(tam_curve *curve, const float *sorted) {
    float slices = (float)(curve->buckets / 2), last = (float)(curve->buckets - 1);
    uint32_t fullest = 0;
    int64_t j = 0;
    curve->threshold = curve->block + 1;
    curve->block[0] = -INFINITY;
    for (int64_t i = 0; i < curve->genuine; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) {
            curve->threshold[j] = sorted[i];
            curve->below[j++] = i;
            curve->start[bucket_of(sorted[i], slices, last) + 1]++;
        }
    }
    curve->threshold[j] = INFINITY;
    curve->below[j] = curve->genuine;
    for (int b = 0; b < curve->buckets; b++) {
        fullest = curve->start[b + 1] > fullest ? curve->start[b + 1] : fullest;
        curve->start[b + 1] += curve->start[b];
    }
    for (curve->steps = 0; fullest >> curve->steps != 0; curve->steps++) {
    }
    for (int b = 0; b < curve->buckets; b++) {
        curve->start[b] |= curve->start[b + 1] > curve->start[b] ? FULL : 0;
    }
}

tam_status tam_curve_create(tam_ctx *ctx, int64_t genuine, float *scores, tam_curve *curve) {
    *curve = (tam_curve){.genuine = genuine};
    TAM_TRY(sort_scores(ctx, genuine, scores));
    for (int64_t i = 0; i < genuine; i++) {
        curve->thresholds += i == 0 || scores[i] != scores[i - 1];
    }
    tam_status status = take_arrays(ctx, curve);
    if (status != TAM_OK) {
        tam_curve_free(ctx, curve);
        return status;
    }
    set_thresholds(curve, scores);
    for (int64_t i = 0; i < genuine; i += CHUNK) {
        tam_moments_add(genuine - i < CHUNK ? genuine - i : CHUNK, scores + i, &curve->of_genuine);
    }
    return TAM_OK;
}

void tam_curve_free(tam_ctx *ctx, tam_curve *curve) {
    tam_release(ctx, curve->block);
    tam_release(ctx, curve->below);
    tam_release(ctx, curve->equal);
    tam_release(ctx, curve->count);
    tam_release(ctx, curve->start);
    *curve = (tam_curve){0};
}

TAM_KERNEL static void find_slices(const tam_curve *curve, int n, const float *restrict scores, int *restrict slice) {
    float slices = (float)(curve->buckets / 2), last = (float)(curve->buckets - 1);
    for (int i = 0; i < n; i++) {
        slice[i] = bucket_of(scores[i], slices, last);
    }
}

/* The number of thresholds that each score reaches, by a binary search in its slice without branches, for which way
 * they go cannot be predicted. Returns whether any score equals a threshold. */
TAM_KERNEL static bool find_places(const tam_curve *curve, int n, const float *restrict scores,
                                   uint32_t *restrict place) {
    uint32_t length[CHUNK];
    const float *threshold = curve->threshold;
    float slices = (float)(curve->buckets / 2), last = (float)(curve->buckets - 1);
    for (int i = 0; i < n; i++) {
        int bucket = bucket_of(scores[i], slices, last);
        place[i] = curve->start[bucket] & ~FULL;
        length[i] = (curve->start[bucket + 1] & ~FULL) - place[i];
    }
    for (int step = 0; step < curve->steps; step++) {
        for (int i = 0; i < n; i++) {
            /* An empty range stays: the threshold after a bucket is larger than every score of the bucket. */
            uint32_t half = length[i] / 2, middle = place[i] + half;
            bool reached = threshold[middle] <= scores[i];
            place[i] = reached ? middle + 1 : place[i];
            length[i] = reached ? length[i] - half - 1 : half;
        }
    }
    int equal = 0;
    for (int i = 0; i < n; i++) {
        equal |= threshold[(int64_t)place[i] - 1] == scores[i];
    }
    return equal != 0;
}

static inline void add_one(bool shared, uint64_t *count, uint32_t place) {
    if (shared) {
        __atomic_fetch_add(&count[place], 1, __ATOMIC_RELAXED);
    } else {
        count[place]++;
    }
}

static void add_equal(tam_curve *curve, uint32_t place, float score) {
    if (curve->threshold[(int64_t)place - 1] == score) {
        __atomic_fetch_add(&curve->equal[place - 1], 1, __ATOMIC_RELAXED);
    }
}

/* Most impostors fall into slices without thresholds and are placed at once; the others go to the front of `rest`
 * [n + 1]. Which is which cannot be predicted, so there is no branch: the others count 0. */
static int count_placed(const tam_curve *curve, uint64_t *count, int n, const float *scores, const int *slice,
                        float *rest) {
    int left = 0;
    const uint32_t *first = curve->start; /* read once: the compiler cannot know that counting does not change it */
    for (int i = 0; i < n; i++) {
        uint32_t start = first[slice[i]];
        uint32_t full = start >> 31;
        rest[left] = scores[i];
        left += (int)full;
        count[start & ~FULL] += full ^ 1;
    }
    return left;
}

/* The same where all workers add to one array. */
static int count_placed_shared(const tam_curve *curve, int n, const float *scores, const int *slice, float *rest) {
    int left = 0;
    for (int i = 0; i < n; i++) {
        uint32_t start = curve->start[slice[i]];
        if (start < FULL) {
            __atomic_fetch_add(&curve->count[start], 1, __ATOMIC_RELAXED);
        } else {
            rest[left++] = scores[i];
        }
    }
    return left;
}

void tam_curve_count(tam_curve *curve, int worker, int64_t n, const float *scores) {
    uint64_t *count = curve->count + (curve->shared ? 0 : worker) * (curve->thresholds + 1);
    int slice[CHUNK];
    uint32_t place[CHUNK];
    float rest[CHUNK + 1];
    for (int64_t at = 0; at < n; at += CHUNK) {
        int here = (int)(n - at < CHUNK ? n - at : CHUNK);
        find_slices(curve, here, scores + at, slice);
        int left = curve->shared ? count_placed_shared(curve, here, scores + at, slice, rest)
                                 : count_placed(curve, count, here, scores + at, slice, rest);
        bool equal = left > 0 && find_places(curve, left, rest, place);
        for (int i = 0; i < left; i++) {
            add_one(curve->shared, count, place[i]);
        }
        for (int i = 0; i < left && equal; i++) {
            add_equal(curve, place[i], rest[i]);
        }
    }
}

/* A vertex of the ROC: everything with a score >= threshold is accepted. */
typedef struct vertex {
    int64_t false_accepts, true_accepts;
    double threshold;
} vertex;

void tam_curve_empty(int64_t genuine, int64_t impostor, int levels, const double *far, tam_verification *result) {
    memset(result, 0, sizeof *result);
    result->genuine = genuine;
    result->impostor = impostor;
    result->eer = result->auc = result->eer_threshold = result->d_prime = NAN;
    result->best_accuracy = result->best_threshold = NAN;
    result->levels = levels;
    for (int i = 0; i < levels; i++) {
        result->at[i] = (tam_tar_at_far){far[i], NAN, NAN, NAN, NAN, NAN, 0};
    }
}

static uint64_t add_copies(tam_curve *curve) {
    uint64_t impostors = 0;
    int64_t row = curve->thresholds + 1;
    for (int64_t k = 0; k < row; k++) {
        for (int copy = 1; copy < curve->copies; copy++) {
            curve->count[k] += curve->count[copy * row + k];
        }
        impostors += curve->count[k];
    }
    return impostors;
}

/* The share of (genuine, impostor) couples in the right order, ties counting half; whole numbers up to the division. */
static double area(const tam_curve *curve, int64_t impostors) {
    wide twice = 0;
    for (int64_t k = 0; k <= curve->thresholds; k++) {
        twice += (wide)2 * curve->count[k] * (uint64_t)(curve->genuine - curve->below[k]);
    }
    for (int64_t j = 0; j < curve->thresholds; j++) {
        twice += (wide)curve->equal[j] * (uint64_t)(curve->below[j + 1] - curve->below[j]);
    }
    return (double)twice / (2 * (double)curve->genuine * (double)impostors);
}

/* How far a vertex lies beyond the line FAR = FRR: negative before it, positive after. */
static double beyond(const tam_verification *result, vertex v) {
    return (double)v.false_accepts / (double)result->impostor - 1 + (double)v.true_accepts / (double)result->genuine;
}

/* Looks for the crossing with FAR = FRR on the straight piece from a to b. */
static bool cross(tam_verification *result, vertex a, vertex b) {
    double before = beyond(result, a), after = beyond(result, b);
    if (after < 0) {
        return false;
    }
    double share = after > before ? -before / (after - before) : 1;
    double start = (double)a.false_accepts / (double)result->impostor;
    double end = (double)b.false_accepts / (double)result->impostor;
    result->eer = start + share * (end - start);
    return true;
}

/* False accepts that the points of the drawn ROC allow: 0, then even steps of the logarithm, doubles left out. */
static int drawn_levels(int64_t impostors, int64_t allowed[TAM_ROC_POINTS]) {
    int count = 1;
    allowed[0] = 0;
    for (int i = 0; i < TAM_ROC_POINTS - 2; i++) {
        double far = pow((double)impostors, i / (TAM_ROC_POINTS - 2.0));
        if ((int64_t)far > allowed[count - 1]) {
            allowed[count++] = (int64_t)far;
        }
    }
    return count;
}

static void add_point(tam_verification *result, vertex v) {
    tam_roc_point point = {(double)v.false_accepts / (double)result->impostor,
                           (double)v.true_accepts / (double)result->genuine, v.threshold};
    const tam_roc_point *before = result->points > 0 ? &result->roc[result->points - 1] : NULL;
    if (before == NULL || before->far != point.far || before->tar != point.tar) {
        result->roc[result->points++] = point;
    }
}

static void set_level(tam_verification *result, int level, vertex v) {
    tam_tar_at_far *at = &result->at[level];
    at->tar = (double)v.true_accepts / (double)result->genuine;
    at->achieved_far = (double)v.false_accepts / (double)result->impostor;
    at->threshold = v.threshold;
    at->sufficient = (double)result->impostor * at->far >= 3;
    tam_clopper_pearson(v.true_accepts, result->genuine, &at->low, &at->high);
}

static double separation(const tam_curve *curve, const tam_moments *impostor, double impostors) {
    double genuine = (double)curve->genuine;
    double mean = curve->of_genuine.sum / genuine, other = impostor->sum / impostors;
    double variances =
        curve->of_genuine.squares / genuine - mean * mean + impostor->squares / impostors - other * other;
    return (mean - other) / sqrt(fmax(variances, 0) / 2);
}

void tam_curve_finish(tam_curve *curve, const tam_moments *impostor, int levels, const double *far,
                      tam_verification *result) {
    int64_t impostors = (int64_t)add_copies(curve);
    int64_t allowed[TAM_ROC_POINTS];
    vertex last = {0, 0, 2}, at_level[TAM_FAR_LEVELS];
    bool crossed = false;
    tam_curve_empty(curve->genuine, impostors, levels, far, result);
    if (impostors == 0) {
        return;
    }
    int drawn = drawn_levels(impostors, allowed);
    for (int i = 0; i < levels; i++) {
        at_level[i] = last;
    }
    result->auc = area(curve, impostors);
    result->d_prime = separation(curve, impostor, (double)impostors);
    int64_t most_right = impostors;
    result->best_threshold = last.threshold;
    int point = 0;
    for (int64_t j = curve->thresholds - 1; j >= 0; j--) {
        vertex here = {last.false_accepts + (int64_t)curve->count[j + 1], curve->genuine - curve->below[j],
                       (double)curve->threshold[j]};
        vertex level = {here.false_accepts - (int64_t)curve->equal[j], last.true_accepts, here.threshold};
        if (!crossed) {
            crossed = cross(result, last, level) || cross(result, level, here);
            result->eer_threshold = here.threshold;
        }
        for (int i = 0; i < levels; i++) {
            if ((double)here.false_accepts <= floor(far[i] * (double)impostors)) {
                at_level[i] = here;
            }
        }
        for (; point < drawn && here.false_accepts > allowed[point]; point++) {
            add_point(result, last);
        }
        int64_t right = here.true_accepts + impostors - here.false_accepts;
        if (right > most_right) {
            most_right = right;
            result->best_threshold = here.threshold;
        }
        last = here;
    }
    if (point < drawn) {
        add_point(result, last);
    }
    add_point(result, (vertex){impostors, curve->genuine, -2});
    result->best_accuracy = (double)most_right / ((double)impostors + (double)curve->genuine);
    for (int i = 0; i < levels; i++) {
        set_level(result, i, at_level[i]);
    }
}
