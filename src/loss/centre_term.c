#include "loss/centre_term.h"

#define TERM(name) extern const tam_centre_term tam_centre_term_##name;
#include "loss/centre/centres.def"
#undef TERM

static const tam_centre_term *const terms[] = {
#define TERM(name) &tam_centre_term_##name,
#include "loss/centre/centres.def"
#undef TERM
};

int tam_centre_term_count(void) {
    return (int)(sizeof terms / sizeof terms[0]);
}

const tam_centre_term *tam_centre_term_at(int index) {
    return terms[index];
}
