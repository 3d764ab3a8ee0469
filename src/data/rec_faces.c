/* The face layout of a RecordIO file. Record 0 holds [A, B]: images have the keys 1 to A - 1, and the records A to B -
 * 1 hold an identity each, [a, b): the keys of its images. All four are float32, exact up to 2^24 only. */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/team.h"
#include "data/rec_contents.h"

enum { IDENTITIES_PER_TASK = 64, DOUBT_ROOM = 160 };

typedef struct identity {
    uint32_t begin, end;
    int32_t label; /* TAM_REC_RANGE: without images */
} identity;

typedef struct faces {
    const tam_recordio_file *file;
    const tam_recordio_index *index;
    uint32_t images_end, identities_end; /* A, B */
    uint32_t *place;                     /* [B] in the index, by key */
    identity *identities;                /* [B - A] */
    _Atomic int64_t failed, doubted;     /* the first identity that cannot be read, that is not as it should be */
} faces;

static bool exact(float value, float least, float most) {
    return value >= least && value <= most && value == floorf(value);
}

static tam_status look_at_place(const faces *all, uint32_t place, tam_rec_look *look) {
    return tam_rec_look_at(all->file, all->index->key[place], all->index->at[place],
                           tam_rec_limit(all->file, all->index, place), look);
}

/* One identity: its range, and the labels of the images at both ends of it, which must be one. False: in doubt. */
static tam_status look_at_identity(const faces *all, int64_t number, bool *sound) {
    identity *one = &all->identities[number];
    tam_rec_look look, last;
    *sound = false;
    TAM_TRY(look_at_place(all, all->place[all->images_end + (uint32_t)number], &look));
    const float *label = look.header.label, end = (float)all->images_end;
    if (look.label != TAM_REC_RANGE || !exact(label[0], 1.0f, end) || !exact(label[1], label[0], end)) {
        return TAM_OK;
    }
    *one = (identity){(uint32_t)label[0], (uint32_t)label[1], TAM_REC_RANGE};
    if (one->begin < one->end) {
        TAM_TRY(look_at_place(all, all->place[one->begin], &look));
        TAM_TRY(look_at_place(all, all->place[one->end - 1], &last));
        one->label = look.label;
        *sound = look.label != TAM_REC_RANGE && look.label == last.label;
        return TAM_OK;
    }
    *sound = true;
    return TAM_OK;
}

static void lower(_Atomic int64_t *least, int64_t i) {
    int64_t now = atomic_load(least);
    while (i < now && !atomic_compare_exchange_weak(least, &now, i)) {
    }
}

static void look_at_some(void *argument, int64_t task, int worker) {
    faces *all = argument;
    int64_t end = (task + 1) * IDENTITIES_PER_TASK, count = all->identities_end - all->images_end;
    (void)worker;
    for (int64_t i = task * IDENTITIES_PER_TASK; i < end && i < count; i++) {
        bool sound;
        if (look_at_identity(all, i, &sound) != TAM_OK) {
            lower(&all->failed, i);
            return;
        }
        if (!sound) {
            lower(&all->doubted, i);
        }
    }
}

/* What record 0 says, and whether the index has the keys that it speaks of. `doubt`: why it cannot be trusted. */
static tam_status read_bounds(faces *all, const tam_record_header *zero, char doubt[DOUBT_ROOM]) {
    float a = zero->label[0], b = zero->label[1], most = (float)TAM_RECORDIO_LABEL_END;
    int64_t below = 0, count = all->index->count;
    if (a > most || b > most) {
        snprintf(doubt, DOUBT_ROOM, "record 0 counts to %.9g, and its numbers are exact to 16777216 only",
                 (double)(a > b ? a : b));
        return TAM_OK;
    }
    if (!exact(a, 1.0f, most) || !exact(b, a, most) || a == b) {
        snprintf(doubt, DOUBT_ROOM, "record 0 holds %g and %g, which are no ranges of keys", (double)a, (double)b);
        return TAM_OK;
    }
    all->images_end = (uint32_t)a;
    all->identities_end = (uint32_t)b;
    for (int64_t i = 0; i < count; i++) {
        below += all->index->key[i] < all->identities_end;
    }
    if (below != count || count != all->identities_end) {
        snprintf(doubt, DOUBT_ROOM, "record 0 counts %lu keys, and the index has %lld",
                 (unsigned long)all->identities_end, (long long)count);
        return TAM_OK;
    }
    all->place = tam_allocate(all->file->ctx, (size_t)count, sizeof *all->place, "the keys of the images");
    all->identities =
        tam_allocate(all->file->ctx, all->identities_end - all->images_end, sizeof *all->identities, "the identities");
    if (all->place == NULL || all->identities == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < count; i++) {
        all->place[all->index->key[i]] = (uint32_t)i;
    }
    return TAM_OK;
}

