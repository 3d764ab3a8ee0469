/* The inside of a dataset: reader, class filter, delivered size, cache of decoded images. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>

#include "data/reader.h"
#include "tammes/data.h"

/* tam_dataset_open by a reader that is not asked whether it knows the data; NULL: by the one that does. */
TAM_MUST_USE tam_status tam_dataset_open_by(tam_ctx *ctx, const tam_reader *reader, const tam_dataset_config *config,
                                            tam_dataset **out);

/* Image i [H, W, C] in *pixels, valid as long as `buffer`: either the cache's own memory or `buffer`, which has room
 * for one image. Thread-safe; allocates only while the scratch buffers grow. */
TAM_MUST_USE tam_status tam_dataset_pixels(tam_dataset *dataset, int64_t i, uint8_t *buffer, const uint8_t **pixels);

/* Where the images come from, and which of its images image i is: for whoever wants the files as they are stored. */
const tam_source *tam_dataset_source(const tam_dataset *dataset);
int64_t tam_dataset_source_number(const tam_dataset *dataset, int64_t i);

/* Says that these images will be read soon. */
void tam_dataset_prefetch(const tam_dataset *dataset, int64_t first, int64_t count);

#endif
