/* What a pickle would call: known by name, or refused by name. Nothing is called. */
#include <string.h>

#include "io/pickle_machine.h"

enum { LONGEST_NAME = 128, MOST_ARGUMENTS = 9, MOST_DIMS = 32, LARGEST_ELEMENT = 8 };

/* A name in the pickle; of a longer one the beginning, and then it is none that is known. */
typedef struct name {
    uint8_t text[LONGEST_NAME + 1];
    size_t length;
} name;

static tam_status read_name(tam_pickle *machine, tam_pickle_value value, name *read) {
    *read = (name){.length = value.size < LONGEST_NAME ? (size_t)value.size : LONGEST_NAME};
    TAM_TRY(tam_pickle_read_at(machine->input, value.at, read->text, read->length));
    if (!tam_pickle_decode(value.form, read->text, &read->length)) {
        return tam_pickle_refuse(machine, "a name that is no name");
    }
    read->text[read->length] = '\0';
    return TAM_OK;
}

static bool is_name(const name *read, const char *text) {
    return read->length == strlen(text) && memcmp(read->text, text, read->length) == 0;
}

static bool begins(const name *read, const char *text) {
    return read->length > strlen(text) && memcmp(read->text, text, strlen(text)) == 0;
}

/* -1: not one of those that are known. */
static int find_global(const name *module, const name *function) {
    static const char *const names[] = {"_reconstruct", "ndarray", "dtype", "_frombuffer", "scalar", "bool_"};
    if (is_name(module, "_codecs")) {
        return is_name(function, "encode") ? TAM_PICKLE_ENCODE : -1;
    }
    if (!is_name(module, "numpy") && !begins(module, "numpy.core.") && !begins(module, "numpy._core.")) {
        return -1;
    }
    for (int i = 0; i < TAM_PICKLE_ENCODE; i++) {
        if (is_name(function, names[i])) {
            return i;
        }
    }
    return -1;
}

/* What would end the sentence early or could not be seen in it becomes '?'. */
static const char *shown(name *read) {
    for (size_t i = 0; i < read->length; i++) {
        if (read->text[i] < ' ' || read->text[i] == 0x7F) {
            read->text[i] = '?';
        }
    }
    return (const char *)read->text;
}

static tam_status push_global(tam_pickle *machine, tam_pickle_value module_value, tam_pickle_value function_value) {
    name module, function;
    TAM_TRY(read_name(machine, module_value, &module));
    TAM_TRY(read_name(machine, function_value, &function));
    int known = find_global(&module, &function);
    if (known < 0) {
        return tam_pickle_refuse(machine,
                                 "the pickle asks for %s.%s, which no set of images needs: refused, nothing was run",
                                 shown(&module), shown(&function));
    }
    return tam_pickle_push(machine, (tam_pickle_value){.kind = TAM_PICKLE_GLOBAL, .at = (uint64_t)known});
}

tam_status tam_pickle_op_global(tam_pickle *machine, int unused) {
    tam_pickle_value module = {0}, function = {0};
    (void)unused;
    TAM_TRY(tam_pickle_line(machine->input, &module.at, &module.size));
    TAM_TRY(tam_pickle_line(machine->input, &function.at, &function.size));
    return push_global(machine, module, function);
}

static bool is_words(tam_pickle_value value) {
    return value.kind == TAM_PICKLE_TEXT || value.kind == TAM_PICKLE_BYTES;
}

tam_status tam_pickle_op_stack_global(tam_pickle *machine, int unused) {
    tam_pickle_value module, function;
    (void)unused;
    TAM_TRY(tam_pickle_pop(machine, &function));
    TAM_TRY(tam_pickle_pop(machine, &module));
    if (!is_words(module) || !is_words(function)) {
        return tam_pickle_refuse(machine, "%s where the name of a function should be",
                                 tam_pickle_kind_words(is_words(module) ? function.kind : module.kind));
    }
    return push_global(machine, module, function);
}

/* INST names a class and makes an object of it at once: none of the known ones is made so. */
tam_status tam_pickle_op_instance(tam_pickle *machine, int unused) {
    TAM_TRY(tam_pickle_op_global(machine, unused));
    return tam_pickle_refuse(machine, "an object is made as no set of images needs it");
}

tam_status tam_pickle_arguments(tam_pickle *machine, tam_pickle_value tuple, int least, int most,
                                tam_pickle_value *items, int *count) {
    if (tuple.kind != TAM_PICKLE_TUPLE) {
        return tam_pickle_refuse(machine, "%s where a tuple should be", tam_pickle_kind_words(tuple.kind));
    }
    uint64_t held = tam_pickle_count(machine, tuple), place = tam_pickle_first(machine, tuple);
    if (held < (uint64_t)least || held > (uint64_t)most) {
        return tam_pickle_refuse(machine, "a tuple of %llu values, where %d to %d should be", (unsigned long long)held,
                                 least, most);
    }
    for (*count = 0; place > 0; ++*count) {
        items[*count] = tam_pickle_item(machine, &place);
    }
    return TAM_OK;
}

