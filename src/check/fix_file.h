/* A new list of fixes about images of a data set, by their numbers. */
#ifndef CHECK_FIX_FILE_H
#define CHECK_FIX_FILE_H

#include "io/fix_list.h"
#include "tammes/data.h"

typedef struct tam_fix_file {
    tam_stream *stream;
    const tam_dataset *data;
    int64_t fixes; /* written, without proposals */
} tam_fix_file;

/* TAM_CONFIG when `path` exists: nothing is ever overwritten. */
TAM_MUST_USE tam_status tam_fix_file_refuse(tam_ctx *ctx, const char *path);
TAM_MUST_USE tam_status tam_fix_file_open(tam_ctx *ctx, const char *path, const tam_dataset *data, tam_fix_file *file);
/* Ends the file: whole under its name, or, where `status` is a failure, not at all. Returns the first failure. */
TAM_MUST_USE tam_status tam_fix_file_close(tam_fix_file *file, tam_status status);

TAM_MUST_USE tam_status tam_fix_file_remark(tam_fix_file *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
TAM_MUST_USE tam_status tam_fix_file_drop(tam_fix_file *file, int64_t image, bool proposed);
TAM_MUST_USE tam_status tam_fix_file_move(tam_fix_file *file, int64_t image, int32_t into, bool proposed);
TAM_MUST_USE tam_status tam_fix_file_merge(tam_fix_file *file, int32_t from, int32_t into, bool proposed);

#endif
