#include "data/face/shape.h"

#include <stddef.h>

typedef struct relief {
    float front, open;
} relief;

TAM_KERNEL_PART float nose_relief(const face_nose *n, float x, float y) {
    float along = (y - n->root) / (n->tip - n->root), u = face_share(along);
    float bent = x - n->bend * u;
    float half = face_mix(0.16f, n->width + 0.04f, u) + 0.09f;
    float ridge = face_mix(n->bridge, n->height, u * (0.55f + 0.45f * u));
    ridge += n->hump * face_bump(u - 0.42f, 0.0f, 0.4f, 1.0f);
    float above = face_bump(face_least(0.0f, y - n->root), 0.0f, 0.35f, 1.0f);
    float below = face_bump(face_most(0.0f, y - n->tip), 0.0f, 0.17f, 1.0f);
    float height = ridge * face_bump(bent, 0.0f, half, 1.0f) * above * below;
    height += n->ball * face_bump(bent, y - n->tip, 0.19f, 0.17f);
    return height + 0.16f * face_bump(fabsf(x) - n->wing * 0.8f, y - n->tip - 0.02f, 0.14f, 0.14f);
}

TAM_KERNEL_PART float mouth_relief(const face_mouth *m, float smile, float open, float x, float y) {
    float width = m->width * (1.0f + 0.18f * smile), drop = 0.16f * open;
    float height = 0.055f * face_bump(x, y - m->y + 0.5f * m->upper, width, 0.11f);
    height += 0.075f * face_bump(x, y - m->y - drop - 0.6f * m->lower, 0.8f * width, 0.13f);
    height -= 0.05f * face_bump(x, y - m->y, 1.1f * width, 0.06f + 0.1f * open);
    return height - 0.05f * face_bump(x, y - m->y - drop - 0.27f, 0.34f, 0.11f);
}

/* What is added to the front of the head at a base point, and how open it is to light. */
TAM_KERNEL_PART relief face_relief(const tam_face_shape *f, float x, float y) {
    const face_head *h = &f->head;
    float ax = fabsf(x), eye_y = f->eye.y;
    float hollow = h->socket * face_bump(ax - f->eye.x, y - eye_y + 0.04f, 0.42f, 0.33f);
    hollow += 0.09f * face_bump(ax - 0.2f, y - eye_y, 0.18f, 0.22f);
    float height = f->ridge * face_bump(ax - 0.42f, y + 0.30f, 0.55f, 0.20f) - hollow;
    height += f->eye.bulge * face_bump(ax - f->eye.x, y - eye_y, 0.28f, 0.21f);
    float cheek = h->cheek + 0.07f * face_most(0.0f, f->smile);
    height += cheek * face_bump(ax - 0.70f, y - h->cheek_height, 0.42f, 0.36f);
    height += h->fat * face_bump(ax - 0.68f, y - 0.98f, 0.5f, 0.55f) + h->lean * x;
    height += nose_relief(&f->nose, x, y);
    height += mouth_relief(&f->mouth, f->smile, f->open, x, y) + h->muzzle * face_bump(x, y - f->mouth.y, 0.62f, 0.5f);
    float chin_y = h->chin - 0.27f;
    height += h->chin_forward * face_bump(x, y - chin_y, h->chin_width + 0.1f, 0.30f);
    height -= h->chin_cleft * face_bump(x, y - chin_y, 0.07f, 0.2f);
    height += 0.5f * f->cap * face_bump(0.5f * x, y + 0.78f, 0.62f, 0.12f);
    float open = 1.0f - 1.5f * hollow - 0.42f * face_bump(x, y - f->nose.tip - 0.2f, 0.26f, 0.16f);
    open -= 0.22f * face_bump(x, y - f->mouth.y - 0.28f, 0.35f, 0.12f);
    open -= 0.5f * f->cap * face_bump(0.5f * x, y + 0.56f, 0.6f, 0.3f);
    open -= 0.25f * face_bump(ax - f->nose.wing - 0.06f, y - f->nose.tip - 0.03f, 0.1f, 0.18f);
    return (relief){height, face_most(0.2f, open)};
}

