/* What is kept of an image to recognise it by: a hash of its pixels, and its look. */
#ifndef CHECK_PRINT_H
#define CHECK_PRINT_H

#include <stdbool.h>

#include "data/resize.h"

enum { TAM_PRINT_SIDE = 16, TAM_PRINT_PIXELS = TAM_PRINT_SIDE * TAM_PRINT_SIDE };

/* What mirroring left to right does to a look: it changes the signs of the coefficients of odd waves along x. */
#define TAM_PRINT_MIRROR UINT64_C(0xaaaaaaaaaaaaaaaa)

typedef struct tam_print {
    uint64_t pixels[2]; /* 128 bits of a hash of size, channels and pixels */
    uint64_t look;      /* signs of the 64 lowest coefficients of the cosine transform of the image as 32 x 32 grey */
    int width, height, channels;
    bool blank; /* all pixels are the same */
    bool plain; /* so little contrast that its look is noise */
} tam_print;

/* Tables for prints, to be used by one thread. NULL as tam_allocate. */
typedef struct tam_printer tam_printer;
tam_printer *tam_printer_create(tam_ctx *ctx);
void tam_printer_free(tam_printer *printer);

/* small [TAM_PRINT_PIXELS]: the image as 16 x 16 grey. */
void tam_print_make(tam_printer *printer, const tam_image_info *info, const uint8_t *pixels, tam_print *print,
                    uint8_t *small);

/* Correlation of two small versions, of `b` mirrored left to right if asked; 0 when one has no contrast. */
float tam_print_alike(const uint8_t *a, const uint8_t *b, bool mirrored);

#endif
