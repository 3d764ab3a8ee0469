#include "loss/batch_term.h"

#define TERM(name) extern const tam_batch_term tam_centre_term_##name;
#include "loss/centre/centres.def"
#undef TERM
#define PAIR(name) extern const tam_batch_term tam_pair_loss_##name;
#include "loss/pair/pairs.def"
#undef PAIR

static const tam_batch_term *const terms[] = {
#define TERM(name) &tam_centre_term_##name,
#include "loss/centre/centres.def"
#undef TERM
#define PAIR(name) &tam_pair_loss_##name,
#include "loss/pair/pairs.def"
#undef PAIR
};

int tam_batch_term_count(void) {
    return (int)(sizeof terms / sizeof terms[0]);
}

const tam_batch_term *tam_batch_term_at(int index) {
    return terms[index];
}
