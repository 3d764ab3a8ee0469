#include "data/decoder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/resize.h"

#define DEFAULT_CACHE_BYTES ((size_t)2 << 30)

enum { NOT_CACHED, BEING_CACHED, CACHED };

/* What a thread needs to read an image that is not in the cache; kept in a list between reads. */
typedef struct worker_room {
    struct worker_room *next;
    tam_reader_scratch scratch;
    tam_resizer *resizer;
    uint8_t *copy; /* the image in the delivered channels, before it is resized */
    size_t copy_room;
} worker_room;

struct tam_decoder {
    tam_ctx *ctx;
    const tam_source *source;
    tam_dataset_info delivered;
    const uint32_t *kept;
    size_t image_bytes;
    uint8_t *cache; /* [count, image_bytes], or NULL */
    _Atomic uint8_t *cached;
    pthread_mutex_t lock; /* guards rooms */
    worker_room *rooms;
};

/* At most a quarter of the machine's memory; a data set that does not fit is decoded again in each epoch. */
static bool worth_caching(const tam_decoder *decoder, int64_t cache_bytes) {
    size_t bytes, most = cache_bytes != 0 ? (size_t)(cache_bytes > 0 ? cache_bytes : 0) : DEFAULT_CACHE_BYTES;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0 && (size_t)pages / 4 < most / (size_t)page) {
        most = (size_t)pages / 4 * (size_t)page;
    }
    if (decoder->source->reader->in_memory && decoder->delivered.count > 0) {
        tam_image_info native;
        if (tam_source_look(decoder->source, decoder->kept[0], NULL, &native) == TAM_OK &&
            native.width == decoder->delivered.width && native.height == decoder->delivered.height &&
            native.channels == decoder->delivered.channels) {
            return false;
        }
    }
    return !__builtin_mul_overflow((size_t)decoder->delivered.count, decoder->image_bytes, &bytes) && bytes <= most;
}

tam_status tam_decoder_create(tam_ctx *ctx, const tam_source *source, const tam_dataset_info *delivered,
                              const uint32_t *kept, int64_t cache_bytes, tam_decoder **out) {
    *out = NULL;
    tam_decoder *decoder = tam_allocate(ctx, 1, sizeof *decoder, "the decoder");
    if (decoder == NULL) {
        return TAM_RESOURCES;
    }
    decoder->ctx = ctx;
    decoder->source = source;
    decoder->delivered = *delivered;
    decoder->kept = kept;
    decoder->image_bytes = (size_t)delivered->width * (size_t)delivered->height * (size_t)delivered->channels;
    if (pthread_mutex_init(&decoder->lock, NULL) != 0) {
        tam_release(ctx, decoder);
        return tam_fail(ctx, TAM_RESOURCES, "cannot make a lock");
    }
    if (worth_caching(decoder, cache_bytes)) {
        size_t count = (size_t)delivered->count;
        decoder->cache = tam_allocate(ctx, count, decoder->image_bytes, "decoded images");
        decoder->cached = tam_allocate(ctx, count, sizeof *decoder->cached, "decoded images");
        if (decoder->cache == NULL || decoder->cached == NULL) {
            tam_decoder_free(decoder);
            return TAM_RESOURCES;
        }
    }
    *out = decoder;
    return TAM_OK;
}

static void free_room(tam_ctx *ctx, worker_room *room) {
    tam_scratch_free(ctx, &room->scratch);
    tam_resizer_free(room->resizer);
    tam_release(ctx, room->copy);
    tam_release(ctx, room);
}

void tam_decoder_free(tam_decoder *decoder) {
    if (decoder == NULL) {
        return;
    }
    tam_ctx *ctx = decoder->ctx;
    while (decoder->rooms != NULL) {
        worker_room *next = decoder->rooms->next;
        free_room(ctx, decoder->rooms);
        decoder->rooms = next;
    }
    pthread_mutex_destroy(&decoder->lock);
    tam_release(ctx, decoder->cache);
    tam_release(ctx, (void *)decoder->cached);
    tam_release(ctx, decoder);
}

