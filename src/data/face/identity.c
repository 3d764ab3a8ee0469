#include "data/face/identity.h"

#include "data/face/math.h"

static face_colour mix_colours(face_colour a, face_colour b, float t) {
    return (face_colour){face_mix(a.r, b.r, t), face_mix(a.g, b.g, t), face_mix(a.b, b.b, t)};
}

/* A colour of a row of them, at a uniform place between two neighbours. */
static face_colour between_colours(tam_random *random, const face_colour *row, int count, float power) {
    float t = tam_random_uniform(random);
    t = face_mix(t, t * t, power) * (float)(count - 1);
    int i = t < (float)(count - 2) ? (int)t : count - 2;
    return mix_colours(row[i], row[i + 1], t - (float)i);
}

static face_colour tinted(tam_random *random, face_colour c, float spread) {
    float light = face_about(random, 1.0f, spread);
    c.r = face_least(0.9f, face_most(0.01f, c.r * light * face_about(random, 1.0f, 0.5f * spread)));
    c.g = face_least(0.9f, face_most(0.01f, c.g * light));
    c.b = face_least(0.9f, face_most(0.01f, c.b * light * face_about(random, 1.0f, 0.7f * spread)));
    return c;
}

static const face_colour skins[] = {{0.74f, 0.53f, 0.44f},   {0.68f, 0.46f, 0.35f},  {0.62f, 0.39f, 0.27f},
                                    {0.44f, 0.255f, 0.165f}, {0.28f, 0.15f, 0.095f}, {0.15f, 0.080f, 0.055f}};
static const face_colour hairs[] = {{0.012f, 0.010f, 0.010f}, {0.035f, 0.022f, 0.015f}, {0.10f, 0.052f, 0.028f},
                                    {0.20f, 0.105f, 0.050f},  {0.42f, 0.27f, 0.13f},    {0.60f, 0.47f, 0.28f}};
static const face_colour red_hair = {0.34f, 0.105f, 0.035f};
static const face_colour eyes[] = {{0.020f, 0.012f, 0.008f}, {0.075f, 0.036f, 0.017f}, {0.14f, 0.095f, 0.035f},
                                   {0.12f, 0.17f, 0.085f},   {0.12f, 0.22f, 0.30f},    {0.26f, 0.36f, 0.43f}};

static face_head draw_head(tam_random *r, float masculine) {
    face_head h;
    h.width = face_about(r, 1.17f, 0.075f);
    h.crown = face_about(r, 1.80f, 0.10f);
    h.chin = face_about(r, 1.76f + 0.06f * masculine, 0.10f);
    h.front = face_about(r, 1.34f, 0.07f);
    h.back = face_about(r, 1.45f, 0.10f);
    h.jaw = face_share(face_about(r, 0.20f - 0.09f * masculine, 0.08f));
    h.jaw_square = face_share(face_about(r, 0.35f + 0.2f * masculine, 0.2f));
    h.cheek = face_about(r, 0.06f, 0.05f);
    h.cheek_height = face_about(r, 0.46f, 0.09f);
    h.fat = face_about(r, 0.0f, 0.07f);
    h.temple = face_about(r, 0.04f, 0.04f);
    h.chin_width = face_most(0.2f, face_about(r, 0.38f + 0.06f * masculine, 0.08f));
    h.chin_forward = face_about(r, 0.13f, 0.05f);
    h.chin_cleft = face_chance(r, 0.2f) ? tam_random_between(r, 0.02f, 0.06f) : 0.0f;
    h.ridge = face_about(r, 0.03f + 0.05f * masculine, 0.03f);
    h.socket = face_about(r, 0.15f, 0.04f);
    h.muzzle = face_about(r, 0.07f, 0.03f);
    h.ear = tam_random_between(r, 0.08f, 0.30f);
    h.lean = face_about(r, 0.0f, 0.02f);
    return h;
}

static face_eye draw_eye(tam_random *r) {
    face_eye e;
    e.x = face_about(r, 0.50f, 0.028f);
    e.y = face_about(r, 0.0f, 0.02f);
    e.width = face_about(r, 0.265f, 0.025f);
    e.open_upper = face_most(0.045f, face_about(r, 0.100f, 0.020f));
    e.open_lower = face_most(0.02f, face_about(r, 0.052f, 0.014f));
    e.tilt = face_about(r, 0.018f, 0.024f);
    e.skew = face_about(r, 0.0f, 0.25f);
    e.peak = face_share(face_about(r, 0.5f, 0.25f));
    e.fold = face_chance(r, 0.25f) ? 0.0f : face_most(0.025f, face_about(r, 0.065f, 0.02f));
    e.iris = face_about(r, 0.118f, 0.008f);
    e.uneven = face_about(r, 0.0f, 0.012f);
    e.bag = face_share(face_about(r, 0.25f, 0.25f));
    e.lash = tam_random_between(r, 0.4f, 1.0f);
    e.bulge = face_about(r, 0.08f, 0.03f);
    e.colour = (face_colour){0, 0, 0};
    return e;
}

