/* An image folder: every folder below the root that holds images is a class, named by its path from the root
 * ("Greek/character01"). Classes and files come in byte order. Names that begin with a dot are passed over, so are
 * files that are not regular (a FIFO); links are followed, but never back into a folder that they lie in. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_folder_class {
    const char *name;
    int64_t first, count; /* its files, in tam_folder.files */
} tam_folder_class;

typedef struct tam_folder {
    tam_ctx *ctx;
    char *root;
    int64_t class_count, file_count;
    tam_folder_class *classes;
    size_t *files; /* of file i: where in `text` its name begins (without its class) */
    char *text;
} tam_folder;

/* Lists the folder. Fails with TAM_INPUT when it cannot be read, when a class folder is empty, or when images lie in
 * the root and no folder holds any. Files with other endings are left out with one warning. */
TAM_MUST_USE tam_status tam_folder_list(tam_ctx *ctx, const char *root, tam_folder *folder);
void tam_folder_free(tam_folder *folder);

/* Writes "root/class/file" of file i to path[room]; returns false when it does not fit. */
bool tam_folder_path(const tam_folder *folder, int64_t class_number, int64_t i, char *path, size_t room);

#endif
