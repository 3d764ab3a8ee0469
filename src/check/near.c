#include "check/near.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernel.h"
#include "base/memory.h"
#include "base/team.h"

enum {
    PIECES = 4,
    PIECE_BITS = 16,
    BUCKETS = 1 << PIECE_BITS,
    BUCKETS_PER_TASK = 64,
    MOST_PAIRS_PER_TASK = 4096,
    HITS = 256
};

/* The images sorted by one piece of their looks. */
typedef struct search {
    tam_ctx *ctx;
    const tam_print *prints;
    const uint8_t *small;
    bool (*wanted)(const void *user, uint32_t a, uint32_t b);
    const void *user;
    int piece;
    uint32_t *start;      /* [BUCKETS + 1] */
    uint32_t *image;      /* [count] by piece, then in their order */
    uint64_t *look;       /* [count] of those */
    tam_near_pair *found; /* [threads, MOST_PAIRS_PER_TASK] */
    pthread_mutex_t lock; /* guards the rest */
    tam_near_pairs *out;
    int64_t room;
    bool cut, failed;
} search;

static uint32_t piece_of(uint64_t look, int piece) {
    return (uint32_t)(look >> (PIECE_BITS * piece)) & (BUCKETS - 1);
}

/* Places in looks [count] within TAM_NEAR_BITS of `look`, the first HITS of them; *next: where to go on. */
TAM_KERNEL static int scan(uint64_t look, const uint64_t *looks, int count, int *next, int hits[HITS]) {
    int found = 0, i = *next;
    for (; i < count && found < HITS; i++) {
        hits[found] = i;
        found += __builtin_popcountll(look ^ looks[i]) <= TAM_NEAR_BITS;
    }
    *next = i;
    return found;
}

/* Whether an earlier piece finds the pair too. */
static bool found_before(uint64_t difference, int piece) {
    for (int p = 0; p < piece; p++) {
        if (__builtin_popcount(piece_of(difference, p)) <= 1) {
            return true;
        }
    }
    return false;
}

typedef struct task_room {
    tam_near_pair *pairs;
    int count;
    bool cut;
} task_room;

static void try_pair(const search *s, task_room *room, uint32_t i, uint32_t j, bool mirrored) {
    uint32_t a = s->image[i] < s->image[j] ? s->image[i] : s->image[j];
    uint32_t b = s->image[i] < s->image[j] ? s->image[j] : s->image[i];
    uint64_t difference = s->look[i] ^ s->look[j] ^ (mirrored ? TAM_PRINT_MIRROR : 0);
    if (found_before(difference, s->piece) || !s->wanted(s->user, a, b)) {
        return;
    }
    float alike =
        tam_print_alike(s->small + (size_t)a * TAM_PRINT_PIXELS, s->small + (size_t)b * TAM_PRINT_PIXELS, mirrored);
    if (alike < TAM_NEAR_ALIKE) {
        return;
    }
    if (room->count == MOST_PAIRS_PER_TASK) {
        room->cut = true;
        return;
    }
    room->pairs[room->count++] = (tam_near_pair){a, b, alike, mirrored};
}

/* Image i with those of a bucket from `from` on. */
static void scan_bucket(const search *s, task_room *room, uint32_t i, uint32_t from, uint32_t to, bool mirrored) {
    int hits[HITS], next = 0, count = (int)(to - from);
    if (to - from > TAM_NEAR_NEIGHBOURS) {
        count = TAM_NEAR_NEIGHBOURS;
        room->cut = true;
    }
    uint64_t look = s->look[i] ^ (mirrored ? TAM_PRINT_MIRROR : 0);
    while (next < count) {
        int found = scan(look, s->look + from, count, &next, hits);
        for (int h = 0; h < found; h++) {
            try_pair(s, room, i, from + (uint32_t)hits[h], mirrored);
        }
    }
}

/* Every pair of buckets that differ in at most one bit, once; so also with the mirror images. */
static void search_bucket(const search *s, task_room *room, uint32_t bucket) {
    for (int turn = 0; turn < 2 * (PIECE_BITS + 1); turn++) {
        bool mirrored = turn > PIECE_BITS;
        int bit = turn % (PIECE_BITS + 1);
        uint32_t other =
            bucket ^ (bit < PIECE_BITS ? 1u << bit : 0) ^ (mirrored ? piece_of(TAM_PRINT_MIRROR, s->piece) : 0);
        if (other < bucket || s->start[other] == s->start[other + 1]) {
            continue;
        }
        for (uint32_t i = s->start[bucket]; i < s->start[bucket + 1]; i++) {
            uint32_t from = other == bucket ? i + 1 : s->start[other];
            scan_bucket(s, room, i, from, s->start[other + 1], mirrored);
        }
    }
}

