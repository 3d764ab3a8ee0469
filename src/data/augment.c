#include "data/augment.h"

#include <string.h>

#include "data/augment_render.h"

/* Every operation, in the order of application. */
static const struct {
    const tam_augment_op *op;
    uint32_t first;
} operations[] = {
#define X(name, first) {&tam_augment_##name, first},
#include "data/augmentations.def"
#undef X
};
enum { OPERATIONS = sizeof operations / sizeof *operations, MOST_KEYS = 64 };

static const struct {
    const char *name, *meaning;
} policies[] = {
    {"none", ""},
    {"flip", "flip=0.5"},
    {"affine", "shift=0.1,rotate=15,scale=0.15"},
    {"light", "flip=0.5,shift=0.04,rotate=5,scale=0.05,brightness=0.15,contrast=0.15"},
    {"face", "flip=0.5,crop=0.2,crop-area=0.6,shift=0.03,rotate=5,scale=0.05,"
             "colour=0.3,brightness=0.4,contrast=0.3,saturation=0.3,grey=0.02,blur=0.05,jpeg=0.1,lowres=0.2"},
    {"strong", "flip=0.5,crop=0.5,crop-area=0.4,shift=0.08,rotate=15,scale=0.1,shear=0.08,"
               "colour=0.8,brightness=0.4,contrast=0.4,saturation=0.5,hue=15,grey=0.1,blur=0.2,jpeg=0.3,"
               "lowres=0.3,lowres-side=0.2,erase=0.3"},
};
enum { POLICIES = sizeof policies / sizeof *policies };

/* The keys of all operations together. */
static int gather_keys(tam_key keys[MOST_KEYS], size_t fields[MOST_KEYS]) {
    int count = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        for (int k = 0; k < operations[i].op->key_count && count < MOST_KEYS; k++, count++) {
            keys[count] = operations[i].op->keys[k].key;
            fields[count] = operations[i].op->keys[k].field;
        }
    }
    return count;
}

tam_status tam_augment_read(tam_ctx *ctx, const char *text, tam_augment *augment) {
    tam_key keys[MOST_KEYS];
    size_t fields[MOST_KEYS];
    double values[MOST_KEYS];
    const char *names[POLICIES];
    if (text != NULL && *text != '\0' && strchr(text, '=') == NULL) {
        for (int i = 0; i < POLICIES; i++) {
            names[i] = policies[i].name;
        }
        int policy = tam_name_find(ctx, "augmentation", text, names, POLICIES);
        if (policy < 0) {
            return TAM_CONFIG;
        }
        text = policies[policy].meaning;
    }
    int count = gather_keys(keys, fields);
    TAM_TRY(tam_keys_read(ctx, "the augmentation", text, keys, count, values));
    memset(augment, 0, sizeof *augment);
    augment->ctx = ctx;
    for (int i = 0; i < count; i++) {
        *(float *)((char *)augment + fields[i]) = (float)values[i];
    }
    return TAM_OK;
}

tam_status tam_augment_fit(tam_ctx *ctx, const char *text, const tam_dataset_info *info) {
    if (info->vectors && text != NULL && *text != '\0' && strcmp(text, "none") != 0) {
        return tam_fail(ctx, TAM_CONFIG, "the augmentation '%s' is for images, not for vectors", text);
    }
    return TAM_OK;
}

size_t tam_augment_scratch(int height, int width) {
    size_t most = tam_render_scratch(height, width);
    for (int i = 0; i < OPERATIONS; i++) {
        size_t floats = operations[i].op->scratch != NULL ? operations[i].op->scratch(height, width) : 0;
        most = floats > most ? floats : most;
    }
    return most;
}

tam_random tam_augment_stream(uint32_t first, uint64_t seed, int64_t epoch, int64_t index) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_AUGMENT, (uint32_t)epoch, (uint32_t)index);
    random.counter[0] = first / 4;
    for (uint32_t i = 0; i < first % 4; i++) {
        (void)tam_random_bits(&random);
    }
    return random;
}

void tam_augment_move(tam_augment_map *map, const tam_augment_map *inner) {
    tam_augment_map outer = *map;
    map->moved = true;
    map->ax = outer.ax * inner->ax + outer.bx * inner->ay;
    map->bx = outer.ax * inner->bx + outer.bx * inner->by;
    map->cx = outer.ax * inner->cx + outer.bx * inner->cy + outer.cx;
    map->ay = outer.ay * inner->ax + outer.by * inner->ay;
    map->by = outer.ay * inner->bx + outer.by * inner->by;
    map->cy = outer.ay * inner->cx + outer.by * inner->cy + outer.cy;
}

tam_status tam_augment_run(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int channels,
                           int height, int width, const uint8_t *pixels, float *scratch, float *image) {
    tam_status status = TAM_OK;
    tam_augment_map map = {.ax = 1, .by = 1};
    tam_canvas canvas = {channels, height, width, pixels, image, scratch};
    bool rendered = false;
    for (int i = 0; i < OPERATIONS; i++) {
        const tam_augment_op *op = operations[i].op;
        if (!op->active(augment)) {
            continue;
        }
        tam_random random = tam_augment_stream(operations[i].first, seed, epoch, index);
        if (op->move != NULL) {
            op->move(augment, &random, height, width, &map);
            continue;
        }
        if (!rendered) {
            tam_render(&map, &canvas);
            rendered = true;
        }
        if (op->change != NULL && status == TAM_OK) {
            status = op->change(augment, &random, &canvas);
        }
    }
    if (!rendered) {
        map.past_cache = augment->past_cache;
        tam_render(&map, &canvas);
    }
    return status;
}
