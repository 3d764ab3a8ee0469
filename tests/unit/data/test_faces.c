#include <math.h>
#include <stdbool.h>

#include "data_support.h"

#include "tammes/faces.h"

enum { SIDE = 112 };

static uint64_t hash(const uint8_t *data, size_t size) {
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < size; i++) {
        h = (h ^ data[i]) * 1099511628211u;
    }
    return h;
}

static void the_bytes_never_change(void **state) {
    (void)state;
    static const struct {
        tam_faces_config config;
        int64_t identity;
        int sample;
        uint64_t hash;
    } golden[] = {
        {{.seed = 0}, 0, 0, 0xaeb7ebbeb061a61f},
        {{.seed = 1, .size = 32}, 7, 3, 0xe6815b5cf7a4a375},
        {{.seed = 2, .size = 61, .unaligned = 1}, 4000000000, 19, 0xdc023242c5aead75},
        {{.seed = 0xFFFFFFFFFFu, .size = 250}, 12, 99999, 0xda2cdd9f77c311c3},
        {{.seed = 3}, 4294967295, 5, 0x2634713828a7b563},
    };
    tam_ctx *ctx = test_ctx(1);
    uint8_t *pixels = malloc(250 * 250 * 3);
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        size_t side = (size_t)tam_faces_side(&golden[i].config);
        test_ok(ctx, tam_faces_draw(ctx, &golden[i].config, golden[i].identity, golden[i].sample, pixels, NULL));
        uint64_t got = hash(pixels, side * side * 3);
        if (got != golden[i].hash) {
            fail_msg("case %zu: 0x%llx", i, (unsigned long long)got);
        }
    }
    free(pixels);
    test_ctx_free(ctx);
}

static double squared_difference(const uint8_t *a, const uint8_t *b) {
    double sum = 0;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
    }
    return sum;
}

static void samples_of_an_identity_are_alike(void **state) {
    (void)state;
    tam_faces_config config = {.seed = 3};
    tam_ctx *ctx = test_ctx(1);
    static uint8_t a[SIDE * SIDE * 3], b[SIDE * SIDE * 3], c[SIDE * SIDE * 3];
    double same = 0, other = 0, least = 1e30;
    for (int i = 0; i < 150; i++) {
        test_ok(ctx, tam_faces_draw(ctx, &config, i, 0, a, NULL));
        test_ok(ctx, tam_faces_draw(ctx, &config, i, 1, b, NULL));
        test_ok(ctx, tam_faces_draw(ctx, &config, i + 1, 1, c, NULL));
        double distance = squared_difference(a, b);
        same += distance;
        other += squared_difference(a, c);
        least = distance < least ? distance : least;
    }
    assert_true(same < 0.85 * other);
    assert_true(least > 3e6); /* no copies: 9 grey levels at the least */
    test_ctx_free(ctx);
}

