/* RecordIO: the header of the face layout, the first records, and whether an index lies beside. The file may be larger
 * than the machine's memory: what lies behind the first records is not read. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "check/inspect.h"
#include "io/recordio.h"

enum { MOST_RECORDS = 1000, SHOWN = 3 };
/* A first part of the file of about this size is gone through. */
#define MOST_BYTES ((uint64_t)16 << 20)

typedef struct walk {
    tam_inspection *inspection;
    tam_recordio_file file;
    uint8_t *buffer;
    size_t room;
    uint64_t at, first_image;
    int64_t first_number;
    int64_t records, images, ranges;
    bool showing;                    /* the second time: images are stated */
    int64_t face_images, identities; /* of record 0; 0: not in the face layout */
    bool inexact;                    /* its counts are beyond what a float32 tells apart */
    int32_t least, most;
} walk;

static bool recognise(const tam_place *place) {
    static const uint8_t magic[4] = {0x0A, 0x23, 0xD7, 0xCE};
    return place->kind == TAM_PATH_FILE && place->start_size >= 8 && memcmp(place->start, magic, sizeof magic) == 0;
}

/* Reads the record at w->at whole. */
static tam_status read_record(walk *w, tam_record *record) {
    uint8_t look[TAM_RECORDIO_LOOK];
    tam_ctx *ctx = w->inspection->ctx;
    uint64_t number = (uint64_t)w->records;
    TAM_TRY(tam_recordio_read(&w->file, number, w->at, w->file.size, look, sizeof look, record));
    size_t bytes = (size_t)(record->end - record->at);
    if (bytes < TAM_RECORDIO_LOOK) {
        bytes = TAM_RECORDIO_LOOK;
    }
    if (bytes > w->room) {
        tam_release(ctx, w->buffer);
        w->room = 0;
        w->buffer = tam_allocate(ctx, bytes, 1, "a record");
        if (w->buffer == NULL) {
            return TAM_RESOURCES;
        }
        w->room = bytes;
    }
    return tam_recordio_read(&w->file, number, w->at, w->file.size, w->buffer, bytes, record);
}

static void take_layout(walk *w, const tam_record_header *header) {
    float first = header->label[0], end = header->label[1];
    if (first >= 1 && end >= first && end < 1e15F) {
        w->face_images = (int64_t)first - 1;
        w->identities = (int64_t)end - (int64_t)first;
        w->inexact = end >= (float)TAM_RECORDIO_LABEL_END;
    }
}

static tam_status take_image(walk *w, const tam_record *record, const tam_record_header *header) {
    int32_t label;
    char name[64];
    TAM_TRY(tam_recordio_label(&w->file, (uint64_t)w->records, record, header, &label));
    if (w->images == 0) {
        w->first_image = w->at;
        w->first_number = w->records;
    }
    w->least = w->images == 0 || label < w->least ? label : w->least;
    w->most = w->images == 0 || label > w->most ? label : w->most;
    w->images++;
    if (!w->showing) {
        return TAM_OK;
    }
    snprintf(name, sizeof name, "record %lld, label %d", (long long)w->records, (int)label);
    return tam_state_image(w->inspection, w->file.path, name, record->payload + header->image,
                           record->size - header->image);
}

static tam_status take_record(walk *w) {
    tam_record record;
    tam_record_header header;
    TAM_TRY(read_record(w, &record));
    TAM_TRY(tam_recordio_header(&w->file, (uint64_t)w->records, &record, &header));
    if (tam_recordio_is_range(&record, &header)) {
        if (w->records == 0) {
            take_layout(w, &header);
        }
        w->ranges++;
    } else {
        TAM_TRY(take_image(w, &record, &header));
    }
    w->records++;
    w->at = record.end;
    return TAM_OK;
}

static tam_status state_neighbours(tam_inspection *inspection, const char *path) {
    size_t length = strlen(path), stem = length > 4 && strcmp(path + length - 4, ".rec") == 0 ? length - 4 : length;
    char *index = tam_allocate(inspection->ctx, stem + sizeof ".idx", 1, "a path");
    if (index == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(index, path, stem);
    memcpy(index + stem, ".idx", sizeof ".idx");
    const char *slash = strrchr(index, '/');
    tam_status status =
        tam_path_look(index) == TAM_PATH_FILE
            ? tam_state(inspection, "index", "%s", slash != NULL ? slash + 1 : index)
            : tam_state(inspection, "index", "none: the whole file is gone through when it is opened as data");
    tam_release(inspection->ctx, index);
    return status;
}

static tam_status state_counts(walk *w) {
    tam_inspection *inspection = w->inspection;
    bool all = w->at == w->file.size;
    inspection->info.partly = !all;
    double share = w->at > 0 ? (double)w->file.size / (double)w->at : 1;
    TAM_TRY(tam_state(inspection, "layout", "%s",
                      w->identities > 0 || w->face_images > 0
                          ? "faces: record 0 and those of the identities hold ranges"
                          : "plain: every record is an image"));
    if (all) {
        TAM_TRY(tam_state_number(inspection, "records", w->records));
        TAM_TRY(tam_state_number(inspection, "images", w->images));
        TAM_TRY(tam_state_number(inspection, "ranges", w->ranges));
    } else {
        TAM_TRY(tam_state(inspection, "records", "about %.0f, by the first %lld", (double)w->records * share,
                          (long long)w->records));
    }
    if (w->face_images > 0 || w->identities > 0) {
        TAM_TRY(tam_state(inspection, "record_0", "%lld images of %lld identities%s", (long long)w->face_images,
                          (long long)w->identities,
                          w->inexact ? ", not exact: a float32 does not tell such numbers apart" : ""));
    }
    if (w->images == 0) {
        return TAM_OK;
    }
    return tam_state(inspection, "labels", all ? "%d to %d" : "%d to %d in the part that was read", (int)w->least,
                     (int)w->most);
}

/* The first images once more, behind the counts. */
static tam_status show_images(walk *w) {
    int64_t wanted = w->images < SHOWN ? w->images : SHOWN;
    w->showing = true;
    w->at = w->first_image;
    w->records = w->first_number;
    w->images = 0;
    while (w->images < wanted) {
        TAM_TRY(take_record(w));
    }
    return TAM_OK;
}

static tam_status state_all(walk *w, const char *path) {
    while (w->at < w->file.size && w->records < MOST_RECORDS && w->at < MOST_BYTES) {
        TAM_TRY(take_record(w));
    }
    TAM_TRY(state_counts(w));
    TAM_TRY(state_neighbours(w->inspection, path));
    return show_images(w);
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    size_t size;
    walk w = {.inspection = inspection};
    inspection->info.kind = "RecordIO";
    inspection->info.known = 1;
    w.file = (tam_recordio_file){.ctx = inspection->ctx, .path = place->path};
    TAM_TRY(tam_file_open(inspection->ctx, place->path, &w.file.descriptor, &size));
    w.file.size = size;
    tam_status status = state_all(&w, place->path);
    close(w.file.descriptor);
    tam_release(inspection->ctx, w.buffer);
    return status;
}

const tam_inspector tam_inspector_rec = {recognise, inspect};
