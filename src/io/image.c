#include "io/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/image_format.h"

static const tam_image_format *const formats[] = {
#define X(name, endings) &tam_image_format_##name,
#include "io/image_formats.def"
#undef X
};

static const tam_image_format *find_format(const uint8_t *data, size_t size) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (formats[i]->recognise(data, size)) {
            return formats[i];
        }
    }
    return NULL;
}

/* The first of each format's endings. */
bool tam_image_ending(const uint8_t *data, size_t size, char ending[TAM_IMAGE_ENDING_ROOM]) {
    static const struct {
        const tam_image_format *format;
        const char *endings;
    } known[] = {
#define X(name, endings) {&tam_image_format_##name, endings},
#include "io/image_formats.def"
#undef X
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].format->recognise(data, size)) {
            snprintf(ending, TAM_IMAGE_ENDING_ROOM, "%.*s", (int)strcspn(known[i].endings, " "), known[i].endings);
            return true;
        }
    }
    return false;
}

static tam_status unknown(tam_ctx *ctx, const char *name, size_t size) {
    if (size == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: the file is empty", name);
    }
    return tam_fail(ctx, TAM_INPUT, "%s: neither PNG, JPEG, WebP, BMP nor PGM/PPM, by its first bytes", name);
}

tam_status tam_image_measure(tam_ctx *ctx, const char *name, uint64_t width, uint64_t height, int channels,
                             tam_image_info *info) {
    if (width == 0 || height == 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: an image of %llu x %llu pixels", name, (unsigned long long)width,
                        (unsigned long long)height);
    }
    if (width > TAM_IMAGE_MOST_PIXELS || height > TAM_IMAGE_MOST_PIXELS / width) {
        return tam_fail(ctx, TAM_INPUT, "%s: %llu x %llu pixels, more than the 64 Mpixel allowed", name,
                        (unsigned long long)width, (unsigned long long)height);
    }
    *info = (tam_image_info){(int)width, (int)height, channels};
    return TAM_OK;
}

tam_status tam_image_room(tam_ctx *ctx, tam_image *image, const tam_image_info *info, int bytes_per_pixel) {
    size_t bytes = (size_t)info->width * (size_t)info->height * (size_t)bytes_per_pixel;
    bool fits = bytes <= image->lent_room;
    if (!fits && bytes > image->room) {
        tam_release(ctx, image->own);
        image->room = 0;
        image->own = tam_allocate(ctx, bytes + TAM_IMAGE_SKEW, 1, "an image");
        if (image->own == NULL) {
            image->pixels = NULL;
            return TAM_RESOURCES;
        }
        image->room = bytes;
    }
    image->pixels = fits ? image->lent : image->own + TAM_IMAGE_SKEW;
    image->info = *info;
    return TAM_OK;
}

void tam_image_free(tam_ctx *ctx, tam_image *image) {
    tam_release(ctx, image->own);
    *image = (tam_image){0};
}

tam_status tam_image_look(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image_info *info) {
    const tam_image_format *format = find_format(data, size);
    return format == NULL ? unknown(ctx, name, size) : format->look(ctx, name, data, size, info);
}

tam_status tam_image_decode(tam_ctx *ctx, const char *name, const uint8_t *data, size_t size, tam_image *image) {
    const tam_image_format *format = find_format(data, size);
    return format == NULL ? unknown(ctx, name, size) : format->decode(ctx, name, data, size, image);
}

/* The first bytes of a regular file, or a number below 1. */
static ssize_t read_start(const char *path, uint8_t *start, size_t room) {
    if (tam_path_look(path) != TAM_PATH_FILE) {
        return -1;
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return -1;
    }
    ssize_t got = read(descriptor, start, room);
    close(descriptor);
    return got;
}

bool tam_image_look_start(const char *name, const uint8_t *start, size_t size, tam_image_info *info) {
    tam_ctx nobody = {.lock = PTHREAD_MUTEX_INITIALIZER};
    return tam_image_look(&nobody, name, start, size, info) == TAM_OK;
}

static bool look_at_start(const char *path, tam_image_info *info) {
    uint8_t start[4096];
    ssize_t got = read_start(path, start, sizeof start);
    return got > 0 && tam_image_look_start(path, start, (size_t)got, info);
}

tam_status tam_image_look_file(tam_ctx *ctx, const char *path, tam_image_info *info) {
    if (look_at_start(path, info)) {
        return TAM_OK;
    }
    uint8_t *data;
    size_t size;
    TAM_TRY(tam_file_read(ctx, path, 0, &data, &size));
    tam_status status = tam_image_look(ctx, path, data, size, info);
    tam_release(ctx, data);
    return status;
}

/* Every ending, with a space before it. */
#define X(name, endings) " " endings
static const char all_endings[] =
#include "io/image_formats.def"
    ;
#undef X

const char *tam_image_endings(void) {
    return all_endings + 1;
}

bool tam_image_named(const char *name) {
    const char *dot = strrchr(name, '.');
    size_t length = dot == NULL ? 0 : strlen(dot);
    for (const char *ending = all_endings; length > 0 && *ending != '\0';) {
        size_t known = strcspn(++ending, " ");
        if (known == length && strncasecmp(ending, dot, known) == 0) {
            return true;
        }
        ending += known;
    }
    return false;
}
