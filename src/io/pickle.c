#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/pickle_machine.h"

/* A description may grow by so much beyond the file's size. */
#define BUDGET_BEYOND_FILE ((uint64_t)32 << 20)

enum { HIGHEST_PROTOCOL = 5, FEWEST_ITEMS = 64 };

tam_status tam_pickle_refuse(tam_pickle *machine, const char *format, ...) {
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return tam_fail(machine->ctx, TAM_INPUT, "%s: byte %llu: %s", machine->input->name,
                    (unsigned long long)machine->operation, reason);
}

/* Makes room for one more item. What a block and its successor take at once is at most twice the budget. */
static tam_status grow(tam_pickle *machine, tam_pickle_pool *pool) {
    if (pool->count < pool->room) {
        return TAM_OK;
    }
    uint64_t more = pool->room > 0 ? pool->room : FEWEST_ITEMS;
    if (more > machine->budget / pool->item_size) {
        return tam_pickle_refuse(machine, "the pickle describes more than fits a file of %llu bytes",
                                 (unsigned long long)machine->input->size);
    }
    void *items = tam_reallocate(machine->ctx, pool->items, (size_t)(pool->room + more), pool->item_size, "a pickle");
    if (items == NULL) {
        return TAM_RESOURCES;
    }
    machine->budget -= more * pool->item_size;
    pool->items = items;
    pool->room += more;
    return TAM_OK;
}

tam_status tam_pickle_push(tam_pickle *machine, tam_pickle_value value) {
    TAM_TRY(grow(machine, &machine->stack));
    ((tam_pickle_value *)machine->stack.items)[machine->stack.count++] = value;
    return TAM_OK;
}

/* The lowest place of the stack that may be popped. */
static uint64_t bottom(const tam_pickle *machine) {
    return machine->marks.count > 0 ? ((const uint64_t *)machine->marks.items)[machine->marks.count - 1] : 0;
}

tam_status tam_pickle_pop(tam_pickle *machine, tam_pickle_value *value) {
    if (machine->stack.count <= bottom(machine)) {
        return tam_pickle_refuse(machine, "a value is taken that was never put");
    }
    *value = ((const tam_pickle_value *)machine->stack.items)[--machine->stack.count];
    return TAM_OK;
}

tam_status tam_pickle_make(tam_pickle *machine, tam_pickle_kind kind, tam_pickle_value *value,
                           tam_pickle_object **object) {
    TAM_TRY(grow(machine, &machine->objects));
    *value = (tam_pickle_value){.kind = (uint8_t)kind, .at = machine->objects.count++};
    *object = tam_pickle_object_of(machine, *value);
    **object = (tam_pickle_object){0};
    return TAM_OK;
}

/* Appends stack[from ..] to the list or tuple and drops it. */
static tam_status gather(tam_pickle *machine, tam_pickle_value into, uint64_t from) {
    const tam_pickle_value *stack = machine->stack.items;
    tam_pickle_object *object = tam_pickle_object_of(machine, into);
    for (uint64_t i = from; i < machine->stack.count; i++) {
        TAM_TRY(grow(machine, &machine->cells));
        tam_pickle_cell *cells = machine->cells.items;
        uint64_t place = ++machine->cells.count;
        cells[place - 1] = (tam_pickle_cell){.value = stack[i]};
        if (object->is.items.last > 0) {
            cells[object->is.items.last - 1].next = place;
        } else {
            object->is.items.first = place;
        }
        object->is.items.last = place;
        object->is.items.count++;
    }
    machine->stack.count = from;
    return TAM_OK;
}

/* Takes the last mark away; *from is where its values begin. */
static tam_status pop_mark(tam_pickle *machine, uint64_t *from) {
    if (machine->marks.count == 0) {
        return tam_pickle_refuse(machine, "a mark is taken that was never put");
    }
    *from = bottom(machine);
    machine->marks.count--;
    return TAM_OK;
}

static tam_status push_of(tam_pickle *machine, tam_pickle_kind kind, uint64_t from) {
    tam_pickle_value value;
    tam_pickle_object *object;
    TAM_TRY(tam_pickle_make(machine, kind, &value, &object));
    TAM_TRY(gather(machine, value, from));
    return tam_pickle_push(machine, value);
}

static tam_status op_empty(tam_pickle *machine, int kind) {
    return push_of(machine, (tam_pickle_kind)kind, machine->stack.count);
}

static tam_status op_marked(tam_pickle *machine, int kind) {
    uint64_t from = 0;
    TAM_TRY(pop_mark(machine, &from));
    return push_of(machine, (tam_pickle_kind)kind, from);
}

static tam_status op_tuple(tam_pickle *machine, int count) {
    if (machine->stack.count < bottom(machine) + (uint64_t)count) {
        return tam_pickle_refuse(machine, "a value is taken that was never put");
    }
    return push_of(machine, TAM_PICKLE_TUPLE, machine->stack.count - (uint64_t)count);
}

