/* BT.601 luma of normalised planes. */
#ifndef DATA_AUGMENT_LUMA_H
#define DATA_AUGMENT_LUMA_H

#include <stddef.h>

#define TAM_LUMA_R 0.299
#define TAM_LUMA_G 0.587
#define TAM_LUMA_B 0.114

/* The mean luma of planes [channels, area]; summed in an order that depends on the area alone. */
double tam_luma_mean(const float *planes, int channels, size_t area);
/* luma [area] of planes [3, area]; it may be the first plane. */
void tam_luma(const float *planes, size_t area, float *luma);

#endif
