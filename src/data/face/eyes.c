#include "data/face/paint.h"

/* Numbers of both eyes; sides are mirror images but for `uneven` and the gaze. */
typedef struct eye_numbers {
    float x, y, uneven, width, upper, lower, tilt, skew, peak, fold, iris, lash, blink, gaze_x, gaze_y, soft, make_up;
    float light_x, light_y;
    face_colour colour, skin;
} eye_numbers;

static eye_numbers numbers_of(const tam_face_look *look) {
    const face_eye *e = &look->id->eye;
    const tam_face_sample *s = look->sample;
    float smile = face_most(0.0f, s->smile);
    return (eye_numbers){.x = e->x,
                         .y = e->y,
                         .uneven = e->uneven,
                         .width = e->width,
                         .upper = e->open_upper,
                         .lower = e->open_lower * (1.0f - 0.35f * smile),
                         .tilt = e->tilt,
                         .skew = e->skew,
                         .peak = e->peak,
                         .fold = e->fold,
                         .iris = e->iris,
                         .lash = e->lash,
                         .blink = face_most(-0.25f, s->blink),
                         .gaze_x = s->gaze_x,
                         .gaze_y = s->gaze_y,
                         .soft = look->soft,
                         .make_up = s->make_up,
                         .light_x = s->light_x,
                         .light_y = s->light_y,
                         .colour = e->colour,
                         .skin = look->id->skin};
}

/* The ball between the lids: white, iris, pupil, the light's image. */
TAM_KERNEL_PART face_colour eyeball(const eye_numbers *e, float dx, float dy, float under_lid) {
    float shade = 0.55f + 0.45f * face_ramp(0.0f, 0.09f, under_lid);
    face_colour c = {0.60f * shade, 0.565f * shade, 0.54f * shade};
    float r = sqrtf(dx * dx + dy * dy), share = r * (1.0f / e->iris);
    float ring =
        (0.55f + 0.75f * face_bump(share - 0.62f, 0.0f, 0.38f, 1.0f)) * (1.0f - 0.6f * face_ramp(0.78f, 1.0f, share));
    face_over(face_inside(e->iris - r, e->soft), face_scaled(e->colour, ring * (0.6f + 0.4f * shade)), &c.r, &c.g,
              &c.b);
    face_over(face_inside(0.42f * e->iris - r, e->soft), (face_colour){0.006f, 0.005f, 0.005f}, &c.r, &c.g, &c.b);
    float gx = dx - 0.05f * e->light_x - 0.018f, gy = dy - 0.04f * e->light_y + 0.035f;
    float image = face_inside(0.026f - sqrtf(gx * gx + gy * gy), e->soft);
    face_over(image, (face_colour){1.3f, 1.3f, 1.3f}, &c.r, &c.g, &c.b);
    return c;
}

TAM_KERNEL static void eyes(const eye_numbers *numbers, const tam_face_row *row) {
    const eye_numbers e = *numbers;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float side = x[i] < 0.0f ? -1.0f : 1.0f;
        float across = fabsf(x[i]) - e.x, u = across * (1.0f / e.width);
        float down = y[i] - e.y - side * e.uneven + e.tilt * u;
        float bow = face_most(0.0f, 1.0f - u * u), round = face_mix(bow, sqrtf(bow), e.peak);
        float low = e.lower * bow * (1.0f + 0.25f * u);
        float lid = face_mix(-e.upper * round * (1.0f - e.skew * 0.5f * u), low, e.blink);
        float near = face_bump(u, 0.0f, 1.35f, 1.0f) > 0.0f && z[i] > 0.0f ? 1.0f : 0.0f;
        float between = face_inside(face_least(down - lid, low - down), e.soft) * (bow > 0.0f ? near : 0.0f);
        float crease = down - (-e.upper - e.fold) * (0.35f + 0.65f * bow) - 0.02f;
        float fold =
            (e.fold > 0.0f ? 0.42f : 0.0f) * face_bump(crease, 0.0f, 0.035f, 1.0f) * face_bump(u, 0.0f, 1.15f, 1.0f);
        float paint = e.make_up * 0.5f * face_bump(u, down + e.upper + 0.03f, 1.2f, 0.15f) * near;
        float dim = (1.0f - fold * near) * (1.0f - paint);
        r[i] *= dim;
        g[i] *= dim * (1.0f - 0.1f * paint);
        b[i] *= dim;
        face_colour ball = eyeball(&e, across - side * e.gaze_x, down - e.gaze_y + 0.012f, down - lid);
        face_over(between, ball, &r[i], &g[i], &b[i]);
        shine[i] = face_mix(shine[i], 0.1f, between);
        float thick = (0.014f + 0.014f * e.lash + 0.012f * e.make_up) * (0.7f + 0.5f * u);
        float lash = face_inside(thick - fabsf(down - lid + 0.4f * thick), e.soft + 0.008f) * near;
        lash *= face_ramp(1.16f, 0.98f, u) * face_ramp(-1.08f, -0.95f, u) * (0.55f + 0.4f * e.lash);
        face_over(lash, (face_colour){0.02f, 0.014f, 0.012f}, &r[i], &g[i], &b[i]);
        float rim =
            0.35f * face_inside(0.012f - fabsf(down - low - 0.008f), e.soft + 0.01f) * (bow > 0.05f ? near : 0.0f);
        face_over(rim, face_scaled(e.skin, 0.4f), &r[i], &g[i], &b[i]);
    }
}

void tam_face_paint_eyes(const tam_face_look *look, const tam_face_row *row) {
    if (row->high > -0.35f && row->low < 0.25f) {
        eye_numbers e = numbers_of(look);
        tam_face_row part = face_row_between(row, -0.35f, 0.25f);
        eyes(&e, &part);
    }
}

TAM_KERNEL static void brows(const tam_face_look *look, const tam_face_row *row) {
    const face_brow w = look->id->brow;
    const face_colour colour = face_scaled(look->hair, 0.75f);
    const float lift = look->sample->brow_lift, frown = 0.06f * look->sample->frown, soft = look->soft + 0.012f;
    const uint32_t salt = look->id->salt + 31;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float side = x[i] < 0.0f ? -1.0f : 1.0f;
        float u = (fabsf(x[i]) - w.inner) * (1.0f / w.length), bent = u - 0.62f;
        float middle = w.y - lift - side * w.uneven - w.arch * (1.0f - 2.6f * bent * bent) + w.slope * u;
        middle += frown * (1.0f - face_share(2.0f * u));
        float half = w.thick * face_ramp(-0.08f, 0.12f, u) * (1.0f - w.taper * face_ramp(0.3f, 1.05f, u));
        float hairs = 0.72f + 0.28f * face_noise(34.0f * u - 30.0f * (y[i] - middle), 8.0f * y[i], salt);
        float share = face_inside(half - fabsf(y[i] - middle), soft) * face_ramp(1.08f, 0.92f, u) * hairs * w.dense;
        share *= z[i] > 0.0f && u > -0.1f ? 1.0f : 0.0f;
        face_over(share, colour, &r[i], &g[i], &b[i]);
    }
}

void tam_face_paint_brows(const tam_face_look *look, const tam_face_row *row) {
    if (row->high > -0.75f && row->low < 0.0f) {
        tam_face_row part = face_row_between(row, -0.75f, 0.0f);
        brows(look, &part);
    }
}
