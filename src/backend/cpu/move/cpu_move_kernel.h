/* The moves of one kind of processor, whose file defines what cpu_move_words.h needs, load, store and pick. */

PART words load(const tam_dtype dtype, const void *x, int64_t at, int n) {
    return dtype == TAM_BF16 ? load_bf16((const tam_bf16 *)x + at, n) : load_f32((const float *)x + at, n);
}

PART void store(const tam_dtype dtype, void *y, int64_t at, int n, words v) {
    if (dtype == TAM_BF16) {
        store_bf16((tam_bf16 *)y + at, n, v);
    } else {
        store_f32((float *)y + at, n, v);
    }
}

/* The sum in f32; bf16 as by tam_bf16_nearest. */
PART words sum(const tam_dtype dtype, words a, words b) {
    if (dtype == TAM_F32) {
        return (words)((vec)a + (vec)b);
    }
    vec total = (vec)(a << 16) + (vec)(b << 16);
    words bits = (words)total, nan = (words)(total != total);
    words rounded = bits + 0x7fff + (bits >> 16 & 1), quiet = bits | 0x400000;
    return ((quiet & nan) | (rounded & ~nan)) >> 16;
}

PART void add_rows(const tam_dtype dtype, int64_t pixels, int64_t count, const void *x, int64_t x_step, void *y,
                   int64_t y_step) {
    for (int64_t p = 0; p < pixels; p++) {
        int64_t i = 0, from = p * x_step, to = p * y_step;
        for (; i + LANES <= count; i += LANES) {
            store(dtype, y, to + i, LANES, sum(dtype, load(dtype, y, to + i, LANES), load(dtype, x, from + i, LANES)));
        }
        int n = (int)(count - i);
        if (n > 0) {
            store(dtype, y, to + i, n, sum(dtype, load(dtype, y, to + i, n), load(dtype, x, from + i, n)));
        }
    }
}

CALL void add(tam_dtype dtype, int64_t pixels, int64_t count, const void *x, int64_t x_step, void *y, int64_t y_step) {
    if (dtype == TAM_BF16) {
        add_rows(TAM_BF16, pixels, count, x, x_step, y, y_step);
    } else {
        add_rows(TAM_F32, pixels, count, x, x_step, y, y_step);
    }
}

typedef struct source {
    const void *x;
    int64_t step;
    int count;
    lanes mask;
    words indices;
} source;

/* `count` is the number of parts. */
PART void permute_rows(const tam_dtype dtype, const bool adds, const int count, int64_t pixels, const tam_move *move,
                       const source *sources, void *y) {
    const int n = move->count;
    for (int64_t p = 0; p < pixels; p++) {
        words v = {0};
        for (int i = 0; i < count; i++) {
            const source *s = &sources[i];
            v = pick(v, s->mask, s->indices, load(dtype, s->x, p * s->step, s->count));
        }
        if (adds) {
            v = sum(dtype, load(dtype, y, p * move->step, n), v);
        }
        store(dtype, y, p * move->step, n, v);
    }
}

PART void permute_parts(const tam_dtype dtype, const bool adds, int64_t pixels, const tam_move *move,
                        const source *sources, void *y) {
    if (move->parts == 1) {
        permute_rows(dtype, adds, 1, pixels, move, sources, y);
    } else if (move->parts == 2) {
        permute_rows(dtype, adds, 2, pixels, move, sources, y);
    } else {
        permute_rows(dtype, adds, move->parts, pixels, move, sources, y);
    }
}

PART void permute_as(const tam_dtype dtype, bool adds, int64_t pixels, const tam_move *move, const source *sources,
                     void *y) {
    if (adds) {
        permute_parts(dtype, true, pixels, move, sources, y);
    } else {
        permute_parts(dtype, false, pixels, move, sources, y);
    }
}

CALL void permute(tam_dtype dtype, bool adds, int64_t pixels, const tam_move *move, const tam_move_part *part,
                  const void *const *x, void *y) {
    source sources[LANES];
    for (int i = 0; i < move->parts; i++) {
        sources[i] = (source){
            .x = x[i],
            .step = part[i].step,
            .count = part[i].count,
            .mask = lanes_of(part[i].mask),
            .indices = indices_of(part[i].from),
        };
    }
    if (dtype == TAM_BF16) {
        permute_as(TAM_BF16, adds, pixels, move, sources, y);
    } else {
        permute_as(TAM_F32, adds, pixels, move, sources, y);
    }
}

static const tam_move_kernels table = {.name = KERNEL_NAME, .lanes = LANES, .add = add, .permute = permute};
