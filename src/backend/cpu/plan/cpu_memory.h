/* One block of memory for a plan: buffers whose lives do not overlap share places. Time is the number of a step:
 * forward counts up from 0, backward goes on counting. */
#ifndef BACKEND_CPU_CPU_MEMORY_H
#define BACKEND_CPU_CPU_MEMORY_H

#include "base/ctx.h"

typedef struct tam_cpu_memory tam_cpu_memory;

TAM_MUST_USE tam_status tam_cpu_memory_create(tam_ctx *ctx, int capacity, tam_cpu_memory **out);
void tam_cpu_memory_free(tam_cpu_memory *memory);

/* Asks for a buffer that lives from time `first` to time `last`; returns its number. Asking for more than `capacity`
 * buffers is our own fault. */
int tam_cpu_memory_ask(tam_cpu_memory *memory, size_t bytes, int first, int last);
/* Lets a buffer live at `time` too. */
void tam_cpu_memory_extend(tam_cpu_memory *memory, int buffer, int time);
/* Gives all buffers their places, largest first, each as low as it goes, and takes the memory (zeroed). */
TAM_MUST_USE tam_status tam_cpu_memory_settle(tam_cpu_memory *memory);
/* After settling; aligned to TAM_ALIGNMENT. */
void *tam_cpu_memory_at(const tam_cpu_memory *memory, int buffer);
size_t tam_cpu_memory_bytes(const tam_cpu_memory *memory);

#endif
