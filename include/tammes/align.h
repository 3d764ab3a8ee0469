/* Alignment of faces: five landmarks onto the field's template by a similarity, and the warp. */
#ifndef TAMMES_ALIGN_H
#define TAMMES_ALIGN_H

#include "tammes/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* [5][2]: (x, y) of left eye, right eye, nose, left and right corner of the mouth as the viewer sees them, in an image
 * of 112 x 112 pixels whose first pixel's centre is (0, 0): the template of ArcFace and its descendants. Static. */
TAM_API const float *tam_face_template(void);

/* map [2][3] of the similarity (turn, uniform scale, shift) that brings `from` [n][2] nearest to `to` [n][2] in least
 * squares: Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991,
 * eq. 40 to 42, without reflections. to = map (x, y, 1). 0: no turn brings them nearer (all points of one side are one
 * point, or one side is the mirror image of the other and symmetric), or a value is not finite. n >= 2. */
TAM_API int tam_similarity_fit(int n, const float *from, const float *to, double map[6]);

/* Output pixel (x, y) takes the input at inverse(map) (x, y, 1), bilinearly; 0 outside of the image. pixels [height,
 * width, channels] -> out [out_height, out_width, channels]. As OpenCV's warpAffine within one grey level. */
TAM_API void tam_warp_affine(int height, int width, int channels, const uint8_t *pixels, const double map[6],
                             int out_height, int out_width, uint8_t *out);

#ifdef __cplusplus
}
#endif
#endif
