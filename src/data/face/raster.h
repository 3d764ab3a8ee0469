/* The mesh's visible points, for a band of rows of samples. */
#ifndef DATA_FACE_RASTER_H
#define DATA_FACE_RASTER_H

#include "data/face/shape.h"

/* Samples of a band of rows, planes [rows, columns]: base, normal, open as in the mesh; depth below -1e8: no head. */
typedef struct tam_face_band {
    int first, rows, columns;
    float *base[3], *normal[3], *open, *depth;
} tam_face_band;

enum { FACE_BAND_PLANES = 8 };

/* From the picture's plane to samples: column = a x - b y + x0, row = b x + a y + y0. */
typedef struct face_view {
    float a, b, x0, y0;
} face_view;

/* screen: scratch [2, rows, columns] of the mesh. */
void tam_face_raster_project(const tam_face_mesh *mesh, const face_view *view, float *screen);
/* Draws the mesh into the band, whose first, rows and columns are set. */
void tam_face_raster(const tam_face_mesh *mesh, const float *screen, tam_face_band *band);

#endif
