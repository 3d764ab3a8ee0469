#include "data/face/look.h"

#include <string.h>

enum { LEAST_SIZE = 32, MOST_SIZE = 1024, DEFAULT_SIZE = 112, DEFAULT_PER_IDENTITY = 20, MOST_PER_IDENTITY = 100000 };

/* The template of the field, in an image of 112 x 112; ArcFace's. */
static const float template_points[5][2] = {
    {38.2946f, 51.6963f}, {73.5318f, 51.5014f}, {56.0252f, 71.7366f}, {41.5493f, 92.3655f}, {70.7299f, 92.2041f}};

/* The similarity without reflection that brings the points nearest to `to` in least squares. */
static face_view fit(float from[5][2], float to[5][2]) {
    float fx = 0, fy = 0, tx = 0, ty = 0, along = 0, across = 0, square = 0;
    for (int i = 0; i < 5; i++) {
        fx += 0.2f * from[i][0];
        fy += 0.2f * from[i][1];
        tx += 0.2f * to[i][0];
        ty += 0.2f * to[i][1];
    }
    for (int i = 0; i < 5; i++) {
        float x = from[i][0] - fx, y = from[i][1] - fy, u = to[i][0] - tx, v = to[i][1] - ty;
        along += x * u + y * v;
        across += x * v - y * u;
        square += x * x + y * y;
    }
    face_view view = {.a = along / square, .b = across / square};
    view.x0 = tx - view.a * fx + view.b * fy;
    view.y0 = ty - view.b * fx - view.a * fy;
    return view;
}

/* Aligned: as a program for alignment would, from landmarks that it found with some error. */
static face_view view_of(const tam_faces_config *config, const tam_face_sample *s, float landmark[5][2]) {
    if (config->unaligned) {
        float sine, cosine, side = (float)tam_faces_side(config);
        tam_face_sine(s->roll, &sine, &cosine);
        float scale = s->scale * side;
        float middle_x = 0.5f * (landmark[0][0] + landmark[1][0]), middle_y = landmark[2][1];
        face_view view = {.a = scale * cosine, .b = scale * sine};
        view.x0 = s->place_x * side - view.a * middle_x + view.b * middle_y;
        view.y0 = s->place_y * side - view.b * middle_x - view.a * middle_y;
        return view;
    }
    float found[5][2], to[5][2], scale = (float)config->size / 112.0f;
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 2; k++) {
            found[i][k] = landmark[i][k] + s->jitter[i][k];
            to[i][k] = (template_points[i][k] + 0.5f) * scale - 0.5f;
        }
    }
    return fit(found, to);
}

static void tell(const tam_face_sample *s, const face_view *v, float landmark[5][2], tam_face_facts *facts) {
    *facts = (tam_face_facts){.yaw = s->yaw,
                              .pitch = s->pitch,
                              .roll = s->roll,
                              .light_x = s->light_x,
                              .light_y = s->light_y,
                              .ambient = s->ambient,
                              .smile = s->smile,
                              .mouth_open = s->open,
                              .blink = face_share(s->blink),
                              .gaze_x = s->gaze_x,
                              .gaze_y = s->gaze_y,
                              .age = s->age,
                              .blur = s->blur,
                              .noise = s->noise,
                              .occlusion = s->occlusion};
    for (int i = 0; i < 5; i++) {
        facts->landmark[i][0] = v->a * landmark[i][0] - v->b * landmark[i][1] + v->x0;
        facts->landmark[i][1] = v->b * landmark[i][0] + v->a * landmark[i][1] + v->y0;
    }
}

static face_colour with_grey(face_colour hair, float grey) {
    const face_colour old = {0.48f, 0.47f, 0.46f};
    face_over(0.85f * grey, old, &hair.r, &hair.g, &hair.b);
    return hair;
}

