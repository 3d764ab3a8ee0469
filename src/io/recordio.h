/* MXNet RecordIO: images with their labels, one record after another. Everything is little-endian.
 *
 * A record is u32 magic, u32 (flag << 29 | length), the payload, zeros to a multiple of four bytes. Where a payload
 * holds the magic at a multiple of four, its writer ends a part there and leaves those four bytes out: flag 0 is a
 * whole record, 1, 2, 3 are the first, a middle and the last part. The payload of an image is u32 n, f32 label, u64 id,
 * u64 id2, n further f32 labels (that then count instead of the first), and an image file.
 *
 * The index beside such a file is a text of lines "key<TAB>offset" in any order. (dmlc-core's recordio.h, MXNet's
 * recordio.py.) Every fault is TAM_INPUT with the file, the record's number and the byte. */
#ifndef IO_RECORDIO_H
#define IO_RECORDIO_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/stream.h"

#define TAM_RECORDIO_MAGIC 0xCED7230Au
/* A payload is smaller than this. */
#define TAM_RECORDIO_PAYLOAD_END ((size_t)1 << 29)
/* Labels from here on are not told apart by a float32. */
#define TAM_RECORDIO_LABEL_END ((int32_t)1 << 24)

enum {
    TAM_RECORDIO_HEADER = 24, /* bytes before an image's further labels */
    /* A buffer of this size holds the header and two further labels of any record, in however many parts. */
    TAM_RECORDIO_LOOK = 128,
};

/* The bytes of a file: in memory, or read by pread where they are asked for. */
typedef struct tam_recordio_file {
    tam_ctx *ctx;
    const char *path;      /* for sentences; must outlive this */
    const uint8_t *memory; /* [size], or NULL: */
    int descriptor;
    uint64_t size;
} tam_recordio_file;

typedef struct tam_record {
    uint64_t at, end;       /* where it begins, and where the next one does */
    size_t size;            /* of the payload, the magic between its parts put back */
    const uint8_t *payload; /* its first `filled` bytes, in the buffer */
    size_t filled;
} tam_record;

/* The record at byte `at`. `number` is for sentences. It must end at `limit` at the latest (the next one's place, or
 * the file's size). Reads room bytes (at least TAM_RECORDIO_LOOK), which hold the whole payload where room is
 * end - at. Thread-safe. */
TAM_MUST_USE tam_status tam_recordio_read(const tam_recordio_file *file, uint64_t number, uint64_t at, uint64_t limit,
                                          uint8_t *buffer, size_t room, tam_record *record);

typedef struct tam_record_header {
    uint32_t further; /* labels behind the header */
    float label[2];   /* the first that counts; the second of two or more, else 0 */
    uint64_t id, id2;
    size_t image; /* where in the payload the image begins: the payload's size where there is none */
} tam_record_header;

/* The header of a record's payload. Fails when the payload is shorter than what it counts. */
TAM_MUST_USE tam_status tam_recordio_header(const tam_recordio_file *file, uint64_t number, const tam_record *record,
                                            tam_record_header *header);
/* Whether it is a record of ranges, as the face layout has them: two labels and no image. */
bool tam_recordio_is_range(const tam_record *record, const tam_record_header *header);
/* The label as a class: whole, from 0 to TAM_RECORDIO_LABEL_END - 1. */
TAM_MUST_USE tam_status tam_recordio_label(const tam_recordio_file *file, uint64_t number, const tam_record *record,
                                           const tam_record_header *header, int32_t *label);

/* Keys and places of records, in the order of the places. */
typedef struct tam_recordio_index {
    tam_ctx *ctx;
    int64_t count, room;
    uint64_t *at;  /* [count], strictly ascending */
    uint64_t *key; /* [count], all different */
} tam_recordio_index;

TAM_MUST_USE tam_status tam_recordio_index_add(tam_recordio_index *index, uint64_t key, uint64_t at);
void tam_recordio_index_free(tam_recordio_index *index);
/* Reads the text of an index to a file of `size` bytes called `path`. Refuses lines that are no two whole numbers, keys
 * and places that occur twice, places at which no record can begin. */
TAM_MUST_USE tam_status tam_recordio_index_read(const tam_recordio_file *text, const char *path, uint64_t size,
                                                tam_recordio_index *index);
/* Whether all numbers differ. Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_recordio_all_differ(tam_ctx *ctx, int64_t count, const uint64_t *numbers, bool *differ);

/* Writes a record of that payload, in parts where it holds the magic. Same payload, same bytes. */
TAM_MUST_USE tam_status tam_recordio_write(tam_stream *stream, const uint8_t *payload, size_t size);
/* Writes n, label, id, the rest of a header and n further labels to `bytes`, which has room for TAM_RECORDIO_HEADER and
 * 4 n; returns their number. */
size_t tam_recordio_put_header(uint8_t *bytes, float label, uint64_t id, uint32_t n, const float *further);

#endif