/* The point of the surface over a base point. */
TAM_KERNEL_PART face_point face_surface(const tam_face_shape *f, face_point b, float s, float c, float *open) {
    relief r = face_relief(f, b.x, b.y);
    float front = face_share(1.6f * c);
    float ear = f->head.ear * face_bump(c - 0.0f, b.y - 0.28f - 0.3f * c, 0.16f, 0.42f);
    float line = face_hairline(&f->hair, b.x, c);
    float hair = f->hair.amount * face_ramp(-0.10f, 0.16f, line - b.y);
    float lumps = 1.0f + f->curl * face_noise(5.0f * b.x + 2.0f * c, 5.0f * b.y, f->salt);
    float grow = 1.0f + face_most(f->volume * hair * lumps, 0.13f * f->cap * face_ramp(-0.72f, -0.8f, b.y));
    float drop = front * f->open * 0.17f * face_ramp(f->mouth.y, f->mouth.y + 0.35f, b.y);
    *open = face_mix(1.0f, r.open, front) * (1.0f - 0.35f * face_ramp(f->head.chin - 0.22f, f->head.chin, b.y));
    return (face_point){b.x * grow + (s < 0.0f ? -ear : ear) * (1.0f - face_share(8.0f * hair) * 0.8f),
                        b.y * grow + drop, b.z * grow + front * r.front};
}

TAM_KERNEL static void surface_row(const tam_face_shape *shape, float t, int n, const float *restrict sine,
                                   const float *restrict cosine, float *const restrict base[3],
                                   float *const restrict place[3], float *restrict open) {
    const tam_face_shape f = *shape;
    float *restrict bx = base[0], *restrict by = base[1], *restrict bz = base[2];
    float *restrict px = place[0], *restrict py = place[1], *restrict pz = place[2];
#pragma omp simd
    for (int i = 0; i < n; i++) {
        face_point b = face_base(&f.head, t, sine[i], cosine[i]);
        face_point p = face_surface(&f, b, sine[i], cosine[i], &open[i]);
        bx[i] = b.x;
        by[i] = b.y;
        bz[i] = b.z * (1.0f / f.head.front);
        px[i] = p.x;
        py[i] = p.y;
        pz[i] = p.z;
    }
}

/* Normals of row `up` .. `down` about the row at `at`, turned to the camera. */
TAM_KERNEL static void normal_row(const face_turn *turn, int n, ptrdiff_t at, ptrdiff_t up, ptrdiff_t down,
                                  float *const restrict place[3], float *const restrict normal[3]) {
    const face_turn q = *turn;
    const float *restrict x = place[0], *restrict y = place[1], *restrict z = place[2];
    float *restrict nx = normal[0] + at, *restrict ny = normal[1] + at, *restrict nz = normal[2] + at;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        ptrdiff_t l = at + (i > 0 ? i - 1 : 0), r = at + (i < n - 1 ? i + 1 : n - 1);
        float ux = x[r] - x[l], uy = y[r] - y[l], uz = z[r] - z[l];
        float vx = x[down + i] - x[up + i], vy = y[down + i] - y[up + i], vz = z[down + i] - z[up + i];
        face_point p = face_turned(&q, uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx);
        float length = sqrtf(p.x * p.x + p.y * p.y + p.z * p.z) + 1e-12f;
        nx[i] = p.x / length;
        ny[i] = p.y / length;
        nz[i] = p.z / length;
    }
}

TAM_KERNEL static void project_row(const face_turn *turn, int n, float *restrict x, float *restrict y,
                                   float *restrict z) {
    const face_turn q = *turn;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        face_point p = face_turned(&q, x[i], y[i], z[i]);
        float scale = q.distance / (q.distance - p.z);
        x[i] = p.x * scale;
        y[i] = p.y * scale;
        z[i] = p.z;
    }
}

void tam_face_sine(float angle, float *sine, float *cosine) {
    double square = (double)angle * angle, s = 0, c = 0;
    for (int k = 10; k >= 1; k--) {
        s = (1.0 - square * s) / ((2.0 * k) * (2.0 * k + 1.0));
        c = (1.0 - square * c) / ((2.0 * k - 1.0) * (2.0 * k));
    }
    *sine = (float)(angle * (1.0 - square * s));
    *cosine = (float)(1.0 - square * c);
}

face_turn tam_face_turn(float yaw, float pitch, float distance) {
    face_turn q = {.distance = distance};
    tam_face_sine(yaw, &q.sin_yaw, &q.cos_yaw);
    tam_face_sine(pitch, &q.sin_pitch, &q.cos_pitch);
    return q;
}

void tam_face_mesh_sides(int size, int *rows, int *columns) {
    int fine = size > 200 ? 2 : 1;
    *rows = 70 * fine;
    *columns = 72 * fine + 1;
}

void tam_face_mesh_place(tam_face_mesh *mesh, int rows, int columns, float *memory) {
    size_t plane = (size_t)rows * (size_t)columns;
    *mesh = (tam_face_mesh){.rows = rows, .columns = columns};
    for (int k = 0; k < 3; k++) {
        mesh->base[k] = memory + (size_t)k * plane;
        mesh->place[k] = memory + (size_t)(3 + k) * plane;
        mesh->normal[k] = memory + (size_t)(6 + k) * plane;
    }
    mesh->open = memory + 9 * plane;
    mesh->scratch[0] = memory + 10 * plane;
    mesh->scratch[1] = memory + 11 * plane;
}

