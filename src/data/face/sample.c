#include "data/face/sample.h"

#include "data/face/math.h"

static face_colour any_colour(tam_random *r, float least, float most) {
    float light = tam_random_between(r, least, most);
    light *= light;
    return (face_colour){light * tam_random_between(r, 0.5f, 1.3f), light * tam_random_between(r, 0.6f, 1.2f),
                         light * tam_random_between(r, 0.5f, 1.3f)};
}

static void draw_pose(tam_random *r, tam_face_sample *s) {
    s->yaw = face_least(0.62f, face_most(-0.62f, face_about(r, 0.0f, 0.25f)));
    s->pitch = face_least(0.35f, face_most(-0.35f, face_about(r, 0.0f, 0.11f)));
    s->distance = tam_random_between(r, 7.0f, 16.0f);
}

static void draw_light(tam_random *r, tam_face_sample *s) {
    float x = face_about(r, 0.0f, 0.55f), y = face_about(r, -0.45f, 0.35f), z = 1.0f;
    float length = sqrtf(x * x + y * y + z * z);
    s->light_x = x / length;
    s->light_y = y / length;
    s->light_z = z / length;
    s->ambient = tam_random_between(r, 0.22f, 0.75f);
    s->fill = tam_random_between(r, 0.0f, 0.3f);
    s->exposure = face_most(0.55f, face_about(r, 0.95f, 0.15f));
    s->contrast = tam_random_between(r, 0.0f, 0.5f);
    float warm = face_about(r, 0.0f, 0.09f), other = face_about(r, 0.0f, 0.08f);
    float green = face_about(r, 0.0f, 0.025f);
    s->light_colour = (face_colour){1.0f + warm, 1.0f + green, 1.0f - warm};
    s->ambient_colour = (face_colour){1.0f + other, 1.0f + green, 1.0f - other};
}

static void draw_expression(tam_random *r, tam_face_sample *s) {
    s->smile = face_chance(r, 0.45f) ? tam_random_between(r, 0.2f, 1.0f) : face_about(r, 0.0f, 0.16f);
    s->open = face_chance(r, 0.3f) ? tam_random_between(r, 0.15f, 1.0f) : 0.0f;
    s->open *= s->smile > 0.2f ? 0.7f : 1.0f;
    s->blink = face_chance(r, 0.06f) ? tam_random_between(r, 0.6f, 1.0f) : tam_random_between(r, -0.15f, 0.3f);
    s->gaze_x = face_about(r, 0.0f, 0.03f) - 0.06f * s->yaw;
    s->gaze_y = face_about(r, 0.0f, 0.015f) + 0.04f * s->pitch;
    s->brow_lift = face_about(r, 0.0f, 0.035f);
    s->frown = face_share(face_about(r, -0.1f, 0.4f));
}

static void draw_occlusion(tam_random *r, const tam_face_identity *id, tam_face_sample *s) {
    float ticket = tam_random_uniform(r), wears = tam_random_uniform(r);
    s->occlusion = ticket < 0.04f   ? TAM_FACE_DARK_GLASSES
                   : ticket < 0.08f ? TAM_FACE_MASK
                   : ticket < 0.15f ? TAM_FACE_HAND_OR_BAR
                   : ticket < 0.21f ? TAM_FACE_CAP
                                    : TAM_FACE_CLEAR;
    if (s->occlusion == TAM_FACE_CLEAR && wears < id->wears) {
        s->occlusion = TAM_FACE_GLASSES;
    }
    s->cover_kind = tam_random_uniform(r);
    float side = face_chance(r, 0.5f) ? 1.0f : -1.0f;
    s->cover_x = side * tam_random_between(r, 0.35f, 1.05f);
    s->cover_y = tam_random_between(r, -0.2f, 1.7f);
    s->cover_turn = -side * tam_random_between(r, -0.2f, 1.0f);
    s->cover_width = tam_random_between(r, 0.10f, 0.2f);
    s->cover_colour = any_colour(r, 0.1f, 0.85f);
    s->cloth = any_colour(r, 0.08f, 0.9f);
}

static void draw_background(tam_random *r, tam_face_sample *s) {
    face_colour base = any_colour(r, 0.12f, 0.95f);
    for (int i = 0; i < 4; i++) {
        face_colour other = any_colour(r, 0.1f, 0.95f);
        float t = tam_random_between(r, 0.0f, 0.5f);
        s->corner[i] =
            (face_colour){face_mix(base.r, other.r, t), face_mix(base.g, other.g, t), face_mix(base.b, other.b, t)};
    }
    for (int i = 0; i < FACE_BLOBS; i++) {
        s->blob[i].x = tam_random_uniform(r);
        s->blob[i].y = tam_random_uniform(r);
        s->blob[i].rx = tam_random_between(r, 0.08f, 0.6f);
        s->blob[i].ry = tam_random_between(r, 0.08f, 0.6f);
        s->blob[i].colour = any_colour(r, 0.1f, 0.95f);
    }
}

static void draw_place(tam_random *r, tam_face_sample *s, bool unaligned) {
    for (int i = 0; i < 5; i++) {
        s->jitter[i][0] = face_about(r, 0.0f, 0.025f);
        s->jitter[i][1] = face_about(r, 0.0f, 0.025f);
    }
    float roll = face_about(r, 0.0f, 0.28f);
    s->scale = tam_random_between(r, 0.13f, 0.22f);
    s->place_x = tam_random_between(r, 0.38f, 0.62f);
    s->place_y = tam_random_between(r, 0.40f, 0.58f);
    s->roll = unaligned ? roll : 0.0f;
}

tam_face_sample tam_face_sample_draw(tam_random *r, const tam_face_identity *id, bool unaligned) {
    tam_face_sample s = {0};
    s.salt = tam_random_bits(r);
    draw_pose(r, &s);
    draw_light(r, &s);
    draw_expression(r, &s);
    draw_occlusion(r, id, &s);
    draw_background(r, &s);
    draw_place(r, &s, unaligned);
    s.age = face_most(16.0f, id->age + face_about(r, 0.0f, 5.0f));
    s.grey = face_share((s.age - 42.0f - 8.0f * face_hash(7, 7, id->salt)) / 30.0f);
    s.flush = face_about(r, 0.0f, 0.5f);
    s.make_up = id->masculine < 0.5f && face_chance(r, 0.35f) ? tam_random_between(r, 0.2f, 0.9f) : 0.0f;
    s.hair_volume = tam_random_between(r, 0.75f, 1.3f);
    s.hair_shift = face_about(r, 0.0f, 0.035f);
    float blur = tam_random_uniform(r);
    s.blur = 0.25f + 1.15f * blur * blur;
    s.noise = tam_random_between(r, 0.5f, 8.0f);
    return s;
}
