#include "data/tar_samples.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/format.h"
#include "base/memory.h"
#include "io/image.h"

#define MOST_IMAGE_BYTES ((uint64_t)1 << 30)
#define MOST_LABEL_BYTES ((uint64_t)4096)
#define MOST_JSON_BYTES ((uint64_t)1 << 20)
#define MOST_CLASSES_BYTES ((uint64_t)1 << 30)

/* The sample whose files are being found. */
typedef struct sample {
    char stem[TAM_TAR_NAME_ROOM];
    char label_name[TAM_TAR_NAME_ROOM]; /* the member that has the label; "": none yet */
    size_t label;
    bool text_label; /* of KEY.cls, which goes before KEY.json */
    int64_t image;   /* -1: none yet */
} sample;

static tam_status text_room(tam_tar_samples *all, size_t bytes) {
    if (all->text_room - all->text_used < bytes) {
        size_t room = 2 * all->text_room + bytes + 4096;
        char *larger = tam_reallocate(all->ctx, all->text, room, 1, "names in an archive");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        all->text = larger;
        all->text_room = room;
    }
    return TAM_OK;
}

static tam_status keep_text(tam_tar_samples *all, const char *text, size_t length, size_t *at) {
    TAM_TRY(text_room(all, length + 1));
    *at = all->text_used;
    memcpy(all->text + *at, text, length);
    all->text[*at + length] = '\0';
    all->text_used += length + 1;
    return TAM_OK;
}

tam_status tam_tar_samples_copy(tam_tar_samples *samples, size_t from, size_t length, size_t *at) {
    TAM_TRY(text_room(samples, length + 1));
    return keep_text(samples, samples->text + from, length, at);
}

static tam_status refuse(const tam_tar_samples *all, const tam_tar *tar, const char *name, const char *reason) {
    return tam_fail(all->ctx, TAM_INPUT, "%s#%.256s: %s", tar->name, name, reason);
}

static tam_status add_image(tam_tar_samples *all, const tam_tar *tar, const char *name, const tam_tar_member *member,
                            uint32_t shard) {
    if (member->size > MOST_IMAGE_BYTES) {
        return refuse(all, tar, name, "too many bytes for an image");
    }
    if (all->count == all->room) {
        size_t room = 2 * (size_t)all->room + 256;
        tam_tar_image *larger = tam_reallocate(all->ctx, all->images, room, sizeof *larger, "the images of an archive");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        all->images = larger;
        all->room = (int64_t)room;
    }
    tam_tar_image image = {member->at, 0, TAM_TAR_NO_LABEL, (uint32_t)member->size, shard};
    TAM_TRY(keep_text(all, name, strlen(name), &image.name));
    all->images[all->count++] = image;
    return TAM_OK;
}

/* The label goes to the sample's image, which may stand on either side of it. */
static tam_status end_sample(tam_tar_samples *all, const tam_tar *tar, const sample *one) {
    if (one->label_name[0] == '\0') {
        return TAM_OK;
    }
    if (one->image < 0) {
        return refuse(all, tar, one->label_name,
                      "a label without an image beside it: the files of a sample follow one another");
    }
    all->images[one->image].label = one->label;
    all->labelled++;
    return TAM_OK;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static tam_status read_text_label(tam_tar_samples *all, tam_tar *tar, const char *name, const tam_tar_member *member,
                                  size_t *label) {
    char text[MOST_LABEL_BYTES];
    size_t begin = 0, end = (size_t)member->size;
    if (member->size > MOST_LABEL_BYTES) {
        return refuse(all, tar, name, "a label above 4096 bytes");
    }
    TAM_TRY(tam_tar_read(tar, member->at, text, end));
    while (begin < end && is_space(text[begin])) {
        begin++;
    }
    while (end > begin && is_space(text[end - 1])) {
        end--;
    }
    if (begin == end || memchr(text + begin, '\0', end - begin) != NULL) {
        return refuse(all, tar, name, "no label in it");
    }
    return keep_text(all, text + begin, end - begin, label);
}

static tam_status read_json_value(tam_tar_samples *all, const tam_tar *tar, const char *name, const json_t *value,
                                  size_t *label) {
    char number[TAM_REAL_ROOM];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value)) {
        tam_format_real(number, json_real_value(value));
        text = number;
    }
    if (text == NULL || *text == '\0' || strlen(text) > MOST_LABEL_BYTES) {
        return refuse(all, tar, name, "its \"label\" is neither a number nor a name");
    }
    return keep_text(all, text, strlen(text), label);
}

