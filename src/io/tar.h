/* tar archives: ustar, pax (path, size), GNU's long names and sizes in base 256. A walk over the headers tells where
 * each file lies; contents are read by position. Links, devices and folders are passed over; sparse files are refused.
 */
#ifndef IO_TAR_H
#define IO_TAR_H

#include <stdbool.h>

#include "base/ctx.h"

enum { TAM_TAR_BLOCK = 512, TAM_TAR_NAME_ROOM = 4097 };

/* A regular file in the archive. */
typedef struct tam_tar_member {
    const char *name;  /* valid until the next one is found */
    uint64_t at, size; /* of its bytes in the archive, which holds them all */
} tam_tar_member;

typedef struct tam_tar {
    tam_ctx *ctx;
    const char *name;    /* for sentences; not owned */
    const uint8_t *data; /* an archive in memory, or NULL */
    int descriptor;      /* of a file: -1 when there is none */
    uint64_t size;
    uint64_t at; /* where the next header lies */
    char member_name[TAM_TAR_NAME_ROOM];
    uint8_t *window; /* the bytes that were read last */
    uint64_t window_at;
    size_t window_size;
} tam_tar;

/* From a file, or from memory; *tar is closed by tam_tar_close, also after a failure. `name` and `path` must outlive
 * it. */
TAM_MUST_USE tam_status tam_tar_open(tam_ctx *ctx, const char *path, tam_tar *tar);
TAM_MUST_USE tam_status tam_tar_view(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_tar *tar);
void tam_tar_close(tam_tar *tar);

/* The next file; *end at the archive's end. Fails with TAM_INPUT for a wrong checksum, a field that is no number, an
 * archive that is cut short (also one without its end blocks), a sparse file; the sentence has the header's offset. */
TAM_MUST_USE tam_status tam_tar_next(tam_tar *tar, tam_tar_member *member, bool *end);

/* Bytes of the archive, which the caller knows to lie within its size. */
TAM_MUST_USE tam_status tam_tar_read(tam_tar *tar, uint64_t at, void *data, size_t count);

/* A header of a regular file in ustar's form, the same for the same name and size: no owner, mode 0644, time 0. Returns
 * false for a name above 100 bytes or a size of 8 GiB and more. */
bool tam_tar_header(const char *name, uint64_t size, uint8_t header[TAM_TAR_BLOCK]);

#endif