static tam_status append_from(tam_pickle *machine, uint64_t from) {
    if (from <= bottom(machine)) {
        return tam_pickle_refuse(machine, "values are appended to nothing");
    }
    tam_pickle_value list = ((const tam_pickle_value *)machine->stack.items)[from - 1];
    if (list.kind != TAM_PICKLE_LIST) {
        return tam_pickle_refuse(machine, "values are appended to %s", tam_pickle_kind_words(list.kind));
    }
    return gather(machine, list, from);
}

static tam_status op_append(tam_pickle *machine, int unused) {
    (void)unused;
    if (machine->stack.count == 0) {
        return tam_pickle_refuse(machine, "values are appended to nothing");
    }
    return append_from(machine, machine->stack.count - 1);
}

static tam_status op_appends(tam_pickle *machine, int unused) {
    uint64_t from = 0;
    (void)unused;
    TAM_TRY(pop_mark(machine, &from));
    return append_from(machine, from);
}

static tam_status op_mark(tam_pickle *machine, int unused) {
    (void)unused;
    TAM_TRY(grow(machine, &machine->marks));
    ((uint64_t *)machine->marks.items)[machine->marks.count++] = machine->stack.count;
    return TAM_OK;
}

/* Memo places go up by one from 0 or 1, so none is larger than the bytes read so far. */
static tam_status put_memo(tam_pickle *machine, uint64_t place) {
    if (place > machine->input->at) {
        return tam_pickle_refuse(machine, "memo place %llu is out of order", (unsigned long long)place);
    }
    if (machine->stack.count <= bottom(machine)) {
        return tam_pickle_refuse(machine, "a value is taken that was never put");
    }
    while (machine->memo.count <= place) {
        TAM_TRY(grow(machine, &machine->memo));
        ((tam_pickle_value *)machine->memo.items)[machine->memo.count++] = (tam_pickle_value){0};
    }
    ((tam_pickle_value *)machine->memo.items)[place] =
        ((const tam_pickle_value *)machine->stack.items)[machine->stack.count - 1];
    return TAM_OK;
}

static tam_status read_place(tam_pickle *machine, int width, uint64_t *place) {
    int64_t value = 0;
    if (width > 0) {
        return tam_pickle_number(machine, width, place);
    }
    TAM_TRY(tam_pickle_line_number(machine, &value));
    *place = value >= 0 ? (uint64_t)value : UINT64_MAX;
    return TAM_OK;
}

static tam_status op_put(tam_pickle *machine, int width) {
    uint64_t place = 0;
    TAM_TRY(read_place(machine, width, &place));
    return put_memo(machine, place);
}

static tam_status op_memoize(tam_pickle *machine, int unused) {
    (void)unused;
    return put_memo(machine, machine->memo.count);
}

static tam_status op_get(tam_pickle *machine, int width) {
    uint64_t place = 0;
    TAM_TRY(read_place(machine, width, &place));
    if (place >= machine->memo.count || ((tam_pickle_value *)machine->memo.items)[place].kind == TAM_PICKLE_UNSET) {
        return tam_pickle_refuse(machine, "nothing lies at memo place %llu", (unsigned long long)place);
    }
    return tam_pickle_push(machine, ((const tam_pickle_value *)machine->memo.items)[place]);
}

static tam_status op_protocol(tam_pickle *machine, int unused) {
    uint64_t protocol;
    (void)unused;
    TAM_TRY(tam_pickle_number(machine, 1, &protocol));
    if (protocol > HIGHEST_PROTOCOL) {
        return tam_pickle_refuse(machine, "a pickle of protocol %d, but %d is the highest", (int)protocol,
                                 HIGHEST_PROTOCOL);
    }
    return TAM_OK;
}

static tam_status op_frame(tam_pickle *machine, int unused) {
    uint64_t size;
    (void)unused;
    TAM_TRY(tam_pickle_number(machine, 8, &size));
    if (size > machine->input->size - machine->input->at) {
        return tam_pickle_refuse(machine, "cut short: a frame of %llu bytes, but %llu are left",
                                 (unsigned long long)size,
                                 (unsigned long long)(machine->input->size - machine->input->at));
    }
    return TAM_OK;
}

static tam_status op_outside(tam_pickle *machine, int unused) {
    (void)unused;
    return tam_pickle_refuse(machine, "the pickle refers to what does not lie in the file");
}

static tam_status op_stop(tam_pickle *machine, int unused) {
    (void)unused;
    if (machine->stack.count != 1 || machine->marks.count != 0) {
        return tam_pickle_refuse(machine, "the pickle ends with %llu values instead of one",
                                 (unsigned long long)machine->stack.count);
    }
    machine->stopped = true;
    return TAM_OK;
}

