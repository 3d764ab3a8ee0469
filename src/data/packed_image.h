/* An image of a data set as the bytes to write: as it is stored, or encoded anew. */
#ifndef DATA_PACKED_IMAGE_H
#define DATA_PACKED_IMAGE_H

#include "data/dataset.h"
#include "tammes/pack.h"

typedef struct tam_packed_image {
    tam_ctx *ctx;
    tam_dataset *dataset;
    bool bare, anew;
    int quality;
    tam_reader_scratch scratch;
    uint8_t *pixels; /* [height, width, channels] as the data set delivers them; NULL where none are wanted */
    uint8_t *encoded;
    tam_image_info info; /* of the last image */
    const uint8_t *data; /* of the last image, valid until the next */
    size_t size;
} tam_packed_image;

/* bare: pixels are wanted, not files. Fails with TAM_CONFIG when images shall be made anew and the data set was opened
 * for images of any size. Close it in any case. */
TAM_MUST_USE tam_status tam_packed_image_open(tam_ctx *ctx, tam_dataset *dataset, const tam_pack_config *config,
                                              bool bare, tam_packed_image *image);
void tam_packed_image_close(tam_packed_image *image);
/* Image i in image->data. An image that is not decoded is still known to begin as one. Fails with TAM_INPUT; the
 * sentence names the image. */
TAM_MUST_USE tam_status tam_packed_image_read(tam_packed_image *image, int64_t i);

#endif
