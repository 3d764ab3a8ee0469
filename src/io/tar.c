#include "io/tar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* What is read at a time: a header and the small files behind it. */
enum { WINDOW = 8192 };

/* Extended headers hold a path and a few numbers. */
#define MOST_EXTENDED_BYTES ((uint64_t)1 << 20)
/* Behind the end come zeros up to the record's size, seldom above this. */
#define MOST_PADDING ((uint64_t)1 << 20)
#define USTAR_MOST_SIZE ((uint64_t)1 << 33)

/* Where the fields of a header lie. */
enum {
    NAME_AT = 0,
    NAME_ROOM = 100,
    MODE_AT = 100,
    OWNER_AT = 108,
    GROUP_AT = 116,
    SIZE_AT = 124,
    TIME_AT = 136,
    CHECKSUM_AT = 148,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    PREFIX_ROOM = 155,
    SMALL_ROOM = 8,
    LARGE_ROOM = 12
};

/* What extended headers say about the member that follows. */
typedef struct extension {
    bool has_name, has_size;
    uint64_t size;
} extension;

tam_status tam_tar_view(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_tar *tar) {
    *tar = (tam_tar){.ctx = ctx, .name = name, .data = data, .descriptor = -1, .size = size};
    if (size == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: the file is empty", name);
    }
    return TAM_OK;
}

tam_status tam_tar_open(tam_ctx *ctx, const char *path, tam_tar *tar) {
    int descriptor;
    size_t size;
    *tar = (tam_tar){.descriptor = -1};
    TAM_TRY(tam_file_open(ctx, path, &descriptor, &size));
    tam_status status = tam_tar_view(ctx, path, NULL, size, tar);
    tar->descriptor = descriptor;
    if (status == TAM_OK) {
        tar->window = tam_allocate(ctx, WINDOW, 1, "a piece of an archive");
        status = tar->window != NULL ? TAM_OK : TAM_RESOURCES;
    }
    return status;
}

void tam_tar_close(tam_tar *tar) {
    if (tar->ctx != NULL) {
        tam_release(tar->ctx, tar->window);
    }
    if (tar->descriptor >= 0) {
        close(tar->descriptor);
    }
    *tar = (tam_tar){.descriptor = -1};
}

static tam_status fill_window(tam_tar *tar, uint64_t at) {
    size_t count = tar->size - at < WINDOW ? (size_t)(tar->size - at) : WINDOW;
    tar->window_size = 0;
    TAM_TRY(tam_file_read_at(tar->ctx, tar->name, tar->descriptor, (size_t)at, tar->window, count));
    tar->window_at = at;
    tar->window_size = count;
    return TAM_OK;
}

tam_status tam_tar_read(tam_tar *tar, uint64_t at, void *data, size_t count) {
    if (tar->data != NULL || count == 0) {
        if (count > 0) {
            memcpy(data, tar->data + at, count);
        }
        return TAM_OK;
    }
    if (count > WINDOW) {
        return tam_file_read_at(tar->ctx, tar->name, tar->descriptor, (size_t)at, data, count);
    }
    if (at < tar->window_at || at + count > tar->window_at + tar->window_size) {
        TAM_TRY(fill_window(tar, at));
    }
    memcpy(data, tar->window + (at - tar->window_at), count);
    return TAM_OK;
}

static tam_status refuse(const tam_tar *tar, uint64_t at, const char *reason) {
    return tam_fail(tar->ctx, TAM_INPUT, "%s: the header at byte %llu: %s", tar->name, (unsigned long long)at, reason);
}

/* Octal digits between spaces or zero bytes, or base 256 where the first bit is set. An empty field is 0. */
static bool read_number(const uint8_t *field, size_t room, uint64_t *value) {
    size_t at = 0;
    *value = 0;
    if ((field[0] & 0x80) != 0) {
        if (field[0] != 0x80) {
            return false; /* negative, or beyond 2^88 */
        }
        for (at = 1; at < room; at++) {
            if (*value >> 55 != 0) {
                return false;
            }
            *value = *value << 8 | field[at];
        }
        return true;
    }
    while (at < room && field[at] == ' ') {
        at++;
    }
    for (; at < room && field[at] >= '0' && field[at] <= '7'; at++) {
        *value = *value << 3 | (uint64_t)(field[at] - '0');
    }
    while (at < room && (field[at] == ' ' || field[at] == '\0')) {
        at++;
    }
    return at == room;
}

