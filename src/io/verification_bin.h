/* Verification sets (lfw.bin, cfp_fp.bin, agedb_30.bin, ...): a Python pickle of (images, issame), 2n encoded images
 * and n booleans; pair i is images 2i and 2i + 1. Images may be bytes, Python 2's strings, or numpy arrays of bytes;
 * both sequences lists, tuples or numpy arrays. */
#ifndef IO_VERIFICATION_BIN_H
#define IO_VERIFICATION_BIN_H

#include <stdbool.h>

#include "base/ctx.h"
#include "io/pickle.h"

/* Where an image lies in the file. */
typedef struct tam_bin_image {
    uint64_t at, size;
    uint8_t form; /* a tam_pickle_form */
} tam_bin_image;

typedef struct tam_verification_bin {
    int64_t pairs;
    tam_bin_image *images; /* [2 pairs] */
    uint8_t *same;         /* [pairs] 0 or 1 */
} tam_verification_bin;

/* Reads what lies where; the images stay in the file. Afterwards tam_verification_bin_free; a failure leaves {0}. Fails
 * with TAM_INPUT; the sentence names the byte, the image or the pair. */
TAM_MUST_USE tam_status tam_verification_bin_read(tam_pickle_input *input, tam_verification_bin *bin);
void tam_verification_bin_free(tam_ctx *ctx, tam_verification_bin *bin);

/* Whether a file that begins so may be one: the opening of a pickle of protocol 2 to 5. */
bool tam_verification_bin_begins(const uint8_t *start, size_t size);

#endif
