#include "data/rec_contents.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/team.h"

enum { LOOKS_PER_TASK = 512, FIRST_ROOM = 1024, NUMBERS_A_WORD = 64 };

tam_status tam_rec_look_at(const tam_recordio_file *file, uint64_t number, uint64_t at, uint64_t limit,
                           tam_rec_look *look) {
    uint8_t buffer[TAM_RECORDIO_LOOK];
    tam_record record;
    TAM_TRY(tam_recordio_read(file, number, at, limit, buffer, sizeof buffer, &record));
    TAM_TRY(tam_recordio_header(file, number, &record, &look->header));
    look->end = record.end;
    look->label = TAM_REC_RANGE;
    return tam_recordio_is_range(&record, &look->header)
               ? TAM_OK
               : tam_recordio_label(file, number, &record, &look->header, &look->label);
}

/* All records while the file is being opened. */
typedef struct listing {
    const tam_recordio_file *file;
    tam_recordio_index index;
    int32_t *label; /* [index.count] */
    _Atomic int64_t failed, gap;
} listing;

static void lower(_Atomic int64_t *least, int64_t i) {
    int64_t now = atomic_load(least);
    while (i < now && !atomic_compare_exchange_weak(least, &now, i)) {
    }
}

static void look_at_some(void *argument, int64_t task, int worker) {
    listing *all = argument;
    int64_t end = (task + 1) * LOOKS_PER_TASK;
    (void)worker;
    for (int64_t i = task * LOOKS_PER_TASK; i < end && i < all->index.count; i++) {
        tam_rec_look look;
        uint64_t limit = tam_rec_limit(all->file, &all->index, i);
        if (tam_rec_look_at(all->file, all->index.key[i], all->index.at[i], limit, &look) != TAM_OK) {
            lower(&all->failed, i);
            return;
        }
        all->label[i] = look.label;
        if (look.end != limit) {
            lower(&all->gap, i);
        }
    }
}

static tam_status look_at_all(listing *all) {
    int64_t count = all->index.count;
    atomic_store(&all->failed, count);
    tam_team_run(all->file->ctx, (count + LOOKS_PER_TASK - 1) / LOOKS_PER_TASK, look_at_some, all);
    int64_t failed = atomic_load(&all->failed);
    if (failed < count) { /* once more, so that the sentence is this record's */
        tam_rec_look look;
        TAM_TRY(tam_rec_look_at(all->file, all->index.key[failed], all->index.at[failed],
                                tam_rec_limit(all->file, &all->index, failed), &look));
        return tam_fail(all->file->ctx, TAM_INPUT, "%s: byte %llu could not be read at first, but now it can",
                        all->file->path, (unsigned long long)all->index.at[failed]);
    }
    return TAM_OK;
}

/* An index may name some of the records only; one that was cut short looks the same. */
static tam_status look_at_end(listing *all) {
    int64_t last = all->index.count - 1;
    tam_rec_look look;
    TAM_TRY(tam_rec_look_at(all->file, all->index.key[last], all->index.at[last], all->file->size, &look));
    if (look.end != all->file->size) {
        lower(&all->gap, last);
    }
    return TAM_OK;
}

static tam_status list_by_index(listing *all, const char *path) {
    tam_ctx *ctx = all->file->ctx;
    tam_recordio_file text = {.ctx = ctx, .path = path};
    size_t size;
    bool known = false;
    TAM_TRY(tam_file_open(ctx, path, &text.descriptor, &size));
    text.size = size;
    tam_status status = tam_recordio_index_read(&text, all->file->path, all->file->size, &all->index);
    close(text.descriptor);
    if (status == TAM_OK && all->index.count == 0) {
        status = tam_fail(ctx, TAM_INPUT, "%s: names no record", path);
    }
    TAM_TRY(status);
    all->label = tam_allocate(ctx, (size_t)all->index.count, sizeof *all->label, "labels");
    if (all->label == NULL) {
        return TAM_RESOURCES;
    }
    atomic_store(&all->gap, all->index.at[0] == 0 ? all->index.count : -1);
    TAM_TRY(tam_rec_faces(all->file, &all->index, all->label, &known));
    TAM_TRY(known ? look_at_end(all) : look_at_all(all));
    int64_t gap = atomic_load(&all->gap);
    if (gap < all->index.count) {
        char behind[64] = "from the first byte on";
        if (gap >= 0) {
            snprintf(behind, sizeof behind, "behind the one of key %llu", (unsigned long long)all->index.key[gap]);
        }
        tam_warn(ctx, "%s: names not all records of %s: some are left out, %s", path, all->file->path, behind);
    }
    return TAM_OK;
}

static tam_status add_record(listing *all, const tam_rec_look *look, uint64_t at) {
    int64_t before = all->index.room;
    TAM_TRY(tam_recordio_index_add(&all->index, look->header.id, at));
    if (all->index.room != before) {
        int32_t *label = tam_reallocate(all->index.ctx, all->label, (size_t)all->index.room, sizeof *label, "labels");
        if (label == NULL) {
            return TAM_RESOURCES;
        }
        all->label = label;
    }
    all->label[all->index.count - 1] = look->label;
    return TAM_OK;
}

static tam_status list_by_scan(listing *all) {
    tam_rec_look look = {0};
    uint64_t number = 0;
    for (uint64_t at = 0; at < all->file->size; at = look.end, number++) {
        TAM_TRY(tam_rec_look_at(all->file, number, at, all->file->size, &look));
        TAM_TRY(add_record(all, &look, at));
    }
    return TAM_OK;
}

