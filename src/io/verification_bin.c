#include "io/verification_bin.h"

#include <string.h>

#include "base/memory.h"

enum { LARGEST_ELEMENT = 8, FLAGS_AT_A_TIME = 512 };

/* One of the two sequences. */
typedef struct sequence {
    const tam_pickle *pickle;
    const tam_pickle_input *input;
    uint64_t count;
    uint64_t place;         /* of the next item; 0: they are the elements of `array` */
    tam_pickle_array array; /* of whole numbers or booleans */
} sequence;

static tam_status refuse(const tam_pickle_input *input, const char *what, const char *words) {
    return tam_fail(input->ctx, TAM_INPUT, "%s: %s is %s: not a verification set of (images, issame)", input->name,
                    what, words);
}

/* Lists and tuples, and numpy's arrays of any values, which hold a list. */
static bool open_items(sequence *of, tam_pickle_value value) {
    if (value.kind == TAM_PICKLE_ARRAY) {
        of->array = tam_pickle_array_of(of->pickle, value);
        value = of->array.data;
    }
    if (value.kind != TAM_PICKLE_LIST && value.kind != TAM_PICKLE_TUPLE) {
        return false;
    }
    of->count = tam_pickle_count(of->pickle, value);
    of->place = tam_pickle_first(of->pickle, value);
    return true;
}

static tam_status add_image(sequence *images, tam_pickle_value value, uint64_t i, tam_bin_image *image) {
    const tam_pickle_input *input = images->input;
    if (value.kind == TAM_PICKLE_ARRAY) {
        tam_pickle_array array = tam_pickle_array_of(images->pickle, value);
        if (array.size != 1 || (array.kind != 'u' && array.kind != 'i')) {
            return tam_fail(input->ctx, TAM_INPUT, "%s: image %llu is an array of '%c%d': bytes (u1) are needed",
                            input->name, (unsigned long long)i, array.kind != '\0' ? array.kind : '?', array.size);
        }
        value = array.data;
    }
    if (value.kind != TAM_PICKLE_BYTES || value.size == 0) {
        return tam_fail(input->ctx, TAM_INPUT, "%s: image %llu is %s: the bytes of an image file are needed",
                        input->name, (unsigned long long)i,
                        value.kind == TAM_PICKLE_BYTES ? "empty" : tam_pickle_kind_words(value.kind));
    }
    *image = (tam_bin_image){value.at, value.size, value.form};
    return TAM_OK;
}

static tam_status add_flag(const sequence *flags, uint64_t value, uint64_t i, uint8_t *same) {
    if (value > 1) {
        return tam_fail(flags->input->ctx, TAM_INPUT, "%s: issame[%llu] is %lld, neither 0 nor 1", flags->input->name,
                        (unsigned long long)i, (long long)value);
    }
    *same = (uint8_t)value;
    return TAM_OK;
}

/* Elements of an array of numbers, each of up to 8 bytes: bytes[] holds them from number `first` on. */
static tam_status add_elements(const sequence *flags, const uint8_t *bytes, uint64_t first, uint64_t count,
                               uint8_t *same) {
    size_t size = (size_t)flags->array.size;
    for (uint64_t k = 0; k < count; k++) {
        uint64_t value = 0;
        for (size_t b = 0; b < size; b++) {
            value = value << 8 | bytes[k * size + (flags->array.big_endian ? b : size - 1 - b)];
        }
        TAM_TRY(add_flag(flags, value, first + k, same + first + k));
    }
    return TAM_OK;
}

