/* What a kind of file needs to be inspected: one file inspect_<name>.c and one line in inspectors.def. */
#ifndef CHECK_INSPECT_H
#define CHECK_INSPECT_H

#include "base/memory.h"
#include "data/reader.h"
#include "tammes/inspect.h"

struct tam_inspection {
    tam_ctx *ctx;
    tam_arena *arena; /* owns all strings */
    tam_fact *facts;
    int room;
    tam_inspection_info
        info; /* kind, partly, known and advice are set by the inspector; strings static or the arena's */
};

typedef struct tam_inspector {
    bool (*recognise)(const tam_place *place); /* by the first bytes; cheap */
    /* Sets the kind and states facts. Fails where the file is corrupt or cannot be read. */
    tam_status (*inspect)(tam_inspection *inspection, const tam_place *place);
} tam_inspector;

#define X(name) extern const tam_inspector tam_inspector_##name;
#include "check/inspectors.def"
#undef X

/* A fact; the key is static. Texts are cut at some hundred bytes, and what would break a line in them is escaped. */
TAM_MUST_USE tam_status tam_state_number(tam_inspection *inspection, const char *key, int64_t number);
TAM_MUST_USE tam_status tam_state(tam_inspection *inspection, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One of several facts of that key. */
TAM_MUST_USE tam_status tam_state_item(tam_inspection *inspection, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* States what any reader knows of the data at the path: the kind, images, classes, the first images. */
TAM_MUST_USE tam_status tam_inspect_dataset(tam_inspection *inspection, const tam_dataset_config *config);
/* States size, channels and form of an encoded image in the file at `path`. Fails where it is none. */
TAM_MUST_USE tam_status tam_state_image(tam_inspection *inspection, const char *path, const char *name,
                                        const uint8_t *data, size_t size);

#endif