static tam_status wrong_kind(tam_pickle *machine, tam_pickle_value value, const char *wanted) {
    return tam_pickle_refuse(machine, "%s where %s should be", tam_pickle_kind_words(value.kind), wanted);
}

/* numpy's names of types: a sign of the order of bytes, a letter, the bytes of an element: "u1", "<i8", "O". */
static tam_status make_dtype(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    tam_pickle_object *object;
    name type;
    size_t at = 0;
    if (!is_words(arguments[0])) {
        return wrong_kind(machine, arguments[0], "the name of a dtype");
    }
    TAM_TRY(read_name(machine, arguments[0], &type));
    TAM_TRY(tam_pickle_make(machine, TAM_PICKLE_DTYPE, made, &object));
    if (type.length > 0 && strchr("<>|=", type.text[0]) != NULL) {
        object->is.dtype.big_endian = type.text[at++] == '>';
    }
    object->is.dtype.kind = at < type.length ? (char)type.text[at] : '\0';
    for (at++; at < type.length && type.text[at] >= '0' && type.text[at] <= '9'; at++) {
        int digit = type.text[at] - '0';
        object->is.dtype.size = object->is.dtype.size < 1000000 ? 10 * object->is.dtype.size + digit : 0;
    }
    return TAM_OK;
}

/* Elements of an array of that shape. */
static tam_status count_elements(tam_pickle *machine, tam_pickle_value shape, uint64_t *elements) {
    tam_pickle_value sides[MOST_DIMS];
    int dims;
    TAM_TRY(tam_pickle_arguments(machine, shape, 0, MOST_DIMS, sides, &dims));
    *elements = 1;
    for (int i = 0; i < dims; i++) {
        if (sides[i].kind != TAM_PICKLE_WHOLE || (int64_t)sides[i].at < 0 ||
            __builtin_mul_overflow(*elements, sides[i].at, elements)) {
            return tam_pickle_refuse(machine, "the shape of an array is none");
        }
    }
    return TAM_OK;
}

/* Bytes that are stored as text are as many as they say once they are decoded, which is when they are used. */
static tam_status fill_array(tam_pickle *machine, tam_pickle_value array, tam_pickle_value shape, tam_pickle_value type,
                             tam_pickle_value data) {
    uint64_t count, bytes;
    if (type.kind != TAM_PICKLE_DTYPE) {
        return wrong_kind(machine, type, "a dtype");
    }
    TAM_TRY(count_elements(machine, shape, &count));
    const tam_pickle_object *element = tam_pickle_object_of(machine, type);
    if (element->is.dtype.kind == 'O') {
        if (data.kind != TAM_PICKLE_LIST) {
            return wrong_kind(machine, data, "an array's list");
        }
        bytes = tam_pickle_count(machine, data);
    } else {
        if (data.kind != TAM_PICKLE_BYTES) {
            return wrong_kind(machine, data, "an array's bytes");
        }
        bytes = data.size;
    }
    uint64_t size = element->is.dtype.kind == 'O' ? 1 : (uint64_t)element->is.dtype.size, expected;
    if (__builtin_mul_overflow(count, size, &expected) ||
        (data.form == TAM_PICKLE_RAW ? expected != bytes : expected > bytes)) {
        return tam_pickle_refuse(machine, "an array of %llu elements of %llu bytes each, but %llu bytes lie there",
                                 (unsigned long long)count, (unsigned long long)size, (unsigned long long)bytes);
    }
    tam_pickle_object *object = tam_pickle_object_of(machine, array);
    object->is.array.data = data;
    object->is.array.dtype = type.at;
    object->is.array.count = count;
    return TAM_OK;
}

/* Whole numbers of numpy's become plain ones. */
static tam_status make_scalar(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    uint8_t bytes[4 * LARGEST_ELEMENT];
    uint64_t value = 0;
    size_t size = (size_t)arguments[1].size;
    if (arguments[0].kind != TAM_PICKLE_DTYPE || arguments[1].kind != TAM_PICKLE_BYTES) {
        return tam_pickle_refuse(machine, "a number of numpy's without its dtype or bytes");
    }
    const tam_pickle_object *type = tam_pickle_object_of(machine, arguments[0]);
    char kind = type->is.dtype.kind;
    if ((kind != 'b' && kind != 'i' && kind != 'u') || arguments[1].size > sizeof bytes) {
        return tam_pickle_refuse(machine, "a number of numpy's that is neither whole nor a boolean");
    }
    TAM_TRY(tam_pickle_read_at(machine->input, arguments[1].at, bytes, size));
    if (!tam_pickle_decode(arguments[1].form, bytes, &size) || size == 0 || size > LARGEST_ELEMENT ||
        size != (size_t)type->is.dtype.size) {
        return tam_pickle_refuse(machine, "a number of numpy's that has not the bytes of its dtype");
    }
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | bytes[type->is.dtype.big_endian ? i : size - 1 - i];
    }
    *made = (tam_pickle_value){.kind = TAM_PICKLE_WHOLE, .at = value};
    return TAM_OK;
}

