#include "data/landmark_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A row by its name read backwards: names that end alike lie together. */
typedef struct named_row {
    const char *name;
    uint32_t length;
    uint32_t row;
} named_row;

struct tam_landmark_rows {
    tam_ctx *ctx;
    named_row *sorted;
    int64_t count;
};

static int compare_backwards(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t shorter = a_length < b_length ? a_length : b_length;
    for (size_t i = 1; i <= shorter; i++) {
        unsigned char x = (unsigned char)a[a_length - i], y = (unsigned char)b[b_length - i];
        if (x != y) {
            return x < y ? -1 : 1;
        }
    }
    return (a_length > b_length) - (a_length < b_length);
}

static int by_name_and_row(const void *first, const void *second) {
    const named_row *a = first, *b = second;
    int order = compare_backwards(a->name, a->length, b->name, b->length);
    return order != 0 ? order : (a->row > b->row) - (a->row < b->row);
}

tam_landmark_rows *tam_landmark_rows_create(tam_ctx *ctx, const tam_landmarks *list) {
    if (list->count > (int64_t)UINT32_MAX) {
        (void)tam_fail(ctx, TAM_INPUT, "%lld lines of landmarks are more than 2^32", (long long)list->count);
        return NULL;
    }
    tam_landmark_rows *rows = tam_allocate(ctx, 1, sizeof *rows, "the order of landmarks");
    if (rows == NULL) {
        return NULL;
    }
    rows->ctx = ctx;
    rows->count = list->count;
    rows->sorted = tam_allocate(ctx, (size_t)list->count, sizeof *rows->sorted, "the order of landmarks");
    if (rows->sorted == NULL) {
        tam_release(ctx, rows);
        return NULL;
    }
    for (int64_t i = 0; i < list->count; i++) {
        rows->sorted[i] = (named_row){list->rows[i].name, (uint32_t)strlen(list->rows[i].name), (uint32_t)i};
    }
    qsort(rows->sorted, (size_t)list->count, sizeof *rows->sorted, by_name_and_row);
    return rows;
}

void tam_landmark_rows_free(tam_landmark_rows *rows) {
    if (rows != NULL) {
        tam_release(rows->ctx, rows->sorted);
        tam_release(rows->ctx, rows);
    }
}

/* The first row whose name backwards is not before `name`. */
static int64_t lower_bound(const tam_landmark_rows *rows, const char *name, size_t length) {
    int64_t low = 0, high = rows->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        const named_row *one = &rows->sorted[middle];
        if (compare_backwards(one->name, one->length, name, length) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool same_name(const named_row *a, const char *name, size_t length) {
    return a->length == length && memcmp(a->name, name, length) == 0;
}

static bool ends_with(const named_row *a, const char *end, size_t length) {
    return a->length >= length && memcmp(a->name + a->length - length, end, length) == 0;
}

/* The row at place `at` and others of its name. */
static tam_landmark_match match_at(const tam_landmark_rows *rows, int64_t at) {
    const named_row *one = &rows->sorted[at];
    bool again = at + 1 < rows->count && same_name(one + 1, one->name, one->length);
    return (tam_landmark_match){one->row, again ? (int64_t)one[1].row : -1, -1};
}

static bool find_exactly(const tam_landmark_rows *rows, const char *name, tam_landmark_match *match) {
    size_t length = strlen(name);
    int64_t at = lower_bound(rows, name, length);
    bool found = at < rows->count && same_name(&rows->sorted[at], name, length);
    if (found) {
        *match = match_at(rows, at);
    }
    return found;
}

/* Names that end with "/KEY". Several different ones are rivals. */
static bool find_longer(const tam_landmark_rows *rows, const char *slash_key, tam_landmark_match *match) {
    size_t length = strlen(slash_key);
    int64_t at = lower_bound(rows, slash_key, length);
    if (at >= rows->count || !ends_with(&rows->sorted[at], slash_key, length)) {
        return false;
    }
    *match = match_at(rows, at);
    const named_row *one = &rows->sorted[at];
    for (int64_t next = at + 1; next < rows->count && ends_with(&rows->sorted[next], slash_key, length); next++) {
        if (!same_name(&rows->sorted[next], one->name, one->length)) {
            match->rival = rows->sorted[next].row;
            break;
        }
    }
    return true;
}

tam_landmark_match tam_landmark_rows_find(const tam_landmark_rows *rows, const char *key) {
    enum { LONGEST = 4352 };
    char slash_key[LONGEST + 1] = "/";
    tam_landmark_match match = {-1, -1, -1};
    size_t length = strlen(key);
    if (find_exactly(rows, key, &match)) {
        return match;
    }
    if (length < LONGEST) {
        memcpy(slash_key + 1, key, length + 1);
        if (find_longer(rows, slash_key, &match)) {
            return match;
        }
    }
    for (const char *slash = strchr(key, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        if (find_exactly(rows, slash + 1, &match)) {
            return match;
        }
    }
    return match;
}
