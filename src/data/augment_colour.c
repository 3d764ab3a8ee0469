/* Brightness, contrast, saturation, hue: on values t from 0 to 1 with BT.601 luma all four together are one map,
 * t' = b c K t + (1 - c) b m, with m the image's mean luma and K the turned and scaled chroma; clamped once. */
#include <math.h>

#include "base/kernel.h"
#include "data/augment_luma.h"
#include "data/augment_op.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("colour", colour, 1, 0, 1, "probability of the four that follow, together"),
    TAM_AUGMENT_KEY("brightness", brightness, 0, 0, 1, "largest change of the brightness, as a share"),
    TAM_AUGMENT_KEY("contrast", contrast, 0, 0, 1, "largest change of the contrast, as a share"),
    TAM_AUGMENT_KEY("saturation", saturation, 0, 0, 1, "largest change of the saturation, as a share"),
    TAM_AUGMENT_KEY("hue", hue, 0, 0, 180, "largest turn of the colours in degrees"),
};

static bool active(const tam_augment *augment) {
    return augment->colour > 0 &&
           (augment->brightness > 0 || augment->contrast > 0 || augment->saturation > 0 || augment->hue > 0);
}

/* K: chroma (Cb, Cr) turned by `angle` and scaled; luma stays. */
static void chroma_matrix(double saturation, double angle, double K[3][3]) {
    const double to_b = 0.5 / (1 - TAM_LUMA_B), to_r = 0.5 / (1 - TAM_LUMA_R);
    double c = saturation * cos(angle), s = saturation * sin(angle);
    for (int i = 0; i < 3; i++) {
        double r = i == 0, g = i == 1, b = i == 2;
        double luma = TAM_LUMA_R * r + TAM_LUMA_G * g + TAM_LUMA_B * b;
        double cb = to_b * (b - luma), cr = to_r * (r - luma);
        double red = luma + (s * cb + c * cr) / to_r, blue = luma + (c * cb - s * cr) / to_b;
        K[0][i] = red;
        K[1][i] = (luma - TAM_LUMA_R * red - TAM_LUMA_B * blue) / TAM_LUMA_G;
        K[2][i] = blue;
    }
}

TAM_KERNEL_PART float clamped(float value) {
    value = value < -1.0f ? -1.0f : value;
    return value > 1.0f ? 1.0f : value;
}

TAM_KERNEL static void map_grey(float gain, float offset, size_t count, float *restrict v) {
    for (size_t i = 0; i < count; i++) {
        v[i] = clamped(gain * v[i] + offset);
    }
}

TAM_KERNEL static void map_colours(const float K[3][3], float offset, size_t count, float *restrict r,
                                   float *restrict g, float *restrict b) {
    for (size_t i = 0; i < count; i++) {
        float red = r[i], green = g[i], blue = b[i];
        r[i] = clamped(K[0][0] * red + K[0][1] * green + K[0][2] * blue + offset);
        g[i] = clamped(K[1][0] * red + K[1][1] * green + K[1][2] * blue + offset);
        b[i] = clamped(K[2][0] * red + K[2][1] * green + K[2][2] * blue + offset);
    }
}

static tam_status colour(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    if (tam_random_uniform(random) >= augment->colour) {
        return TAM_OK;
    }
    double b = 1 + (double)(augment->brightness * tam_random_between(random, -1, 1));
    double c = 1 + (double)(augment->contrast * tam_random_between(random, -1, 1));
    double saturation = 1 + (double)(augment->saturation * tam_random_between(random, -1, 1));
    double angle = (double)(augment->hue * tam_random_between(random, -1, 1)) * 3.14159265358979323846 / 180;
    size_t area = (size_t)canvas->height * (size_t)canvas->width;
    /* In v = 2 t - 1, whose mean luma is `mean` */
    double mean = tam_luma_mean(canvas->planes, canvas->channels, area);
    float offset = (float)(b * c + (1 - c) * b * (mean + 1) - 1);
    if (canvas->channels == 1) {
        map_grey((float)(b * c), offset, area, canvas->planes);
        return TAM_OK;
    }
    double K[3][3];
    float scaled[3][3];
    chroma_matrix(saturation, angle, K);
    for (int i = 0; i < 9; i++) {
        scaled[i / 3][i % 3] = (float)(b * c * K[i / 3][i % 3]);
    }
    map_colours(scaled, offset, area, canvas->planes, canvas->planes + area, canvas->planes + 2 * area);
    return TAM_OK;
}

const tam_augment_op tam_augment_colour = {TAM_AUGMENT_KEYS(keys), .active = active, .change = colour};