/* Leaves the images in the listing; returns their number. */
static int64_t keep_images(listing *all) {
    int64_t count = 0;
    for (int64_t i = 0; i < all->index.count; i++) {
        if (all->label[i] != TAM_REC_RANGE) {
            all->index.at[count] = all->index.at[i];
            all->index.key[count] = all->index.key[i];
            all->label[count++] = all->label[i];
        }
    }
    return count;
}

/* Ids that repeat among the images name none of them: the records' numbers then do. */
static tam_status choose_keys(listing *all) {
    tam_ctx *ctx = all->file->ctx;
    int64_t images = 0;
    bool differ;
    uint64_t *ids = tam_allocate(ctx, (size_t)all->index.count, sizeof *ids, "the ids of the images");
    if (ids == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < all->index.count; i++) {
        if (all->label[i] != TAM_REC_RANGE) {
            ids[images++] = all->index.key[i];
        }
    }
    tam_status status = tam_recordio_all_differ(ctx, images, ids, &differ);
    tam_release(ctx, ids);
    for (int64_t i = 0; status == TAM_OK && !differ && i < all->index.count; i++) {
        all->index.key[i] = (uint64_t)i;
    }
    return status;
}

static tam_status hand_over(listing *all, tam_rec_contents *contents) {
    tam_ctx *ctx = contents->ctx;
    bool consecutive = true;
    int64_t count = contents->count = keep_images(all);
    if (count == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: no record holds an image", contents->path);
    }
    contents->at = tam_reallocate(ctx, all->index.at, (size_t)count + 1, sizeof *contents->at, "the images' places");
    if (contents->at == NULL) {
        return TAM_RESOURCES;
    }
    all->index.at = NULL;
    contents->at[count] = contents->file.size;
    contents->key = all->index.key;
    all->index.key = NULL;
    contents->number = all->label;
    all->label = NULL;
    contents->first_key = contents->key[0];
    for (int64_t i = 0; i < count; i++) {
        consecutive = consecutive && contents->key[i] - contents->first_key == (uint64_t)i;
        if (contents->number[i] >= contents->numbers) {
            contents->numbers = contents->number[i] + 1;
        }
    }
    if (consecutive) {
        tam_release(ctx, contents->key);
        contents->key = NULL;
    }
    return TAM_OK;
}

tam_status tam_rec_contents_open(tam_ctx *ctx, const char *path, const char *index, tam_rec_contents *contents) {
    *contents = (tam_rec_contents){.ctx = ctx, .file = {.ctx = ctx, .descriptor = -1}};
    size_t size;
    if (strlen(path) >= sizeof contents->path) {
        return tam_fail(ctx, TAM_INPUT, "%.200s...: the path is too long", path);
    }
    memcpy(contents->path, path, strlen(path) + 1);
    contents->file.path = contents->path;
    TAM_TRY(tam_file_open(ctx, path, &contents->file.descriptor, &size));
    contents->file.size = size;
    listing all = {.file = &contents->file, .index = {.ctx = ctx}};
    tam_status status = index != NULL ? list_by_index(&all, index) : list_by_scan(&all);
    if (status == TAM_OK && index == NULL) {
        status = choose_keys(&all);
    }
    if (status == TAM_OK) {
        status = hand_over(&all, contents);
    }
    tam_recordio_index_free(&all.index);
    tam_release(ctx, all.label);
    if (status != TAM_OK) {
        tam_rec_contents_close(contents);
    }
    return status;
}

void tam_rec_contents_close(tam_rec_contents *contents) {
    if (contents->file.descriptor >= 0) {
        close(contents->file.descriptor);
    }
    tam_release(contents->ctx, contents->at);
    tam_release(contents->ctx, contents->key);
    tam_release(contents->ctx, contents->number);
    *contents = (tam_rec_contents){.ctx = contents->ctx, .file = {.descriptor = -1}};
}

tam_status tam_rec_number_classes(tam_rec_contents *contents, int32_t **number, int32_t *classes) {
    tam_ctx *ctx = contents->ctx;
    size_t words = ((size_t)contents->numbers + NUMBERS_A_WORD - 1) / NUMBERS_A_WORD;
    uint64_t *occurs = tam_allocate(ctx, words, sizeof *occurs, "the classes that occur");
    int32_t *before = tam_allocate(ctx, words, sizeof *before, "the classes that occur");
    tam_status status = TAM_RESOURCES;
    *number = NULL;
    *classes = 0;
    if (occurs == NULL || before == NULL) {
        goto done;
    }
    for (int64_t i = 0; i < contents->count; i++) {
        occurs[contents->number[i] / NUMBERS_A_WORD] |= (uint64_t)1 << contents->number[i] % NUMBERS_A_WORD;
    }
    for (size_t word = 0; word < words; word++) {
        before[word] = *classes;
        *classes += __builtin_popcountll(occurs[word]);
    }
    *number = tam_allocate(ctx, (size_t)*classes, sizeof **number, "the classes that occur");
    if (*number == NULL) {
        goto done;
    }
    for (int64_t i = 0; i < contents->count; i++) {
        int32_t value = contents->number[i], word = value / NUMBERS_A_WORD;
        uint64_t lower_ones = occurs[word] & (((uint64_t)1 << value % NUMBERS_A_WORD) - 1);
        contents->number[i] = before[word] + __builtin_popcountll(lower_ones);
        (*number)[contents->number[i]] = value;
    }
    status = TAM_OK;
done:
    tam_release(ctx, occurs);
    tam_release(ctx, before);
    return status;
}
