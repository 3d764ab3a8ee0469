/* Which records of a RecordIO file are images, where they lie, what their labels are. */
#ifndef DATA_REC_CONTENTS_H
#define DATA_REC_CONTENTS_H

#include <limits.h>

#include "io/recordio.h"

/* Label of a record that holds a range of keys, and no image. */
enum { TAM_REC_RANGE = -1 };

typedef struct tam_rec_contents {
    tam_ctx *ctx;
    char path[PATH_MAX];
    tam_recordio_file file;
    int64_t count;
    uint64_t *at;    /* [count + 1] images in the order of the file, and where the last one ends at the latest */
    uint64_t *key;   /* [count]; NULL: first_key, first_key + 1, ... */
    int32_t *number; /* [count] the label as it stands in the file */
    uint64_t first_key;
    int32_t numbers; /* 1 + the highest label */
} tam_rec_contents;

/* Opens a file with its index (NULL: none; then the whole file is gone through). Keys without an index are the ids in
 * the headers where these all differ, else the numbers of the records from 0. */
TAM_MUST_USE tam_status tam_rec_contents_open(tam_ctx *ctx, const char *path, const char *index,
                                              tam_rec_contents *contents);
void tam_rec_contents_close(tam_rec_contents *contents);

/* One look at a record: its header, its label (TAM_REC_RANGE) and where it ends. */
typedef struct tam_rec_look {
    tam_record_header header;
    int32_t label;
    uint64_t end;
} tam_rec_look;
TAM_MUST_USE tam_status tam_rec_look_at(const tam_recordio_file *file, uint64_t number, uint64_t at, uint64_t limit,
                                        tam_rec_look *look);

/* The face layout: record 0 and those of the identities hold ranges of keys, so that few records tell all labels.
 * Writes label[index->count] and sets *known; leaves it false where there is no such record 0, or where the ranges
 * cannot be trusted, which is a warning. */
TAM_MUST_USE tam_status tam_rec_faces(const tam_recordio_file *file, const tam_recordio_index *index, int32_t *label,
                                      bool *known);

/* Classes are the numbers that occur, in their order. Writes the classes' numbers to *number [*classes] (tam_release)
 * and replaces each image's number by its class. */
TAM_MUST_USE tam_status tam_rec_number_classes(tam_rec_contents *contents, int32_t **number, int32_t *classes);

/* The limit of record i: where the next one begins. */
static inline uint64_t tam_rec_limit(const tam_recordio_file *file, const tam_recordio_index *index, int64_t i) {
    return i + 1 < index->count ? index->at[i + 1] : file->size;
}

#endif
