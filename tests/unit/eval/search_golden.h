/* The sets of tests/oracle/search_oracle.py, and what it says of them. */
#ifndef TESTS_SEARCH_GOLDEN_H
#define TESTS_SEARCH_GOLDEN_H

#include "support.h"

#include <math.h>

#include "golden_numbers.h"

enum { GOLDEN_WIDTH = 16, GOLDEN_CLASSES = 23, GOLDEN_GALLERY = 200, GOLDEN_PROBES = 150, GOLDEN_STRANGERS = 400 };

static const char *const golden_kinds[] = {"smooth", "ties"};

static inline void golden_labels(uint32_t stream, int count, int classes, int32_t first, int32_t *labels) {
    for (int i = 0; i < count; i++) {
        labels[i] = first + (int32_t)floor(((double)golden_number(stream, (uint32_t)i) + 0.5) * classes);
    }
}

static inline void golden_rows(const char *kind, uint32_t stream, int count, const int32_t *labels, float *e) {
    for (int i = 0; i < count * GOLDEN_WIDTH; i++) {
        float noise = golden_number(stream, (uint32_t)i);
        int32_t centre = labels[i / GOLDEN_WIDTH] * GOLDEN_WIDTH + i % GOLDEN_WIDTH;
        e[i] = strcmp(kind, "ties") == 0 ? (noise > 0 ? 1 : -1) : golden_number(900, (uint32_t)centre) + 0.5f * noise;
    }
}

typedef struct golden_sets {
    float gallery[GOLDEN_GALLERY * GOLDEN_WIDTH], probes[GOLDEN_PROBES * GOLDEN_WIDTH],
        strangers[GOLDEN_STRANGERS * GOLDEN_WIDTH];
    int32_t gallery_labels[GOLDEN_GALLERY], probe_labels[GOLDEN_PROBES], stranger_labels[GOLDEN_STRANGERS];
} golden_sets;

static inline void golden_sets_make(const char *kind, golden_sets *sets) {
    golden_labels(1, GOLDEN_GALLERY, GOLDEN_CLASSES, 0, sets->gallery_labels);
    golden_labels(2, GOLDEN_PROBES, GOLDEN_CLASSES + 9, 0, sets->probe_labels);
    golden_labels(5, GOLDEN_STRANGERS, 40, 50, sets->stranger_labels);
    golden_rows(kind, 3, GOLDEN_GALLERY, sets->gallery_labels, sets->gallery);
    golden_rows(kind, 4, GOLDEN_PROBES, sets->probe_labels, sets->probes);
    golden_rows(kind, 6, GOLDEN_STRANGERS, sets->stranger_labels, sets->strangers);
}

/* The numbers of one line; returns how many. */
static inline int golden_line(const char *kind, const char *name, int room, double *values) {
    char path[1024], first[32], second[32];
    static char line[16384];
    int count = -1;
    snprintf(path, sizeof path, "%s/tests/golden/search.txt", getenv("TAMMES_SOURCE") ? getenv("TAMMES_SOURCE") : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (count < 0 && fgets(line, sizeof line, file) != NULL) {
        int at = 0, used = 0;
        assert_int_equal(sscanf(line, "%31s %31s%n", first, second, &at), 2);
        if (strcmp(first, kind) == 0 && strcmp(second, name) == 0) {
            for (count = 0; count < room && sscanf(line + at, "%lf%n", &values[count], &used) == 1; count++) {
                at += used;
            }
        }
    }
    fclose(file);
    assert_true(count > 0);
    return count;
}

static inline void golden_near(double value, double expected) {
    if (!(fabs(value - expected) < 1e-9)) {
        fail_msg("%.12g instead of %.12g", value, expected);
    }
}

#endif
