#include "data/face/paint.h"

TAM_KERNEL static void nostrils(const tam_face_look *look, const tam_face_row *row) {
    const face_nose n = look->id->nose;
    const float soft = look->soft + 0.03f, at = 0.52f * n.wing, down = n.tip + 0.095f;
    const face_colour colour = face_scaled(look->id->skin, 0.14f);
    const float *restrict x = row->x, *restrict y = row->y;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float dx = fabsf(x[i] - n.bend) - at, dy = (y[i] - down - 0.25f * dx) * 1.9f;
        float share = 0.7f * face_inside(0.32f * n.wing - sqrtf(dx * dx + dy * dy), soft);
        face_over(share, colour, &r[i], &g[i], &b[i]);
        float wx = fabsf(x[i]) - n.wing - 0.035f, wy = y[i] - n.tip - 0.01f;
        float crease = 0.25f * face_bump(wx + 1.2f * wy * wy, wy, 0.04f, 0.13f);
        float under = 0.16f * face_bump(x[i], y[i] - down - 0.03f, n.wing + 0.06f, 0.06f);
        face_over(face_least(0.6f, crease + under), face_scaled(colour, 2.0f), &r[i], &g[i], &b[i]);
    }
}

void tam_face_paint_nose(const tam_face_look *look, const tam_face_row *row) {
    if (row->high > 0.3f && row->low < 1.1f) {
        tam_face_row part = face_row_between(row, 0.3f, 1.1f);
        nostrils(look, &part);
    }
}

typedef struct mouth_numbers {
    float y, width, upper, lower, bow, lift, gap, uneven, soft, full, shine;
    face_colour lip, skin;
} mouth_numbers;

static mouth_numbers mouth_of(const tam_face_look *look) {
    const face_mouth *m = &look->id->mouth;
    const tam_face_sample *s = look->sample;
    float smile = face_most(0.0f, s->smile), paint = s->make_up;
    mouth_numbers k = {
        .y = m->y, .bow = m->bow, .uneven = m->uneven, .soft = look->soft, .full = m->full, .skin = look->id->skin};
    k.width = m->width * (1.0f + 0.18f * s->smile - 0.10f * s->open);
    k.upper = m->upper * (1.0f - 0.25f * smile);
    k.lower = m->lower * (1.0f - 0.2f * smile);
    k.lift = m->curve + 0.07f * s->smile;
    k.gap = 0.19f * s->open;
    k.lip = m->colour;
    k.shine = 0.2f + 0.5f * paint;
    face_over(0.6f * paint, (face_colour){0.36f, 0.03f, 0.05f}, &k.lip.r, &k.lip.g, &k.lip.b);
    return k;
}

TAM_KERNEL static void mouth(const mouth_numbers *numbers, const tam_face_row *row) {
    const mouth_numbers m = *numbers;
    const face_colour teeth = {0.66f, 0.62f, 0.54f}, dark = {0.035f, 0.008f, 0.008f};
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float u = x[i] * (1.0f / m.width), bow = face_most(0.0f, 1.0f - u * u),
              there = z[i] > 0.0f && bow > 0.0f ? 1.0f : 0.0f;
        float line = m.y - m.lift * u * u + m.uneven * u + 0.012f * face_bump(u, 0.0f, 0.3f, 1.0f);
        float top =
            line - m.upper * face_mix(bow, sqrtf(bow), 0.4f) * (1.0f - 0.45f * m.bow * face_bump(u, 0.0f, 0.26f, 1.0f));
        float gap = line + m.gap * bow, bottom = gap + m.lower * face_mix(bow, sqrtf(bow), m.full);
        float lips = face_inside(face_least(y[i] - top, bottom - y[i]), m.soft + 0.012f) * there;
        float light = y[i] < line ? 0.82f : 1.08f;
        face_over(0.92f * lips, face_scaled(m.lip, light), &r[i], &g[i], &b[i]);
        shine[i] = face_mix(shine[i], m.shine, lips * (y[i] > gap ? 1.0f : 0.3f));
        float inside =
            face_inside(face_least(y[i] - line, gap - y[i]), m.soft) * there * (m.gap > 0.004f ? 1.0f : 0.0f);
        face_over(inside, dark, &r[i], &g[i], &b[i]);
        float depth = y[i] - line - 0.006f, shade = 1.0f - 0.6f * u * u;
        float tooth = inside * face_inside(face_least(depth, 0.085f * bow - depth), m.soft + 0.01f);
        face_over(tooth, face_scaled(teeth, shade), &r[i], &g[i], &b[i]);
        float seam =
            face_bump(u, 0.0f, 1.12f, 1.0f) > 0.0f ? face_inside(0.011f - fabsf(y[i] - line), m.soft + 0.012f) : 0.0f;
        seam *= face_ramp(1.1f, 1.0f, fabsf(u)) * (1.0f - 0.7f * inside) * (z[i] > 0.0f ? 0.75f : 0.0f);
        face_over(seam, face_scaled(m.lip, 0.2f), &r[i], &g[i], &b[i]);
        float cx = fabsf(u) - 1.02f,
              pit = 0.35f * face_bump(cx, y[i] - line, 0.12f, 0.05f) * (z[i] > 0.0f ? 1.0f : 0.0f);
        face_over(pit, face_scaled(m.skin, 0.3f), &r[i], &g[i], &b[i]);
    }
}

