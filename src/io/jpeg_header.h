/* What the decoder does not tell before decoding: a JPEG's size and its EXIF orientation, read by our own walk over the
 * markers. */
#ifndef IO_JPEG_HEADER_H
#define IO_JPEG_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tam_jpeg_header {
    int width, height; /* as stored */
    int components;    /* 1 grey, 3 colour, 4 inks */
    int frame;         /* n of SOFn: 0, 1 sequential, 2 progressive, 9, 10 arithmetic, ... */
    int orientation;   /* EXIF: 1 as stored, 2 to 8 mirrored and turned; 5 to 8 swap width and height */
} tam_jpeg_header;

/* Reads up to the first scan; false when the markers are broken or end before it. */
bool tam_jpeg_header_read(const uint8_t *data, size_t size, tam_jpeg_header *header);

#endif
