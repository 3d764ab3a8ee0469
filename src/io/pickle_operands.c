/* The instructions that put numbers, bytes and text on the stack. */
#include "io/pickle_machine.h"

enum { LONGEST_NUMBER = 32 };

tam_status tam_pickle_number(tam_pickle *machine, int width, uint64_t *value) {
    const uint8_t *bytes;
    *value = 0;
    TAM_TRY(tam_pickle_take(machine->input, (size_t)width, &bytes));
    for (int i = 0; i < width; i++) {
        *value |= (uint64_t)bytes[i] << (8 * i);
    }
    return TAM_OK;
}

tam_status tam_pickle_line_number(tam_pickle *machine, int64_t *value) {
    char digits[LONGEST_NUMBER + 1] = {0}, *end = digits;
    uint64_t start, length;
    TAM_TRY(tam_pickle_line(machine->input, &start, &length));
    if (length > 0 && length <= LONGEST_NUMBER) {
        TAM_TRY(tam_pickle_read_at(machine->input, start, digits, (size_t)length));
    }
    bool negative = digits[0] == '-';
    *value = 0;
    for (end = digits + negative; *end >= '0' && *end <= '9' && *value < INT64_MAX / 10 - 1; end++) {
        *value = 10 * *value + (*end - '0');
    }
    bool whole = end > digits + negative && length <= LONGEST_NUMBER;
    end += *end == 'L';
    if (!whole || *end != '\0') {
        return tam_pickle_refuse(machine, "no whole number where one should be");
    }
    *value = negative ? -*value : *value;
    return TAM_OK;
}

static tam_status push_span(tam_pickle *machine, tam_pickle_kind kind, tam_pickle_form form, int width) {
    uint64_t size;
    TAM_TRY(tam_pickle_number(machine, width, &size));
    tam_pickle_value value = {(uint8_t)kind, (uint8_t)form, machine->input->at, size};
    TAM_TRY(tam_pickle_skip(machine->input, size));
    return tam_pickle_push(machine, value);
}

tam_status tam_pickle_op_bytes(tam_pickle *machine, int width) {
    return push_span(machine, TAM_PICKLE_BYTES, TAM_PICKLE_RAW, width);
}

tam_status tam_pickle_op_text(tam_pickle *machine, int width) {
    return push_span(machine, TAM_PICKLE_TEXT, TAM_PICKLE_UTF8, width);
}

tam_status tam_pickle_op_text_line(tam_pickle *machine, int unused) {
    tam_pickle_value value = {.kind = TAM_PICKLE_TEXT, .form = TAM_PICKLE_RAW_UNICODE};
    (void)unused;
    TAM_TRY(tam_pickle_line(machine->input, &value.at, &value.size));
    return tam_pickle_push(machine, value);
}

tam_status tam_pickle_op_string_line(tam_pickle *machine, int unused) {
    tam_pickle_value value = {.kind = TAM_PICKLE_BYTES, .form = TAM_PICKLE_ESCAPED};
    uint8_t first = 0, last = 1;
    (void)unused;
    TAM_TRY(tam_pickle_line(machine->input, &value.at, &value.size));
    if (value.size >= 2) {
        TAM_TRY(tam_pickle_read_at(machine->input, value.at, &first, 1));
        TAM_TRY(tam_pickle_read_at(machine->input, value.at + value.size - 1, &last, 1));
    }
    if (first != last || (first != '\'' && first != '"')) {
        return tam_pickle_refuse(machine, "a string without its quotes");
    }
    value.at++;
    value.size -= 2;
    return tam_pickle_push(machine, value);
}

static tam_status push_whole(tam_pickle *machine, int64_t value) {
    return tam_pickle_push(machine, (tam_pickle_value){.kind = TAM_PICKLE_WHOLE, .at = (uint64_t)value});
}

tam_status tam_pickle_op_whole(tam_pickle *machine, int width) {
    uint64_t value;
    TAM_TRY(tam_pickle_number(machine, width, &value));
    return push_whole(machine, width == 4 ? (int32_t)(uint32_t)value : (int64_t)value);
}

tam_status tam_pickle_op_whole_line(tam_pickle *machine, int unused) {
    int64_t value;
    (void)unused;
    TAM_TRY(tam_pickle_line_number(machine, &value));
    return push_whole(machine, value);
}

/* Two's complement in as many bytes as it takes. */
tam_status tam_pickle_op_long(tam_pickle *machine, int unused) {
    uint64_t width, value = 0;
    (void)unused;
    TAM_TRY(tam_pickle_number(machine, 1, &width));
    if (width > 8) {
        return tam_pickle_refuse(machine, "a number of %llu bytes", (unsigned long long)width);
    }
    TAM_TRY(tam_pickle_number(machine, (int)width, &value));
    if (width > 0 && width < 8 && (value >> (8 * width - 1)) != 0) {
        value |= UINT64_MAX << (8 * width);
    }
    return push_whole(machine, (int64_t)value);
}

tam_status tam_pickle_op_bool(tam_pickle *machine, int value) {
    return push_whole(machine, value);
}

tam_status tam_pickle_op_none(tam_pickle *machine, int unused) {
    (void)unused;
    return tam_pickle_push(machine, (tam_pickle_value){.kind = TAM_PICKLE_NONE});
}
