#include "data/face/raster.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

TAM_KERNEL static void view_points(int n, const float *restrict x, const float *restrict y, const face_view *view,
                                   float *restrict column, float *restrict row) {
    const face_view v = *view;
    for (int i = 0; i < n; i++) {
        column[i] = v.a * x[i] - v.b * y[i] + v.x0;
        row[i] = v.b * x[i] + v.a * y[i] + v.y0;
    }
}

void tam_face_raster_project(const tam_face_mesh *mesh, const face_view *view, float *screen) {
    int n = mesh->rows * mesh->columns;
    view_points(n, mesh->place[0], mesh->place[1], view, screen, screen + n);
}

static float least3(float a, float b, float c) {
    return face_least(a, face_least(b, c));
}

static float most3(float a, float b, float c) {
    return face_most(a, face_most(b, c));
}

/* A triangle that faces the viewer; its corners' numbers go round clockwise on the picture. */
typedef struct triangle {
    int corner[3];
    float x[3], y[3];
    float area;
} triangle;

static bool triangle_at(const float *column, const float *row, int a, int b, int c, triangle *t) {
    *t = (triangle){{a, b, c}, {column[a], column[b], column[c]}, {row[a], row[b], row[c]}, 0};
    t->area = (t->x[1] - t->x[0]) * (t->y[2] - t->y[0]) - (t->x[2] - t->x[0]) * (t->y[1] - t->y[0]);
    return t->area > 1e-6f;
}

static void put(const tam_face_mesh *mesh, const triangle *t, const float w[3], ptrdiff_t at, tam_face_band *band) {
    const int *k = t->corner;
    float depth = 0;
    for (int i = 0; i < 3; i++) {
        depth += w[i] * mesh->place[2][k[i]];
    }
    if (depth <= band->depth[at]) {
        return;
    }
    band->depth[at] = depth;
    for (int p = 0; p < 3; p++) {
        const float *base = mesh->base[p], *normal = mesh->normal[p];
        band->base[p][at] = w[0] * base[k[0]] + w[1] * base[k[1]] + w[2] * base[k[2]];
        band->normal[p][at] = w[0] * normal[k[0]] + w[1] * normal[k[1]] + w[2] * normal[k[2]];
    }
    band->open[at] = w[0] * mesh->open[k[0]] + w[1] * mesh->open[k[1]] + w[2] * mesh->open[k[2]];
}

/* Samples lie at whole numbers. */
static void draw_triangle(const tam_face_mesh *mesh, const triangle *t, tam_face_band *band) {
    float left = most3(least3(t->x[0], t->x[1], t->x[2]), 0.0f, 0.0f);
    float right = face_least(most3(t->x[0], t->x[1], t->x[2]), (float)(band->columns - 1));
    float top = face_most(least3(t->y[0], t->y[1], t->y[2]), (float)band->first);
    float bottom = face_least(most3(t->y[0], t->y[1], t->y[2]), (float)(band->first + band->rows - 1));
    if (right < left || bottom < top) {
        return;
    }
    float inverse = 1.0f / t->area;
    const float slack = -1e-3f;
    for (int y = (int)top + ((float)(int)top < top); y <= (int)bottom; y++) {
        for (int x = (int)left + ((float)(int)left < left); x <= (int)right; x++) {
            float dx = (float)x - t->x[0], dy = (float)y - t->y[0], w[3];
            w[1] = (dx * (t->y[2] - t->y[0]) - dy * (t->x[2] - t->x[0])) * inverse;
            w[2] = (dy * (t->x[1] - t->x[0]) - dx * (t->y[1] - t->y[0])) * inverse;
            w[0] = 1.0f - w[1] - w[2];
            if (w[0] >= slack && w[1] >= slack && w[2] >= slack) {
                put(mesh, t, w, (ptrdiff_t)(y - band->first) * band->columns + x, band);
            }
        }
    }
}

void tam_face_raster(const tam_face_mesh *mesh, const float *screen, tam_face_band *band) {
    int n = mesh->rows * mesh->columns;
    const float *column = screen, *row = screen + n;
    float first = (float)band->first, last = (float)(band->first + band->rows - 1);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)band->rows * band->columns; i++) {
        band->depth[i] = -1e9f;
    }
    for (int k = 0; k + 1 < mesh->rows; k++) {
        for (int i = 0; i + 1 < mesh->columns; i++) {
            int a = k * mesh->columns + i, b = a + 1, c = a + mesh->columns, d = c + 1;
            float top = face_least(least3(row[a], row[b], row[c]), row[d]);
            float bottom = face_most(most3(row[a], row[b], row[c]), row[d]);
            if (bottom < first || top > last) {
                continue;
            }
            triangle t;
            if (triangle_at(column, row, a, b, d, &t)) {
                draw_triangle(mesh, &t, band);
            }
            if (triangle_at(column, row, a, d, c, &t)) {
                draw_triangle(mesh, &t, band);
            }
        }
    }
}
