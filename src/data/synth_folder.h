/* Folders of pictures that can be made again at any time. */
#ifndef DATA_SYNTH_FOLDER_H
#define DATA_SYNTH_FOLDER_H

#include "base/ctx.h"

/* Makes the folder; one that exists and is not empty is refused (TAM_CONFIG). */
TAM_MUST_USE tam_status tam_synth_folder_make(tam_ctx *ctx, const char *folder);
/* Makes folder/idNNNNNN; path, of `room` bytes, becomes its path, with 16 bytes left. *length: of the path. */
TAM_MUST_USE tam_status tam_synth_folder_identity(tam_ctx *ctx, const char *folder, int64_t identity, char *path,
                                                  size_t room, size_t *length);
/* Writes a new file; unlike tam_file_write this waits for no disk. */
TAM_MUST_USE tam_status tam_synth_file_write(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size);

#endif
