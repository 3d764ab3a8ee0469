/* Alignment of faces: five landmarks onto the field's template by a similarity, and the warp. */
#ifndef TAMMES_ALIGN_H
#define TAMMES_ALIGN_H

#include <signal.h>

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

/* Why an image is left out; the last only tells. */
typedef enum tam_align_fault {
    TAM_ALIGN_NO_LANDMARKS, /* the list does not name it */
    TAM_ALIGN_AMBIGUOUS,    /* its line may mean several images, or several lines may mean it */
    TAM_ALIGN_NOT_FINITE,   /* a landmark is missing or NaN */
    TAM_ALIGN_ONE_POINT,    /* the landmarks lie in one point, or no similarity brings them onto the template */
    TAM_ALIGN_SWAPPED,      /* left and right are swapped */
    TAM_ALIGN_OUTSIDE,      /* landmarks far outside of the image */
    TAM_ALIGN_UNREADABLE,   /* the image cannot be read */
    TAM_ALIGN_REPEATED,     /* the list names it again; the first line counts */
    TAM_ALIGN_FAULTS
} tam_align_fault;

/* "no-landmarks", "swapped", ...; static. */
TAM_API const char *tam_align_fault_name(tam_align_fault fault);

typedef struct tam_align_finding {
    tam_align_fault fault;
    const char *key;      /* of the image, as tam_dataset_image_key */
    int64_t line;         /* of the list; 0: none */
    const char *sentence; /* names list, line and image */
} tam_align_finding;

/* Zero means default. */
typedef struct tam_align_config {
    const char *landmarks; /* a list of five landmarks of each image (docs/data.md); no default */
    const char *out;       /* the image folder to write; no default; must be absent or empty */
    int size;              /* height of the results: 112. The template is scaled to it */
    int width;             /* of the results; 0: as the height. Others cut or widen both sides alike: 96 of 112 is the
                              template with x minus 8 */
    int quality;           /* 1 to 100: JPEG; 0: PNG */
    int strict;            /* 1: any finding fails, before anything is written (an unreadable image: when it is met) */
    void (*found)(void *user, const tam_align_finding *finding); /* may be NULL; strings last for the call */
    void (*progress)(void *user, int64_t done, int64_t all);     /* at most a few times a second; may be NULL */
    void *user;
    const volatile sig_atomic_t *stop; /* non-zero: nothing is left at `out`, and TAM_STOPPED; may be NULL */
} tam_align_config;

typedef struct tam_align_result {
    int64_t images, written;
    int64_t faults[TAM_ALIGN_FAULTS]; /* images with each */
    int64_t lines, unused_lines;      /* of the list, with landmarks; and those that no image uses */
} tam_align_result;

/* Aligns every image of the data set (opened with any_size) by its landmarks, on all threads: out/CLASS/NAME.jpg or
 * .png. A line names an image by its key, by a path that ends with "/KEY", or by the end of the key, such as the file's
 * name, where only one image has it. Images that cannot be aligned are told to `found` and left out. Fails with
 * TAM_CONFIG (`out` exists), TAM_INPUT (a list that cannot be read; no image that can be aligned; with `strict` any
 * finding) or TAM_RESOURCES; then nothing is left at `out`. */
TAM_API TAM_MUST_USE tam_status tam_align_set(tam_ctx *ctx, const tam_dataset *dataset, const tam_align_config *config,
                                              tam_align_result *result);

#ifdef __cplusplus
}
#endif
#endif
