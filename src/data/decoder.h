/* From a source's images to what a dataset delivers: decoded, in its size and channels, once: results are cached while
 * they fit. */
#ifndef DATA_DECODER_H
#define DATA_DECODER_H

#include "data/reader.h"

typedef struct tam_decoder tam_decoder;

/* Delivers image kept[i] of the source as image i, as `delivered` says. The source and kept must outlive the decoder.
 * cache_bytes: as in tam_dataset_config. */
TAM_MUST_USE tam_status tam_decoder_create(tam_ctx *ctx, const tam_source *source, const tam_dataset_info *delivered,
                                           const uint32_t *kept, int64_t cache_bytes, tam_decoder **out);
void tam_decoder_free(tam_decoder *decoder);

/* As tam_dataset_pixels. */
TAM_MUST_USE tam_status tam_decoder_pixels(tam_decoder *decoder, int64_t i, uint8_t *buffer, const uint8_t **pixels);

#endif