static face_brow draw_brow(tam_random *r, float masculine) {
    face_brow b;
    b.y = face_about(r, -0.335f + 0.04f * masculine, 0.035f);
    b.length = face_about(r, 0.62f, 0.06f);
    b.arch = face_about(r, 0.075f - 0.03f * masculine, 0.04f);
    b.slope = face_about(r, -0.01f, 0.05f);
    b.thick = face_most(0.014f, face_about(r, 0.040f + 0.018f * masculine, 0.014f));
    b.taper = tam_random_between(r, 0.3f, 0.95f);
    b.dense = tam_random_between(r, 0.45f, 1.0f);
    b.inner = face_about(r, 0.19f, 0.045f);
    b.uneven = face_about(r, 0.0f, 0.012f);
    return b;
}

static face_nose draw_nose(tam_random *r) {
    face_nose n;
    n.tip = face_about(r, 0.60f, 0.055f);
    n.bridge = face_most(0.02f, face_about(r, 0.10f, 0.035f));
    n.height = face_most(0.15f, face_about(r, 0.33f, 0.06f));
    n.hump = face_about(r, 0.01f, 0.04f);
    n.width = face_most(0.09f, face_about(r, 0.15f, 0.028f));
    n.wing = face_most(0.13f, face_about(r, 0.215f, 0.035f));
    n.ball = face_about(r, 0.08f, 0.035f);
    n.root = face_about(r, -0.08f, 0.06f);
    n.bend = face_about(r, 0.0f, 0.018f);
    return n;
}

static face_mouth draw_mouth(tam_random *r, face_colour skin) {
    static const face_colour lip = {0.42f, 0.11f, 0.11f};
    face_mouth m;
    m.y = face_about(r, 1.14f, 0.045f);
    m.width = face_about(r, 0.42f, 0.045f);
    m.upper = face_most(0.025f, face_about(r, 0.075f, 0.022f));
    m.lower = face_most(0.035f, face_about(r, 0.105f, 0.026f));
    m.bow = face_share(face_about(r, 0.45f, 0.3f));
    m.curve = face_about(r, 0.0f, 0.022f);
    m.full = tam_random_between(r, 0.0f, 1.0f);
    m.uneven = face_about(r, 0.0f, 0.012f);
    m.colour = mix_colours(skin, (face_colour){lip.r * (0.4f + 0.8f * skin.r), lip.g * (0.5f + skin.g), lip.b},
                           tam_random_between(r, 0.3f, 0.85f));
    return m;
}

static face_hair_style draw_style(tam_random *r, float masculine) {
    static const float man[FACE_HAIR_STYLES] = {0.10f, 0.09f, 0.46f, 0.10f, 0.08f, 0.09f, 0.05f, 0.03f};
    static const float woman[FACE_HAIR_STYLES] = {0.01f, 0.0f, 0.08f, 0.16f, 0.17f, 0.12f, 0.16f, 0.30f};
    float ticket = tam_random_uniform(r);
    int style = 0;
    while (style < FACE_HAIR_STYLES - 1 && ticket >= (masculine > 0.5f ? man : woman)[style]) {
        ticket -= (masculine > 0.5f ? man : woman)[style++];
    }
    return (face_hair_style)style;
}

