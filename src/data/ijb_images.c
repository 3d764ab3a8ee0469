/* The images of the faces that IJB lists, and what is left of the lists where some are missing. */
#include <stdio.h>
#include <string.h>

#include "data/ijb_set.h"
#include "data/image_names.h"

enum { MOST_NAMED = 5, LONGEST_NAME = 4096 };

/* A name without its ending, in `stem`; false where it has none. */
static bool cut_ending(const char *name, char stem[LONGEST_NAME]) {
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
    if (dot == NULL || dot == name || (slash != NULL && dot < slash) || dot - name >= LONGEST_NAME) {
        return false;
    }
    memcpy(stem, name, (size_t)(dot - name));
    stem[dot - name] = '\0';
    return true;
}

/* Fills image[i] of the faces that are not found yet: with `stems` by names without endings. */
static tam_status find_names(tam_ijb *ijb, const tam_dataset *dataset, bool stems) {
    char stem[LONGEST_NAME];
    tam_image_names *names = tam_image_names_create(ijb->ctx, dataset, stems);
    tam_status status = names != NULL ? TAM_OK : TAM_RESOURCES;
    ijb->missing_faces = 0;
    for (int64_t i = 0; status == TAM_OK && i < ijb->faces.count; i++) {
        const char *name = ijb->faces.name[i];
        if (ijb->image[i] < 0) {
            bool sought = !stems || cut_ending(name, stem);
            ijb->image[i] = sought ? tam_image_names_find(names, stems ? stem : name) : TAM_IMAGE_NONE;
        }
        if (ijb->image[i] == TAM_IMAGE_SEVERAL) {
            status = tam_fail(ijb->ctx, TAM_INPUT, "%s: row %lld names '%s', as several images are called",
                              ijb->faces_path, (long long)i + 1, name);
        }
        ijb->missing_faces += ijb->image[i] < 0;
    }
    tam_image_names_free(names);
    return status;
}

/* TAM_INPUT with the number of faces without images, and some of their names. */
static tam_status refuse_missing(const tam_ijb *ijb) {
    char some[512] = "";
    size_t length = 0;
    int named = 0;
    for (int64_t i = 0; i < ijb->faces.count && named < MOST_NAMED; i++) {
        if (ijb->image[i] < 0) {
            length += (size_t)snprintf(some + length, sizeof some - length, "%s'%.80s'", named > 0 ? ", " : "",
                                       ijb->faces.name[i]);
            named++;
        }
    }
    return tam_fail(ijb->ctx, TAM_INPUT, "%s: the data set lacks the images of %lld of %lld faces: %s%s",
                    ijb->faces_path, (long long)ijb->missing_faces, (long long)ijb->faces.count, some,
                    ijb->missing_faces > named ? ", ..." : "");
}

/* Faces that have an image move to the front; number[i] is the new number of face i, -1: it is gone. */
static void drop_faces(tam_ijb *ijb, int64_t *number) {
    tam_ijb_faces *faces = &ijb->faces;
    int64_t kept = 0;
    for (int64_t i = 0; i < faces->count; i++) {
        number[i] = -1;
        if (ijb->image[i] >= 0) {
            faces->name[kept] = faces->name[i];
            faces->template_id[kept] = faces->template_id[i];
            faces->media_id[kept] = faces->media_id[i];
            ijb->image[kept] = ijb->image[i];
            if (ijb->score != NULL) {
                ijb->score[kept] = ijb->score[i];
            }
            number[i] = kept++;
        }
    }
    faces->count = kept;
}

/* The same for templates without faces: place[t] is the new place of template t, or -1. */
static void drop_templates(tam_ijb *ijb, const int64_t *number, int64_t *place) {
    tam_ijb_templates *templates = &ijb->templates;
    int64_t kept = 0, at = 0, from = 0;
    for (int64_t t = 0; t < templates->count; t++) {
        int64_t first = at, end = templates->first[t + 1];
        for (int64_t i = from; i < end; i++) {
            if (number[templates->face[i]] >= 0) {
                templates->face[at++] = number[templates->face[i]];
            }
        }
        from = end;
        place[t] = -1;
        if (at > first) {
            templates->id[kept] = templates->id[t];
            templates->first[kept] = first;
            place[t] = kept++;
        }
    }
    templates->first[kept] = at;
    ijb->missing_templates = templates->count - kept;
    templates->count = kept;
}

static void drop_pairs(tam_ijb *ijb, const int64_t *place) {
    tam_ijb_pairs *pairs = &ijb->pairs;
    int64_t kept = 0;
    for (int64_t i = 0; i < pairs->count; i++) {
        int64_t both[2] = {place[pairs->template_id[2 * i]], place[pairs->template_id[2 * i + 1]]};
        if (both[0] >= 0 && both[1] >= 0) {
            memcpy(pairs->template_id + 2 * kept, both, sizeof both);
            pairs->same[kept++] = pairs->same[i];
        }
    }
    ijb->missing_pairs = pairs->count - kept;
    pairs->count = kept;
}

static void drop_members(tam_ijb *ijb, const int64_t *place) {
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        tam_ijb_list *list = &ijb->list[l];
        int64_t kept = 0;
        for (int64_t i = 0; i < list->count; i++) {
            if (place[list->place[i]] >= 0) {
                list->place[kept] = place[list->place[i]];
                list->subject[kept++] = list->subject[i];
            }
        }
        ijb->missing_members += list->count - kept;
        list->count = kept;
    }
}

static tam_status leave_out_missing(tam_ijb *ijb) {
    int64_t *number = tam_allocate(ijb->ctx, (size_t)ijb->faces.count, sizeof *number, "numbers of faces");
    int64_t *place = tam_allocate(ijb->ctx, (size_t)ijb->templates.count, sizeof *place, "places of templates");
    bool room = number != NULL && place != NULL;
    if (room) {
        drop_faces(ijb, number);
        drop_templates(ijb, number, place);
        drop_pairs(ijb, place);
        drop_members(ijb, place);
    }
    tam_release(ijb->ctx, number);
    tam_release(ijb->ctx, place);
    return room ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_ijb_find_images(tam_ijb *ijb, const tam_dataset *dataset, int leave_out, const int64_t **image) {
    int64_t faces = ijb->faces.count;
    ijb->image = tam_allocate(ijb->ctx, (size_t)faces, sizeof *ijb->image, "images of faces");
    if (ijb->image == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < faces; i++) {
        ijb->image[i] = TAM_IMAGE_NONE;
    }
    TAM_TRY(find_names(ijb, dataset, false));
    if (ijb->missing_faces > 0) {
        TAM_TRY(find_names(ijb, dataset, true));
    }
    if (ijb->missing_faces > 0) {
        TAM_TRY(leave_out && ijb->missing_faces < faces ? leave_out_missing(ijb) : refuse_missing(ijb));
    }
    *image = ijb->image;
    return TAM_OK;
}
