/* Images that are the same, or nearly. */
#include <stdlib.h>
#include <string.h>

#include "check/check_inside.h"
#include "check/near.h"

/* A list that is counted first and filled then. */
typedef struct twin_list {
    tam_check_twin *twins;
    int64_t count;
} twin_list;

static void add(twin_list *list, tam_check_twin twin) {
    if (list->twins != NULL) {
        list->twins[list->count] = twin;
    }
    list->count++;
}

typedef struct twin_lists {
    twin_list copies, conflicts, near, leaks;
} twin_lists;

/* Members member [count] of a group of equal pixels, by number: the data's come first. */
static void sort_group(const tam_check *check, const uint32_t *member, int64_t count, twin_lists *lists) {
    const tam_dataset *data = check->album.set[0];
    int64_t inside = 0;
    bool conflict = false;
    for (; inside < count && member[inside] < check->info.images; inside++) {
        conflict |= tam_dataset_label(data, member[inside]) != tam_dataset_label(data, member[0]);
    }
    for (int64_t k = 1; k < inside && !check->pairs; k++) {
        add(conflict ? &lists->conflicts : &lists->copies,
            (tam_check_twin){.image = member[k], .twin = member[0], .alike = 1});
    }
    for (int64_t k = inside; k < count; k++) {
        int set = tam_album_set_of(&check->album, member[k]);
        bool first = k == inside || tam_album_set_of(&check->album, member[k - 1]) != set;
        for (int64_t i = 0; first && i < inside; i++) {
            add(&lists->leaks,
                (tam_check_twin){
                    .image = member[i], .twin = member[k] - check->album.first[set], .set = set, .alike = 1});
        }
    }
}

static void sort_groups(const tam_check *check, const uint32_t *order, const uint32_t *end, int64_t unreadable,
                        twin_lists *lists) {
    int64_t all = check->album.first[check->album.sets];
    for (int64_t k = unreadable; k < all; k = end[k]) {
        if (end[k] > k + 1) {
            sort_group(check, order + k, end[k] - k, lists);
        }
    }
}

static void add_near(const tam_check *check, const tam_near_pairs *pairs, twin_lists *lists) {
    for (int64_t k = 0; k < pairs->count; k++) {
        const tam_near_pair *pair = &pairs->pairs[k];
        int set = tam_album_set_of(&check->album, pair->b);
        tam_check_twin twin = {
            .set = set, .mirrored = pair->mirrored, .alike = pair->alike < 1 ? pair->alike : 0.99999f};
        twin.image = set == 0 ? pair->b : pair->a;
        twin.twin = set == 0 ? pair->a : pair->b - check->album.first[set];
        add(set == 0 ? &lists->near : &lists->leaks, twin);
    }
}

static bool of_interest(const void *user, uint32_t a, uint32_t b) {
    const tam_check *check = user;
    const tam_print *x = &check->album.prints[a], *y = &check->album.prints[b];
    return a < check->info.images && (x->pixels[0] != y->pixels[0] || x->pixels[1] != y->pixels[1]);
}

/* One image of each group in each set; order becomes their list. */
static int64_t represent(const tam_check *check, uint32_t *order, const uint32_t *end, int64_t unreadable) {
    int64_t all = check->album.first[check->album.sets], count = 0;
    for (int64_t k = unreadable, group_end = 0; k < all; k++) {
        bool begins = k >= group_end;
        group_end = begins ? end[k] : group_end;
        bool plain = check->album.prints[order[k]].plain;
        if (!plain && (begins || tam_album_set_of(&check->album, order[k]) !=
                                     tam_album_set_of(&check->album, order[count - 1]))) {
            order[count++] = order[k];
        }
    }
    return count;
}

static int by_image(const void *a, const void *b) {
    const tam_check_twin *x = a, *y = b;
    int64_t p[3] = {x->image, x->set, x->twin}, q[3] = {y->image, y->set, y->twin};
    for (int k = 0; k < 3; k++) {
        if (p[k] != q[k]) {
            return p[k] < q[k] ? -1 : 1;
        }
    }
    return 0;
}

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static tam_status take_room(tam_check *check, twin_list *list) {
    list->twins = tam_arena_take(check->arena, (size_t)list->count, sizeof *list->twins);
    list->count = 0;
    return list->twins != NULL ? TAM_OK : TAM_RESOURCES;
}

static void put_in_order(twin_list *list) {
    if (list->count > 0) {
        qsort(list->twins, (size_t)list->count, sizeof *list->twins, by_image);
    }
}

static tam_status keep(tam_check *check, twin_lists *lists, const uint32_t *order, const uint32_t *end,
                       int64_t unreadable, const tam_near_pairs *near) {
    tam_check_info *info = &check->info;
    sort_groups(check, order, end, unreadable, lists);
    add_near(check, near, lists);
    TAM_TRY(take_room(check, &lists->copies));
    TAM_TRY(take_room(check, &lists->conflicts));
    TAM_TRY(take_room(check, &lists->near));
    TAM_TRY(take_room(check, &lists->leaks));
    sort_groups(check, order, end, unreadable, lists);
    add_near(check, near, lists);
    put_in_order(&lists->copies);
    put_in_order(&lists->conflicts);
    put_in_order(&lists->near);
    put_in_order(&lists->leaks);
    info->copy = lists->copies.twins;
    info->copy_count = lists->copies.count;
    info->conflict = lists->conflicts.twins;
    info->conflict_count = lists->conflicts.count;
    info->near = lists->near.twins;
    info->near_count = lists->near.count;
    info->near_cut = near->cut;
    info->leak = lists->leaks.twins;
    info->leak_count = lists->leaks.count;
    return TAM_OK;
}

tam_status tam_check_twins(tam_check *check, uint32_t *order, uint32_t *end, bool without_near) {
    const tam_album *album = &check->album;
    tam_near_pairs near = {0};
    twin_lists lists = {0};
    int64_t unreadable;
    tam_status status = TAM_OK;
    tam_album_group(album, order, end, &unreadable);
    if (!without_near) {
        int64_t count = represent(check, order, end, unreadable);
        if (count > 0) { /* near images get neighbours in memory when they lie in the data's order */
            qsort(order, (size_t)count, sizeof *order, by_number);
        }
        status = tam_near_search(check->ctx, count, order, album->prints, album->small, of_interest, check, &near);
        tam_album_group(album, order, end, &unreadable);
    }
    if (status == TAM_OK) {
        status = keep(check, &lists, order, end, unreadable, &near);
    }
    tam_release(check->ctx, near.pairs);
    return status;
}
