/* Losses as pictures: what a specification does at every angle, without a net or data. docs/analyzing.md explains each
 * figure. */
#ifndef TAMMES_ANALYZE_H
#define TAMMES_ANALYZE_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TAM_ANALYZE_LOSSES = 32, TAM_ANALYZE_FACTS = 64, TAM_ANALYZE_WORDS = 128 };

/* Zero means default. */
typedef struct tam_analyze_config {
    const char *const *losses; /* specifications as in tammes/loss.h, each with a class loss */
    int loss_count;            /* at most TAM_ANALYZE_LOSSES; 0: the losses of the papers' figures */
    const char *out;           /* folder, made if it is absent; no default */
    int64_t classes;           /* C of the figures that do not name theirs; 0: 1000 */
    double norm;               /* |x|, for losses that see it; 0: 30 */
    int64_t step;              /* training step, for what changes with it; 0: 10^9, where all schedules have ended */
} tam_analyze_config;

/* The numbers of one loss. */
typedef struct tam_analyze_loss {
    char loss[TAM_ANALYZE_WORDS];
    double scale;         /* s: the largest slope of another class's logit by its cosine */
    double margin_share;  /* of the plane [0, 180]^2 of two angles: points that neither of two classes takes */
    double overlap_share; /* points that both take. Both are NaN for a loss without logits that compare classes */
    double margin_at_45;  /* degrees by which the own angle of 45 degrees is made larger; NaN as above */
} tam_analyze_loss;

/* A closed form of the literature, beside what the library computes. */
typedef struct tam_analyze_fact {
    char loss[TAM_ANALYZE_WORDS], fact[TAM_ANALYZE_WORDS];
    double largest_difference; /* over the whole range of the fact; slopes divided by s */
} tam_analyze_fact;

typedef struct tam_analyze_result {
    tam_analyze_loss loss[TAM_ANALYZE_LOSSES];
    tam_analyze_fact fact[TAM_ANALYZE_FACTS];
    int losses, facts, figures;
} tam_analyze_result;

/* Writes out/losses.html (one self-contained page), every figure of it as an SVG file of its own, and out/losses.csv
 * with the numbers behind them: target logits, gradient lengths, probabilities, decision boundaries, margins. Files of
 * these names are replaced, others stay. Fails with TAM_CONFIG (a bad specification, a pair loss, no folder) before
 * anything is written, and with TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_analyze_losses(tam_ctx *ctx, const tam_analyze_config *config,
                                                   tam_analyze_result *result);

#ifdef __cplusplus
}
#endif
#endif
