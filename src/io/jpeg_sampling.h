/* Which JPEG is written: colours at half the sides, except at high quality. */
#ifndef IO_JPEG_SAMPLING_H
#define IO_JPEG_SAMPLING_H

#include <turbojpeg.h>

enum { TAM_JPEG_FULL_COLOUR_QUALITY = 90 };

static inline int tam_jpeg_sampling(int channels, int quality) {
    return channels == 1 ? TJSAMP_GRAY : quality >= TAM_JPEG_FULL_COLOUR_QUALITY ? TJSAMP_444 : TJSAMP_420;
}

#endif