static face_hair draw_hair(tam_random *r, float masculine, float age) {
    face_hair h = {.style = draw_style(r, masculine)};
    h.line = face_about(r, 1.00f, 0.10f);
    h.recess = face_most(0.0f, face_about(r, masculine > 0.5f ? 0.006f * (age - 15.0f) : 0.05f, 0.08f));
    h.widow = face_chance(r, 0.3f) ? tam_random_between(r, 0.04f, 0.14f) : 0.0f;
    h.side = tam_random_between(r, -0.05f, 0.4f);
    h.nape = 1.0f;
    h.volume = tam_random_between(r, 0.03f, 0.11f);
    h.slant = face_about(r, 0.0f, 0.10f);
    h.wave = tam_random_between(r, 0.0f, 1.0f);
    h.grain = tam_random_between(r, 8.0f, 20.0f);
    h.length = tam_random_between(r, 1.6f, 3.2f);
    switch (h.style) {
    case FACE_HAIR_RING:
        h.line = tam_random_between(r, 1.5f, 2.4f);
        break;
    case FACE_HAIR_FRINGE:
        h.line = tam_random_between(r, 0.45f, 0.68f);
        h.recess = 0;
        h.side = tam_random_between(r, 0.2f, 0.8f);
        h.volume += 0.04f;
        break;
    case FACE_HAIR_BACK:
        h.volume = tam_random_between(r, 0.02f, 0.05f);
        break;
    case FACE_HAIR_CURLY:
        h.volume = tam_random_between(r, 0.13f, 0.34f);
        h.side = tam_random_between(r, 0.1f, 0.6f);
        break;
    case FACE_HAIR_MIDDLE:
    case FACE_HAIR_LONG:
        h.recess = 0;
        h.side = tam_random_between(r, 0.8f, 1.7f);
        h.volume += 0.05f;
        h.slant *= 2.0f;
        break;
    default:
        break;
    }
    face_colour natural = between_colours(r, hairs, 6, 0.7f);
    h.colour = tinted(r, face_chance(r, 0.07f) ? red_hair : natural, 0.12f);
    return h;
}

/* Moles and birthmarks, now and then a scar: small, dark or light, anywhere on the skin. */
static void draw_marks(tam_random *r, tam_face_identity *id) {
    id->marks = (int)tam_random_below(r, FACE_MARKS);
    for (int i = 0; i < id->marks; i++) {
        face_mark *m = &id->mark[i];
        m->x = tam_random_between(r, -0.95f, 0.95f);
        m->y = tam_random_between(r, -0.8f, 1.6f);
        m->radius = tam_random_between(r, 0.018f, 0.045f);
        m->dark = tam_random_between(r, 0.3f, 0.85f);
        m->stretch = 1.0f;
        if (face_chance(r, 0.15f)) {
            m->radius = tam_random_between(r, 0.1f, 0.3f);
            m->dark = tam_random_between(r, -0.25f, 0.4f);
            m->stretch = tam_random_between(r, 0.5f, 5.0f);
        }
    }
}

static void draw_rim(tam_random *r, tam_face_identity *id) {
    static const face_colour rims[] = {{0.01f, 0.01f, 0.012f},
                                       {0.07f, 0.03f, 0.015f},
                                       {0.3f, 0.27f, 0.2f},
                                       {0.25f, 0.03f, 0.03f},
                                       {0.02f, 0.04f, 0.15f}};
    id->wears = face_chance(r, 0.25f) ? 0.75f : 0.06f;
    id->rim_x = tam_random_between(r, 0.33f, 0.41f);
    id->rim_y = tam_random_between(r, 0.22f, 0.34f);
    id->rim_thick = tam_random_between(r, 0.018f, 0.06f);
    id->rim_square = tam_random_uniform(r);
    id->rim = rims[tam_random_below(r, 5)];
}

tam_face_identity tam_face_identity_draw(tam_random *r) {
    tam_face_identity id = {0};
    float sex = tam_random_uniform(r);
    id.salt = tam_random_bits(r);
    id.masculine = face_share(face_about(r, sex < 0.5f ? 0.82f : 0.16f, 0.12f));
    id.age = tam_random_between(r, 20.0f, 66.0f);
    id.skin = tinted(r, between_colours(r, skins, 6, 0.45f), 0.05f);
    id.head = draw_head(r, id.masculine);
    id.eye = draw_eye(r);
    id.eye.colour = tinted(r, between_colours(r, eyes, 6, id.skin.g < 0.3f ? 1.0f : 0.4f), 0.12f);
    id.brow = draw_brow(r, id.masculine);
    id.nose = draw_nose(r);
    id.mouth = draw_mouth(r, id.skin);
    id.hair = draw_hair(r, id.masculine, id.age);
    if (id.masculine > 0.5f && face_chance(r, 0.55f)) {
        id.beard = (face_beard)(1 + tam_random_below(r, FACE_BEARDS - 1));
    }
    id.beard_dense = tam_random_between(r, 0.5f, 0.95f);
    id.beard_line = face_about(r, 0.0f, 0.08f);
    id.red = tam_random_between(r, 0.0f, 1.0f);
    id.mottle = tam_random_between(r, 0.03f, 0.12f);
    id.freckles = face_chance(r, 0.22f) ? tam_random_between(r, 0.25f, 0.9f) : 0.0f;
    id.gloss = tam_random_between(r, 0.05f, 0.26f);
    id.shadow = tam_random_between(r, 0.0f, 0.45f);
    draw_marks(r, &id);
    draw_rim(r, &id);
    return id;
}