static const struct {
    tam_status (*run)(tam_pickle *machine, int argument);
    int argument;
} operations[256] = {
    [0x80] = {op_protocol, 0},
    [0x95] = {op_frame, 0},
    ['.'] = {op_stop, 0},
    ['('] = {op_mark, 0},
    [']'] = {op_empty, TAM_PICKLE_LIST},
    [')'] = {op_empty, TAM_PICKLE_TUPLE},
    ['l'] = {op_marked, TAM_PICKLE_LIST},
    ['t'] = {op_marked, TAM_PICKLE_TUPLE},
    [0x85] = {op_tuple, 1},
    [0x86] = {op_tuple, 2},
    [0x87] = {op_tuple, 3},
    ['a'] = {op_append, 0},
    ['e'] = {op_appends, 0},
    ['p'] = {op_put, 0},
    ['q'] = {op_put, 1},
    ['r'] = {op_put, 4},
    [0x94] = {op_memoize, 0},
    ['g'] = {op_get, 0},
    ['h'] = {op_get, 1},
    ['j'] = {op_get, 4},
    ['U'] = {tam_pickle_op_bytes, 1}, /* SHORT_BINSTRING, BINSTRING: Python 2's str */
    ['T'] = {tam_pickle_op_bytes, 4},
    ['C'] = {tam_pickle_op_bytes, 1}, /* SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8 */
    ['B'] = {tam_pickle_op_bytes, 4},
    [0x8e] = {tam_pickle_op_bytes, 8},
    [0x96] = {tam_pickle_op_bytes, 8},
    [0x8c] = {tam_pickle_op_text, 1}, /* SHORT_BINUNICODE, BINUNICODE, BINUNICODE8 */
    ['X'] = {tam_pickle_op_text, 4},
    [0x8d] = {tam_pickle_op_text, 8},
    ['V'] = {tam_pickle_op_text_line, 0},
    ['S'] = {tam_pickle_op_string_line, 0},
    ['K'] = {tam_pickle_op_whole, 1},
    ['M'] = {tam_pickle_op_whole, 2},
    ['J'] = {tam_pickle_op_whole, 4},
    ['I'] = {tam_pickle_op_whole_line, 0},
    ['L'] = {tam_pickle_op_whole_line, 0},
    [0x8a] = {tam_pickle_op_long, 0},
    [0x88] = {tam_pickle_op_bool, 1},
    [0x89] = {tam_pickle_op_bool, 0},
    ['N'] = {tam_pickle_op_none, 0},
    ['c'] = {tam_pickle_op_global, 0},
    [0x93] = {tam_pickle_op_stack_global, 0},
    ['i'] = {tam_pickle_op_instance, 0},
    ['R'] = {tam_pickle_op_reduce, 0},
    ['b'] = {tam_pickle_op_build, 0},
    ['P'] = {op_outside, 0}, /* persistent ids, the extension registry, buffers out of band */
    ['Q'] = {op_outside, 0},
    [0x82] = {op_outside, 0},
    [0x83] = {op_outside, 0},
    [0x84] = {op_outside, 0},
    [0x97] = {op_outside, 0},
};

static tam_status run(tam_pickle *machine) {
    while (!machine->stopped) {
        const uint8_t *code;
        machine->operation = machine->input->at;
        TAM_TRY(tam_pickle_take(machine->input, 1, &code));
        if (operations[*code].run == NULL) {
            return tam_pickle_refuse(machine, "0x%02x is no instruction that a pickle of images needs", *code);
        }
        TAM_TRY(operations[*code].run(machine, operations[*code].argument));
    }
    return TAM_OK;
}

tam_status tam_pickle_run(tam_pickle_input *input, tam_pickle **out) {
    *out = NULL;
    tam_pickle *machine = tam_allocate(input->ctx, 1, sizeof *machine, "a pickle");
    if (machine == NULL) {
        return TAM_RESOURCES;
    }
    machine->ctx = input->ctx;
    machine->input = input;
    machine->budget = input->size + BUDGET_BEYOND_FILE;
    machine->stack.item_size = machine->memo.item_size = sizeof(tam_pickle_value);
    machine->marks.item_size = sizeof(uint64_t);
    machine->cells.item_size = sizeof(tam_pickle_cell);
    machine->objects.item_size = sizeof(tam_pickle_object);
    tam_status status = run(machine);
    if (status != TAM_OK) {
        tam_pickle_free(machine);
        return status;
    }
    *out = machine;
    return TAM_OK;
}

void tam_pickle_free(tam_pickle *pickle) {
    if (pickle != NULL) {
        tam_release(pickle->ctx, pickle->stack.items);
        tam_release(pickle->ctx, pickle->marks.items);
        tam_release(pickle->ctx, pickle->memo.items);
        tam_release(pickle->ctx, pickle->cells.items);
        tam_release(pickle->ctx, pickle->objects.items);
        tam_release(pickle->ctx, pickle);
    }
}
