/* The templates and subjects that the lists of IJB name. */
#include <stdlib.h>
#include <string.h>

#include "data/ijb_set.h"

enum { MOST_SUBJECTS = INT32_MAX };

/* TAM_INPUT: templates that no face belongs to. */
static tam_status refuse_unknown(const tam_ijb *ijb, const char *path, int64_t lines, int64_t first) {
    return tam_fail(ijb->ctx, TAM_INPUT,
                    "%s: %lld lines name templates without faces in %s, the first is template %lld", path,
                    (long long)lines, ijb->faces_path, (long long)first);
}

tam_status tam_ijb_place_pairs(tam_ijb *ijb) {
    tam_ijb_pairs *pairs = &ijb->pairs;
    int64_t unknown = 0, first = 0;
    for (int64_t i = 0; i < pairs->count; i++) {
        int64_t *ids = pairs->template_id + 2 * i;
        int64_t places[2] = {tam_ijb_find(&ijb->templates, ids[0]), tam_ijb_find(&ijb->templates, ids[1])};
        if (places[0] < 0 || places[1] < 0) {
            first = unknown++ == 0 ? ids[places[0] < 0 ? 0 : 1] : first;
        } else if (places[0] == places[1] && !pairs->same[i]) {
            return tam_fail(ijb->ctx, TAM_INPUT, "%s: pair %lld says that template %lld is another person than itself",
                            ijb->pairs_path, (long long)i + 1, (long long)ids[0]);
        }
        memcpy(ids, places, sizeof places);
    }
    return unknown == 0 ? TAM_OK : refuse_unknown(ijb, ijb->pairs_path, unknown, first);
}

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The subjects of all lists, each once, rising. */
static tam_status gather_subjects(tam_ijb *ijb, const tam_ijb_gallery *lists) {
    int64_t all = 0, count = 0;
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        all += lists[l].count;
    }
    ijb->subject_id = tam_allocate(ijb->ctx, (size_t)all, sizeof *ijb->subject_id, "subjects");
    if (ijb->subject_id == NULL) {
        return TAM_RESOURCES;
    }
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        if (lists[l].count > 0) {
            memcpy(ijb->subject_id + count, lists[l].subject_id, (size_t)lists[l].count * sizeof *ijb->subject_id);
            count += lists[l].count;
        }
    }
    qsort(ijb->subject_id, (size_t)all, sizeof *ijb->subject_id, by_number);
    for (int64_t i = 0; i < all; i++) {
        if (i == 0 || ijb->subject_id[i] != ijb->subject_id[ijb->subjects - 1]) {
            ijb->subject_id[ijb->subjects++] = ijb->subject_id[i];
        }
    }
    return ijb->subjects <= MOST_SUBJECTS
               ? TAM_OK
               : tam_fail(ijb->ctx, TAM_INPUT, "%lld subjects are too many", (long long)ijb->subjects);
}

/* Which subject a template is, as this list says and as no list before has denied; marks it as one of this list's. */
static tam_status place_line(tam_ijb *ijb, const char *path, int64_t place, int64_t id, int64_t subject,
                             uint8_t *listed) {
    const int64_t *found =
        bsearch(&subject, ijb->subject_id, (size_t)ijb->subjects, sizeof *ijb->subject_id, by_number);
    int32_t number = (int32_t)(found - ijb->subject_id), known = ijb->subject_of[place];
    if (known >= 0 && known != number) {
        return tam_fail(ijb->ctx, TAM_INPUT, "%s: template %lld is of subject %lld, but before it was of subject %lld",
                        path, (long long)id, (long long)subject, (long long)ijb->subject_id[known]);
    }
    ijb->subject_of[place] = number;
    listed[place] = 1;
    return TAM_OK;
}

static tam_status keep_listed(tam_ijb *ijb, tam_ijb_list *list, const uint8_t *listed) {
    int64_t templates = ijb->templates.count, count = 0;
    for (int64_t t = 0; t < templates; t++) {
        count += listed[t];
    }
    list->place = tam_allocate(ijb->ctx, (size_t)count, sizeof *list->place, "templates of a list");
    list->subject = tam_allocate(ijb->ctx, (size_t)count, sizeof *list->subject, "templates of a list");
    if (list->place == NULL || list->subject == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t t = 0; t < templates; t++) {
        if (listed[t]) {
            list->place[list->count] = t;
            list->subject[list->count++] = ijb->subject_of[t];
        }
    }
    return TAM_OK;
}

static tam_status place_list(tam_ijb *ijb, const tam_ijb_gallery *lines, uint8_t *listed, tam_ijb_list *list) {
    int64_t unknown = 0, first = 0;
    memset(listed, 0, (size_t)ijb->templates.count);
    for (int64_t i = 0; i < lines->count; i++) {
        int64_t id = lines->template_id[i], place = tam_ijb_find(&ijb->templates, id);
        if (place < 0) {
            first = unknown++ == 0 ? id : first;
        } else {
            TAM_TRY(place_line(ijb, list->path, place, id, lines->subject_id[i], listed));
        }
    }
    return unknown == 0 ? keep_listed(ijb, list, listed) : refuse_unknown(ijb, list->path, unknown, first);
}

tam_status tam_ijb_place_lists(tam_ijb *ijb, const tam_ijb_gallery lists[TAM_IJB_LISTS]) {
    size_t templates = (size_t)ijb->templates.count;
    TAM_TRY(gather_subjects(ijb, lists));
    ijb->subject_of = tam_allocate(ijb->ctx, templates, sizeof *ijb->subject_of, "subjects of templates");
    uint8_t *listed = tam_allocate(ijb->ctx, templates, 1, "templates of a list");
    tam_status status = ijb->subject_of != NULL && listed != NULL ? TAM_OK : TAM_RESOURCES;
    for (size_t t = 0; status == TAM_OK && t < templates; t++) {
        ijb->subject_of[t] = -1;
    }
    for (int l = 0; status == TAM_OK && l < TAM_IJB_LISTS; l++) {
        if (lists[l].count > 0) {
            status = place_list(ijb, &lists[l], listed, &ijb->list[l]);
        }
    }
    tam_release(ijb->ctx, listed);
    tam_release(ijb->ctx, ijb->subject_of);
    tam_release(ijb->ctx, ijb->subject_id);
    ijb->subject_of = NULL;
    ijb->subject_id = NULL;
    return status;
}
