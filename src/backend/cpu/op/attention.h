/* One head of attention on one sample, on the calling thread: y = softmax(q k^T / sqrt(d)) v. Who computes it is chosen
 * when the plan is made: products in f32 on any processor, or of bf16 factors by matrix registers.
 *
 * Queries go in chunks, so that what is as large as chunk x tokens stays in a core's cache. Of each query the logarithm
 * of its row's sum is kept for backward, which makes the weights again: p = 2^(score - log_sum), scores in base 2. */
#ifndef BACKEND_CPU_ATTENTION_H
#define BACKEND_CPU_ATTENTION_H

#include "backend/cpu/plan/cpu_layout.h"

typedef struct tam_attention {
    tam_layout in, out; /* in: q, k and v, one after the other, each head by head */
    int64_t tokens;
    int heads, d;
    bool training;
} tam_attention;

typedef struct tam_attention_call {
    int64_t sample;
    int head;
    const void *x, *dy;
    void *y, *dx;
    float *log_sums; /* [tokens]; NULL in inference */
    void *room;      /* of this thread, aligned to 64 bytes */
    /* What this thread may do next, so that its numbers come into the cache meanwhile; the sample is -1: nothing. */
    int64_t next_sample;
    int next_head;
} tam_attention_call;

typedef struct tam_attention_kind {
    const char *name;
    /* Bytes of `room`. */
    size_t (*room_bytes)(const tam_attention *attention);
    void (*forward)(const tam_attention *attention, const tam_attention_call *call);
    void (*backward)(const tam_attention *attention, const tam_attention_call *call);
} tam_attention_kind;

extern const tam_attention_kind tam_attention_f32;
/* NULL where the processor has no matrix registers. */
const tam_attention_kind *tam_attention_bf16(void);

/* log2(e) / sqrt(d): a score times this is in base 2. */
float tam_attention_scale(const tam_attention *attention);

#endif
