/* The channels of pixels as rows of f32 numbers, from and to maps of any layout: what works on the pixels one by one
 * (norms and softmax over the channels, attention) takes some pixels to a scratch memory that stays in the cache. */
#ifndef BACKEND_CPU_CPU_ROWS_H
#define BACKEND_CPU_CPU_ROWS_H

#include "backend/cpu/plan/cpu_layout.h"

/* Some channels of pixels that follow each other. */
typedef struct tam_cpu_pixels {
    int64_t sample, pixel, pixels;
    int channel, channels;
} tam_cpu_pixels;

/* rows[pixel * stride + channel], both counted from the place's first. */
void tam_cpu_rows_get(const tam_layout *layout, const void *x, const tam_cpu_pixels *place, float *rows,
                      int64_t stride);
/* The same back. Behind the map's last channel the fill is written with zeros. */
void tam_cpu_rows_put(const tam_layout *layout, const float *rows, int64_t stride, const tam_cpu_pixels *place,
                      void *y);

/* How pixels are cut into tasks of some thousand numbers, by the layout alone. */
typedef struct tam_cpu_rows_cut {
    tam_layout layout;
    int64_t pixels; /* of a sample; samples whose pixels follow each other without a gap count as one */
    int64_t piece;  /* pixels of a task */
    int64_t pieces; /* of a sample */
    int64_t tasks;
    int64_t group;  /* pixels that are worked on at once */
    int64_t stride; /* numbers of a row in scratch memory */
} tam_cpu_rows_cut;
tam_cpu_rows_cut tam_cpu_rows_cut_of(const tam_layout *layout, int n);
/* The pixels of a task. */
tam_cpu_pixels tam_cpu_rows_task(const tam_cpu_rows_cut *cut, int64_t task);
/* Bytes of scratch memory for one group of pixels. */
size_t tam_cpu_rows_bytes(const tam_cpu_rows_cut *cut);

#endif
