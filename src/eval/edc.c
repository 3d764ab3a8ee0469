/* The error-versus-discard curve. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "eval/radix.h"
#include "tammes/quality.h"

#define AREA_END 0.2

/* Sorted impostor scores -> the lowest threshold that lets at most `allowed` of them pass: just above the score after
 * which no more may come. */
static double threshold_for(const uint32_t *rising, int64_t count, int64_t allowed, double *achieved) {
    if (allowed >= count) {
        *achieved = 1;
        return (double)tam_float_of_key(rising[0]);
    }
    float refused = tam_float_of_key(rising[count - 1 - allowed]);
    int64_t passing = 0;
    while (passing < count && tam_float_of_key(rising[count - 1 - passing]) > refused) {
        passing++;
    }
    *achieved = (double)passing / (double)count;
    return (double)nextafterf(refused, INFINITY);
}

/* Genuine pairs by quality, worst first: key and order; fills the curve. */
static void draw_curve(const float *scores, const uint32_t *order, const int64_t *pair, tam_edc *result) {
    int64_t failing = 0, genuine = result->genuine;
    int64_t gone = genuine; /* pairs that are left out, from the last point to the first */
    for (int point = TAM_EDC_POINTS - 1; point >= 0; point--) {
        result->discarded[point] = (double)point / (TAM_EDC_POINTS - 1);
        int64_t leave = (int64_t)floor(result->discarded[point] * (double)genuine + 1e-9);
        while (gone > leave) {
            gone--;
            failing += (double)scores[pair[order[gone]]] < result->threshold;
        }
        result->fnmr[point] = leave < genuine ? (double)failing / (double)(genuine - leave) : NAN;
    }
    double sum = 0;
    int end = (int)(AREA_END * (TAM_EDC_POINTS - 1) + 0.5);
    for (int point = 0; point < end; point++) {
        sum += 0.5 * (result->fnmr[point] + result->fnmr[point + 1]);
    }
    result->area = sum / end;
}

static tam_status check(tam_ctx *ctx, int64_t pairs, const float *scores, const float *quality, double fmr) {
    if (!(fmr > 0 && fmr <= 1)) {
        return tam_fail(ctx, TAM_CONFIG, "a false match rate of %g is outside (0, 1]", fmr);
    }
    if (pairs < 0 || pairs > (int64_t)UINT32_MAX) {
        return tam_fail(ctx, TAM_CONFIG, "%lld pairs cannot be evaluated", (long long)pairs);
    }
    for (int64_t i = 0; i < pairs; i++) {
        if (isnan(scores[i]) || isnan(quality[i])) {
            return tam_fail(ctx, TAM_INPUT, "pair %lld has a %s that is no number", (long long)i,
                            isnan(scores[i]) ? "score" : "quality");
        }
    }
    return TAM_OK;
}

static void empty(int64_t genuine, int64_t impostor, double fmr, tam_edc *result) {
    *result = (tam_edc){.genuine = genuine, .impostor = impostor, .fmr = fmr};
    result->threshold = result->achieved_fmr = result->area = NAN;
    for (int point = 0; point < TAM_EDC_POINTS; point++) {
        result->discarded[point] = (double)point / (TAM_EDC_POINTS - 1);
        result->fnmr[point] = NAN;
    }
}

tam_status tam_eval_edc(tam_ctx *ctx, int64_t pairs, const float *scores, const uint8_t *same, const float *quality,
                        double fmr, tam_edc *result) {
    TAM_TRY(check(ctx, pairs, scores, quality, fmr));
    size_t room = (size_t)pairs;
    uint32_t *keys = tam_allocate(ctx, room, 4 * sizeof *keys, "pairs by quality");
    int64_t *pair = tam_allocate(ctx, room, sizeof *pair, "pairs by quality");
    int64_t genuine = 0, impostor = 0;
    tam_status status = TAM_RESOURCES;
    if (keys == NULL || pair == NULL) {
        goto done;
    }
    uint32_t *spare = keys + room, *order = spare + room, *spare_order = order + room;
    for (int64_t i = 0; i < pairs; i++) {
        if (!same[i]) {
            keys[impostor++] = tam_key_of_float(scores[i]);
        }
    }
    genuine = pairs - impostor;
    empty(genuine, impostor, fmr, result);
    status = TAM_OK;
    if (genuine == 0 || impostor == 0) {
        goto done;
    }
    tam_radix_sort(keys, spare, NULL, NULL, impostor);
    result->threshold = threshold_for(keys, impostor, (int64_t)floor(fmr * (double)impostor), &result->achieved_fmr);
    result->sufficient = (double)impostor * fmr >= 3;
    int64_t at = 0;
    for (int64_t i = 0; i < pairs; i++) {
        if (same[i]) {
            keys[at] = tam_key_of_float(quality[i]);
            order[at] = (uint32_t)at;
            pair[at++] = i;
        }
    }
    tam_radix_sort(keys, spare, order, spare_order, genuine);
    draw_curve(scores, order, pair, result);
done:
    tam_release(ctx, keys);
    tam_release(ctx, pair);
    return status;
}
