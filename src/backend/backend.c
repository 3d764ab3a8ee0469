#include "backend/backend.h"

#define X(name) extern const tam_backend tam_backend_##name;
#include "backend/backends.def"
#undef X

static const tam_backend *const backends[] = {
#define X(name) &tam_backend_##name,
#include "backend/backends.def"
#undef X
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

int tam_backend_count(void) {
    return BACKENDS;
}

const tam_backend *tam_backend_at(int index) {
    return backends[index];
}

const tam_backend *tam_backend_find(tam_ctx *ctx, const char *name) {
    const char *names[BACKENDS];
    for (int i = 0; i < BACKENDS; i++) {
        names[i] = backends[i]->name;
    }
    int index = name == NULL ? 0 : tam_name_find(ctx, "backend", name, names, BACKENDS);
    return index < 0 ? NULL : backends[index];
}
