/* The index beside a file of records, and its keys. */
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/recordio.h"

enum { FIRST_ROOM = 1024, DIGIT = 8, DIGITS = 1 << DIGIT, CHUNK = 1 << 16 };

tam_status tam_recordio_index_add(tam_recordio_index *index, uint64_t key, uint64_t at) {
    if (index->count == index->room) {
        int64_t room = index->room == 0 ? FIRST_ROOM : index->room * 2;
        uint64_t *ats = tam_reallocate(index->ctx, index->at, (size_t)room, sizeof *ats, "the index of the records");
        index->at = ats != NULL ? ats : index->at;
        uint64_t *keys = ats == NULL ? NULL
                                     : tam_reallocate(index->ctx, index->key, (size_t)room, sizeof *keys,
                                                      "the index of the records");
        index->key = keys != NULL ? keys : index->key;
        if (ats == NULL || keys == NULL) {
            return TAM_RESOURCES;
        }
        index->room = room;
    }
    index->at[index->count] = at;
    index->key[index->count++] = key;
    return TAM_OK;
}

void tam_recordio_index_free(tam_recordio_index *index) {
    tam_release(index->ctx, index->at);
    tam_release(index->ctx, index->key);
    *index = (tam_recordio_index){.ctx = index->ctx};
}

static bool ascending(int64_t count, const uint64_t *numbers) {
    for (int64_t i = 1; i < count; i++) {
        if (numbers[i] <= numbers[i - 1]) {
            return false;
        }
    }
    return true;
}

/* Sorts `by` and carries `with` along (NULL: nothing), digit after digit from the lowest; stable, and linear. */
static tam_status sort_by(tam_ctx *ctx, int64_t count, uint64_t *by, uint64_t *with) {
    uint64_t *by_room = tam_allocate(ctx, (size_t)count, sizeof *by_room, "the sorting of the index");
    uint64_t *with_room =
        tam_allocate(ctx, with != NULL ? (size_t)count : 0, sizeof *with_room, "the sorting of the index");
    for (int shift = 0; by_room != NULL && with_room != NULL && shift < 64; shift += DIGIT) {
        int64_t first[DIGITS + 1] = {0};
        for (int64_t i = 0; i < count; i++) {
            first[(by[i] >> shift) % DIGITS + 1]++;
        }
        if (count == 0 || first[(by[0] >> shift) % DIGITS + 1] == count) {
            continue; /* all have the same digit */
        }
        for (int digit = 0; digit < DIGITS; digit++) {
            first[digit + 1] += first[digit];
        }
        for (int64_t i = 0; i < count; i++) {
            int64_t to = first[(by[i] >> shift) % DIGITS]++;
            by_room[to] = by[i];
            if (with != NULL) {
                with_room[to] = with[i];
            }
        }
        memcpy(by, by_room, (size_t)count * sizeof *by);
        if (with != NULL) {
            memcpy(with, with_room, (size_t)count * sizeof *with);
        }
    }
    tam_status status = by_room != NULL && with_room != NULL ? TAM_OK : TAM_RESOURCES;
    tam_release(ctx, by_room);
    tam_release(ctx, with_room);
    return status;
}

tam_status tam_recordio_all_differ(tam_ctx *ctx, int64_t count, const uint64_t *numbers, bool *differ) {
    *differ = ascending(count, numbers);
    if (*differ) {
        return TAM_OK;
    }
    uint64_t *sorted = tam_allocate(ctx, (size_t)count, sizeof *sorted, "the sorting of the index");
    if (sorted == NULL) {
        return TAM_RESOURCES;
    }
    memcpy(sorted, numbers, (size_t)count * sizeof *sorted);
    tam_status status = sort_by(ctx, count, sorted, NULL);
    *differ = status == TAM_OK && ascending(count, sorted);
    tam_release(ctx, sorted);
    return status;
}

/* The reading of one line after another, byte by byte. */
typedef struct line_reader {
    const tam_recordio_file *text;
    const char *path;
    uint64_t size;
    tam_recordio_index *index;
    enum { BEFORE_KEY, IN_KEY, BEFORE_PLACE, IN_PLACE, BEHIND } where;
    uint64_t line, key, at;
} line_reader;

static tam_status refuse_line(const line_reader *reader, const char *why) {
    return tam_fail(reader->text->ctx, TAM_INPUT, "%s: line %llu: %s", reader->text->path,
                    (unsigned long long)reader->line, why);
}

