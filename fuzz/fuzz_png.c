/* PNG files: the header's size must be the decoded one's, and nothing may be read or written outside. */
#include <zlib.h>

#include "fuzz_image.h"

static void put_u32(uint8_t *to, uLong value) {
    for (int i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Makes the checksums of all chunks right, so that changed bytes get past them. */
static void repair(uint8_t *data, size_t size) {
    size_t at = 8;
    while (at + 12 <= size) {
        size_t length = (size_t)data[at] << 24 | (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 | data[at + 3];
        if (length > size - at - 12) {
            return;
        }
        put_u32(data + at + 8 + length, crc32(0, data + at + 4, (uInt)length + 4));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        return 0;
    }
    fuzz_image(data, size);
    memcpy(copy, data, size);
    repair(copy, size);
    fuzz_image(copy, size);
    free(copy);
    return 0;
}
