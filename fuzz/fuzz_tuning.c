#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/tuning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_tuning *tuning = NULL;
    char path[64];
    tam_ctx_config config = {.threads = 1};
    int file = memfd_create("choices", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size || tam_ctx_create(&config, &ctx) != TAM_OK ||
        tam_tuning_create(ctx, TAM_TUNE_OFF, &tuning) != TAM_OK) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    tam_status status = tam_tuning_load(tuning, path);
    const char *space = memchr(data, ' ', size);
    if (status == TAM_OK && size > 0) { /* the first line's choice is found again */
        char key[256] = {0};
        size_t length = (size_t)(space - (const char *)data);
        memcpy(key, data, length < sizeof key ? length : 0);
        if (key[0] != '\0' && tam_tuning_find(tuning, key) == NULL) {
            abort();
        }
    }
    tam_tuning_free(tuning);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    close(file);
    return 0;
}