/* Rows lie closer towards the crown; columns before the face than behind. */
static float row_height(int row, int rows) {
    int upper = rows * 2 / 5;
    float u, sine, cosine;
    if (row < upper) {
        u = 1.0f - (float)row / (float)upper;
        tam_face_sine(1.5707963f * u, &sine, &cosine);
        return -sine;
    }
    u = (float)(row - upper) / (float)(rows - 1 - upper);
    tam_face_sine(1.5707963f * u, &sine, &cosine);
    return 0.5f * (u + sine);
}

void tam_face_mesh_make(tam_face_mesh *mesh, const tam_face_shape *shape, const face_turn *turn) {
    int rows = mesh->rows, columns = mesh->columns;
    float *sine = mesh->scratch[0], *cosine = mesh->scratch[1];
    for (int i = 0; i < columns; i++) {
        float v = 2.0f * (float)i / (float)(columns - 1) - 1.0f;
        tam_face_sine(1.5f * v + 1.15f * v * v * v, &sine[i], &cosine[i]);
    }
    for (int k = 0; k < rows; k++) {
        ptrdiff_t at = (ptrdiff_t)k * columns;
        float *base[3] = {mesh->base[0] + at, mesh->base[1] + at, mesh->base[2] + at};
        float *place[3] = {mesh->place[0] + at, mesh->place[1] + at, mesh->place[2] + at};
        surface_row(shape, row_height(k, rows), columns, sine, cosine, base, place, mesh->open + at);
    }
    for (int k = 0; k < rows; k++) {
        int up = k > 0 ? k - 1 : 0, down = k < rows - 1 ? k + 1 : k;
        normal_row(turn, columns, (ptrdiff_t)k * columns, (ptrdiff_t)up * columns, (ptrdiff_t)down * columns,
                   mesh->place, mesh->normal);
    }
    project_row(turn, rows * columns, mesh->place[0], mesh->place[1], mesh->place[2]);
}

/* The point of the surface whose base point lies at (x, y), at the front. */
static face_point surface_at(const tam_face_shape *shape, float x, float y) {
    float t = y / (y < 0.0f ? shape->head.crown : shape->head.chin), open;
    float s = x / face_base(&shape->head, t, 1.0f, 0.0f).x;
    float c = sqrtf(face_most(0.0f, 1.0f - s * s));
    return face_surface(shape, face_base(&shape->head, t, s, c), s, c, &open);
}

void tam_face_landmarks(const tam_face_shape *shape, const face_turn *turn, float landmark[5][2]) {
    float wide = shape->mouth.width * (1.0f + 0.18f * shape->smile);
    float corner = shape->mouth.y - shape->mouth.curve - 0.07f * shape->smile;
    const float point[5][2] = {{-shape->eye.x, shape->eye.y - shape->eye.uneven},
                               {shape->eye.x, shape->eye.y + shape->eye.uneven},
                               {shape->nose.bend, shape->nose.tip},
                               {-wide, corner - shape->mouth.uneven},
                               {wide, corner + shape->mouth.uneven}};
    for (int i = 0; i < 5; i++) {
        face_point p = surface_at(shape, point[i][0], point[i][1]);
        float *q = landmark[i];
        float z = p.z;
        q[0] = p.x;
        q[1] = p.y;
        project_row(turn, 1, &q[0], &q[1], &z);
    }
}

tam_face_shape tam_face_shape_make(const tam_face_identity *id, const tam_face_sample *sample) {
    tam_face_shape f = {.head = id->head, .eye = id->eye, .nose = id->nose, .mouth = id->mouth};
    const face_hair *h = &id->hair;
    f.salt = id->salt;
    f.smile = sample->smile;
    f.open = sample->open;
    f.ridge = id->head.ridge + 0.02f * sample->frown;
    f.cap = sample->occlusion == TAM_FACE_CAP ? 1.0f : 0.0f;
    f.hair = (face_hair_region){.line = h->line + sample->hair_shift,
                                .recess = h->recess,
                                .widow = h->widow,
                                .side = h->side,
                                .nape = h->nape,
                                .slant = h->slant};
    f.hair.amount = h->style == FACE_HAIR_NONE ? 0.0f : 1.0f;
    f.volume = h->volume * sample->hair_volume * (f.cap > 0.0f ? 0.5f : 1.0f);
    f.curl = h->style == FACE_HAIR_CURLY ? 0.45f : 0.12f;
    return f;
}