/* Mean of a disc's channels in `mean`, false where it leaves the picture. */
static bool disc(const uint8_t *pixels, int side, double x, double y, double radius, double mean[3]) {
    int count = 0;
    mean[0] = mean[1] = mean[2] = 0;
    for (int v = (int)(y - radius); v <= (int)(y + radius) + 1; v++) {
        for (int u = (int)(x - radius); u <= (int)(x + radius) + 1; u++) {
            if (u < 0 || v < 0 || u >= side || v >= side) {
                return false;
            }
            bool inside = (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius;
            for (int c = 0; inside && c < 3; c++) {
                mean[c] += pixels[3 * (v * side + u) + c];
            }
            count += inside;
        }
    }
    for (int c = 0; c < 3; c++) {
        mean[c] /= count;
    }
    return true;
}

/* A point of the face at (x, y) from another, in a frame whose unit is the way from eye to eye. */
typedef struct frame {
    const uint8_t *pixels;
    int side;
    double across[2], unit;
} frame;

static bool look_at(const frame *f, const float from[2], double x, double y, double mean[3]) {
    return disc(f->pixels, f->side, from[0] + x * f->across[0] - y * f->across[1],
                from[1] + x * f->across[1] + y * f->across[0], 0.07 * f->unit, mean);
}

typedef struct tally {
    int seen, found;
} tally;

/* An iris is darker than the skin below it by a tenth. */
static void count_eye(const frame *f, const float eye[2], double aside, tally *t) {
    double here[3], cheek[3];
    if (look_at(f, eye, aside, 0, here) && look_at(f, eye, aside, 0.45, cheek)) {
        t->seen++;
        t->found += here[0] + here[1] + here[2] < 0.9 * (cheek[0] + cheek[1] + cheek[2]);
    }
}

/* Of faces that look about straight ahead with open eyes: the irises at the landmarks, and the same question asked
 * beside them. */
static void look_for_features(int unaligned, tally eyes[2]) {
    tam_faces_config config = {.seed = 8, .size = 140, .unaligned = unaligned};
    tam_ctx *ctx = test_ctx(1);
    frame f = {.side = tam_faces_side(&config)};
    uint8_t *pixels = malloc((size_t)f.side * (size_t)f.side * 3);
    f.pixels = pixels;
    for (int i = 0; i < 250; i++) {
        tam_face_facts facts;
        test_ok(ctx, tam_faces_draw(ctx, &config, i, 0, pixels, &facts));
        if (facts.occlusion != TAM_FACE_CLEAR || facts.blink > 0.2f || facts.yaw * facts.yaw > 0.12f) {
            continue;
        }
        f.across[0] = facts.landmark[1][0] - facts.landmark[0][0];
        f.across[1] = facts.landmark[1][1] - facts.landmark[0][1];
        f.unit = sqrt(f.across[0] * f.across[0] + f.across[1] * f.across[1]);
        for (int beside = 0; beside < 2; beside++) {
            count_eye(&f, facts.landmark[0], -0.45 * beside, &eyes[beside]);
            count_eye(&f, facts.landmark[1], 0.45 * beside, &eyes[beside]);
        }
    }
    free(pixels);
    test_ctx_free(ctx);
}

static double share(tally t) {
    assert_true(t.seen > 50);
    return (double)t.found / t.seen;
}

static void landmarks_lie_on_the_eyes(void **state) {
    (void)state;
    for (int unaligned = 0; unaligned < 2; unaligned++) {
        tally eyes[2] = {{0, 0}, {0, 0}};
        look_for_features(unaligned, eyes);
        if (share(eyes[0]) < 0.9 || share(eyes[1]) > 0.3) {
            fail_msg("unaligned %d: eyes %.3f, beside them %.3f", unaligned, share(eyes[0]), share(eyes[1]));
        }
    }
}

/* Template positions at 112: within a few pixels, more for the noses of turned heads. */
static void aligned_landmarks_lie_near_the_template(void **state) {
    (void)state;
    static const float template_points[5][2] = {
        {38.2946f, 51.6963f}, {73.5318f, 51.5014f}, {56.0252f, 71.7366f}, {41.5493f, 92.3655f}, {70.7299f, 92.2041f}};
    tam_faces_config config = {.seed = 4};
    tam_ctx *ctx = test_ctx(1);
    static uint8_t pixels[SIDE * SIDE * 3];
    double mean[5][2] = {{0}}, worst = 0;
    for (int i = 0; i < 200; i++) {
        tam_face_facts f;
        test_ok(ctx, tam_faces_draw(ctx, &config, i, i, pixels, &f));
        assert_true(f.roll == 0.0f);
        for (int k = 0; k < 10; k++) {
            double aside = f.landmark[k / 2][k % 2] - template_points[k / 2][k % 2];
            mean[k / 2][k % 2] += aside / 200;
            worst = fabs(aside) > worst ? fabs(aside) : worst;
        }
    }
    for (int k = 0; k < 10; k++) {
        if (fabs(mean[k / 2][k % 2]) > 3) {
            fail_msg("coordinate %d lies %.2f pixels aside in the mean", k, mean[k / 2][k % 2]);
        }
    }
    if (worst > 20 || worst < 2) {
        fail_msg("the worst landmark lies %.2f pixels from its template", worst);
    }
    test_ctx_free(ctx);
}

static void everything_that_can_happen_happens(void **state) {
    (void)state;
    tam_faces_config config = {.seed = 6, .size = 32};
    tam_ctx *ctx = test_ctx(1);
    uint8_t pixels[32 * 32 * 3];
    int seen[TAM_FACE_OCCLUSIONS] = {0}, smiles = 0, open = 0, closed = 0, left = 0, right = 0;
    for (int i = 0; i < 600; i++) {
        tam_face_facts f;
        test_ok(ctx, tam_faces_draw(ctx, &config, i, 2, pixels, &f));
        assert_in_range(f.occlusion, 0, TAM_FACE_OCCLUSIONS - 1);
        seen[f.occlusion]++;
        assert_true(fabsf(f.yaw) < 0.7f && fabsf(f.pitch) < 0.4f && f.age >= 16 && f.age < 90);
        assert_true(f.blur > 0.2f && f.blur < 1.5f && f.noise >= 0.5f && f.noise < 9);
        assert_true(f.light_x * f.light_x + f.light_y * f.light_y < 1);
        smiles += f.smile > 0.5f;
        open += f.mouth_open > 0.3f;
        closed += f.blink > 0.6f;
        left += f.yaw < -0.3f;
        right += f.yaw > 0.3f;
        int least = 255, most = 0;
        for (int k = 0; k < 32 * 32 * 3; k++) {
            least = pixels[k] < least ? pixels[k] : least;
            most = pixels[k] > most ? pixels[k] : most;
        }
        assert_true(most - least > 60);
    }
    for (int k = 0; k < TAM_FACE_OCCLUSIONS; k++) {
        assert_true(seen[k] > 10);
    }
    assert_true(seen[TAM_FACE_CLEAR] > 300);
    assert_true(smiles > 30 && open > 30 && closed > 10 && left > 30 && right > 30);
    assert_string_equal(tam_face_occlusion_name(TAM_FACE_MASK), "mask");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_never_change),
        cmocka_unit_test(samples_of_an_identity_are_alike),
        cmocka_unit_test(landmarks_lie_on_the_eyes),
        cmocka_unit_test(aligned_landmarks_lie_near_the_template),
        cmocka_unit_test(everything_that_can_happen_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
