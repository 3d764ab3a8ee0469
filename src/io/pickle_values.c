/* What a pickle described, for those who look at it. */
#include "io/pickle_machine.h"

tam_pickle_value tam_pickle_result(const tam_pickle *pickle) {
    return *(const tam_pickle_value *)pickle->stack.items;
}

uint64_t tam_pickle_count(const tam_pickle *pickle, tam_pickle_value value) {
    return tam_pickle_object_of(pickle, value)->is.items.count;
}

uint64_t tam_pickle_first(const tam_pickle *pickle, tam_pickle_value value) {
    return tam_pickle_object_of(pickle, value)->is.items.first;
}

tam_pickle_value tam_pickle_item(const tam_pickle *pickle, uint64_t *place) {
    const tam_pickle_cell *cell = (const tam_pickle_cell *)pickle->cells.items + (*place - 1);
    *place = cell->next;
    return cell->value;
}

tam_pickle_array tam_pickle_array_of(const tam_pickle *pickle, tam_pickle_value value) {
    const tam_pickle_object *array = tam_pickle_object_of(pickle, value);
    if (array->is.array.data.kind == TAM_PICKLE_UNSET) {
        return (tam_pickle_array){0};
    }
    const tam_pickle_object *type = (const tam_pickle_object *)pickle->objects.items + array->is.array.dtype;
    return (tam_pickle_array){.kind = type->is.dtype.kind,
                              .size = type->is.dtype.size,
                              .big_endian = type->is.dtype.big_endian,
                              .count = array->is.array.count,
                              .data = array->is.array.data};
}

const char *tam_pickle_kind_words(int kind) {
    static const char *const words[] = {
        [TAM_PICKLE_UNSET] = "nothing", [TAM_PICKLE_NONE] = "None",         [TAM_PICKLE_WHOLE] = "a number",
        [TAM_PICKLE_BYTES] = "bytes",   [TAM_PICKLE_TEXT] = "text",         [TAM_PICKLE_LIST] = "a list",
        [TAM_PICKLE_TUPLE] = "a tuple", [TAM_PICKLE_GLOBAL] = "a function", [TAM_PICKLE_ARRAY] = "an array",
        [TAM_PICKLE_DTYPE] = "a dtype",
    };
    return words[kind];
}