static void search_some(void *argument, int64_t task, int worker) {
    search *s = argument;
    task_room room = {.pairs = s->found + (size_t)worker * MOST_PAIRS_PER_TASK};
    for (int64_t bucket = task * BUCKETS_PER_TASK; bucket < (task + 1) * BUCKETS_PER_TASK; bucket++) {
        search_bucket(s, &room, (uint32_t)bucket);
    }
    pthread_mutex_lock(&s->lock);
    s->cut |= room.cut;
    tam_near_pairs *out = s->out;
    if (out->count + room.count > s->room) {
        int64_t wanted = 2 * (out->count + room.count);
        tam_near_pair *more = tam_reallocate(s->ctx, out->pairs, (size_t)wanted, sizeof *more, "near duplicates");
        s->failed |= more == NULL;
        s->room = more != NULL ? wanted : s->room;
        out->pairs = more != NULL ? more : out->pairs;
    }
    if (out->count + room.count <= s->room && room.count > 0) {
        memcpy(out->pairs + out->count, room.pairs, (size_t)room.count * sizeof *room.pairs);
        out->count += room.count;
    }
    pthread_mutex_unlock(&s->lock);
}

/* A counting sort: images keep their order within a bucket. */
static void sort_by_piece(search *s, int64_t count, const uint32_t *image) {
    memset(s->start, 0, (BUCKETS + 1) * sizeof *s->start);
    for (int64_t i = 0; i < count; i++) {
        s->start[piece_of(s->prints[image[i]].look, s->piece) + 1]++;
    }
    for (int b = 0; b < BUCKETS; b++) {
        s->start[b + 1] += s->start[b];
    }
    for (int64_t i = 0; i < count; i++) {
        uint64_t look = s->prints[image[i]].look;
        uint32_t at = s->start[piece_of(look, s->piece)]++;
        s->image[at] = image[i];
        s->look[at] = look;
    }
    memmove(s->start + 1, s->start, BUCKETS * sizeof *s->start);
    s->start[0] = 0;
}

static int by_images(const void *x, const void *y) {
    const tam_near_pair *p = x, *q = y;
    if (p->a != q->a) {
        return p->a < q->a ? -1 : 1;
    }
    if (p->b != q->b) {
        return p->b < q->b ? -1 : 1;
    }
    return (int)p->mirrored - (int)q->mirrored;
}

/* By number; a pair that is alike both ways, as of symmetric images, counts once. */
static void put_in_order(tam_near_pairs *out) {
    int64_t kept = 0;
    if (out->count > 0) {
        qsort(out->pairs, (size_t)out->count, sizeof *out->pairs, by_images);
    }
    for (int64_t i = 0; i < out->count; i++) {
        bool again = kept > 0 && out->pairs[kept - 1].a == out->pairs[i].a && out->pairs[kept - 1].b == out->pairs[i].b;
        if (!again) {
            out->pairs[kept++] = out->pairs[i];
        }
    }
    out->count = kept;
}

tam_status tam_near_search(tam_ctx *ctx, int64_t count, const uint32_t *image, const tam_print *prints,
                           const uint8_t *small, bool (*wanted)(const void *user, uint32_t a, uint32_t b),
                           const void *user, tam_near_pairs *out) {
    *out = (tam_near_pairs){0};
    search s = {.ctx = ctx, .prints = prints, .small = small, .wanted = wanted, .user = user, .out = out};
    size_t all = (size_t)count, threads = (size_t)tam_ctx_threads(ctx);
    if (pthread_mutex_init(&s.lock, NULL) != 0) {
        return tam_fail(ctx, TAM_RESOURCES, "cannot make a lock");
    }
    s.start = tam_allocate(ctx, BUCKETS + 1, sizeof *s.start, "the search for near duplicates");
    s.image = tam_allocate(ctx, all, sizeof *s.image, "the search for near duplicates");
    s.look = tam_allocate(ctx, all, sizeof *s.look, "the search for near duplicates");
    s.found = tam_allocate(ctx, threads * MOST_PAIRS_PER_TASK, sizeof *s.found, "the search for near duplicates");
    s.failed = s.start == NULL || s.image == NULL || s.look == NULL || s.found == NULL;
    for (; s.piece < PIECES && !s.failed; s.piece++) {
        sort_by_piece(&s, count, image);
        tam_team_run(ctx, BUCKETS / BUCKETS_PER_TASK, search_some, &s);
    }
    put_in_order(out);
    out->cut = s.cut;
    tam_release(ctx, s.start);
    tam_release(ctx, s.image);
    tam_release(ctx, s.look);
    tam_release(ctx, s.found);
    pthread_mutex_destroy(&s.lock);
    if (s.failed) {
        tam_release(ctx, out->pairs);
        *out = (tam_near_pairs){0};
        return TAM_RESOURCES;
    }
    return TAM_OK;
}