void tam_face_paint_mouth(const tam_face_look *look, const tam_face_row *row) {
    if (row->high > 0.7f && row->low < 1.7f) {
        mouth_numbers m = mouth_of(look);
        tam_face_row part = face_row_between(row, 0.7f, 1.7f);
        mouth(&m, &part);
    }
}

/* What grows where: shares of the moustache, the chin and the cheeks. */
typedef struct beard_numbers {
    float moustache, chin, cheeks, dense, line, tip, mouth_y, mouth_width, grain;
    face_colour colour;
    uint32_t salt;
} beard_numbers;

static beard_numbers beard_of(const tam_face_look *look) {
    const tam_face_identity *id = look->id;
    beard_numbers k = {.dense = id->beard_dense,
                       .line = id->beard_line,
                       .tip = id->nose.tip,
                       .mouth_y = id->mouth.y,
                       .mouth_width = id->mouth.width,
                       .colour = face_scaled(look->hair, 0.8f),
                       .salt = id->salt + 41};
    k.moustache = id->beard == FACE_BEARD_CHIN ? 0.25f : 1.0f;
    k.chin = id->beard == FACE_BEARD_MOUSTACHE ? 0.0f : 1.0f;
    k.cheeks = id->beard == FACE_BEARD_FULL || id->beard == FACE_BEARD_STUBBLE ? 1.0f : 0.0f;
    k.grain = 16.0f;
    if (id->beard == FACE_BEARD_STUBBLE) {
        k.dense *= 0.42f;
        k.grain = 30.0f;
    }
    return k;
}

TAM_KERNEL static void beard(const beard_numbers *numbers, const tam_face_row *row) {
    const beard_numbers k = *numbers;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float ax = fabsf(x[i]), top = k.tip + 0.17f;
        float under = face_ramp(top - 0.03f, top + 0.08f, y[i] - 0.25f * ax * ax) *
                      face_ramp(k.mouth_y + 0.02f, k.mouth_y - 0.04f, y[i]);
        float moustache = k.moustache * under * face_ramp(k.mouth_width + 0.12f, k.mouth_width - 0.02f, ax);
        float patch = face_ramp(k.mouth_y + 0.13f, k.mouth_y + 0.3f, y[i]) * face_ramp(0.5f, 0.36f, ax);
        patch = face_most(patch, face_bump(ax - k.mouth_width - 0.05f, 0.0f, 0.12f, 1.0f) *
                                     face_ramp(k.mouth_y - 0.1f, k.mouth_y + 0.1f, y[i]) * 0.9f);
        float edge = face_mix(1.32f, 0.25f, face_ramp(0.35f, 1.05f, ax)) + k.line;
        float cheeks = k.cheeks * face_ramp(edge - 0.08f, edge + 0.16f, y[i]) * face_ramp(0.0f, 0.2f, z[i]);
        cheeks *= 1.0f - 0.9f * face_bump(x[i], y[i] - k.mouth_y - 0.05f, 0.33f, 0.16f);
        float share = face_most(moustache, face_most(k.chin * patch, cheeks)) * (z[i] > 0.0f ? k.dense : 0.0f);
        float hairs = 0.78f + 0.3f * face_noise(k.grain * x[i], 0.55f * k.grain * y[i], k.salt);
        face_over(face_share(share * hairs), k.colour, &r[i], &g[i], &b[i]);
        shine[i] *= 1.0f - share;
    }
}

void tam_face_paint_beard(const tam_face_look *look, const tam_face_row *row) {
    if (look->id->beard != FACE_BEARD_NONE && row->high > 0.1f) {
        beard_numbers k = beard_of(look);
        beard(&k, row);
    }
}
