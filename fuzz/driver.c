/* Replays a fuzzer's corpus without libFuzzer: every file as it is, cut short at many places, and with bytes changed by
 * a fixed sequence, so that each test run does the same work. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS = 200, CHANGES = 400, LARGEST = 1 << 20 };

static uint32_t next_number(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A copy of exactly `size` bytes, so that AddressSanitizer sees one byte too many. */
static void run_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void replay(uint8_t *data, size_t size) {
    uint32_t state = 2463534242u;
    run_copy(data, size);
    for (size_t cut = 0; cut < CUTS && cut < size; cut++) {
        run_copy(data, size <= CUTS ? cut : cut * size / CUTS);
    }
    for (int i = 0; i < CHANGES && size > 0; i++) {
        uint8_t saved[4];
        size_t at[4];
        int count = 1 + (int)(next_number(&state) % 4);
        for (int k = 0; k < count; k++) {
            /* Headers decide most: half of the changes fall into the first 64 bytes. */
            size_t span = next_number(&state) % 2 == 0 && size > 64 ? 64 : size;
            at[k] = next_number(&state) % span;
            saved[k] = data[at[k]];
            data[at[k]] = (uint8_t)next_number(&state);
        }
        run_copy(data, size);
        for (int k = count - 1; k >= 0; k--) {
            data[at[k]] = saved[k];
        }
    }
}

int main(int argc, char **argv) {
    int files = 0;
    static uint8_t data[LARGEST];
    DIR *folder = argc > 1 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (file == NULL) {
            continue;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        replay(data, size);
        files++;
    }
    closedir(folder);
    run_copy(data, 0);
    printf("%d files replayed\n", files);
    return files > 0 ? 0 : 1;
}
