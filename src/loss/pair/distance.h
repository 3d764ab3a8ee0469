/* Distances between points of the sphere as functions of their cosine, with slopes. */
#ifndef LOSS_PAIR_DISTANCE_H
#define LOSS_PAIR_DISTANCE_H

#include <math.h>

/* The words of the key `distance`, in the order of the enumeration. */
#define TAM_DISTANCE_WORDS "squared|euclidean|angular"

typedef enum tam_distance {
    TAM_DISTANCE_SQUARED,   /* 2 - 2 c */
    TAM_DISTANCE_EUCLIDEAN, /* sqrt(2 - 2 c) */
    TAM_DISTANCE_ANGULAR    /* arccos c */
} tam_distance;

static inline double tam_distance_of(tam_distance distance, double c) {
    double squared = fmax(0.0, 2.0 - 2.0 * c);
    return distance == TAM_DISTANCE_SQUARED ? squared : distance == TAM_DISTANCE_EUCLIDEAN ? sqrt(squared) : acos(c);
}

/* By the cosine. The slopes of a chord and of an angle are infinite where the points meet, and those of an angle where
 * they are opposite; lengths and sines in a division are never below 1e-4. */
static inline double tam_distance_slope(tam_distance distance, double c) {
    const double least = 1e-4;
    if (distance == TAM_DISTANCE_SQUARED) {
        return -2.0;
    }
    double length = distance == TAM_DISTANCE_EUCLIDEAN ? sqrt(fmax(0.0, 2.0 - 2.0 * c)) : sqrt(fmax(0.0, 1.0 - c * c));
    return -1.0 / fmax(least, length);
}

#endif
