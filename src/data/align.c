/* Alignment of faces: the template, the similarity that fits five points to it, and the warp. */
#include "tammes/align.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    COORDINATE_BITS = 10, /* OpenCV's fixed point: coordinates are rounded to 1/1024 pixel before they are added, */
    STEP_BITS = 5,        /* and then to 1/32 */
    STEPS = 1 << STEP_BITS,
    HALF_STEP = 1 << (COORDINATE_BITS - STEP_BITS - 1),
    WEIGHT_BITS = 2 * STEP_BITS
};

const float *tam_face_template(void) {
    static const float points[10] = {38.2946f, 51.6963f, 73.5318f, 51.5014f, 56.0252f,
                                     71.7366f, 41.5493f, 92.3655f, 70.7299f, 92.2041f};
    return points;
}

static void mean_of(int n, const float *points, double mean[2]) {
    mean[0] = mean[1] = 0.0;
    for (int i = 0; i < n; i++) {
        mean[0] += points[2 * i] / (double)n;
        mean[1] += points[2 * i + 1] / (double)n;
    }
}

/* In the plane a turn with a uniform scale is one complex factor, a + bi, so the sum of squares is quadratic in it and
 * its least value has a closed form: the scale and turn of Umeyama's eq. 40 to 43, without a decomposition. */
int tam_similarity_fit(int n, const float *from, const float *to, double map[6]) {
    double from_mean[2], to_mean[2], a = 0.0, b = 0.0, from_spread = 0.0, to_spread = 0.0;
    mean_of(n, from, from_mean);
    mean_of(n, to, to_mean);
    for (int i = 0; i < n; i++) {
        double x = from[2 * i] - from_mean[0], y = from[2 * i + 1] - from_mean[1];
        double u = to[2 * i] - to_mean[0], v = to[2 * i + 1] - to_mean[1];
        a += x * u + y * v;
        b += x * v - y * u;
        from_spread += x * x + y * y;
        to_spread += u * u + v * v;
    }
    /* What no turn explains (either side a single point, or a mirror image of a symmetric figure) has scale 0, up to
     * rounding of the points: a map that cannot be inverted. */
    bool explained = a * a + b * b > 1e-12 * from_spread * to_spread;
    if (!explained || !isfinite(from_spread) || !isfinite(to_spread)) {
        return 0;
    }
    a /= from_spread;
    b /= from_spread;
    map[0] = map[4] = a;
    map[1] = -b;
    map[3] = b;
    map[2] = to_mean[0] - a * from_mean[0] + b * from_mean[1];
    map[5] = to_mean[1] - b * from_mean[0] - a * from_mean[1];
    return isfinite(map[2]) && isfinite(map[5]) && a * a + b * b > 0.0;
}

/* In the order of OpenCV's operations, whose last bits decide between two steps of 1/32 pixel. */
static bool invert(const double map[6], double inverse[6]) {
    double determinant = map[0] * map[4] - map[1] * map[3];
    double factor = 1.0 / determinant;
    if (determinant == 0.0 || !isfinite(factor)) {
        return false;
    }
    inverse[0] = map[4] * factor;
    inverse[1] = map[1] * -factor;
    inverse[3] = map[3] * -factor;
    inverse[4] = map[0] * factor;
    inverse[2] = -inverse[0] * map[2] - inverse[1] * map[5];
    inverse[5] = -inverse[3] * map[2] - inverse[4] * map[5];
    for (int i = 0; i < 6; i++) {
        if (!isfinite(inverse[i])) {
            return false;
        }
    }
    return true;
}

/* In 1/1024 pixel. Far outside of every image is far enough. */
static int64_t fixed(double coordinate) {
    const double most = 0x1p40;
    double value = rint(coordinate * (1 << COORDINATE_BITS));
    return (int64_t)(value < -most ? -most : value > most ? most : value);
}

typedef struct picture {
    int height, width, channels;
    const uint8_t *pixels;
} picture;

static int value_at(const picture *image, int64_t x, int64_t y, int channel) {
    bool inside = x >= 0 && x < image->width && y >= 0 && y < image->height;
    return inside ? image->pixels[(y * image->width + x) * image->channels + channel] : 0;
}

/* x and y in 1/32 pixel. */
static void sample(const picture *image, int64_t x, int64_t y, uint8_t *out) {
    int64_t left = x >> STEP_BITS, top = y >> STEP_BITS, row = (int64_t)image->width * image->channels;
    int right_share = (int)(x & (STEPS - 1)), lower_share = (int)(y & (STEPS - 1));
    int w00 = (STEPS - right_share) * (STEPS - lower_share), w01 = right_share * (STEPS - lower_share);
    int w10 = (STEPS - right_share) * lower_share, w11 = right_share * lower_share;
    bool inside = left >= 0 && left < image->width - 1 && top >= 0 && top < image->height - 1;
    const uint8_t *p = inside ? image->pixels + top * row + left * image->channels : NULL;
    for (int c = 0; c < image->channels; c++) {
        int sum;
        if (inside) {
            sum = w00 * p[c] + w01 * p[c + image->channels] + w10 * p[row + c] + w11 * p[row + c + image->channels];
        } else {
            sum = w00 * value_at(image, left, top, c) + w01 * value_at(image, left + 1, top, c) +
                  w10 * value_at(image, left, top + 1, c) + w11 * value_at(image, left + 1, top + 1, c);
        }
        out[c] = (uint8_t)((sum + (1 << (WEIGHT_BITS - 1))) >> WEIGHT_BITS);
    }
}

void tam_warp_affine(int height, int width, int channels, const uint8_t *pixels, const double map[6], int out_height,
                     int out_width, uint8_t *out) {
    const picture image = {height, width, channels, pixels};
    double m[6];
    if (!invert(map, m)) {
        memset(out, 0, (size_t)out_height * (size_t)out_width * (size_t)channels);
        return;
    }
    for (int y = 0; y < out_height; y++) {
        int64_t x0 = fixed(m[1] * y + m[2]) + HALF_STEP, y0 = fixed(m[4] * y + m[5]) + HALF_STEP;
        for (int x = 0; x < out_width; x++, out += channels) {
            sample(&image, (x0 + fixed(m[0] * x)) >> (COORDINATE_BITS - STEP_BITS),
                   (y0 + fixed(m[3] * x)) >> (COORDINATE_BITS - STEP_BITS), out);
        }
    }
}
