#include "io/pickle_input.h"

#include <string.h>

#include "base/file.h"

static tam_status cut_short(const tam_pickle_input *input) {
    return tam_fail(input->ctx, TAM_INPUT, "%s: cut short at byte %llu: a pickle goes on there", input->name,
                    (unsigned long long)input->size);
}

/* Moves the window to `at`, or does nothing where it holds `count` bytes from there on. */
static tam_status fill_window(tam_pickle_input *input, size_t count) {
    uint64_t at = input->at;
    if (at >= input->window_at && at + count <= input->window_at + input->window_size) {
        return TAM_OK;
    }
    uint64_t left = input->size - at;
    size_t wanted = left < TAM_PICKLE_WINDOW ? (size_t)left : TAM_PICKLE_WINDOW;
    input->window_size = 0;
    TAM_TRY(tam_file_read_at(input->ctx, input->name, input->descriptor, (size_t)at, input->window, wanted));
    input->window_at = at;
    input->window_size = wanted;
    return TAM_OK;
}

tam_status tam_pickle_take(tam_pickle_input *input, size_t count, const uint8_t **bytes) {
    if (count > input->size - input->at) {
        return cut_short(input);
    }
    if (input->memory != NULL) {
        *bytes = input->memory + input->at;
    } else {
        TAM_TRY(fill_window(input, count));
        *bytes = input->window + (input->at - input->window_at);
    }
    input->at += count;
    return TAM_OK;
}

tam_status tam_pickle_skip(tam_pickle_input *input, uint64_t count) {
    if (count > input->size - input->at) {
        return cut_short(input);
    }
    input->at += count;
    return TAM_OK;
}

tam_status tam_pickle_line(tam_pickle_input *input, uint64_t *start, uint64_t *length) {
    *start = input->at;
    while (input->at < input->size) {
        uint64_t left = input->size - input->at;
        size_t count = left < TAM_PICKLE_WINDOW / 4 ? (size_t)left : TAM_PICKLE_WINDOW / 4;
        const uint8_t *bytes;
        TAM_TRY(tam_pickle_take(input, count, &bytes));
        const uint8_t *end = memchr(bytes, '\n', count);
        if (end != NULL) {
            uint64_t last = input->at - count + (uint64_t)(end - bytes);
            *length = last - *start;
            input->at = last + 1;
            return TAM_OK;
        }
    }
    return cut_short(input);
}

tam_status tam_pickle_read_at(const tam_pickle_input *input, uint64_t at, void *bytes, size_t count) {
    if (at > input->size || count > input->size - at) {
        return cut_short(input);
    }
    if (input->memory != NULL) {
        memcpy(bytes, input->memory + at, count);
        return TAM_OK;
    }
    if (at >= input->window_at && at + count <= input->window_at + input->window_size) {
        memcpy(bytes, input->window + (at - input->window_at), count);
        return TAM_OK;
    }
    return tam_file_read_at(input->ctx, input->name, input->descriptor, (size_t)at, bytes, count);
}
