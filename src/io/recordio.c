#include "io/recordio.h"

#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"

enum { PART_HEADER = 8, LENGTH_BITS = 29 };
enum { WHOLE, FIRST, MIDDLE, LAST };

static tam_status bytes_at(const tam_recordio_file *file, uint64_t at, void *data, size_t count) {
    if (file->memory != NULL) {
        memcpy(data, file->memory + at, count);
        return TAM_OK;
    }
    return tam_file_read_at(file->ctx, file->path, file->descriptor, (size_t)at, data, count);
}

static uint32_t number_at(const uint8_t *data) {
    tam_bytes bytes = {data, 4, 0};
    uint32_t value = 0;
    (void)tam_bytes_u32_little(&bytes, &value);
    return value;
}

/* One part of a record while its payload is put together in the buffer, which begins as a copy of the file. */
typedef struct part {
    const tam_recordio_file *file;
    uint64_t number, at, limit; /* at: of this part */
    int flag;
    size_t length;
} part;

#define REFUSE(p, format, ...)                                                                    \
    tam_fail((p)->file->ctx, TAM_INPUT, "%s: record %llu at byte %llu: " format, (p)->file->path, \
             (unsigned long long)(p)->number, (unsigned long long)(p)->at, __VA_ARGS__)

/* What a part's eight bytes say; `first`: no part came before it. */
static tam_status read_part(part *p, const uint8_t header[PART_HEADER], bool first) {
    static const char *const names[] = {"a whole record", "a first part", "a middle part", "a last part"};
    uint32_t magic = number_at(header), word = number_at(header + 4);
    uint64_t left = p->limit - p->at - PART_HEADER;
    if (magic != TAM_RECORDIO_MAGIC) {
        return REFUSE(p, "it begins with 0x%08lx where the magic 0x%08lx must stand", (unsigned long)magic,
                      (unsigned long)TAM_RECORDIO_MAGIC);
    }
    p->flag = (int)(word >> LENGTH_BITS);
    p->length = word & (((uint32_t)1 << LENGTH_BITS) - 1);
    if (p->flag > LAST) {
        return REFUSE(p, "its flag is %d, and 0 to 3 are known", p->flag);
    }
    if (first != (p->flag == WHOLE || p->flag == FIRST)) {
        return REFUSE(p, "%s %s", names[p->flag], first ? "without a first one" : "where a record goes on");
    }
    if ((p->length + 3) / 4 * 4 > left) {
        return REFUSE(p, "its %zu bytes end beyond byte %llu, %s", p->length, (unsigned long long)p->limit,
                      p->limit == p->file->size ? "the end of the file" : "where the next record begins");
    }
    return TAM_OK;
}

/* Where the parts stand, relative to the record's begin: `in` of the file, `out` in the buffer. */
typedef struct progress {
    size_t have, in, out;
    bool gap; /* the buffer lacked some of a part: what follows is only counted */
} progress;

/* The part's bytes, behind those of the parts before it; the magic between them was put there already. */
static void take_part(progress *now, const part *p, uint8_t *buffer) {
    size_t from = now->in + PART_HEADER, there = now->have > from ? now->have - from : 0;
    size_t count = p->length < there ? p->length : there;
    if (!now->gap) {
        memmove(buffer + now->out, buffer + from, count);
        now->out += count;
        now->gap = count < p->length;
    }
    now->in = from + (p->length + 3) / 4 * 4;
}

static void put_magic(progress *now, uint8_t *buffer) {
    static const uint8_t magic[4] = {0x0A, 0x23, 0xD7, 0xCE};
    now->gap = now->gap || now->in + PART_HEADER > now->have;
    if (!now->gap) { /* the part's header lies in the buffer, and leaves room for it */
        memcpy(buffer + now->out, magic, sizeof magic);
        now->out += sizeof magic;
    }
}

