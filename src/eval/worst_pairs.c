#include "eval/worst_pairs.h"

static bool comes_first(const tam_bad_pair *x, const tam_bad_pair *y) {
    if (x->badness != y->badness) {
        return x->badness < y->badness;
    }
    return x->place != y->place ? x->place < y->place : x->b < y->b;
}

void tam_worst_add(tam_worst *worst, tam_bad_pair pair) {
    if (worst->most == 0 || (worst->count == worst->most && !comes_first(&pair, &worst->pair[worst->count - 1]))) {
        return;
    }
    worst->count += worst->count < worst->most;
    int at = worst->count - 1;
    for (; at > 0 && comes_first(&pair, &worst->pair[at - 1]); at--) {
        worst->pair[at] = worst->pair[at - 1];
    }
    worst->pair[at] = pair;
}
