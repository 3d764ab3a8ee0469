/* How classes are cut, and where a tile lies. */
#include "head/head_inside.h"

/* A chunk costs sums of its own, [N, D]: few classes make few chunks, but an even number, for two threads. */
enum { CHUNK_CLASSES = 256 };

static int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

/* Rows of w in a tile of width 512: as many as samples, within these bounds, so that w, x, p and t stay in a core's
 * cache together; more of narrower rows. */
enum { FEWEST_ROWS = 192, MOST_ROWS = 256, WIDTH = 512, MOST_NARROW_ROWS = 1024 };

/* In multiples that the products like. */
static int64_t tile_classes(const tam_head *head, int64_t chunk_classes) {
    int64_t rows = head->batch < FEWEST_ROWS ? FEWEST_ROWS : head->batch > MOST_ROWS ? MOST_ROWS : head->batch;
    rows = head->dim < WIDTH ? rows * WIDTH / head->dim : rows;
    rows = rows > MOST_NARROW_ROWS ? MOST_NARROW_ROWS : rows;
    int64_t fit = divide_up(rows, head->subs), even = divide_up(chunk_classes, divide_up(chunk_classes, fit));
    return tam_class_stride(even);
}

/* By the number of classes alone, and tiles by C, K, D and N: never by threads, so that sums are always cut alike. */
tam_head_cut tam_head_cut_of(const tam_head *head, int64_t classes) {
    int64_t chunks = 2 * divide_up(classes, 2 * CHUNK_CLASSES);
    chunks = chunks > TAM_HEAD_CHUNKS ? TAM_HEAD_CHUNKS : chunks;
    int64_t chunk = tam_class_stride(divide_up(classes, chunks));
    int64_t tile = head->cut.tile_classes > 0 ? head->cut.tile_classes : tile_classes(head, chunk);
    return (tam_head_cut){
        .classes = classes,
        .chunk_classes = chunk,
        .tile_classes = tile,
        .chunks = (int)divide_up(classes, chunk),
        .chunk_tiles = (int)divide_up(chunk, tile),
    };
}

/* Which rows of w the tile has; where classes are not neighbours their biases are gathered. */
static void list_rows(const tam_head *head, tam_head_tile *tile, tam_head_scratch *scratch) {
    int64_t subs = head->subs;
    for (int64_t j = 0; j < tile->count; j++) {
        int64_t class = head->chosen != NULL ? head->chosen[tile->first + j] : tile->first + j;
        for (int64_t k = 0; k < subs; k++) {
            scratch->rows[j * subs + k] = class * subs + k;
        }
        if (head->chosen != NULL && head->bias != NULL) {
            scratch->bias[j] = head->bias[class];
        }
    }
    tile->bias = head->bias == NULL ? head->no_bias : head->chosen != NULL ? scratch->bias : head->bias + tile->first;
}

tam_head_tile tam_head_tile_at(const tam_head *head, int n, int64_t chunk, int64_t k, tam_head_scratch *scratch) {
    const tam_head_cut *cut = &head->cut;
    int64_t first = tam_head_chunk_begin(cut, chunk) + k * cut->tile_classes;
    int64_t left = tam_head_chunk_begin(cut, chunk + 1) - first, at = chunk * cut->chunk_tiles + k;
    tam_head_tile tile = {.first = first, .count = left < cut->tile_classes ? left : cut->tile_classes};
    list_rows(head, &tile, scratch);
    tile.kept = k < head->kept_tiles;
    tile.slot = tile.kept ? head->kept + (size_t)(chunk * head->kept_tiles + k) * head->slot_bytes : scratch->slot;
    tile.values = scratch->values;
    tile.m = head->tile_m + at * head->batch;
    tile.sum = head->tile_sum != NULL ? head->tile_sum + at * head->batch : NULL;
    tile.rows = (tam_class_tile){
        .n = n,
        .dim = head->dim,
        .rows = tile.count * head->subs,
        .row = scratch->rows,
        .w = head->w,
        .momentum = head->momentum,
        .inverse_w = head->inverse_w + first * head->subs,
        .kept = tile.kept,
        .stride = tam_class_stride(tile.count * head->subs),
        .room = scratch->room,
    };
    return tile;
}