void tam_face_draw_sample(tam_face_painter *painter, const tam_faces_config *config, int64_t identity, int sample,
                          uint8_t *pixels, tam_face_facts *facts) {
    tam_random stream = tam_random_at(config->seed, TAM_PURPOSE_FACE, (uint32_t)identity, 0);
    tam_face_identity id = tam_face_identity_draw(&stream);
    stream = tam_random_at(config->seed, TAM_PURPOSE_FACE, (uint32_t)identity, 1 + (uint32_t)sample);
    tam_face_sample s = tam_face_sample_draw(&stream, &id, config->unaligned != 0);
    tam_random noise = tam_random_at(config->seed, TAM_PURPOSE_FACE_NOISE, (uint32_t)identity, (uint32_t)sample);
    tam_face_look look = {.id = &id, .sample = &s, .shape = tam_face_shape_make(&id, &s)};
    look.hair = with_grey(id.hair.colour, s.grey);
    float landmark[5][2];
    face_turn turn = tam_face_turn(s.yaw, s.pitch, s.distance);
    tam_face_landmarks(&look.shape, &turn, landmark);
    face_view view = view_of(config, &s, landmark);
    look.soft = 0.5f / sqrtf(view.a * view.a + view.b * view.b);
    tam_face_painter_draw(painter, &look, &turn, &view, &noise, pixels);
    if (facts != NULL) {
        tell(&s, &view, landmark, facts);
    }
}

tam_status tam_faces_settle(tam_ctx *ctx, tam_faces_config *config) {
    config->size = config->size != 0 ? config->size : DEFAULT_SIZE;
    config->per_identity = config->per_identity != 0 ? config->per_identity : DEFAULT_PER_IDENTITY;
    if (config->size < LEAST_SIZE || config->size > MOST_SIZE) {
        return tam_fail(ctx, TAM_CONFIG, "faces: a size of %d is outside [%d, %d]", config->size, LEAST_SIZE,
                        MOST_SIZE);
    }
    if (config->per_identity < 1 || config->per_identity > MOST_PER_IDENTITY) {
        return tam_fail(ctx, TAM_CONFIG, "faces: %d samples of each identity are outside [1, %d]", config->per_identity,
                        MOST_PER_IDENTITY);
    }
    return TAM_OK;
}

int tam_faces_side(const tam_faces_config *config) {
    int size = config->size != 0 ? config->size : DEFAULT_SIZE;
    return config->unaligned ? size + size / 2 : size;
}

tam_status tam_faces_draw(tam_ctx *ctx, const tam_faces_config *config, int64_t identity, int sample, uint8_t *pixels,
                          tam_face_facts *facts) {
    tam_faces_config settled = *config;
    TAM_TRY(tam_faces_settle(ctx, &settled));
    if (identity < 0 || identity > (int64_t)UINT32_MAX || sample < 0 || sample >= MOST_PER_IDENTITY) {
        return tam_fail(ctx, TAM_CONFIG,
                        "faces: identity %lld, sample %d; identities are in [0, 2^32), samples in "
                        "[0, %d)",
                        (long long)identity, sample, MOST_PER_IDENTITY);
    }
    tam_face_painter *painter = tam_face_painter_create(ctx, tam_faces_side(&settled), settled.size);
    if (painter == NULL) {
        return TAM_RESOURCES;
    }
    tam_face_draw_sample(painter, &settled, identity, sample, pixels, facts);
    tam_face_painter_free(painter);
    return TAM_OK;
}

const char *tam_face_occlusion_name(int occlusion) {
    static const char *const names[TAM_FACE_OCCLUSIONS] = {
        [TAM_FACE_CLEAR] = "clear", [TAM_FACE_GLASSES] = "glasses",         [TAM_FACE_DARK_GLASSES] = "dark-glasses",
        [TAM_FACE_MASK] = "mask",   [TAM_FACE_HAND_OR_BAR] = "hand-or-bar", [TAM_FACE_CAP] = "cap"};
    return occlusion >= 0 && occlusion < TAM_FACE_OCCLUSIONS ? names[occlusion] : "?";
}
