#include "eval/eigen.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"

TAM_KERNEL static double dot(int n, const double *restrict x, const double *restrict y) {
    double sum[8] = {0}, total = 0;
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int lane = 0; lane < 8; lane++) {
            sum[lane] += x[i + lane] * y[i + lane];
        }
    }
    for (int lane = 0; i < n; i++, lane++) {
        sum[lane] += x[i] * y[i];
    }
    for (int lane = 0; lane < 8; lane++) {
        total += sum[lane];
    }
    return total;
}

/* y += factor x */
TAM_KERNEL static void add(int n, double factor, const double *restrict x, double *restrict y) {
    for (int i = 0; i < n; i++) {
        y[i] += factor * x[i];
    }
}

/* x, y = c x - s y, s x + c y */
TAM_KERNEL static void rotate(int n, double c, double s, double *restrict x, double *restrict y) {
    for (int i = 0; i < n; i++) {
        double old = x[i];
        x[i] = c * old - s * y[i];
        y[i] = s * old + c * y[i];
    }
}

/* One of Householder's reflections for each column, from the first on: column k below its diagonal becomes (beside[k],
 * 0, ...). The reflections' vectors, of length sqrt 2 so that I - v v' is the reflection, stay in the rows of a above
 * the diagonal: row k from k + 1 on; zero where there is nothing to do. The full matrix is in a and is symmetric. */
static void make_tridiagonal(int n, double *a, double *value, double *beside, double *work) {
    for (int k = 0; k < n; k++) {
        int rest = n - k - 1;
        double *v = a + (long)k * n + k + 1; /* row k = column k */
        value[k] = a[(long)k * n + k];
        beside[k] = rest > 0 ? v[0] : 0;
        double length = sqrt(dot(rest, v, v));
        if (rest < 2 || length == 0 || length == fabs(v[0])) {
            memset(v, 0, (size_t)rest * sizeof *v);
            continue;
        }
        beside[k] = v[0] > 0 ? -length : length;
        double scale = 1 / sqrt(length * (length + fabs(v[0])));
        v[0] -= beside[k];
        for (int i = 0; i < rest; i++) {
            v[i] *= scale;
        }
        for (int i = 0; i < rest; i++) { /* w = A v - (v' A v / 2) v; A - v w' - w v' */
            work[i] = dot(rest, a + (long)(k + 1 + i) * n + k + 1, v);
        }
        add(rest, -0.5 * dot(rest, v, work), v, work);
        for (int i = 0; i < rest; i++) {
            double *row = a + (long)(k + 1 + i) * n + k + 1;
            add(rest, -v[i], work, row);
            add(rest, -work[i], v, row);
        }
    }
}

/* Replaces the reflections' vectors by the rows of their product's transpose, last reflection first: row i is then the
 * i-th direction of the tridiagonal form, in the old coordinates. */
static void multiply_reflections(int n, double *a, double *work) {
    for (int k = n - 1; k >= 0; k--) {
        int rest = n - k - 1;
        double *row = a + (long)k * n;
        memcpy(work, row + k + 1, (size_t)rest * sizeof *work);
        memset(row, 0, (size_t)n * sizeof *row);
        row[k] = 1;
        for (int i = k + 1; i < n; i++) { /* only what comes after k is not yet the identity */
            double *other = a + (long)i * n;
            other[k] = 0;
            add(rest, -dot(rest, other + k + 1, work), work, other + k + 1);
        }
    }
}

/* One value by implicit QL with Wilkinson's shift between rows `from` and `to`, which hang together. */
static void sweep(int n, int from, int to, double *value, double *beside, double *vectors) {
    double half = (value[from + 1] - value[from]) / (2 * beside[from]), root = hypot(half, 1);
    double g = value[to] - value[from] + beside[from] / (half + (half >= 0 ? root : -root));
    double s = 1, c = 1, shift = 0;
    for (int i = to - 1; i >= from; i--) {
        double f = s * beside[i], b = c * beside[i];
        root = hypot(f, g);
        beside[i + 1] = root;
        if (root == 0) { /* it falls apart here already */
            value[i + 1] -= shift;
            beside[to] = 0;
            return;
        }
        s = f / root;
        c = g / root;
        g = value[i + 1] - shift;
        root = (value[i] - g) * s + 2 * c * b;
        shift = s * root;
        value[i + 1] = g + shift;
        g = c * root - b;
        rotate(n, c, s, vectors + (long)i * n, vectors + (long)(i + 1) * n);
    }
    value[from] -= shift;
    beside[from] = g;
    beside[to] = 0;
}

static bool diagonalise(int n, double *value, double *beside, double *vectors) {
    enum { MOST_ROUNDS = 60 };
    for (int from = 0; from < n; from++) {
        for (int round = 0;; round++) {
            int to = from;
            for (; to + 1 < n; to++) {
                double size = fabs(value[to]) + fabs(value[to + 1]);
                if (size + fabs(beside[to]) == size) {
                    break;
                }
            }
            if (to == from) {
                break;
            }
            if (round == MOST_ROUNDS) {
                return false;
            }
            sweep(n, from, to, value, beside, vectors);
        }
    }
    return true;
}

static void sort_falling(int n, double *value, double *vectors, double *work) {
    size_t row = (size_t)n * sizeof *vectors;
    for (int i = 0; i < n; i++) {
        int most = i;
        for (int j = i + 1; j < n; j++) {
            most = value[j] > value[most] ? j : most;
        }
        if (most != i) {
            double kept = value[i];
            value[i] = value[most];
            value[most] = kept;
            memcpy(work, vectors + (long)i * n, row);
            memcpy(vectors + (long)i * n, vectors + (long)most * n, row);
            memcpy(vectors + (long)most * n, work, row);
        }
    }
}

bool tam_symmetric_eigen(int n, double *a, double *value, double *spare) {
    double *beside = spare, *work = spare + n;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            a[(long)j * n + i] = a[(long)i * n + j];
        }
    }
    make_tridiagonal(n, a, value, beside, work);
    multiply_reflections(n, a, work);
    bool settled = diagonalise(n, value, beside, a);
    sort_falling(n, value, a, work);
    return settled;
}
