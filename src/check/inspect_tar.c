/* tar archives: the first members, what they end with, and the first images. */
#include <stdio.h>
#include <string.h>

#include "check/inspect.h"
#include "io/tar.h"

enum { MOST_MEMBERS = 2000, SHOWN = 3, ENDINGS = 8, ENDING_ROOM = 16, NAME_END = 257, MOST_IMAGE_BYTES = 1 << 26 };

typedef struct walk {
    tam_inspection *inspection;
    tam_tar tar;
    int64_t members, images;
    uint64_t behind; /* where the last member that was looked at ends */
    bool all;
    struct {
        char ending[ENDING_ROOM];
        int64_t count;
    } kinds[ENDINGS];
    int kind_count;
    int shown;
    struct {
        char name[256];
        uint64_t at, size;
    } image[SHOWN];
} walk;

/* By ustar's mark; older archives have none and are known by their names alone. */
static bool recognise(const tam_place *place) {
    size_t length = strlen(place->path);
    return place->kind == TAM_PATH_FILE &&
           ((place->start_size >= NAME_END + 5 && memcmp(place->start + NAME_END, "ustar", 5) == 0) ||
            (length > 4 && strcmp(place->path + length - 4, ".tar") == 0));
}

static void count_ending(walk *w, const char *name) {
    const char *slash = strrchr(name, '/'), *dot = strrchr(slash != NULL ? slash : name, '.');
    const char *ending = dot != NULL && strlen(dot) < ENDING_ROOM ? dot : "others";
    int k = 0;
    while (k < w->kind_count && strcmp(w->kinds[k].ending, ending) != 0) {
        k++;
    }
    if (k == ENDINGS) {
        return;
    }
    if (k == w->kind_count) {
        snprintf(w->kinds[k].ending, ENDING_ROOM, "%s", ending);
        w->kind_count++;
    }
    w->kinds[k].count++;
}

static tam_status look_at_members(walk *w) {
    tam_tar_member member;
    bool end = false;
    while (w->members < MOST_MEMBERS) {
        TAM_TRY(tam_tar_next(&w->tar, &member, &end));
        if (end) {
            w->all = true;
            break;
        }
        w->members++;
        w->behind = member.at + member.size;
        count_ending(w, member.name);
        if (tam_image_named(member.name)) {
            w->images++;
            if (w->shown < SHOWN && member.size <= MOST_IMAGE_BYTES) {
                snprintf(w->image[w->shown].name, sizeof w->image[0].name, "%s", member.name);
                w->image[w->shown].at = member.at;
                w->image[w->shown++].size = member.size;
            }
        }
    }
    return TAM_OK;
}

static tam_status state_image(walk *w, int i) {
    tam_ctx *ctx = w->inspection->ctx;
    size_t size = (size_t)w->image[i].size;
    uint8_t *data = tam_allocate(ctx, size, 1, "an image");
    if (data == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_tar_read(&w->tar, w->image[i].at, data, size);
    if (status == TAM_OK) {
        status = tam_state_image(w->inspection, w->tar.name, w->image[i].name, data, size);
    }
    tam_release(ctx, data);
    return status;
}

static tam_status state_all(walk *w) {
    tam_inspection *inspection = w->inspection;
    TAM_TRY(look_at_members(w));
    inspection->info.partly = !w->all;
    if (w->all) {
        TAM_TRY(tam_state_number(inspection, "members", w->members));
        TAM_TRY(tam_state_number(inspection, "images", w->images));
    } else {
        double share = (double)w->tar.size / (double)w->behind;
        TAM_TRY(tam_state(inspection, "members", "about %.0f, by the first %lld", (double)w->members * share,
                          (long long)w->members));
        TAM_TRY(tam_state(inspection, "images", "about %.0f", (double)w->images * share));
    }
    for (int k = 0; k < w->kind_count; k++) {
        TAM_TRY(tam_state_item(inspection, "ending", "%s: %lld%s", w->kinds[k].ending, (long long)w->kinds[k].count,
                               w->all ? "" : " in the part that was read"));
    }
    for (int i = 0; i < w->shown; i++) {
        TAM_TRY(state_image(w, i));
    }
    return TAM_OK;
}

static tam_status inspect(tam_inspection *inspection, const tam_place *place) {
    inspection->info.kind = "tar archive";
    inspection->info.known = 1;
    walk *w = tam_allocate(inspection->ctx, 1, sizeof *w, "a walk over an archive");
    if (w == NULL) {
        return TAM_RESOURCES;
    }
    w->inspection = inspection;
    tam_status status = tam_tar_open(inspection->ctx, place->path, &w->tar);
    if (status == TAM_OK) {
        status = state_all(w);
    }
    tam_tar_close(&w->tar);
    inspection->info.advice = w->images == 0 ? "there are no images in it: unpack it with tar -x" : NULL;
    tam_release(inspection->ctx, w);
    return status;
}

const tam_inspector tam_inspector_tar = {recognise, inspect};
