#include "data/face/scene.h"

TAM_KERNEL static void background(const tam_face_sample *s, const tam_face_line *line, float *restrict r,
                                  float *restrict g, float *restrict b) {
    const tam_face_line l = *line;
    const face_colour c0 = s->corner[0], c1 = s->corner[1], c2 = s->corner[2], c3 = s->corner[3];
    const float e = 0.5f * s->exposure;
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float u = l.u + (float)i * l.du;
        r[i] = e * face_mix(face_mix(c0.r, c1.r, u), face_mix(c2.r, c3.r, u), l.v);
        g[i] = e * face_mix(face_mix(c0.g, c1.g, u), face_mix(c2.g, c3.g, u), l.v);
        b[i] = e * face_mix(face_mix(c0.b, c1.b, u), face_mix(c2.b, c3.b, u), l.v);
    }
}

TAM_KERNEL static void blob(const face_blob *spot, float exposure, const tam_face_line *line, float *restrict r,
                            float *restrict g, float *restrict b) {
    const face_blob k = *spot;
    const tam_face_line l = *line;
    const face_colour c = face_scaled(k.colour, 0.5f * exposure);
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float t = face_bump(l.u + (float)i * l.du - k.x, l.v - k.y, k.rx, k.ry);
        face_over(face_least(0.8f, 2.5f * t), c, &r[i], &g[i], &b[i]);
    }
}

TAM_KERNEL static void hair_behind(const tam_face_look *look, const tam_face_line *line, float sine, float *restrict r,
                                   float *restrict g, float *restrict b) {
    const tam_face_line l = *line;
    const face_hair h = look->id->hair;
    const tam_face_sample *s = look->sample;
    const float end = h.style == FACE_HAIR_LONG ? h.length : 1.5f,
                width = look->id->head.width + look->shape.volume + 0.05f;
    const float light = s->exposure * (0.28f + 0.4f * s->ambient), soft = 2.0f * look->soft + 0.04f;
    const float crown = look->id->head.crown;
    const face_colour colour = look->hair;
    const uint32_t salt = look->id->salt + 71;
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float x = l.x + (float)i * l.dx + 0.45f * sine, y = l.y + (float)i * l.dy;
        float strand = face_noise(h.grain * x + 1.2f * h.wave * face_noise(1.5f * y, x, salt), 0.8f * y, salt + 1);
        float round = face_share(y * (-1.0f / crown)),
              reach = width * sqrtf(1.0f - round * round) + 0.16f * face_ramp(-0.3f, 1.2f, y);
        float inside = face_least(reach - fabsf(x), face_least(end - y + 0.12f * strand, y + crown));
        face_over(face_inside(inside, soft), face_scaled(colour, light * (0.8f + 0.4f * strand)), &r[i], &g[i], &b[i]);
    }
}

TAM_KERNEL static void body(const tam_face_look *look, const tam_face_line *line, float sine, float *restrict r,
                            float *restrict g, float *restrict b) {
    const tam_face_line l = *line;
    const tam_face_sample *s = look->sample;
    const face_colour skin = look->id->skin, cloth = s->cloth;
    const float half = 0.60f + 0.16f * look->id->masculine, middle = -0.12f * sine, lx = s->light_x;
    const float ambient = s->ambient, light = s->exposure / (0.72f + 0.42f * ambient), chin = look->id->head.chin;
    const float soft = 2.0f * look->soft;
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float x = l.x + (float)i * l.dx - middle, y = l.y + (float)i * l.dy, u = x * (1.0f / half);
        float wide = half + 0.5f * face_ramp(chin + 0.25f, chin + 1.3f, y);
        float round = sqrtf(face_most(0.0f, 1.0f - u * u));
        float shade = light * face_mix(0.28f, 0.75f, face_ramp(chin - 0.1f, chin + 0.6f, y));
        shade *= ambient + face_most(0.0f, 0.75f * round + u * lx);
        face_over(y > 0.4f ? face_inside(wide - fabsf(x), soft) : 0.0f, face_scaled(skin, shade), &r[i], &g[i], &b[i]);
        float collar = chin + 0.72f + 0.22f * x * x - 0.5f * face_most(0.0f, fabsf(x) - 0.5f);
        float shoulder = chin + 0.35f + 0.13f * x * x;
        float dressed = face_inside(y - face_most(collar, shoulder), soft) * face_inside(3.4f - fabsf(x), 0.1f);
        float fall = light * (0.55f * ambient + 0.5f + 0.2f * lx * face_share(0.5f + 0.3f * x));
        face_over(dressed, face_scaled(cloth, fall), &r[i], &g[i], &b[i]);
    }
}

