/* The faces of a set gathered by template and media. */
#include <stdlib.h>
#include <string.h>

#include "io/ijb.h"

tam_status tam_ijb_check_points(tam_ctx *ctx, const char *faces_path, const tam_ijb_faces *faces,
                                const char *points_path, const tam_landmarks *points) {
    int64_t both = faces->count < points->count ? faces->count : points->count;
    for (int64_t i = 0; i < both; i++) {
        if (strcmp(faces->name[i], points->rows[i].name) != 0) {
            return tam_fail(ctx, TAM_INPUT, "%s:%lld: landmarks of '%s', but row %lld of %s is '%s'", points_path,
                            (long long)points->rows[i].line, points->rows[i].name, (long long)i + 1, faces_path,
                            faces->name[i]);
        }
    }
    if (faces->count != points->count) {
        return tam_fail(ctx, TAM_INPUT, "%s has %lld faces, but %s landmarks of %lld", faces_path,
                        (long long)faces->count, points_path, (long long)points->count);
    }
    return TAM_OK;
}

typedef struct sorted_face {
    int64_t template_id, media_id, row;
} sorted_face;

static int in_order(int64_t a, int64_t b) {
    return (a > b) - (a < b);
}

static int by_template_and_media(const void *first, const void *second) {
    const sorted_face *a = first, *b = second;
    int order = in_order(a->template_id, b->template_id);
    order = order != 0 ? order : in_order(a->media_id, b->media_id);
    return order != 0 ? order : in_order(a->row, b->row);
}

static tam_status fill(tam_ctx *ctx, const sorted_face *sorted, int64_t count, tam_ijb_templates *templates) {
    for (int64_t i = 0; i < count; i++) {
        templates->count += i == 0 || sorted[i].template_id != sorted[i - 1].template_id;
    }
    templates->id = tam_allocate(ctx, (size_t)templates->count, sizeof *templates->id, "templates");
    templates->first = tam_allocate(ctx, (size_t)templates->count + 1, sizeof *templates->first, "templates");
    templates->face = tam_allocate(ctx, (size_t)count, sizeof *templates->face, "faces of templates");
    if (templates->id == NULL || templates->first == NULL || templates->face == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0, at = 0; i < count; i++) {
        if (i == 0 || sorted[i].template_id != sorted[i - 1].template_id) {
            templates->id[at] = sorted[i].template_id;
            templates->first[at++] = i;
        }
        templates->face[i] = sorted[i].row;
    }
    templates->first[templates->count] = count;
    return TAM_OK;
}

tam_status tam_ijb_group(tam_ctx *ctx, const tam_ijb_faces *faces, tam_ijb_templates *templates) {
    *templates = (tam_ijb_templates){0};
    sorted_face *sorted = tam_allocate(ctx, (size_t)faces->count, sizeof *sorted, "the order of faces");
    if (sorted == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < faces->count; i++) {
        sorted[i] = (sorted_face){faces->template_id[i], faces->media_id[i], i};
    }
    qsort(sorted, (size_t)faces->count, sizeof *sorted, by_template_and_media);
    tam_status status = fill(ctx, sorted, faces->count, templates);
    tam_release(ctx, sorted);
    if (status != TAM_OK) {
        tam_ijb_free_templates(ctx, templates);
    }
    return status;
}

void tam_ijb_free_templates(tam_ctx *ctx, tam_ijb_templates *templates) {
    tam_release(ctx, templates->id);
    tam_release(ctx, templates->first);
    tam_release(ctx, templates->face);
    *templates = (tam_ijb_templates){0};
}

int64_t tam_ijb_find(const tam_ijb_templates *templates, int64_t id) {
    int64_t low = 0, high = templates->count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (templates->id[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < templates->count && templates->id[low] == id ? low : -1;
}
