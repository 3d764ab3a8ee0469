/* Images of a data set by the names that lists give them. */
#ifndef DATA_IMAGE_NAMES_H
#define DATA_IMAGE_NAMES_H

#include <stdbool.h>

#include "base/ctx.h"
#include "tammes/data.h"

typedef struct tam_image_names tam_image_names;

enum { TAM_IMAGE_NONE = -1, TAM_IMAGE_SEVERAL = -2 };

/* The names are the keys; with `stems` those without their endings. NULL with a sentence where memory runs out. */
tam_image_names *tam_image_names_create(tam_ctx *ctx, const tam_dataset *dataset, bool stems);
void tam_image_names_free(tam_image_names *names);

/* The number of the first image of that name; of a name without a folder, the only image whose file is called so. */
int64_t tam_image_names_find(const tam_image_names *names, const char *name);

#endif