/* The sum of the header's bytes with spaces in the sum's own place; old programs added signed ones. */
static bool checksum_is_right(const uint8_t *header) {
    int64_t sum = 0, signed_sum = 0;
    uint64_t said;
    for (int i = 0; i < TAM_TAR_BLOCK; i++) {
        uint8_t byte = i >= CHECKSUM_AT && i < CHECKSUM_AT + SMALL_ROOM ? ' ' : header[i];
        sum += byte;
        signed_sum += (int8_t)byte;
    }
    return read_number(header + CHECKSUM_AT, SMALL_ROOM, &said) &&
           (said == (uint64_t)sum || (int64_t)said == signed_sum);
}

static bool is_zero(const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void take_plain_name(tam_tar *tar, const uint8_t *header) {
    const char *name = (const char *)header + NAME_AT, *prefix = (const char *)header + PREFIX_AT;
    bool ustar = memcmp(header + MAGIC_AT, "ustar", 6) == 0;
    snprintf(tar->member_name, sizeof tar->member_name, "%.*s%s%.*s", ustar ? PREFIX_ROOM : 0, prefix,
             ustar && *prefix != '\0' ? "/" : "", NAME_ROOM, name);
}

/* A name from an extended header: no zero byte in it, and not longer than a path may be. */
static tam_status take_long_name(tam_tar *tar, uint64_t header_at, const char *text, size_t length) {
    if (length == 0 || length >= sizeof tar->member_name || memchr(text, '\0', length) != NULL) {
        return refuse(tar, header_at, "a name that is empty, holds a zero byte or is too long");
    }
    memcpy(tar->member_name, text, length);
    tar->member_name[length] = '\0';
    return TAM_OK;
}

static bool read_decimal(const char *text, size_t length, uint64_t *value) {
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > UINT64_MAX / 10 - 1) {
            return false;
        }
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return length > 0;
}

/* Records "LENGTH KEY=VALUE\n", where the length counts all of the record. */
static tam_status take_pax(tam_tar *tar, uint64_t header_at, const char *text, size_t size, extension *said) {
    for (size_t at = 0; at < size;) {
        const char *record = text + at, *space = memchr(record, ' ', size - at);
        uint64_t length;
        if (space == NULL || !read_decimal(record, (size_t)(space - record), &length) || length > size - at ||
            length < (uint64_t)(space - record) + 3 || record[length - 1] != '\n') {
            return refuse(tar, header_at, "an extended header with a record that is not 'LENGTH KEY=VALUE'");
        }
        const char *key = space + 1, *end = record + length - 1;
        const char *equals = memchr(key, '=', (size_t)(end - key));
        if (equals == NULL) {
            return refuse(tar, header_at, "an extended header with a record that is not 'LENGTH KEY=VALUE'");
        }
        size_t key_length = (size_t)(equals - key), value_length = (size_t)(end - equals - 1);
        if (key_length == 4 && memcmp(key, "path", 4) == 0) {
            TAM_TRY(take_long_name(tar, header_at, equals + 1, value_length));
            said->has_name = true;
        } else if (key_length == 4 && memcmp(key, "size", 4) == 0) {
            if (!read_decimal(equals + 1, value_length, &said->size)) {
                return refuse(tar, header_at, "an extended header whose size is no number");
            }
            said->has_size = true;
        } else if (key_length > 10 && memcmp(key, "GNU.sparse", 10) == 0) {
            return refuse(tar, header_at, "a sparse file, which is not read");
        }
        at += length;
    }
    return TAM_OK;
}

/* The contents of an extended header: pax records, or GNU's long name with a zero byte behind it. */
static tam_status take_extended(tam_tar *tar, uint64_t header_at, uint64_t size, bool pax, extension *said) {
    if (size > MOST_EXTENDED_BYTES) {
        return refuse(tar, header_at, "an extended header above 1 MiB");
    }
    char *text = tam_allocate(tar->ctx, (size_t)size + 1, 1, "a header of an archive");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_tar_read(tar, header_at + TAM_TAR_BLOCK, text, (size_t)size);
    if (status == TAM_OK && pax) {
        status = take_pax(tar, header_at, text, (size_t)size, said);
    } else if (status == TAM_OK) {
        status = take_long_name(tar, header_at, text, strlen(text));
        said->has_name = true;
    }
    tam_release(tar->ctx, text);
    return status;
}

