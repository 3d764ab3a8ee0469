/* Does a quality of images say which comparisons will fail? Arrays in, numbers out, as in tammes/eval.h. */
#ifndef TAMMES_QUALITY_H
#define TAMMES_QUALITY_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAM_EDC_POINTS = 101 };

/* Error-versus-discard curve (Grother and Tabassi, PAMI 2007; ISO/IEC 29794-1): the FNMR of the genuine pairs that are
 * left when the share `discarded` with the lowest quality is left out; a pair has the lower quality of its two images.
 * Pairs of equal quality go in the order of their numbers. */
typedef struct tam_edc {
    int64_t genuine, impostor;
    double fmr, threshold, achieved_fmr; /* the lowest threshold (score >= threshold matches) with at most floor(fmr *
                                            impostors) false matches, over all impostor pairs; it stays for the curve */
    int sufficient;                      /* 0: fewer than 3 / fmr impostor pairs */
    double discarded[TAM_EDC_POINTS];    /* 0, 0.01, ... 1 */
    double fnmr[TAM_EDC_POINTS];         /* NaN where nothing is left */
    double area; /* under the curve from 0 to 0.2, divided by 0.2: what is quoted; smaller is better; NaN: no pairs */
} tam_edc;

/* scores [pairs] of comparisons with same [pairs] 0 or 1 and quality [pairs] (of each pair's worse image; larger is
 * better). NaN is refused with the pair's number (TAM_INPUT), fmr outside (0, 1] (TAM_CONFIG). */
TAM_API TAM_MUST_USE tam_status tam_eval_edc(tam_ctx *ctx, int64_t pairs, const float *scores, const uint8_t *same,
                                             const float *quality, double fmr, tam_edc *result);

/* Reads the quality of images from a file: an .npy of `count` numbers, or a text with a line for each image, whose last
 * word is the number. Fails with TAM_INPUT: another count, what is no finite number. */
TAM_API TAM_MUST_USE tam_status tam_quality_read(tam_ctx *ctx, const char *path, int64_t count, float *quality);

#ifdef __cplusplus
}
#endif
#endif
