#include "backend/cpu/move/cpu_move.h"

#include <string.h>

#include "backend/cpu/move/cpu_move_kinds.h"
#include "base/memory.h"
#include "base/team.h"

const tam_move_kernels *tam_move_kernels_at(int index) {
    const tam_move_kernels *(*const kinds[])(void) = {tam_move_avx512, tam_move_avx2, tam_move_plain};
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        const tam_move_kernels *kernels = kinds[kind]();
        if (kernels != NULL && index-- == 0) {
            return kernels;
        }
    }
    return NULL;
}

struct tam_moves {
    tam_ctx *ctx;
    const tam_move_kernels *kernels;
    tam_layout to;
    int64_t bytes, pixels, piece; /* of a number; of a map; pixels of a task */
    int count, part_count, channels;
    tam_move *move;
    tam_move_part *part;
    int64_t *sample; /* [sources]: numbers of a sample */
};

/* What the moves are made from. */
typedef struct maker {
    tam_moves *moves;
    const tam_layout *from;
    const tam_channel *map;
    int block; /* of the destination */
} maker;

/* Where the number in a lane of the block comes from; beyond the channels, from nowhere. */
static tam_channel origin(const maker *m, int lane) {
    const tam_layout *to = &m->moves->to;
    int c = m->block * to->lanes + lane;
    return c < to->c ? m->map[c] : (tam_channel){.source = TAM_NOWHERE};
}

/* The number behind that of `a` in memory is b's. */
static bool follows(const maker *m, tam_channel a, tam_channel b) {
    if (a.source == TAM_NOWHERE || b.source == TAM_NOWHERE) {
        return a.source == b.source;
    }
    return a.source == b.source && a.channel + 1 == b.channel && b.channel % m->from[b.source].lanes != 0;
}

/* Lanes from `first` on that lie in one stretch of a source, or come from nowhere. */
static int straight_lanes(const maker *m, int first) {
    int lanes = 1;
    while (first + lanes < m->moves->to.lanes && follows(m, origin(m, first + lanes - 1), origin(m, first + lanes))) {
        lanes++;
    }
    return lanes;
}

/* The block of a source's layout in which a channel lies. */
static int64_t block_of(const tam_layout *from, int channel) {
    return channel / from->lanes;
}

/* The vector of numbers around the first of `left`'s lanes, and all other lanes that it serves; returns what is left.
 */
static unsigned add_part(const maker *m, const tam_move *move, int first, unsigned left) {
    tam_moves *moves = m->moves;
    const int width = moves->kernels->lanes;
    tam_channel one = origin(m, first + __builtin_ctz(left));
    const tam_layout *from = &m->from[one.source];
    int64_t block = block_of(from, one.channel);
    int start = from->lanes;
    for (int l = 0; l < move->count; l++) {
        tam_channel c = origin(m, first + l);
        if ((left >> l & 1) != 0 && c.source == one.source && block_of(from, c.channel) == block) {
            start = c.channel % from->lanes < start ? c.channel % from->lanes : start;
        }
    }
    /* a whole vector wherever the layout has one */
    start = start + width > from->lanes && from->lanes > width ? from->lanes - width : start;
    start = from->lanes <= width ? 0 : start;
    tam_move_part *part = &moves->part[moves->part_count++];
    *part = (tam_move_part){.source = one.source, .step = from->lanes};
    part->count = from->lanes - start < width ? from->lanes - start : width;
    part->offset = block * tam_layout_run(from) + start;
    for (int l = 0; l < move->count; l++) {
        tam_channel c = origin(m, first + l);
        bool same = (left >> l & 1) != 0 && c.source == one.source && block_of(from, c.channel) == block;
        int at = same ? c.channel % from->lanes - start : -1;
        if (at >= 0 && at < part->count) {
            part->mask |= (uint16_t)(1u << l);
            part->from[l] = (uint8_t)at;
        }
    }
    return left & ~(unsigned)part->mask;
}

/* A stretch that is worth a move of its own: no shorter than a vector, or one stretch over all pixels. */
static bool is_straight(const maker *m, int first, int lanes) {
    int source = origin(m, first).source;
    bool whole = lanes == m->moves->to.lanes && (source == TAM_NOWHERE || m->from[source].lanes == lanes);
    return lanes >= m->moves->kernels->lanes || whole;
}

static int add_move(const maker *m, int first) {
    tam_moves *moves = m->moves;
    const tam_layout *to = &moves->to;
    tam_channel begin = origin(m, first);
    int straight = straight_lanes(m, first);
    tam_move *move = &moves->move[moves->count++];
    *move = (tam_move){
        .offset = m->block * tam_layout_run(to) + first,
        .step = to->lanes,
        .first = moves->part_count,
        .straight = is_straight(m, first, straight),
    };
    if (move->straight) {
        move->count = straight;
        if (begin.source != TAM_NOWHERE) {
            const tam_layout *from = &m->from[begin.source];
            moves->part[moves->part_count++] = (tam_move_part){
                .source = begin.source,
                .offset = block_of(from, begin.channel) * tam_layout_run(from) + begin.channel % from->lanes,
                .step = from->lanes,
                .count = straight,
            };
        }
    } else {
        unsigned left = 0;
        int limit = to->lanes - first < moves->kernels->lanes ? to->lanes - first : moves->kernels->lanes;
        do {
            left |= origin(m, first + move->count).source == TAM_NOWHERE ? 0 : 1u << move->count;
            move->count++;
        } while (move->count < limit && straight_lanes(m, first + move->count) < moves->kernels->lanes);
        while (left != 0) {
            left = add_part(m, move, first, left);
        }
    }
    move->parts = moves->part_count - move->first;
    return first + move->count;
}