/* The next header that is not zero; the reader stays before it. */
static tam_status take_header(tam_tar *tar, uint8_t header[TAM_TAR_BLOCK], bool *end) {
    if (tar->at > tar->size || tar->size - tar->at < TAM_TAR_BLOCK) {
        return tam_fail(tar->ctx, TAM_INPUT, "%s: cut short at byte %llu: the archive has no end", tar->name,
                        (unsigned long long)tar->size);
    }
    TAM_TRY(tam_tar_read(tar, tar->at, header, TAM_TAR_BLOCK));
    *end = is_zero(header, TAM_TAR_BLOCK);
    if (*end && tar->size - tar->at > MOST_PADDING) {
        tam_warn(tar->ctx, "%s: %llu bytes behind the archive's end at byte %llu were passed over", tar->name,
                 (unsigned long long)(tar->size - tar->at), (unsigned long long)tar->at);
    }
    if (!*end && !checksum_is_right(header)) {
        return refuse(tar, tar->at, tar->at == 0 ? "no tar archive: its checksum is wrong" : "its checksum is wrong");
    }
    return TAM_OK;
}

/* Whether bytes follow a header of this type. */
static bool has_contents(uint8_t type) {
    return type < '1' || type > '6';
}

static bool is_regular(const tam_tar *tar, uint8_t type) {
    size_t length = strlen(tar->member_name);
    return (type == '0' || type == '\0' || type == '7') && length > 0 && tar->member_name[length - 1] != '/';
}

tam_status tam_tar_next(tam_tar *tar, tam_tar_member *member, bool *end) {
    uint8_t header[TAM_TAR_BLOCK];
    extension said = {0};
    for (;;) {
        uint64_t at = tar->at, size;
        TAM_TRY(take_header(tar, header, end));
        if (*end) {
            return TAM_OK;
        }
        uint8_t type = header[TYPE_AT];
        bool extended = type == 'x' || type == 'X' || type == 'L';
        if (!read_number(header + SIZE_AT, LARGE_ROOM, &size)) {
            return refuse(tar, at, "its size is no number");
        }
        if (said.has_size && !extended) {
            size = said.size;
        }
        size = has_contents(type) ? size : 0;
        if (size > tar->size - at - TAM_TAR_BLOCK) {
            return tam_fail(tar->ctx, TAM_INPUT,
                            "%s: cut short: the file at byte %llu has %llu bytes, and %llu are left", tar->name,
                            (unsigned long long)at, (unsigned long long)size,
                            (unsigned long long)(tar->size - at - TAM_TAR_BLOCK));
        }
        tar->at = at + TAM_TAR_BLOCK + (size + TAM_TAR_BLOCK - 1) / TAM_TAR_BLOCK * TAM_TAR_BLOCK;
        if (extended) {
            TAM_TRY(take_extended(tar, at, size, type != 'L', &said));
            continue;
        }
        if (type == 'g' || type == 'K') {
            continue;
        }
        if (!said.has_name) {
            take_plain_name(tar, header);
        }
        if (type == 'S') {
            return refuse(tar, at, "a sparse file, which is not read");
        }
        if (is_regular(tar, type)) {
            *member = (tam_tar_member){tar->member_name, at + TAM_TAR_BLOCK, size};
            return TAM_OK;
        }
        said = (extension){0};
    }
}

bool tam_tar_header(const char *name, uint64_t size, uint8_t header[TAM_TAR_BLOCK]) {
    size_t length = strlen(name);
    unsigned sum = 0;
    if (length == 0 || length > NAME_ROOM || size >= USTAR_MOST_SIZE) {
        return false;
    }
    memset(header, 0, TAM_TAR_BLOCK);
    memcpy(header + NAME_AT, name, length);
    memcpy(header + MODE_AT, "0000644", SMALL_ROOM);
    memcpy(header + OWNER_AT, "0000000", SMALL_ROOM);
    memcpy(header + GROUP_AT, "0000000", SMALL_ROOM);
    memcpy(header + TIME_AT, "00000000000", LARGE_ROOM);
    snprintf((char *)header + SIZE_AT, LARGE_ROOM, "%011llo", (unsigned long long)size);
    header[TYPE_AT] = '0';
    memcpy(header + MAGIC_AT, "ustar\00000", 8);
    memset(header + CHECKSUM_AT, ' ', SMALL_ROOM);
    for (int i = 0; i < TAM_TAR_BLOCK; i++) {
        sum += header[i];
    }
    snprintf((char *)header + CHECKSUM_AT, SMALL_ROOM, "%06o", sum);
    return true;
}
