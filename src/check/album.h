/* The prints of all images of several data sets, one behind the other: the data first, then the evaluation sets. */
#ifndef CHECK_ALBUM_H
#define CHECK_ALBUM_H

#include "check/print.h"
#include "tammes/check.h"

enum { TAM_ALBUM_MOST_SETS = 17 };

typedef struct tam_album {
    tam_ctx *ctx;
    int sets;
    tam_dataset *set[TAM_ALBUM_MOST_SETS];
    int64_t first[TAM_ALBUM_MOST_SETS + 1]; /* number of a set's first image; behind the last: of all images */
    tam_print *prints;                      /* [all]; width 0: the image cannot be read */
    uint8_t *small;                         /* [all, TAM_PRINT_PIXELS] */
} tam_album;

/* Opens the sets and looks at every image. */
TAM_MUST_USE tam_status tam_album_make(tam_ctx *ctx, const tam_check_config *config, tam_album *album);
void tam_album_free(tam_album *album);

/* The set that image i of the album belongs to. */
int tam_album_set_of(const tam_album *album, int64_t i);

/* Groups of equal pixels: order [all] holds the images by their hash, then by number; end [all]: end[k] is where the
 * group of order[k] ends. Images that cannot be read come first, as one group of that length: *unreadable. */
void tam_album_group(const tam_album *album, uint32_t *order, uint32_t *end, int64_t *unreadable);

#endif
