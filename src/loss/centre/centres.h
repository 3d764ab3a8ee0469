/* How the shared centres move (Wen et al., ECCV 2016, eq. 4):
 *     dc_j = sum_i 1[y_i = j] (c_j - x_i) / (1 + n_j),  n_j = sum_i 1[y_i = j],  c_j <- c_j - alpha dc_j. */
#ifndef LOSS_CENTRE_CENTRES_H
#define LOSS_CENTRE_CENTRES_H

#include "loss/batch_term.h"

void tam_centres_move(double alpha, const tam_term_batch *batch);

#endif
