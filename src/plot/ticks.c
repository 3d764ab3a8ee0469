/* Round numbers for an axis. */
#include <math.h>

#include "plot/svg.h"

static double round_step(double rough) {
    double power = pow(10, floor(log10(rough)));
    double share = rough / power;
    double step = share <= 1.0000001 ? 1 : share <= 2.0000001 ? 2 : share <= 5.0000001 ? 5 : 10;
    return step * power;
}

static int log_ticks(double low, double high, int most, double *ticks) {
    int first = (int)ceil(log10(low) - 1e-9), last = (int)floor(log10(high) + 1e-9);
    static const double part[3] = {1, 2, 5};
    int step = 1, count = 0;
    if (last - first < 2) {
        for (int i = 3 * (first - 1); i <= 3 * last + 2; i++) {
            double tick = pow(10, floor(i / 3.0)) * part[((i % 3) + 3) % 3];
            if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9) && count < most) {
                ticks[count++] = tick;
            }
        }
        return count;
    }
    while ((last - first) / step + 1 > most) {
        step++;
    }
    for (int power = first; power <= last; power += step) {
        ticks[count++] = pow(10, power);
    }
    return count;
}

int tam_ticks(double low, double high, bool logarithm, int most, double *ticks) {
    if (logarithm) {
        return log_ticks(low, high, most, ticks);
    }
    double step = round_step((high - low) / (most + 1));
    while (floor(high / step + 1e-9) - ceil(low / step - 1e-9) + 1 > most) {
        step = round_step(step * 1.5);
    }
    int count = 0;
    for (double i = ceil(low / step - 1e-9); i <= floor(high / step + 1e-9) && count < most; i++) {
        ticks[count++] = i * step;
    }
    return count;
}