/* bytes = text.encode("latin1"): the text's place stays, and the form says how to read it. */
static tam_status make_bytes(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    name codec;
    if (arguments[0].kind != TAM_PICKLE_TEXT || !is_words(arguments[1])) {
        return tam_pickle_refuse(machine, "%s is encoded, which is no text", tam_pickle_kind_words(arguments[0].kind));
    }
    TAM_TRY(read_name(machine, arguments[1], &codec));
    if (!is_name(&codec, "latin1") && !is_name(&codec, "latin-1")) {
        return tam_pickle_refuse(machine, "text is encoded as '%s', and only latin1 is known", shown(&codec));
    }
    *made = arguments[0];
    made->kind = TAM_PICKLE_BYTES;
    return TAM_OK;
}

static tam_status make_array(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    tam_pickle_object *object;
    if (arguments[0].kind != TAM_PICKLE_GLOBAL || arguments[0].at != TAM_PICKLE_NDARRAY) {
        return wrong_kind(machine, arguments[0], "numpy's ndarray");
    }
    return tam_pickle_make(machine, TAM_PICKLE_ARRAY, made, &object);
}

static tam_status make_filled_array(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    tam_pickle_object *object;
    TAM_TRY(tam_pickle_make(machine, TAM_PICKLE_ARRAY, made, &object));
    return fill_array(machine, *made, arguments[2], arguments[1], arguments[0]);
}

static tam_status make_bool(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made) {
    if (arguments[0].kind != TAM_PICKLE_WHOLE) {
        return wrong_kind(machine, arguments[0], "a boolean");
    }
    *made = (tam_pickle_value){.kind = TAM_PICKLE_WHOLE, .at = arguments[0].at != 0};
    return TAM_OK;
}

tam_status tam_pickle_op_reduce(tam_pickle *machine, int unused) {
    static const struct {
        tam_status (*make)(tam_pickle *machine, const tam_pickle_value *arguments, tam_pickle_value *made);
        int least, most;
    } calls[] = {
        [TAM_PICKLE_RECONSTRUCT] = {make_array, 3, 3}, [TAM_PICKLE_NDARRAY] = {NULL, 0, 0},
        [TAM_PICKLE_DTYPE_CLASS] = {make_dtype, 1, 3}, [TAM_PICKLE_FROMBUFFER] = {make_filled_array, 4, 4},
        [TAM_PICKLE_SCALAR] = {make_scalar, 2, 2},     [TAM_PICKLE_BOOL_CLASS] = {make_bool, 1, 1},
        [TAM_PICKLE_ENCODE] = {make_bytes, 2, 2},
    };
    tam_pickle_value function, tuple, items[MOST_ARGUMENTS], made;
    int count;
    (void)unused;
    TAM_TRY(tam_pickle_pop(machine, &tuple));
    TAM_TRY(tam_pickle_pop(machine, &function));
    if (function.kind != TAM_PICKLE_GLOBAL) {
        return wrong_kind(machine, function, "a function");
    }
    if (calls[function.at].make == NULL) {
        return tam_pickle_refuse(machine, "an array is made as no set of images needs it");
    }
    TAM_TRY(tam_pickle_arguments(machine, tuple, calls[function.at].least, calls[function.at].most, items, &count));
    TAM_TRY(calls[function.at].make(machine, items, &made));
    return tam_pickle_push(machine, made);
}

/* The state of a dtype: (version, order of bytes, ...). */
static tam_status build_dtype(tam_pickle *machine, tam_pickle_value type, tam_pickle_value state) {
    tam_pickle_value items[MOST_ARGUMENTS];
    name order;
    int count;
    TAM_TRY(tam_pickle_arguments(machine, state, 2, MOST_ARGUMENTS, items, &count));
    if (!is_words(items[1])) {
        return wrong_kind(machine, items[1], "the order of bytes");
    }
    TAM_TRY(read_name(machine, items[1], &order));
    tam_pickle_object_of(machine, type)->is.dtype.big_endian = is_name(&order, ">");
    return TAM_OK;
}

/* The state of an array: (version, shape, dtype, order of axes, data). */
static tam_status build_array(tam_pickle *machine, tam_pickle_value array, tam_pickle_value state) {
    tam_pickle_value items[MOST_ARGUMENTS];
    int count;
    TAM_TRY(tam_pickle_arguments(machine, state, 5, 5, items, &count));
    return fill_array(machine, array, items[1], items[2], items[4]);
}

tam_status tam_pickle_op_build(tam_pickle *machine, int unused) {
    tam_pickle_value state, target;
    (void)unused;
    TAM_TRY(tam_pickle_pop(machine, &state));
    TAM_TRY(tam_pickle_pop(machine, &target));
    if (target.kind == TAM_PICKLE_DTYPE) {
        TAM_TRY(build_dtype(machine, target, state));
    } else if (target.kind == TAM_PICKLE_ARRAY) {
        TAM_TRY(build_array(machine, target, state));
    } else {
        return wrong_kind(machine, target, "an array or its dtype");
    }
    return tam_pickle_push(machine, target);
}
