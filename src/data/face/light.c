#include "data/face/paint.h"

/* Lambert's law, a little round the edge as skin does, a weak second light from the other side, light from everywhere
 * where the surface is open, and a broad highlight (Blinn's half vector, 16th power). */
TAM_KERNEL static void light(const tam_face_look *look, const tam_face_row *row) {
    const tam_face_sample *s = look->sample;
    const float lx = s->light_x, ly = s->light_y, lz = s->light_z, ambient = s->ambient, fill = s->fill;
    const float most = s->exposure / (0.72f + 0.42f * ambient),
                length = sqrtf(lx * lx + ly * ly + (lz + 1.0f) * (lz + 1.0f));
    const float hx = lx / length, hy = ly / length, hz = (lz + 1.0f) / length;
    const face_colour key = face_scaled(s->light_colour, most), all = face_scaled(s->ambient_colour, most * ambient);
    const float *restrict nx = row->nx, *restrict ny = row->ny, *restrict nz = row->nz, *restrict open = row->open;
    float *restrict r = row->r, *restrict g = row->g, *restrict b = row->b, *restrict shine = row->gloss;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        float x = nx[i], y = ny[i], z = nz[i], free = face_share(open[i]);
        float cosine = x * lx + y * ly + z * lz;
        float direct = face_most(0.0f, (cosine + 0.22f) / 1.22f) * (0.5f + 0.5f * free);
        float warm = face_most(0.0f, (cosine + 0.42f) / 1.42f) * (0.5f + 0.5f * free);
        float second = fill * face_most(0.0f, -0.7f * x * (lx < 0.0f ? -1.0f : 1.0f) + 0.5f * z);
        float sky = free * (0.82f - 0.18f * y);
        float half = face_most(0.0f, x * hx + y * hy + z * hz);
        half *= half;
        half *= half;
        half *= half;
        half *= half;
        float gleam = shine[i] * half * free * 0.8f;
        r[i] = r[i] * (key.r * (0.6f * direct + 0.4f * warm + second) + all.r * sky) + key.r * gleam;
        g[i] = g[i] * (key.g * (0.85f * direct + 0.15f * warm + second) + all.g * sky) + key.g * gleam;
        b[i] = b[i] * (key.b * (0.9f * direct + 0.1f * warm + second) + all.b * sky) + key.b * gleam;
    }
}

void tam_face_light(const tam_face_look *look, const tam_face_row *row) {
    light(look, row);
}