static tam_status read_identities(faces *all, char doubt[DOUBT_ROOM]) {
    int64_t count = all->identities_end - all->images_end;
    atomic_store(&all->failed, count);
    atomic_store(&all->doubted, count);
    tam_team_run(all->file->ctx, (count + IDENTITIES_PER_TASK - 1) / IDENTITIES_PER_TASK, look_at_some, all);
    int64_t failed = atomic_load(&all->failed), doubted = atomic_load(&all->doubted);
    if (failed < count) { /* once more, so that the sentence is this record's */
        bool sound;
        TAM_TRY(look_at_identity(all, failed, &sound));
        return tam_fail(all->file->ctx, TAM_INPUT, "%s: record %lu could not be read at first, but now it can",
                        all->file->path, (unsigned long)(all->images_end + failed));
    }
    if (doubted < count) {
        snprintf(doubt, DOUBT_ROOM, "the range in record %lu does not agree with the labels of its images",
                 (unsigned long)(all->images_end + doubted));
        return TAM_OK;
    }
    uint32_t next = 1;
    int32_t label = TAM_REC_RANGE;
    for (int64_t i = 0; i < count; i++) {
        const identity *one = &all->identities[i];
        bool empty = one->begin == one->end;
        if (one->begin != next || (!empty && one->label <= label)) {
            snprintf(doubt, DOUBT_ROOM, "the range in record %lu does not follow the one before it",
                     (unsigned long)(all->images_end + i));
            return TAM_OK;
        }
        next = one->end;
        label = empty ? label : one->label;
    }
    if (next != all->images_end) {
        snprintf(doubt, DOUBT_ROOM, "the ranges end with the key %lu, the images with %lu", (unsigned long)next - 1,
                 (unsigned long)all->images_end - 1);
    }
    return TAM_OK;
}

static void put_labels(const faces *all, int32_t *label) {
    for (int64_t i = 0; i < all->index->count; i++) {
        label[i] = TAM_REC_RANGE;
    }
    for (int64_t i = 0; i < all->identities_end - all->images_end; i++) {
        const identity *one = &all->identities[i];
        for (uint32_t key = one->begin; key < one->end; key++) {
            label[all->place[key]] = one->label;
        }
    }
}

tam_status tam_rec_faces(const tam_recordio_file *file, const tam_recordio_index *index, int32_t *label, bool *known) {
    faces all = {.file = file, .index = index};
    char doubt[DOUBT_ROOM] = "";
    tam_rec_look zero;
    int64_t place = 0;
    *known = false;
    while (place < index->count && index->key[place] != 0) {
        place++;
    }
    if (place == index->count) {
        return TAM_OK;
    }
    TAM_TRY(look_at_place(&all, (uint32_t)place, &zero));
    if (zero.label != TAM_REC_RANGE) {
        return TAM_OK;
    }
    tam_status status = read_bounds(&all, &zero.header, doubt);
    if (status == TAM_OK && doubt[0] == '\0') {
        status = read_identities(&all, doubt);
    }
    if (status == TAM_OK && doubt[0] == '\0') {
        put_labels(&all, label);
        *known = true;
    } else if (status == TAM_OK) {
        tam_warn(file->ctx, "%s: %s: the classes are taken from the labels of all images", file->path, doubt);
    }
    tam_release(file->ctx, all.place);
    tam_release(file->ctx, all.identities);
    return status;
}
