/* Files: whole reads with a limit, and writes that leave either the old file or the new one, never half of one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>

#include "base/ctx.h"

/* Reads a regular file whole. *data (tam_release) has *size bytes and one more zero byte. Refuses what is not a regular
 * file (a FIFO would hang) and files above `limit` bytes (0: no limit). Fails with TAM_INPUT or TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_file_read(tam_ctx *ctx, const char *path, size_t limit, uint8_t **data, size_t *size);

/* The same in pieces, for files that may be larger than the memory: opens a regular file of *size bytes, to be closed
 * with close(), and reads `count` bytes from `at` on. `path` is for the sentences. */
TAM_MUST_USE tam_status tam_file_open(tam_ctx *ctx, const char *path, int *descriptor, size_t *size);
TAM_MUST_USE tam_status tam_file_read_at(tam_ctx *ctx, const char *path, int descriptor, size_t at, void *data,
                                         size_t count);

/* One piece of a file to write. */
typedef struct tam_file_piece {
    const void *data;
    size_t size;
} tam_file_piece;

/* Writes the pieces to `path`.tmp, flushes them to the disk, renames over `path` and flushes the folder. On failure the
 * old `path` is whole, the temporary file is gone, and the status is TAM_RESOURCES (disk full, read only, ...). */
TAM_MUST_USE tam_status tam_file_write(tam_ctx *ctx, const char *path, const tam_file_piece *pieces, int count);

/* Renames a whole, flushed file to `path`, in the same folder, and flushes the folder; a failed rename removes it. Cuts
 * the string `temporary` to its folder. */
TAM_MUST_USE tam_status tam_file_put_in_place(tam_ctx *ctx, char *temporary, const char *path);

/* Makes the folder and its missing parents; an existing folder is fine. Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_folder_make(tam_ctx *ctx, const char *path);

/* folder/name (tam_release), or NULL as tam_allocate. */
char *tam_path_join(tam_ctx *ctx, const char *folder, const char *name);

/* Whether nothing is there, or a folder with nothing in it: a place for a folder to write. */
bool tam_path_is_free(const char *path);

/* Whether something goes by that name, be it a link that leads nowhere: a file renamed to it would take its place. */
bool tam_path_is_taken(const char *path);
bool tam_path_is_link(const char *path);

typedef enum tam_path_kind { TAM_PATH_ABSENT, TAM_PATH_FILE, TAM_PATH_FOLDER, TAM_PATH_OTHER } tam_path_kind;
tam_path_kind tam_path_look(const char *path);

#endif
