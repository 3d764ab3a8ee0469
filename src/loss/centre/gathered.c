#include "loss/centre/gathered.h"

#include <math.h>
#include <string.h>

#include "loss/room.h"
#include "loss/vectors.h"

size_t tam_gathered_bytes(int n, int dim) {
    size_t rows = (size_t)n, numbers = rows * (size_t)dim;
    return tam_room_bytes(rows * sizeof(int)) + tam_room_bytes((rows + 1) * sizeof(int)) +
           tam_room_bytes(rows * sizeof(double)) + 2 * tam_room_bytes(numbers * sizeof(double));
}

/* Insertion: batches are small, often sorted already, and equal labels keep their order. */
static void sort_rows(const int32_t *y, tam_gathered *all) {
    for (int i = 1; i < all->n; i++) {
        int row = all->row[i], to = i;
        while (to > 0 && y[all->row[to - 1]] > y[row]) {
            all->row[to] = all->row[to - 1];
            to--;
        }
        all->row[to] = row;
    }
}

static void find_classes(const int32_t *y, tam_gathered *all) {
    for (int i = 0; i < all->n; i++) {
        if (i == 0 || y[all->row[i]] != y[all->row[i - 1]]) {
            all->begin[all->classes++] = i;
        }
    }
    all->begin[all->classes] = all->n;
}

tam_gathered tam_gather(const tam_term_batch *batch, char **at) {
    tam_gathered all = {.dim = batch->dim};
    size_t rows = (size_t)batch->n, numbers = rows * (size_t)batch->dim;
    all.row = tam_room_take(at, rows * sizeof(int));
    all.begin = tam_room_take(at, (rows + 1) * sizeof(int));
    all.inverse = tam_room_take(at, rows * sizeof(double));
    all.x = tam_room_take(at, numbers * sizeof(double));
    all.dx = tam_room_take(at, numbers * sizeof(double));
    for (int i = 0; i < batch->n; i++) {
        if (batch->y[i] >= 0) {
            all.row[all.n++] = i;
        }
    }
    sort_rows(batch->y, &all);
    find_classes(batch->y, &all);
    for (int i = 0; i < all.n; i++) {
        const float *from = batch->x + (int64_t)all.row[i] * batch->dim;
        double *x = tam_gathered_x(&all, i);
        for (int d = 0; d < batch->dim; d++) {
            x[d] = (double)from[d];
        }
        double length = sqrt(tam_vector_dot(all.dim, x, x));
        all.inverse[i] = length < 1e-32 ? 0.0 : 1.0 / length;
    }
    memset(all.dx, 0, numbers * sizeof(double));
    return all;
}

void tam_gathered_normalise(const tam_gathered *all) {
    for (int i = 0; i < all->n; i++) {
        double *x = tam_gathered_x(all, i);
        for (int d = 0; d < all->dim; d++) {
            x[d] *= all->inverse[i];
        }
    }
}

void tam_gathered_project(const tam_gathered *all) {
    for (int i = 0; i < all->n; i++) {
        const double *x = tam_gathered_x(all, i);
        double *dx = tam_gathered_dx(all, i), along = tam_vector_dot(all->dim, dx, x);
        for (int d = 0; d < all->dim; d++) {
            dx[d] = all->inverse[i] * (dx[d] - along * x[d]);
        }
    }
}

void tam_gathered_add(const tam_gathered *all, double weight, float *dx) {
    for (int i = 0; i < all->n; i++) {
        const double *from = tam_gathered_dx(all, i);
        float *to = dx + (int64_t)all->row[i] * all->dim;
        for (int d = 0; d < all->dim; d++) {
            to[d] += (float)(weight * from[d]);
        }
    }
}