static tam_status read_array(const sequence *flags, uint8_t *same) {
    const tam_pickle_value data = flags->array.data;
    tam_ctx *ctx = flags->input->ctx;
    size_t size = (size_t)flags->array.size, bytes = (size_t)data.size;
    if (data.form == TAM_PICKLE_RAW) {
        uint8_t some[FLAGS_AT_A_TIME * LARGEST_ELEMENT];
        for (uint64_t first = 0; first < flags->count; first += FLAGS_AT_A_TIME) {
            uint64_t count = flags->count - first < FLAGS_AT_A_TIME ? flags->count - first : FLAGS_AT_A_TIME;
            TAM_TRY(tam_pickle_read_at(flags->input, data.at + first * size, some, (size_t)count * size));
            TAM_TRY(add_elements(flags, some, first, count, same));
        }
        return TAM_OK;
    }
    uint8_t *decoded = tam_allocate(ctx, bytes, 1, "an array of a pickle");
    if (decoded == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = tam_pickle_read_at(flags->input, data.at, decoded, bytes);
    if (status == TAM_OK && (!tam_pickle_decode(data.form, decoded, &bytes) || bytes != flags->count * size)) {
        status = tam_fail(ctx, TAM_INPUT, "%s: issame has not the bytes of its elements", flags->input->name);
    }
    if (status == TAM_OK) {
        status = add_elements(flags, decoded, 0, flags->count, same);
    }
    tam_release(ctx, decoded);
    return status;
}

static tam_status read_flags(sequence *flags, uint8_t *same) {
    if (flags->place == 0) {
        return read_array(flags, same);
    }
    for (uint64_t i = 0; i < flags->count; i++) {
        tam_pickle_value value = tam_pickle_item(flags->pickle, &flags->place);
        if (value.kind != TAM_PICKLE_WHOLE) {
            return tam_fail(flags->input->ctx, TAM_INPUT, "%s: issame[%llu] is %s: a boolean is needed",
                            flags->input->name, (unsigned long long)i, tam_pickle_kind_words(value.kind));
        }
        TAM_TRY(add_flag(flags, value.at, i, same + i));
    }
    return TAM_OK;
}

static tam_status open_sequences(const tam_pickle_input *input, const tam_pickle *pickle, sequence *images,
                                 sequence *flags) {
    tam_pickle_value all = tam_pickle_result(pickle);
    *images = (sequence){.pickle = pickle, .input = input};
    *flags = (sequence){.pickle = pickle, .input = input};
    bool sequenced = all.kind == TAM_PICKLE_TUPLE || all.kind == TAM_PICKLE_LIST;
    if (!sequenced || tam_pickle_count(pickle, all) != 2) {
        return refuse(input, "the pickle", sequenced ? "not of two values" : tam_pickle_kind_words(all.kind));
    }
    uint64_t place = tam_pickle_first(pickle, all);
    tam_pickle_value first = tam_pickle_item(pickle, &place), second = tam_pickle_item(pickle, &place);
    if (!open_items(images, first)) {
        return refuse(input, "its first value", tam_pickle_kind_words(first.kind));
    }
    if (!open_items(flags, second)) {
        char kind = flags->array.kind;
        bool usable = (kind == 'b' || kind == 'i' || kind == 'u') && flags->array.size >= 1 &&
                      flags->array.size <= LARGEST_ELEMENT;
        if (!usable) {
            return refuse(input, "its second value", tam_pickle_kind_words(second.kind));
        }
        flags->count = flags->array.count;
    }
    if (flags->count == 0 || images->count / 2 != flags->count || images->count % 2 != 0) {
        return tam_fail(input->ctx, TAM_INPUT, "%s: %llu images for %llu pairs, where each pair has two", input->name,
                        (unsigned long long)images->count, (unsigned long long)flags->count);
    }
    return TAM_OK;
}

static tam_status collect(const tam_pickle_input *input, const tam_pickle *pickle, tam_verification_bin *bin) {
    sequence images, flags;
    TAM_TRY(open_sequences(input, pickle, &images, &flags));
    bin->pairs = (int64_t)flags.count;
    bin->images = tam_allocate(input->ctx, (size_t)images.count, sizeof *bin->images, "places of images");
    bin->same = tam_allocate(input->ctx, (size_t)flags.count, sizeof *bin->same, "pairs");
    if (bin->images == NULL || bin->same == NULL) {
        return TAM_RESOURCES;
    }
    for (uint64_t i = 0; i < images.count; i++) {
        TAM_TRY(add_image(&images, tam_pickle_item(pickle, &images.place), i, &bin->images[i]));
    }
    return read_flags(&flags, bin->same);
}

tam_status tam_verification_bin_read(tam_pickle_input *input, tam_verification_bin *bin) {
    tam_pickle *pickle;
    *bin = (tam_verification_bin){0};
    TAM_TRY(tam_pickle_run(input, &pickle));
    tam_status status = collect(input, pickle, bin);
    tam_pickle_free(pickle);
    if (status != TAM_OK) {
        tam_verification_bin_free(input->ctx, bin);
    } else if (input->at < input->size) {
        tam_warn(input->ctx, "%s: the %llu bytes behind the pickle, from byte %llu on, are not read", input->name,
                 (unsigned long long)(input->size - input->at), (unsigned long long)input->at);
    }
    return status;
}

void tam_verification_bin_free(tam_ctx *ctx, tam_verification_bin *bin) {
    tam_release(ctx, bin->images);
    tam_release(ctx, bin->same);
    *bin = (tam_verification_bin){0};
}

bool tam_verification_bin_begins(const uint8_t *start, size_t size) {
    return size >= 3 && start[0] == 0x80 && start[1] >= 2 && start[1] <= 5 && strchr("\x95](c)", start[2]) != NULL &&
           start[2] != '\0';
}