tam_status tam_recordio_read(const tam_recordio_file *file, uint64_t number, uint64_t at, uint64_t limit,
                             uint8_t *buffer, size_t room, tam_record *record) {
    part p = {.file = file, .number = number, .at = at, .limit = limit};
    progress now = {.out = PART_HEADER};
    size_t size = 0;
    if (at % 4 != 0 || at > limit || limit > file->size || limit - at < PART_HEADER) {
        return REFUSE(&p, "no record can begin here: %s", at % 4 != 0 ? "not a multiple of four" : "the file ends");
    }
    now.have = room < limit - at ? room : (size_t)(limit - at);
    TAM_TRY(bytes_at(file, at, buffer, now.have));
    for (bool first = true; first || p.flag == FIRST || p.flag == MIDDLE; first = false) {
        uint8_t header[PART_HEADER];
        p.at = at + now.in;
        if (limit - p.at < PART_HEADER) {
            return REFUSE(&p, "the record that began at byte %llu has no last part", (unsigned long long)at);
        }
        if (now.in + PART_HEADER <= now.have) {
            memcpy(header, buffer + now.in, PART_HEADER);
        } else {
            TAM_TRY(bytes_at(file, p.at, header, PART_HEADER));
        }
        TAM_TRY(read_part(&p, header, first));
        if (!first) {
            put_magic(&now, buffer);
            size += 4;
        }
        take_part(&now, &p, buffer);
        size += p.length;
        if (size >= TAM_RECORDIO_PAYLOAD_END) {
            return REFUSE(&p, "the parts of the record are %zu bytes, and 2^29 are too many", size);
        }
    }
    *record = (tam_record){
        .at = at, .end = at + now.in, .size = size, .payload = buffer + PART_HEADER, .filled = now.out - PART_HEADER};
    return TAM_OK;
}

tam_status tam_recordio_header(const tam_recordio_file *file, uint64_t number, const tam_record *record,
                               tam_record_header *header) {
    part p = {.file = file, .number = number, .at = record->at};
    tam_bytes bytes = {record->payload, record->filled, 0};
    uint32_t bits[3] = {0};
    *header = (tam_record_header){0};
    if (!tam_bytes_u32_little(&bytes, &header->further) || !tam_bytes_u32_little(&bytes, &bits[0]) ||
        !tam_bytes_u64_little(&bytes, &header->id) || !tam_bytes_u64_little(&bytes, &header->id2)) {
        return REFUSE(&p, "%zu bytes are no image's header of %d", record->size, TAM_RECORDIO_HEADER);
    }
    if (header->further > (record->size - TAM_RECORDIO_HEADER) / 4) {
        return REFUSE(&p, "it counts %lu labels, but its %zu bytes cannot hold them", (unsigned long)header->further,
                      record->size);
    }
    for (uint32_t i = 0; i < header->further && i < 2; i++) {
        if (!tam_bytes_u32_little(&bytes, &bits[i])) {
            return REFUSE(&p, "label %lu is not within the bytes that were read", (unsigned long)i);
        }
    }
    memcpy(header->label, bits, sizeof header->label);
    header->image = TAM_RECORDIO_HEADER + 4 * (size_t)header->further;
    return TAM_OK;
}

bool tam_recordio_is_range(const tam_record *record, const tam_record_header *header) {
    return header->further == 2 && header->image == record->size;
}

tam_status tam_recordio_label(const tam_recordio_file *file, uint64_t number, const tam_record *record,
                              const tam_record_header *header, int32_t *label) {
    part p = {.file = file, .number = number, .at = record->at};
    double value = (double)header->label[0];
    if (!(value >= 0 && value < TAM_RECORDIO_LABEL_END && value == floor(value))) {
        return REFUSE(&p, "the label %g is no class: whole numbers from 0 to %ld are", value,
                      (long)TAM_RECORDIO_LABEL_END - 1);
    }
    *label = (int32_t)value;
    return TAM_OK;
}