void tam_face_behind(const tam_face_look *look, const tam_face_line *line, float *r, float *g, float *b) {
    const tam_face_sample *s = look->sample;
    face_hair_style style = look->id->hair.style;
    float sine, cosine;
    tam_face_sine(s->yaw, &sine, &cosine);
    background(s, line, r, g, b);
    for (int i = 0; i < FACE_BLOBS; i++) {
        blob(&s->blob[i], s->exposure, line, r, g, b);
    }
    if (style == FACE_HAIR_LONG || style == FACE_HAIR_MIDDLE) {
        hair_behind(look, line, sine, r, g, b);
    }
    body(look, line, sine, r, g, b);
}

typedef struct cover_numbers {
    float x, y, cosine, sine, half, light, light_x, soft;
    face_colour colour;
} cover_numbers;

/* How deep a point lies in a finger: across and along it, the tip towards smaller `along`. */
TAM_KERNEL_PART float finger(float across, float along, float middle, float tip, float half) {
    float u = across - middle, v = face_least(0.0f, along - tip - half);
    return half - sqrtf(u * u + v * v);
}

TAM_KERNEL static void hand(const cover_numbers *numbers, const tam_face_line *line, float *restrict r,
                            float *restrict g, float *restrict b) {
    const cover_numbers k = *numbers;
    const tam_face_line l = *line;
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float x = l.x + (float)i * l.dx - k.x, y = l.y + (float)i * l.dy - k.y;
        float u = x * k.cosine + y * k.sine, v = y * k.cosine - x * k.sine;
        float deep = face_most(finger(u, v, -0.31f, -0.62f, 0.095f), finger(u, v, -0.105f, -0.80f, 0.10f));
        deep = face_most(deep, face_most(finger(u, v, 0.105f, -0.76f, 0.10f), finger(u, v, 0.31f, -0.50f, 0.09f)));
        float palm = face_least(0.41f - fabsf(u) - 0.12f * face_ramp(0.6f, 1.3f, v), v + 0.12f);
        float inside = face_inside(face_most(deep, palm), k.soft);
        float swell = face_mix(face_share(deep / 0.09f), 1.0f, face_ramp(-0.2f, 0.1f, v));
        float light = k.light * (0.42f + 0.5f * sqrtf(swell) + 0.2f * k.light_x * u);
        face_over(inside, face_scaled(k.colour, light), &r[i], &g[i], &b[i]);
    }
}

TAM_KERNEL static void bar(const cover_numbers *numbers, const tam_face_line *line, float *restrict r,
                           float *restrict g, float *restrict b) {
    const cover_numbers k = *numbers;
    const tam_face_line l = *line;
#pragma omp simd
    for (int i = 0; i < l.n; i++) {
        float x = l.x + (float)i * l.dx - k.x, y = l.y + (float)i * l.dy - k.y;
        float u = x * k.cosine + y * k.sine, v = y * k.cosine - x * k.sine;
        float inside = face_inside(face_least(k.half - fabsf(u), 1.5f - fabsf(v)), k.soft);
        float light =
            k.light * (0.75f + 0.3f * k.light_x * u * (1.0f / k.half) - 0.25f * u * u * (1.0f / (k.half * k.half)));
        face_over(inside, face_scaled(k.colour, light), &r[i], &g[i], &b[i]);
    }
}

void tam_face_before(const tam_face_look *look, const tam_face_line *line, float *r, float *g, float *b) {
    const tam_face_sample *s = look->sample;
    if (s->occlusion != TAM_FACE_HAND_OR_BAR) {
        return;
    }
    cover_numbers k = {.x = s->cover_x, .y = s->cover_y, .half = s->cover_width, .light_x = s->light_x};
    tam_face_sine(s->cover_turn, &k.sine, &k.cosine);
    k.light = s->exposure * (0.75f + 0.3f * s->ambient);
    k.soft = look->soft + 0.01f;
    k.colour = s->cover_kind < 0.4f ? s->cover_colour : look->id->skin;
    (s->cover_kind < 0.4f ? bar : hand)(&k, line, r, g, b);
}
