#include "data/face/paint.h"

enum { PART = 16 };

/* Most of a face has no hair: a part of a row is asked first. */
TAM_KERNEL_PART int part_has_hair(const face_hair_region *region, const tam_face_row *row, int from, int to,
                                  float slack) {
    int any = 0;
    for (int i = from; i < to; i++) {
        any |= face_hairline(region, row->x[i], row->z[i]) + slack > row->y[i];
    }
    return any;
}

/* Strands run down and outwards from the crown; they shine where they turn to the light. */
TAM_KERNEL static void hair(const tam_face_look *look, const tam_face_row *row) {
    const face_hair_region region = look->shape.hair;
    const face_colour colour = look->hair;
    const face_hair h = look->id->hair;
    const float curly = h.style == FACE_HAIR_CURLY ? 1.0f : 0.0f, grain = h.grain;
    const float rough = curly > 0.0f ? 0.08f : 0.045f, soft = look->soft + (h.style == FACE_HAIR_SHORT ? 0.14f : 0.07f);
    const float slope = 0.4f * look->shape.volume; /* where hair rises from the skin it is hair already */
    const float thin = h.style == FACE_HAIR_RING ? 0.75f : 1.0f;
    const uint32_t salt = look->id->salt + 53;
    const float *restrict x = row->x, *restrict y = row->y, *restrict z = row->z, *restrict ny = row->ny;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
    for (int at = 0; at < row->n; at += PART) {
        int end = at + PART < row->n ? at + PART : row->n;
        if (!part_has_hair(&region, row, at, end, rough + soft + slope)) {
            continue;
        }
#pragma omp simd
        for (int i = at; i < end; i++) {
            float down = (1.5f + 0.3f * y[i]), side = face_share(1.2f - z[i] * 1.5f);
            float along =
                0.16f * h.wave * face_noise(1.6f * y[i], x[i], salt) + face_mix(x[i], 1.3f * z[i], side) / down;
            float strand = face_noise(grain * along, 1.3f * y[i], salt + 1);
            strand = curly > 0.0f ? face_noise(9.0f * x[i] + 4.0f * z[i], 9.0f * y[i], salt + 2) : strand;
            float fine = face_noise(2.6f * grain * along, 2.2f * y[i], salt + 3);
            float line = face_hairline(&region, x[i], z[i]) + slope + rough * strand;
            float share = thin * face_inside(line - y[i], soft);
            float light = 1.0f + 0.38f * strand + 0.22f * fine + 0.15f * ny[i];
            face_over(share, face_scaled(colour, light), &r[i], &g[i], &b[i]);
            float band = face_bump(ny[i] + 0.45f, 0.0f, 0.4f, 1.0f) * (0.5f + 0.5f * fine) * (1.0f - 0.7f * curly);
            shine[i] = face_mix(shine[i], 0.03f + 0.12f * band, share);
        }
    }
}

void tam_face_paint_hair(const tam_face_look *look, const tam_face_row *row) {
    if (look->shape.hair.amount > 0.0f) {
        hair(look, row);
    }
}