static tam_status end_line(line_reader *reader) {
    if (reader->where == IN_KEY || reader->where == BEFORE_PLACE) {
        return refuse_line(reader, "a key without the place of its record");
    }
    if (reader->where != BEFORE_KEY) {
        if (reader->at % 4 != 0 || reader->at >= reader->size || reader->size - reader->at < 8) {
            return tam_fail(
                reader->text->ctx, TAM_INPUT,
                "%s: line %llu: the record of key %llu cannot begin at byte %llu of %s, which has %llu bytes",
                reader->text->path, (unsigned long long)reader->line, (unsigned long long)reader->key,
                (unsigned long long)reader->at, reader->path, (unsigned long long)reader->size);
        }
        TAM_TRY(tam_recordio_index_add(reader->index, reader->key, reader->at));
    }
    reader->where = BEFORE_KEY;
    reader->key = 0;
    reader->at = 0;
    reader->line++;
    return TAM_OK;
}

static tam_status take_digit(line_reader *reader, uint64_t digit) {
    if (reader->where == BEHIND) {
        return refuse_line(reader, "more than a key and the place of its record");
    }
    if (reader->where == BEFORE_KEY || reader->where == BEFORE_PLACE) {
        reader->where++;
    }
    uint64_t *value = reader->where == IN_KEY ? &reader->key : &reader->at;
    if (__builtin_mul_overflow(*value, (uint64_t)10, value) || __builtin_add_overflow(*value, digit, value)) {
        return refuse_line(reader, reader->where == IN_KEY ? "the key is beyond 2^64" : "the place is beyond 2^64");
    }
    return TAM_OK;
}

static tam_status take_byte(line_reader *reader, uint8_t byte) {
    if (byte >= '0' && byte <= '9') {
        return take_digit(reader, (uint64_t)(byte - '0'));
    }
    if (byte == '\n') {
        return end_line(reader);
    }
    if (byte != ' ' && byte != '\t' && byte != '\r') {
        return refuse_line(reader, reader->where <= IN_KEY ? "the key is not a whole number"
                                                           : "the place of the record is not a whole number");
    }
    if (reader->where == IN_KEY || reader->where == IN_PLACE) {
        reader->where++;
    }
    return TAM_OK;
}

static tam_status read_lines(line_reader *reader) {
    const tam_recordio_file *text = reader->text;
    uint8_t *chunk = tam_allocate(text->ctx, CHUNK, 1, "the index of the records");
    tam_status status = chunk != NULL ? TAM_OK : TAM_RESOURCES;
    for (uint64_t at = 0; at < text->size && status == TAM_OK; at += CHUNK) {
        size_t count = text->size - at < CHUNK ? (size_t)(text->size - at) : CHUNK;
        const uint8_t *bytes = text->memory != NULL ? text->memory + at : chunk;
        if (text->memory == NULL) {
            status = tam_file_read_at(text->ctx, text->path, text->descriptor, (size_t)at, chunk, count);
        }
        for (size_t i = 0; i < count && status == TAM_OK; i++) {
            status = take_byte(reader, bytes[i]);
        }
    }
    tam_release(text->ctx, chunk);
    return status == TAM_OK ? end_line(reader) : status;
}

/* By key first, where keys may be equal, then by place. */
static tam_status put_in_order(const tam_recordio_file *text, tam_recordio_index *index) {
    bool by_place = ascending(index->count, index->at);
    if (!ascending(index->count, index->key)) {
        TAM_TRY(sort_by(text->ctx, index->count, index->key, index->at));
        by_place = false;
    }
    for (int64_t i = 1; i < index->count; i++) {
        if (index->key[i] == index->key[i - 1]) {
            return tam_fail(text->ctx, TAM_INPUT, "%s: the key %llu occurs twice, with the bytes %llu and %llu",
                            text->path, (unsigned long long)index->key[i], (unsigned long long)index->at[i - 1],
                            (unsigned long long)index->at[i]);
        }
    }
    if (!by_place) {
        TAM_TRY(sort_by(text->ctx, index->count, index->at, index->key));
    }
    for (int64_t i = 1; i < index->count; i++) {
        if (index->at[i] == index->at[i - 1]) {
            return tam_fail(text->ctx, TAM_INPUT, "%s: the keys %llu and %llu both name byte %llu", text->path,
                            (unsigned long long)index->key[i - 1], (unsigned long long)index->key[i],
                            (unsigned long long)index->at[i]);
        }
    }
    return TAM_OK;
}

tam_status tam_recordio_index_read(const tam_recordio_file *text, const char *path, uint64_t size,
                                   tam_recordio_index *index) {
    *index = (tam_recordio_index){.ctx = text->ctx};
    line_reader reader = {.text = text, .path = path, .size = size, .index = index, .line = 1};
    tam_status status = read_lines(&reader);
    if (status == TAM_OK) {
        status = put_in_order(text, index);
    }
    if (status != TAM_OK) {
        tam_recordio_index_free(index);
    }
    return status;
}
