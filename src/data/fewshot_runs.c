/* The lists of published few-shot runs, found beside the images that they name. */
#include "tammes/fewshot_runs.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/image_names.h"
#include "io/text_lines.h"

#define LIST "class_labels.txt"

enum { LONGEST_KEY = 4096, MOST_NAMED = 5, LEAST_LINE = 3 };

typedef struct names {
    const char **items;
    int64_t count, room;
} names;

/* What the lists say of an image. */
typedef struct run_mark {
    int64_t asked, chosen; /* 1 + the number of the last run where it is a question, an answer; 0: none */
    int64_t place;         /* which choice of that run; at the end the place among all images that are named */
} run_mark;

struct tam_fewshot_runs {
    tam_ctx *ctx;
    tam_arena *arena;
    const char *folder;
    int64_t count, images;
    tam_fewshot_run *runs;
    int64_t *image;
    /* While lists are read: */
    tam_image_names *names;
    run_mark *marks; /* [images of the data set] */
    names folders, missing;
};

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static tam_status add_name(tam_fewshot_runs *runs, names *list, const char *name, size_t length) {
    if (list->count == list->room) {
        int64_t room = 2 * list->room + 64;
        const char **larger = tam_reallocate(runs->ctx, list->items, (size_t)room, sizeof *larger, "names in runs");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        list->items = larger;
        list->room = room;
    }
    list->items[list->count] = tam_arena_string(runs->arena, name, length);
    return list->items[list->count++] != NULL ? TAM_OK : TAM_RESOURCES;
}

