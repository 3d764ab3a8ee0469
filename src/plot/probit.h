/* The normal-deviate scale of DET curves (Martin et al., "The DET curve in assessment of detection task performance",
 * Eurospeech 1997): error rates that come from two normal distributions lie on a straight line. */
#ifndef PLOT_PROBIT_H
#define PLOT_PROBIT_H

/* The quantile of the standard normal distribution, to 14 digits; -INFINITY at 0, INFINITY at 1, NaN outside [0, 1]. */
double tam_probit(double chance);

/* Rates that are usually labelled on this scale, and their words in percent: 0.00001%, ..., 0.1%, 1%, 5%, ..., 99.9%;
 * rising. */
typedef struct tam_probit_tick {
    double rate;
    const char *words;
} tam_probit_tick;
enum { TAM_PROBIT_TICKS = 20 };
const tam_probit_tick *tam_probit_ticks(void);
/* The smallest of these rates that is at least `rate`, or the last one. */
double tam_probit_tick_above(double rate);

#endif
