/* Eigenvalues and eigenvectors of a symmetric matrix. */
#ifndef EVAL_EIGEN_H
#define EVAL_EIGEN_H

#include <stdbool.h>

/* a [n, n], symmetric; of it the lower triangle is read. On return row i of a is the eigenvector, of length 1, that
 * belongs to value[i]; values fall. `spare` [2, n]. Householder's tridiagonal form, then implicit QL (Golub and Van
 * Loan, Matrix Computations, 8.3); f64 throughout. false: 60 rounds were not enough for one value, which does not
 * happen for finite numbers. */
bool tam_symmetric_eigen(int n, double *a, double *value, double *spare);

#endif