/* In the order of their bytes, each once. */
static void sort_names(names *list) {
    int64_t kept = 0;
    if (list->count > 0) {
        qsort(list->items, (size_t)list->count, sizeof *list->items, by_text);
    }
    for (int64_t i = 0; i < list->count; i++) {
        if (i == 0 || strcmp(list->items[i], list->items[kept - 1]) != 0) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

/* Every folder that holds images or folders of them; "" is the data's own. */
static tam_status gather_folders(tam_fewshot_runs *runs, const tam_dataset *dataset) {
    char key[LONGEST_KEY], last[LONGEST_KEY] = "/";
    int64_t images = tam_dataset_describe(dataset).count;
    for (int64_t i = 0; i < images; i++) {
        tam_dataset_image_key(dataset, i, key, sizeof key);
        char *slash = strrchr(key, '/');
        *(slash != NULL ? slash : key) = '\0';
        if (strcmp(key, last) == 0) {
            continue;
        }
        memcpy(last, key, strlen(key) + 1);
        TAM_TRY(add_name(runs, &runs->folders, key, strlen(key)));
        while (key[0] != '\0') {
            slash = strrchr(key, '/');
            *(slash != NULL ? slash : key) = '\0';
            TAM_TRY(add_name(runs, &runs->folders, key, strlen(key)));
        }
    }
    sort_names(&runs->folders);
    return TAM_OK;
}

/* "folder/name", or what there is of the two; cut where it does not fit, and then no image is called so. */
static void join(const char *folder, size_t length, tam_text name, char path[LONGEST_KEY]) {
    snprintf(path, LONGEST_KEY, "%.*s%s%.*s", (int)length, folder, length > 0 ? "/" : "", (int)name.length, name.at);
}

/* An image by its path in a list: from above the list's folder, from there, or from the data's folder. */
static int64_t find_image(const tam_fewshot_runs *runs, const char *folder, tam_text name) {
    char path[LONGEST_KEY];
    const char *slash = strrchr(folder, '/');
    size_t lengths[] = {slash != NULL ? (size_t)(slash - folder) : 0, strlen(folder), 0};
    if (name.length >= LONGEST_KEY || memchr(name.at, '\0', name.length) != NULL) {
        return TAM_IMAGE_NONE;
    }
    for (int from = 0; from < 3; from++) {
        join(folder, lengths[from], name, path);
        if (strchr(path, '/') != NULL) { /* a bare name would find a file of any folder */
            int64_t image = tam_image_names_find(runs->names, path);
            if (image != TAM_IMAGE_NONE) {
                return image;
            }
        }
    }
    /* The data's folder may itself be the run that the paths begin with. */
    const char *behind = memchr(name.at, '/', name.length);
    if (folder[0] == '\0' && behind != NULL) {
        tam_text rest = {behind + 1, name.length - (size_t)(behind + 1 - name.at)};
        join("", 0, rest, path);
        return strchr(path, '/') != NULL ? tam_image_names_find(runs->names, path) : TAM_IMAGE_NONE;
    }
    return TAM_IMAGE_NONE;
}

/* A list while it is read. */
typedef struct run_lines {
    int64_t questions, choices;
    int64_t *question, *right, *choice; /* [lines] */
} run_lines;

static tam_status read_line(tam_fewshot_runs *runs, const char *folder, const tam_lines *lines, tam_text line,
                            run_lines *run) {
    tam_text words[] = {tam_text_first(&line), tam_text_first(&line)};
    int64_t images[2], number = runs->count + 1;
    if (words[1].length == 0 || line.length != 0) {
        return tam_lines_refuse(lines, "not 'question answer', two paths of images");
    }
    for (int i = 0; i < 2; i++) {
        images[i] = find_image(runs, folder, words[i]);
        if (images[i] < 0) {
            TAM_TRY(add_name(runs, &runs->missing, words[i].at, words[i].length));
        }
    }
    if (images[0] < 0 || images[1] < 0) {
        return TAM_OK;
    }
    run_mark *question = &runs->marks[images[0]], *answer = &runs->marks[images[1]];
    if (question->asked == number) {
        return tam_lines_refuse(lines, "a question that was asked before");
    }
    question->asked = number;
    if (answer->chosen != number) {
        answer->chosen = number;
        answer->place = run->choices;
        run->choice[run->choices++] = images[1];
    }
    run->question[run->questions] = images[0];
    run->right[run->questions++] = answer->place;
    return TAM_OK;
}

static tam_status read_lines(tam_fewshot_runs *runs, const char *folder, tam_lines *lines, run_lines *run) {
    int64_t room;
    TAM_TRY(tam_lines_count(lines, LEAST_LINE, &room));
    run->question = tam_arena_take(runs->arena, (size_t)room, sizeof *run->question);
    run->right = tam_arena_take(runs->arena, (size_t)room, sizeof *run->right);
    run->choice = tam_arena_take(runs->arena, (size_t)room, sizeof *run->choice);
    if (run->question == NULL || run->right == NULL || run->choice == NULL) {
        return TAM_RESOURCES;
    }
    int64_t missing = runs->missing.count;
    for (int64_t read = 0;; read++) {
        tam_text line;
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            break;
        }
        if (read == room) {
            return tam_lines_refuse(lines, "the file grew while it was read");
        }
        TAM_TRY(read_line(runs, folder, lines, line, run));
    }
    if (run->choices < 2 && runs->missing.count == missing) {
        return tam_fail(runs->ctx, TAM_INPUT, "%s: %lld different answers: nothing to choose from", lines->path,
                        (long long)run->choices);
    }
    return TAM_OK;
}

/* Reads the list of this folder, where there is one. */
static tam_status read_list(tam_fewshot_runs *runs, const char *folder) {
    char path[PATH_MAX];
    tam_lines lines;
    run_lines run = {0};
    int length = snprintf(path, sizeof path, "%s%s%s/" LIST, runs->folder, folder[0] != '\0' ? "/" : "", folder);
    if (length < 0 || (size_t)length >= sizeof path || tam_path_look(path) == TAM_PATH_ABSENT) {
        return TAM_OK;
    }
    TAM_TRY(tam_lines_open(runs->ctx, path, &lines));
    tam_status status = read_lines(runs, folder, &lines, &run);
    tam_lines_close(&lines);
    if (status == TAM_OK) {
        tam_fewshot_run *larger =
            tam_reallocate(runs->ctx, runs->runs, (size_t)runs->count + 1, sizeof *larger, "runs");
        if (larger == NULL) {
            return TAM_RESOURCES;
        }
        runs->runs = larger;
        runs->runs[runs->count++] = (tam_fewshot_run){
            folder[0] != '\0' ? folder : ".", run.questions, run.choices, run.question, run.right, run.choice};
    }
    return status;
}

static void number_rows(const run_mark *marks, int64_t count, const int64_t *rows) {
    int64_t *own = (int64_t *)rows; /* the arena's */
    for (int64_t i = 0; i < count; i++) {
        own[i] = marks[rows[i]].place;
    }
}

/* Numbers of images in the data set become places among those that are named. */
static tam_status number_images(tam_fewshot_runs *runs, int64_t all) {
    runs->image = tam_arena_take(runs->arena, (size_t)all, sizeof *runs->image);
    if (runs->image == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < all; i++) {
        if (runs->marks[i].asked != 0 || runs->marks[i].chosen != 0) {
            runs->marks[i].place = runs->images;
            runs->image[runs->images++] = i;
        }
    }
    for (int64_t r = 0; r < runs->count; r++) {
        number_rows(runs->marks, runs->runs[r].questions, runs->runs[r].question);
        number_rows(runs->marks, runs->runs[r].choices, runs->runs[r].choice);
    }
    return TAM_OK;
}

static tam_status refuse_missing(tam_fewshot_runs *runs) {
    char some[512] = "";
    size_t length = 0;
    sort_names(&runs->missing);
    for (int64_t i = 0; i < runs->missing.count && i < MOST_NAMED; i++) {
        length += (size_t)snprintf(some + length, sizeof some - length, "%s'%.80s'", i > 0 ? ", " : "",
                                   runs->missing.items[i]);
    }
    return tam_fail(runs->ctx, TAM_INPUT, "%s: the lists name %lld images that the data lack: %s%s", runs->folder,
                    (long long)runs->missing.count, some, runs->missing.count > MOST_NAMED ? ", ..." : "");
}

static tam_status read_lists(tam_fewshot_runs *runs, const tam_dataset *dataset) {
    int64_t all = tam_dataset_describe(dataset).count;
    runs->names = tam_image_names_create(runs->ctx, dataset, false);
    runs->marks = tam_allocate(runs->ctx, (size_t)all, sizeof *runs->marks, "images of runs");
    if (runs->names == NULL || runs->marks == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < runs->folders.count; i++) {
        TAM_TRY(read_list(runs, runs->folders.items[i]));
    }
    if (runs->missing.count > 0) {
        return refuse_missing(runs);
    }
    if (runs->count == 0) {
        return tam_fail(runs->ctx, TAM_INPUT, "%s: no list " LIST " in it or in its folders of images", runs->folder);
    }
    return number_images(runs, all);
}

static tam_status open_runs(tam_fewshot_runs *runs, const char *folder, const tam_dataset *dataset) {
    runs->folder = tam_arena_string(runs->arena, folder, strlen(folder));
    if (runs->folder == NULL) {
        return TAM_RESOURCES;
    }
    tam_status status = gather_folders(runs, dataset);
    if (status == TAM_OK) {
        status = read_lists(runs, dataset);
    }
    tam_image_names_free(runs->names);
    tam_release(runs->ctx, runs->marks);
    tam_release(runs->ctx, runs->folders.items);
    tam_release(runs->ctx, runs->missing.items);
    return status;
}

tam_status tam_fewshot_runs_open(tam_ctx *ctx, const char *folder, const tam_dataset *dataset, tam_fewshot_runs **out) {
    *out = NULL;
    tam_fewshot_runs *runs = tam_allocate(ctx, 1, sizeof *runs, "runs");
    if (runs == NULL) {
        return TAM_RESOURCES;
    }
    runs->ctx = ctx;
    runs->arena = tam_arena_create(ctx, 0);
    tam_status status = runs->arena != NULL ? open_runs(runs, folder, dataset) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_fewshot_runs_free(runs);
        return status;
    }
    *out = runs;
    return TAM_OK;
}

void tam_fewshot_runs_free(tam_fewshot_runs *runs) {
    if (runs != NULL) {
        tam_release(runs->ctx, runs->runs);
        tam_arena_free(runs->arena);
        tam_release(runs->ctx, runs);
    }
}

tam_fewshot_runs_info tam_fewshot_runs_describe(const tam_fewshot_runs *runs) {
    return (tam_fewshot_runs_info){runs->count, runs->runs, runs->images, runs->image};
}
