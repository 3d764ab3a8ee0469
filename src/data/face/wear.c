#include "data/face/paint.h"

TAM_KERNEL static void glasses(const tam_face_look *look, const tam_face_row *row) {
    const tam_face_identity *id = look->id;
    const int dark = look->sample->occlusion == TAM_FACE_DARK_GLASSES;
    const float grow = dark ? 1.1f : 1.0f, ex = id->eye.x, ey = id->eye.y + 0.03f, soft = look->soft;
    const float rx = grow * id->rim_x, ry = grow * id->rim_y, square = id->rim_square, half = 0.5f * id->rim_thick;
    const float tint = dark ? 0.94f : 0.0f, slant = 0.4f * look->sample->light_x;
    const face_colour rim = id->rim, lens = {0.02f, 0.018f, 0.016f};
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float ax = fabsf(x[i]), u = (ax - ex) * (1.0f / rx), v = (y[i] - ey) * (1.0f / ry), u2 = u * u, v2 = v * v;
        float oval = sqrtf(u2 + v2), box = sqrtf(sqrtf(u2 * u2 + v2 * v2));
        float out = (face_mix(oval, box, square) - 1.0f) * ry, before = z[i] > 0.05f ? 1.0f : 0.0f;
        float glass = face_inside(-out, soft) * before;
        float streak = dark ? 0.12f * face_bump(u + v + slant, 0.0f, 0.5f, 1.0f) : 0.0f;
        float below =
            (dark ? 0.0f : 0.22f) * face_bump(out - 0.03f, 0.0f, 0.05f, 1.0f) * before * (v > 0.0f ? 1.0f : 0.3f);
        face_over(below, (face_colour){0.02f, 0.01f, 0.01f}, &r[i], &g[i], &b[i]);
        face_over(tint * glass, (face_colour){lens.r + streak, lens.g + streak, lens.b + streak}, &r[i], &g[i], &b[i]);
        float ring = face_inside(half - fabsf(out), soft) * before;
        float arc = y[i] - ey + 0.10f - 0.5f * x[i] * x[i];
        float bridge = face_inside(face_least(half + 0.006f - fabsf(arc), ex - rx - ax + 0.02f), soft) * before;
        float arm = face_inside(face_least(half + 0.004f - fabsf(y[i] - ey + 0.06f), ax - ex - rx + 0.01f), soft) *
                    (z[i] > -0.05f ? 1.0f : 0.0f);
        float share = face_most(ring, face_most(bridge, arm));
        face_over(share, rim, &r[i], &g[i], &b[i]);
        shine[i] = face_mix(face_mix(shine[i], 0.5f, tint * glass), 0.35f, share);
    }
}

TAM_KERNEL static void mask(const tam_face_look *look, const tam_face_row *row) {
    const face_colour cloth =
        look->sample->cover_kind < 0.5f ? (face_colour){0.45f, 0.62f, 0.72f} : look->sample->cloth;
    const float soft = look->soft + 0.01f, top = look->id->nose.tip - 0.30f;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float ax = fabsf(x[i]), edge = top + 0.42f * ax * ax - 0.05f * face_bump(x[i], 0.0f, 0.25f, 1.0f);
        float side = 0.28f - z[i];
        float cover = face_inside(face_least(y[i] - edge, -0.6f * side), soft);
        float strap =
            z[i] > -0.1f ? face_inside(0.018f - fabsf(y[i] - 0.42f - 0.5f * face_most(0.0f, z[i])), soft) : 0.0f;
        strap *= side > 0.0f ? 1.0f : 0.0f;
        float folds = (y[i] - edge) * 5.0f, crease = fabsf(folds - (float)face_floor(folds) - 0.5f);
        float light = 1.0f - 0.12f * face_most(0.0f, crease - 0.38f) * 8.0f;
        float share = face_most(cover, strap);
        face_over(share, face_scaled(cloth, light), &r[i], &g[i], &b[i]);
        shine[i] *= 1.0f - share;
    }
}

TAM_KERNEL static void cap(const tam_face_look *look, const tam_face_row *row) {
    const face_colour cloth = look->sample->cloth;
    const float soft = look->soft + 0.01f;
    const uint32_t salt = look->sample->salt + 5;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float edge = -0.72f + 0.10f * x[i] * x[i] - 0.12f * face_ramp(0.2f, -0.3f, z[i]);
        float share = face_inside(edge - y[i], soft);
        float band = 0.75f + 0.25f * face_ramp(0.16f, 0.2f, edge - y[i]);
        float light = band * (1.0f + 0.1f * face_noise(30.0f * x[i], 30.0f * y[i], salt));
        face_over(share, face_scaled(cloth, light), &r[i], &g[i], &b[i]);
        shine[i] = face_mix(shine[i], 0.02f, share);
    }
}

void tam_face_paint_wear(const tam_face_look *look, const tam_face_row *row) {
    int occlusion = look->sample->occlusion;
    if ((occlusion == TAM_FACE_GLASSES || occlusion == TAM_FACE_DARK_GLASSES) && row->high > -0.6f && row->low < 0.6f) {
        tam_face_row part = face_row_between(row, -0.6f, 0.6f);
        glasses(look, &part);
    } else if (occlusion == TAM_FACE_MASK && row->high > 0.0f) {
        mask(look, row);
    } else if (occlusion == TAM_FACE_CAP && row->low < -0.3f) {
        cap(look, row);
    }
}
