/* Embeddings, or vectors to train on, as a source: rows with labels and keys, but nothing to see. Not in readers.def:
 * the reader of arrays hands such arrays on. */
#ifndef DATA_READER_EMBEDDINGS_H
#define DATA_READER_EMBEDDINGS_H

#include "data/reader.h"
#include "io/npy.h"

extern const tam_reader tam_reader_embeddings;

/* The array [count, dim] of a source of embeddings. */
const tam_npy *tam_embeddings_array(const tam_source *source);

#endif