/* *found: whether there is a "label" in it. */
static tam_status read_json_label(tam_tar_samples *all, tam_tar *tar, const char *name, const tam_tar_member *member,
                                  size_t *label, bool *found) {
    *found = false;
    if (member->size > MOST_JSON_BYTES) {
        return refuse(all, tar, name, "JSON above 1 MiB");
    }
    char *text = tam_allocate(all->ctx, (size_t)member->size + 1, 1, "a label");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    json_error_t error;
    json_t *json = NULL;
    tam_status status = tam_tar_read(tar, member->at, text, (size_t)member->size);
    if (status == TAM_OK) {
        json = json_loadb(text, (size_t)member->size, JSON_REJECT_DUPLICATES, &error);
        if (json == NULL) {
            status =
                tam_fail(all->ctx, TAM_INPUT, "%s#%.256s:%d: not JSON: %s", tar->name, name, error.line, error.text);
        }
    }
    const json_t *value = json_object_get(json, "label");
    if (status == TAM_OK && value != NULL) {
        *found = true;
        status = read_json_value(all, tar, name, value, label);
    }
    json_decref(json);
    tam_release(all->ctx, text);
    return status;
}

static tam_status take_classes(tam_tar_samples *all, tam_tar *tar, const tam_tar_member *member) {
    if (member->size > MOST_CLASSES_BYTES) {
        return refuse(all, tar, TAM_TAR_CLASSES, "too many bytes for names of classes");
    }
    size_t size = (size_t)member->size;
    uint8_t *classes = tam_allocate(all->ctx, size, 1, "class names");
    if (classes == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_tar_read(tar, member->at, classes, size);
    if (status == TAM_OK && all->classes != NULL &&
        (size != all->classes_size || memcmp(classes, all->classes, size) != 0)) {
        status = refuse(all, tar, TAM_TAR_CLASSES, "other names of classes than in the archives before");
    }
    if (status != TAM_OK || all->classes != NULL) {
        tam_release(all->ctx, classes);
        return status;
    }
    all->classes = classes;
    all->classes_size = size;
    return TAM_OK;
}

static tam_status take_label(tam_tar_samples *all, tam_tar *tar, const char *name, const char *ending,
                             const tam_tar_member *member, sample *one) {
    bool text = strcasecmp(ending, ".cls") == 0, found = text;
    size_t label = 0;
    if (text) {
        TAM_TRY(read_text_label(all, tar, name, member, &label));
    } else if (strcasecmp(ending, ".json") == 0 && !one->text_label) {
        TAM_TRY(read_json_label(all, tar, name, member, &label, &found));
    }
    if (found && one->label_name[0] != '\0' && text == one->text_label) {
        return refuse(all, tar, name, "a second label of one sample");
    }
    if (found) {
        one->label = label;
        one->text_label = text;
        snprintf(one->label_name, sizeof one->label_name, "%s", name);
    }
    return TAM_OK;
}

/* `name` has an ending at `dot`. */
static tam_status take_member(tam_tar_samples *all, tam_tar *tar, const char *name, const char *dot,
                              const tam_tar_member *member, uint32_t shard, sample *one) {
    size_t stem = (size_t)(dot - name);
    if (strlen(one->stem) != stem || memcmp(one->stem, name, stem) != 0) {
        TAM_TRY(end_sample(all, tar, one));
        *one = (sample){.image = -1};
        memcpy(one->stem, name, stem);
    }
    if (!tam_image_named(name)) {
        return take_label(all, tar, name, dot, member, one);
    }
    if (one->image >= 0) {
        return refuse(all, tar, name, "a second image of one sample");
    }
    one->image = all->count;
    return add_image(all, tar, name, member, shard);
}

static tam_status take_members(tam_tar_samples *all, tam_tar *tar, uint32_t shard, sample *one) {
    tam_tar_member member;
    bool end;
    for (;;) {
        TAM_TRY(tam_tar_next(tar, &member, &end));
        if (end) {
            return end_sample(all, tar, one);
        }
        const char *name = member.name;
        while (strncmp(name, "./", 2) == 0) {
            name += 2;
        }
        const char *slash = strrchr(name, '/'), *file = slash != NULL ? slash + 1 : name;
        const char *dot = strrchr(file, '.');
        if (strcmp(name, TAM_TAR_CLASSES) == 0) {
            TAM_TRY(take_classes(all, tar, &member));
        } else if (dot != NULL && dot > file && *file != '.') {
            TAM_TRY(take_member(all, tar, name, dot, &member, shard, one));
        }
    }
}

tam_status tam_tar_samples_add(tam_tar_samples *samples, tam_tar *tar, uint32_t shard) {
    sample *one = tam_allocate(samples->ctx, 1, sizeof *one, "a sample of an archive");
    if (one == NULL) {
        return TAM_RESOURCES;
    }
    one->image = -1;
    tam_status status = take_members(samples, tar, shard, one);
    tam_release(samples->ctx, one);
    return status;
}

void tam_tar_samples_free(tam_tar_samples *samples) {
    if (samples->ctx != NULL) {
        tam_release(samples->ctx, samples->images);
        tam_release(samples->ctx, samples->text);
        tam_release(samples->ctx, samples->classes);
    }
    *samples = (tam_tar_samples){0};
}
