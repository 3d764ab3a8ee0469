#include "backend/cpu/plan/cpu_memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

typedef struct buffer {
    size_t bytes, offset;
    int first, last, number;
} buffer;

struct tam_cpu_memory {
    tam_ctx *ctx;
    buffer *buffers; /* by number */
    buffer *placed;  /* while settling: copies, largest first */
    int count, capacity;
    size_t bytes;
    char *block;
};

tam_status tam_cpu_memory_create(tam_ctx *ctx, int capacity, tam_cpu_memory **out) {
    *out = NULL;
    tam_cpu_memory *memory = tam_allocate(ctx, 1, sizeof *memory, "a plan's memory");
    if (memory == NULL) {
        return TAM_RESOURCES;
    }
    memory->ctx = ctx;
    memory->capacity = capacity;
    memory->buffers = tam_allocate(ctx, (size_t)capacity, sizeof *memory->buffers, "a plan's buffers");
    memory->placed = tam_allocate(ctx, (size_t)capacity, sizeof *memory->placed, "a plan's buffers");
    if (memory->buffers == NULL || memory->placed == NULL) {
        tam_cpu_memory_free(memory);
        return TAM_RESOURCES;
    }
    *out = memory;
    return TAM_OK;
}

void tam_cpu_memory_free(tam_cpu_memory *memory) {
    if (memory == NULL) {
        return;
    }
    tam_release(memory->ctx, memory->block);
    tam_release(memory->ctx, memory->placed);
    tam_release(memory->ctx, memory->buffers);
    tam_release(memory->ctx, memory);
}

int tam_cpu_memory_ask(tam_cpu_memory *memory, size_t bytes, int first, int last) {
    assert(memory->count < memory->capacity);
    int number = memory->count++;
    size_t rounded = (bytes + TAM_ALIGNMENT - 1) / TAM_ALIGNMENT * TAM_ALIGNMENT;
    memory->buffers[number] = (buffer){.bytes = rounded, .first = first, .last = last, .number = number};
    return number;
}

void tam_cpu_memory_extend(tam_cpu_memory *memory, int number, int time) {
    buffer *extended = &memory->buffers[number];
    extended->first = time < extended->first ? time : extended->first;
    extended->last = time > extended->last ? time : extended->last;
}

static int larger_first(const void *a, const void *b) {
    const buffer *left = a, *right = b;
    if (left->bytes != right->bytes) {
        return left->bytes > right->bytes ? -1 : 1;
    }
    return left->number - right->number;
}

/* The lowest place for placed[at] beside those of placed[0..at) that live at the same time: after each of them in turn
 * the candidate moves up, until it meets none. */
static size_t lowest_place(const buffer *placed, int at) {
    const buffer *wanted = &placed[at];
    size_t offset = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int i = 0; i < at; i++) {
            bool together = placed[i].first <= wanted->last && wanted->first <= placed[i].last;
            bool overlap = placed[i].offset < offset + wanted->bytes && offset < placed[i].offset + placed[i].bytes;
            if (together && overlap) {
                offset = placed[i].offset + placed[i].bytes;
                moved = true;
            }
        }
    }
    return offset;
}

tam_status tam_cpu_memory_settle(tam_cpu_memory *memory) {
    buffer *placed = memory->placed;
    for (int i = 0; i < memory->count; i++) {
        placed[i] = memory->buffers[i];
    }
    qsort(placed, (size_t)memory->count, sizeof *placed, larger_first);
    for (int i = 0; i < memory->count; i++) {
        placed[i].offset = lowest_place(placed, i);
        memory->buffers[placed[i].number].offset = placed[i].offset;
        size_t end = placed[i].offset + placed[i].bytes;
        memory->bytes = end > memory->bytes ? end : memory->bytes;
    }
    memory->block = tam_allocate(memory->ctx, memory->bytes, 1, "a plan's layers");
    return memory->block != NULL ? TAM_OK : TAM_RESOURCES;
}

void *tam_cpu_memory_at(const tam_cpu_memory *memory, int number) {
    return memory->block + memory->buffers[number].offset;
}

size_t tam_cpu_memory_bytes(const tam_cpu_memory *memory) {
    return memory->bytes;
}