static worker_room *take_room(tam_decoder *decoder) {
    pthread_mutex_lock(&decoder->lock);
    worker_room *room = decoder->rooms;
    if (room != NULL) {
        decoder->rooms = room->next;
    }
    pthread_mutex_unlock(&decoder->lock);
    if (room != NULL) {
        return room;
    }
    room = tam_allocate(decoder->ctx, 1, sizeof *room, "a reader's buffers");
    if (room != NULL) {
        room->resizer = tam_resizer_create(decoder->ctx, decoder->delivered.width, decoder->delivered.height);
        if (room->resizer == NULL) {
            free_room(decoder->ctx, room);
            room = NULL;
        }
    }
    return room;
}

static void give_room(tam_decoder *decoder, worker_room *room) {
    pthread_mutex_lock(&decoder->lock);
    room->next = decoder->rooms;
    decoder->rooms = room;
    pthread_mutex_unlock(&decoder->lock);
}

static tam_status grow_copy(tam_decoder *decoder, worker_room *room, size_t bytes) {
    if (room->copy_room < bytes) {
        tam_release(decoder->ctx, room->copy);
        room->copy_room = 0;
        room->copy = tam_allocate(decoder->ctx, bytes, 1, "a copy of an image");
        if (room->copy == NULL) {
            return TAM_RESOURCES;
        }
        room->copy_room = bytes;
    }
    return TAM_OK;
}

/* RGB becomes grey before the resize and grey becomes RGB after it: the smaller image is the one that is resized. An
 * image that lies where the result is to be is moved away where it would be in its own way. */
static tam_status convert(tam_decoder *decoder, worker_room *room, tam_image_info info, const uint8_t *from,
                          uint8_t *to) {
    const tam_dataset_info *delivered = &decoder->delivered;
    size_t pixels = (size_t)info.width * (size_t)info.height;
    bool resized = info.width != delivered->width || info.height != delivered->height;
    bool greyed = info.channels == 3 && delivered->channels == 1;
    if (greyed || (resized && from == to)) {
        size_t bytes = pixels * (size_t)(greyed ? 1 : info.channels);
        TAM_TRY(grow_copy(decoder, room, bytes));
        if (greyed) {
            tam_grey_from_rgb(from, pixels, room->copy);
            info.channels = 1;
        } else {
            memcpy(room->copy, from, bytes);
        }
        from = room->copy;
    }
    if (from != to) {
        tam_resize(room->resizer, &info, from, to);
    }
    if (info.channels == 1 && delivered->channels == 3) {
        tam_rgb_from_grey(to, (size_t)delivered->width * (size_t)delivered->height, to);
    }
    return TAM_OK;
}

static tam_status decode(tam_decoder *decoder, int64_t i, uint8_t *pixels) {
    tam_image_info info;
    const uint8_t *native;
    worker_room *room = take_room(decoder);
    if (room == NULL) {
        return TAM_RESOURCES;
    }
    bool skewed = (uintptr_t)pixels % 16 != 0; /* else two writes are faster than one: TAM_IMAGE_SKEW */
    room->scratch.image.lent = pixels;
    room->scratch.image.lent_room = skewed ? decoder->image_bytes : 0;
    tam_status status = tam_source_read(decoder->source, decoder->kept[i], &room->scratch, &info, &native);
    if (status == TAM_OK) {
        status = convert(decoder, room, info, native, pixels);
    }
    give_room(decoder, room);
    return status;
}

/* Keeps a decoded image; when two threads decode the same one, the first keeps it. */
static void keep_pixels(tam_decoder *decoder, int64_t i, const uint8_t *pixels) {
    uint8_t expected = NOT_CACHED;
    if (decoder->cache != NULL && atomic_compare_exchange_strong(&decoder->cached[i], &expected, BEING_CACHED)) {
        memcpy(decoder->cache + (size_t)i * decoder->image_bytes, pixels, decoder->image_bytes);
        atomic_store_explicit(&decoder->cached[i], CACHED, memory_order_release);
    }
}

tam_status tam_decoder_pixels(tam_decoder *decoder, int64_t i, uint8_t *buffer, const uint8_t **pixels) {
    if (decoder->cache != NULL && atomic_load_explicit(&decoder->cached[i], memory_order_acquire) == CACHED) {
        *pixels = decoder->cache + (size_t)i * decoder->image_bytes;
        return TAM_OK;
    }
    TAM_TRY(decode(decoder, i, buffer));
    keep_pixels(decoder, i, buffer);
    *pixels = buffer;
    return TAM_OK;
}
