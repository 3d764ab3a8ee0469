/* The inside of the pickle machine: a stack, marks, a memo, and what was made so far. */
#ifndef IO_PICKLE_MACHINE_H
#define IO_PICKLE_MACHINE_H

#include "io/pickle.h"

/* An item of a list or tuple and the place of the next one; places count from 1, 0 is none. */
typedef struct tam_pickle_cell {
    tam_pickle_value value;
    uint64_t next;
} tam_pickle_cell;

/* What a value of the kinds LIST, TUPLE, DTYPE and ARRAY stands for. */
typedef struct tam_pickle_object {
    union {
        struct {
            uint64_t first, last, count;
        } items;
        struct {
            tam_pickle_value data;
            uint64_t dtype, count;
        } array; /* data UNSET: not filled */
        struct {
            char kind;
            bool big_endian;
            int size;
        } dtype;
    } is;
} tam_pickle_object;

/* An array that grows. */
typedef struct tam_pickle_pool {
    void *items;
    uint64_t count, room;
    size_t item_size;
} tam_pickle_pool;

struct tam_pickle {
    tam_ctx *ctx;
    tam_pickle_input *input;
    uint64_t budget;    /* bytes that the pools may still grow by */
    uint64_t operation; /* where the instruction in work lies */
    bool stopped;
    tam_pickle_pool stack, marks, memo, cells, objects;
};

/* The functions and classes that are known. */
typedef enum tam_pickle_global {
    TAM_PICKLE_RECONSTRUCT,
    TAM_PICKLE_NDARRAY,
    TAM_PICKLE_DTYPE_CLASS,
    TAM_PICKLE_FROMBUFFER,
    TAM_PICKLE_SCALAR,
    TAM_PICKLE_BOOL_CLASS,
    TAM_PICKLE_ENCODE
} tam_pickle_global;

/* TAM_INPUT with the file's name and the instruction's place before the reason. */
tam_status tam_pickle_refuse(tam_pickle *machine, const char *format, ...) __attribute__((format(printf, 2, 3)));

TAM_MUST_USE tam_status tam_pickle_push(tam_pickle *machine, tam_pickle_value value);
/* Refuses an empty stack, and one that ends at a mark. */
TAM_MUST_USE tam_status tam_pickle_pop(tam_pickle *machine, tam_pickle_value *value);
/* A new object of that kind, all 0; *object is valid until the next one is made. */
TAM_MUST_USE tam_status tam_pickle_make(tam_pickle *machine, tam_pickle_kind kind, tam_pickle_value *value,
                                        tam_pickle_object **object);
/* The items of a tuple of `least` to `most` (at most 8) values; *count: how many. */
TAM_MUST_USE tam_status tam_pickle_arguments(tam_pickle *machine, tam_pickle_value tuple, int least, int most,
                                             tam_pickle_value *items, int *count);

static inline tam_pickle_object *tam_pickle_object_of(const tam_pickle *machine, tam_pickle_value value) {
    return (tam_pickle_object *)machine->objects.items + value.at;
}

/* A little-endian number of `width` <= 8 bytes. */
TAM_MUST_USE tam_status tam_pickle_number(tam_pickle *machine, int width, uint64_t *value);
/* A decimal number in a line, as the first protocols have them; Python 2 puts an L behind long ones. */
TAM_MUST_USE tam_status tam_pickle_line_number(tam_pickle *machine, int64_t *value);

/* The instructions that put numbers, bytes and text on the stack; `width` is that of their number in bytes. */
TAM_MUST_USE tam_status tam_pickle_op_bytes(tam_pickle *machine, int width);
TAM_MUST_USE tam_status tam_pickle_op_text(tam_pickle *machine, int width);
TAM_MUST_USE tam_status tam_pickle_op_text_line(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_string_line(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_whole(tam_pickle *machine, int width);
TAM_MUST_USE tam_status tam_pickle_op_whole_line(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_long(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_bool(tam_pickle *machine, int value);
TAM_MUST_USE tam_status tam_pickle_op_none(tam_pickle *machine, int unused);
/* The instructions that name functions and that would call them. */
TAM_MUST_USE tam_status tam_pickle_op_global(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_stack_global(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_instance(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_reduce(tam_pickle *machine, int unused);
TAM_MUST_USE tam_status tam_pickle_op_build(tam_pickle *machine, int unused);

#endif
