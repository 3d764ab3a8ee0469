#include "data/face/paint.h"

/* Redness of cheeks and nose, darkness about the eyes, fine unevenness. */
TAM_KERNEL static void tone(const tam_face_look *look, const tam_face_row *row) {
    const tam_face_identity *id = look->id;
    const face_colour skin = id->skin;
    const float mottle = id->mottle, eye_x = id->eye.x, eye_y = id->eye.y, tip = id->nose.tip, gloss = id->gloss;
    const float red = 0.10f * (0.3f + id->red + 0.6f * look->sample->flush) + 0.12f * look->sample->make_up;
    const float shadow = id->shadow + 0.008f * face_most(0.0f, look->sample->age - 30.0f);
    const uint32_t salt = id->salt;
    const float *restrict x = row->x, *restrict y = row->y;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float ax = fabsf(x[i]);
        float light = 1.0f + mottle * face_noise(3.1f * x[i], 3.1f * y[i], salt);
        float flush = face_bump(ax - 0.66f, y[i] - 0.58f, 0.5f, 0.42f) + face_bump(x[i], y[i] - tip, 0.28f, 0.25f);
        flush = red * face_least(1.0f, flush);
        float dark = shadow * face_bump(ax - eye_x + 0.04f, y[i] - eye_y - 0.10f, 0.36f, 0.25f);
        light *= 1.0f - 0.55f * dark;
        r[i] = skin.r * light * (1.0f + 0.3f * flush);
        g[i] = skin.g * light * (1.0f - 0.7f * flush);
        b[i] = skin.b * light * (1.0f - 0.6f * flush);
        shine[i] = gloss * (1.0f + 0.7f * face_bump(x[i], y[i] + 0.1f, 0.3f, 0.9f));
    }
}

/* One freckle in each cell of a grid, somewhere in it, of some size or none. */
TAM_KERNEL static void freckles(const tam_face_look *look, const tam_face_row *row) {
    const float amount = look->id->freckles, cells = 13.0f, soft = look->soft * cells;
    const uint32_t salt = look->id->salt + 11;
    const float *restrict x = row->x, *restrict y = row->y;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float u = x[i] * cells, v = y[i] * cells;
        int32_t iu = face_floor(u), iv = face_floor(v);
        float dx = u - (float)iu - face_mix(0.3f, 0.7f, face_hash(iu, iv, salt));
        float dy = v - (float)iv - face_mix(0.3f, 0.7f, face_hash(iu, iv, salt + 1));
        float radius = 0.36f * (face_hash(iu, iv, salt + 2) - 1.0f + amount);
        float where = face_bump(x[i], y[i] - 0.45f, 1.15f, 0.75f);
        float dark = 0.5f * face_least(1.0f, 2.0f * where) *
                     face_share((radius - sqrtf(dx * dx + dy * dy)) * (1.0f / soft) + 0.3f);
        dark *= radius > 0.0f ? 1.0f : 0.0f;
        r[i] *= 1.0f - 0.6f * dark;
        g[i] *= 1.0f - dark;
        b[i] *= 1.0f - 1.2f * dark;
    }
}

TAM_KERNEL static void lines(const tam_face_look *look, const tam_face_row *row) {
    const tam_face_sample *s = look->sample;
    const float age = face_share((s->age - 24.0f) / 45.0f), smile = face_most(0.0f, s->smile);
    const float fold = 0.06f + 0.25f * age + 0.22f * smile,
                brow = 0.45f * age * (0.5f + face_share(8.0f * s->brow_lift));
    const float wing = look->id->nose.wing + 0.06f, tip = look->id->nose.tip - 0.02f, eye_y = look->id->eye.y;
    const float corner = look->id->mouth.width * (1.0f + 0.18f * smile) + 0.10f, mouth_y = look->id->mouth.y;
    const float bag = look->id->eye.bag * (0.15f + 0.5f * age), eye_x = look->id->eye.x, frown = 0.35f * s->frown;
    const uint32_t salt = look->id->salt + 23;
    const float *restrict x = row->x, *restrict y = row->y;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float ax = fabsf(x[i]), t = face_share((y[i] - tip) * (1.0f / (mouth_y + 0.05f - tip)));
        float aside = ax - face_mix(wing, corner, t * (0.5f + 0.5f * t));
        float ends = face_ramp(tip - 0.1f, tip + 0.08f, y[i]) * face_ramp(mouth_y + 0.16f, mouth_y - 0.1f, y[i]);
        float dark = fold * ends * face_bump(aside, 0.0f, 0.075f, 1.0f);
        float wave = face_noise(1.5f * x[i], 0.0f, salt) * 0.35f + y[i] * 8.0f;
        float ripple = fabsf(wave - (float)face_floor(wave) - 0.5f) * 2.0f;
        dark += brow * face_bump(x[i], y[i] + 0.72f, 0.75f, 0.3f) * face_most(0.0f, ripple - 0.55f);
        float under = y[i] - eye_y - 0.17f + 0.9f * (ax - eye_x) * (ax - eye_x);
        dark += bag * face_bump(under, 0.0f, 0.05f, 1.0f) * face_bump(ax - eye_x, 0.0f, 0.32f, 1.0f);
        float crow = face_noise(3.0f * ax, 18.0f * (y[i] - eye_y) - 12.0f * (ax - eye_x), salt + 1);
        dark += (0.7f * age + 0.3f * smile * age) * face_bump(ax - 0.90f, y[i] - eye_y, 0.16f, 0.25f) *
                face_most(0.0f, crow);
        dark += frown * face_bump(ax - 0.09f, y[i] + 0.3f, 0.035f, 0.16f);
        dark = face_least(0.6f, dark);
        r[i] *= 1.0f - 0.8f * dark;
        g[i] *= 1.0f - dark;
        b[i] *= 1.0f - dark;
    }
}

void tam_face_paint_skin(const tam_face_look *look, const tam_face_row *row) {
    tone(look, row);
    if (look->id->freckles > 0.0f && row->high > -0.4f && row->low < 1.3f) {
        freckles(look, row);
    }
    if (row->high > -1.1f) {
        lines(look, row);
    }
}

TAM_KERNEL static void mark(const face_mark *m, face_colour skin, float soft, const tam_face_row *row) {
    const face_colour colour = face_scaled(skin, 1.0f - m->dark);
    const float mx = m->x, my = m->y, radius = m->radius, stretch = m->stretch;
    const float edge = face_most(soft, 0.3f * radius);
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float dx = (x[i] - mx) * stretch, dy = y[i] - my;
        float share = face_inside(radius - sqrtf(dx * dx + dy * dy), edge) * (z[i] > 0.0f ? 0.85f : 0.0f);
        face_over(share, colour, &r[i], &g[i], &b[i]);
    }
}

void tam_face_paint_marks(const tam_face_look *look, const tam_face_row *row) {
    for (int i = 0; i < look->id->marks; i++) {
        const face_mark *m = &look->id->mark[i];
        if (m->y + 2.0f * m->radius > row->low && m->y - 2.0f * m->radius < row->high) {
            mark(m, look->id->skin, look->soft, row);
        }
    }
}
