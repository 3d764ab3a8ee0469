#include "plot/probit.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static const tam_probit_tick ticks[TAM_PROBIT_TICKS] = {
    {1e-7, "0.00001"}, {1e-6, "0.0001"}, {1e-5, "0.001"}, {1e-4, "0.01"}, {1e-3, "0.1"}, {2e-3, "0.2"},  {5e-3, "0.5"},
    {0.01, "1"},       {0.02, "2"},      {0.05, "5"},     {0.1, "10"},    {0.2, "20"},   {0.4, "40"},    {0.6, "60"},
    {0.8, "80"},       {0.9, "90"},      {0.95, "95"},    {0.98, "98"},   {0.99, "99"},  {0.999, "99.9"}};

double tam_probit(double chance) {
    if (!(chance >= 0 && chance <= 1)) {
        return NAN;
    }
    if (chance > 0.5) {
        return -tam_probit(1 - chance);
    }
    if (chance == 0 || chance == 0.5) {
        return chance == 0 ? -INFINITY : 0;
    }
    /* To three digits (Abramowitz and Stegun 26.2.22), then Halley's steps on the distribution itself. */
    double t = sqrt(-2 * log(chance));
    double x = (2.30753 + 0.27061 * t) / (1 + t * (0.99229 + 0.04481 * t)) - t;
    for (int step = 0; step < 3; step++) {
        double over = 1 - chance / (0.5 * erfc(-x / sqrt(2)));
        double ratio = over * 0.5 * erfc(-x / sqrt(2)) * sqrt(2 * pi) * exp(x * x / 2);
        x -= ratio / (1 + x * ratio / 2);
    }
    return x;
}

const tam_probit_tick *tam_probit_ticks(void) {
    return ticks;
}

double tam_probit_tick_above(double rate) {
    int i = 0;
    while (i < TAM_PROBIT_TICKS - 1 && ticks[i].rate < rate) {
        i++;
    }
    return ticks[i].rate;
}
