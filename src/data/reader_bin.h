/* Verification sets know their own pairs. */
#ifndef DATA_READER_BIN_H
#define DATA_READER_BIN_H

#include "data/reader.h"
#include "io/verification_bin.h"

/* Whether a file that begins so, under that name, is taken for a verification set. */
bool tam_bin_recognise(const tam_place *place);

/* The pairs of a source that is a verification set, NULL of any other; *path: its file. */
const tam_verification_bin *tam_bin_pairs(const tam_source *source, const char **path);

#endif