static void make(tam_moves *moves, const tam_layout *from, const tam_channel *map) {
    for (int block = 0; block < tam_layout_blocks(&moves->to); block++) {
        const maker m = {moves, from, map, block};
        for (int lane = 0; lane < moves->to.lanes;) {
            lane = add_move(&m, lane);
        }
    }
    for (int c = 0; c < moves->to.c; c++) {
        moves->channels += map[c].source != TAM_NOWHERE;
    }
}

tam_status tam_moves_create(tam_ctx *ctx, const tam_move_kernels *kernels, const tam_layout *to, int sources,
                            const tam_layout *from, const tam_channel *map, tam_moves **out) {
    enum { TASK_NUMBERS = 1 << 15, LEAST_PIECE = 16 };
    tam_moves *moves = *out = tam_allocate(ctx, 1, sizeof *moves, "moves of channels");
    if (moves == NULL) {
        return TAM_RESOURCES;
    }
    size_t lanes = (size_t)tam_layout_blocks(to) * (size_t)to->lanes;
    *moves = (tam_moves){.ctx = ctx, .kernels = kernels, .to = *to, .pixels = tam_layout_pixels(to)};
    moves->bytes = (int64_t)tam_dtype_bytes(to->dtype);
    moves->piece = TASK_NUMBERS / (int64_t)lanes;
    moves->piece = moves->piece < LEAST_PIECE ? LEAST_PIECE : moves->piece;
    moves->move = tam_allocate(ctx, lanes, sizeof *moves->move, "moves of channels");
    moves->part = tam_allocate(ctx, lanes, sizeof *moves->part, "moves of channels");
    moves->sample = tam_allocate(ctx, (size_t)sources, sizeof *moves->sample, "moves of channels");
    if (moves->move == NULL || moves->part == NULL || moves->sample == NULL) {
        tam_moves_free(moves);
        *out = NULL;
        return TAM_RESOURCES;
    }
    for (int k = 0; k < sources; k++) {
        moves->sample[k] = tam_layout_sample(&from[k]);
    }
    make(moves, from, map);
    return TAM_OK;
}

void tam_moves_free(tam_moves *moves) {
    if (moves != NULL) {
        tam_release(moves->ctx, moves->move);
        tam_release(moves->ctx, moves->part);
        tam_release(moves->ctx, moves->sample);
        tam_release(moves->ctx, moves);
    }
}

int tam_moves_channels(const tam_moves *moves) {
    return moves->channels;
}

typedef struct job {
    const tam_moves *moves;
    const void *const *x;
    char *y;
    bool add;
} job;

/* `pixels` numbers of one channel that follow each other, or whole blocks, are one stretch. */
static void move_straight(const job *j, const tam_move *move, const tam_move_part *part, int64_t pixels, const char *x,
                          char *y) {
    const tam_moves *moves = j->moves;
    int64_t count = move->count;
    if (part->step == count && move->step == count) {
        count *= pixels;
        pixels = 1;
    }
    if (j->add) {
        moves->kernels->add(moves->to.dtype, pixels, count, x, part->step, y, move->step);
        return;
    }
    for (int64_t p = 0; p < pixels; p++) {
        memcpy(y + p * move->step * moves->bytes, x + p * part->step * moves->bytes, (size_t)(count * moves->bytes));
    }
}

static void move_nothing(const job *j, const tam_move *move, int64_t pixels, char *y) {
    int64_t bytes = j->moves->bytes;
    for (int64_t p = 0; p < pixels && !j->add; p++) {
        memset(y + p * move->step * bytes, 0, (size_t)(move->count * bytes));
    }
}

static void run_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    const tam_moves *moves = j->moves;
    int64_t pieces = (moves->pixels + moves->piece - 1) / moves->piece, sample = task / pieces;
    int64_t first = task % pieces * moves->piece, left = moves->pixels - first;
    int64_t pixels = left < moves->piece ? left : moves->piece;
    for (int i = 0; i < moves->count; i++) {
        const tam_move *move = &moves->move[i];
        const tam_move_part *part = &moves->part[move->first];
        char *y = j->y + (sample * tam_layout_sample(&moves->to) + move->offset + first * move->step) * moves->bytes;
        const void *x[TAM_MOVE_LANES];
        for (int k = 0; k < move->parts; k++) {
            int64_t at = sample * moves->sample[part[k].source] + part[k].offset + first * part[k].step;
            x[k] = (const char *)j->x[part[k].source] + at * moves->bytes;
        }
        if (move->parts == 0) {
            move_nothing(j, move, pixels, y);
        } else if (move->straight) {
            move_straight(j, move, part, pixels, x[0], y);
        } else {
            moves->kernels->permute(moves->to.dtype, j->add, pixels, move, part, x, y);
        }
    }
}

void tam_moves_run(const tam_moves *moves, int n, const void *const *x, void *y, bool add) {
    job j = {moves, x, y, add};
    tam_team_run(moves->ctx, n * ((moves->pixels + moves->piece - 1) / moves->piece), run_piece, &j);
}
