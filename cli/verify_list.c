/* tammes verify of a list of pairs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "eval.h"
#include "verify.h"

enum { UNKNOWN = 2 };

/* Pairs of rows of x; of image files, or of images of a data set. */
typedef struct list {
    verify_job *job;
    int64_t count, images;
    int64_t *rows; /* [count, 2] */
    uint8_t *same; /* [count] 0, 1 or UNKNOWN */
    float *x;      /* [images, dim] */
    char *text;    /* of a CSV, in which the names lie */
    char **names;  /* [count, 2] */
    tam_dataset *dataset;
    tam_pairs *pairs;
    const int64_t *image; /* [images] numbers in the data set */
    double *scores;       /* [count] */
} list;

static void list_free(list *all) {
    tam_pairs_free(all->pairs);
    tam_dataset_free(all->dataset);
    if (all->pairs == NULL) {
        free(all->rows);
        free(all->same);
    }
    free(all->x);
    free(all->text);
    free(all->names);
    free(all->scores);
}

static tam_status no_memory(const list *all) {
    return cli_fail(all->job->call, TAM_RESOURCES, "cannot allocate memory for a list of pairs");
}

static tam_status read_text(list *all, const char *path) {
    FILE *file = fopen(path, "rb");
    size_t room = 0;
    errno = file == NULL ? errno : 0;
    ssize_t length = file != NULL ? getdelim(&all->text, &room, '\0', file) : -1;
    bool whole = file != NULL && !ferror(file) && (length < 0 || all->text[length] == '\0') && feof(file);
    int reason = errno;
    if (file != NULL) {
        fclose(file);
    }
    if (!whole || length <= 0) {
        return cli_fail(all->job->call, TAM_INPUT, "%s: %s", path,
                        reason != 0 ? strerror(reason) : "no list of pairs: it is empty or has zero bytes");
    }
    return TAM_OK;
}

/* path_a,path_b or path_a,path_b,same; false: none of these. Cuts the line. */
static bool cut_line(list *all, char *line) {
    char *second = strchr(line, ','), *same = second != NULL ? strchr(second + 1, ',') : NULL;
    if (second == NULL || second == line || second[1] == '\0' || second[1] == ',') {
        return false;
    }
    uint8_t value = UNKNOWN;
    if (same != NULL) {
        if ((same[1] != '0' && same[1] != '1') || same[2] != '\0') {
            return false;
        }
        value = same[1] == '1';
        *same = '\0';
    }
    *second = '\0';
    all->names[2 * all->count] = line;
    all->names[2 * all->count + 1] = second + 1;
    all->same[all->count++] = value;
    return true;
}

static tam_status read_lines(list *all, const char *path) {
    char *line = all->text;
    int64_t number = 0;
    while (*line != '\0') {
        size_t length = strcspn(line, "\n"), end = length;
        char *next = line + length + (line[length] != '\0');
        while (end > 0 && (line[end - 1] == '\r' || line[end - 1] == ' ')) {
            end--;
        }
        line[end] = '\0';
        bool heading = ++number == 1 && strncmp(line, "path_a,path_b", strlen("path_a,path_b")) == 0;
        if (end > 0 && !heading && !cut_line(all, line)) {
            return cli_fail(all->job->call, TAM_INPUT, "%s:%lld: not 'path_a,path_b' or 'path_a,path_b,same'", path,
                            (long long)number);
        }
        line = next;
    }
    return all->count > 0 ? TAM_OK : cli_fail(all->job->call, TAM_INPUT, "%s: no pairs in it", path);
}

static const char *listed_name(const void *names, int64_t i) {
    return ((char *const *)names)[i];
}

/* All files that are missing are named before anything is embedded. */
static tam_status find_missing(const list *all, const eval_names *index) {
    cli_call *call = all->job->call;
    const char *first = NULL;
    int64_t missing = 0;
    for (int64_t i = 0; i < 2 * all->count; i++) {
        if (eval_find_name(index, all->names[i]) == i && access(all->names[i], F_OK) != 0) {
            first = missing++ == 0 ? all->names[i] : first;
            cli_note(call, "missing: %s\n", all->names[i]);
        }
    }
    return missing == 0 ? TAM_OK
                        : cli_fail(call, TAM_INPUT, "the list names %lld files that are not there, such as %s",
                                   (long long)missing, first);
}

/* Each file is embedded once, in the order in which the list names them. */
static tam_status embed_files(list *all) {
    verify_job *job = all->job;
    int64_t slots = 2 * all->count;
    int64_t *row = malloc((size_t)slots * sizeof *row);
    eval_names *index = eval_index_names(slots, listed_name, (const void *)all->names);
    all->rows = malloc((size_t)slots * sizeof *all->rows);
    all->x = calloc((size_t)slots, (size_t)job->info.dim * sizeof *all->x);
    tam_status status = row != NULL && index != NULL && all->rows != NULL && all->x != NULL ? TAM_OK : no_memory(all);
    if (status == TAM_OK) {
        status = find_missing(all, index);
    }
    for (int64_t i = 0; status == TAM_OK && i < slots; i++) {
        row[i] = -1;
    }
    for (int64_t i = 0; status == TAM_OK && i < slots; i++) {
        int64_t first = eval_find_name(index, all->names[i]);
        if (row[first] < 0) {
            row[first] = all->images++;
            status = verify_embed_file(job, all->names[i], all->x + row[first] * job->info.dim);
        }
        all->rows[i] = row[first];
    }
    free(index);
    free(row);
    return status;
}

static tam_status open_files(list *all, const char *path) {
    tam_status status = read_text(all, path);
    size_t lines = 1;
    for (const char *c = all->text; status == TAM_OK && *c != '\0'; c++) {
        lines += *c == '\n';
    }
    all->names = calloc(lines, 2 * sizeof *all->names);
    all->same = calloc(lines, 1);
    if (status == TAM_OK && (all->names == NULL || all->same == NULL)) {
        status = no_memory(all);
    }
    if (status == TAM_OK) {
        status = read_lines(all, path);
    }
    return status == TAM_OK ? embed_files(all) : status;
}

static tam_status open_data(list *all, const char *path, const tam_dataset_config *data) {
    verify_job *job = all->job;
    tam_ctx *ctx = job->call->ctx;
    tam_status status = tam_model_open_dataset(job->model, data, &all->dataset);
    if (status == TAM_OK) {
        status = tam_pairs_open(ctx, path, all->dataset, &all->pairs);
    }
    if (status != TAM_OK) {
        return status;
    }
    const tam_pairs_info info = tam_pairs_describe(all->pairs);
    all->count = info.count;
    all->images = info.images;
    all->image = info.image;
    all->rows = (int64_t *)info.rows;
    all->same = (uint8_t *)info.same;
    all->x = calloc((size_t)info.images, (size_t)job->info.dim * sizeof *all->x);
    if (all->x == NULL) {
        return no_memory(all);
    }
    status = tam_model_embed_listed(job->model, all->dataset, info.images, info.image, job->rule.flip, all->x);
    for (int64_t i = 0; status == TAM_OK && i < info.images; i++) {
        char name[4096];
        tam_dataset_image_name(all->dataset, info.image[i], name, sizeof name);
        status = verify_check_row(job, name, all->x + i * job->info.dim);
    }
    return status;
}

static const char *name_of(const list *all, int64_t slot, char *room, size_t size) {
    if (all->dataset == NULL) {
        return all->names[slot];
    }
    tam_dataset_image_key(all->dataset, all->image[all->rows[slot]], room, size);
    return room;
}

static json_t *pair_json(const list *all, int64_t i) {
    char room[2][4096];
    json_t *object = verify_json(&all->job->rule, all->scores[i]);
    json_object_set_new(object, "a", cli_json_text(name_of(all, 2 * i, room[0], sizeof room[0])));
    json_object_set_new(object, "b", cli_json_text(name_of(all, 2 * i + 1, room[1], sizeof room[1])));
    if (all->same[i] != UNKNOWN) {
        json_object_set_new(object, "same", json_boolean(all->same[i]));
    }
    return object;
}

static void print_pair(const list *all, int64_t i) {
    char room[2][4096];
    const verify_rule *rule = &all->job->rule;
    double sure = verify_confidence(rule, all->scores[i]);
    bool same = verify_is_same(rule, all->scores[i]);
    cli_print_name(name_of(all, 2 * i, room[0], sizeof room[0]));
    printf("\t");
    cli_print_name(name_of(all, 2 * i + 1, room[1], sizeof room[1]));
    printf("\t%.6f\t%s", all->scores[i], same ? "same" : "different");
    if (isfinite(sure)) {
        printf("\t%.4f", sure);
    }
    printf("%s\n", all->same[i] != UNKNOWN && same != (all->same[i] == 1) ? "\twrong" : "");
}

/* Negative: a pair is judged otherwise than the list says, or, where it says nothing, is of two people. */
static tam_status print_all(const list *all) {
    const verify_rule *rule = &all->job->rule;
    int64_t accepted = 0, known = 0, wrong = 0, bad = 0;
    json_t *pairs = json_array();
    for (int64_t i = 0; i < all->count; i++) {
        bool same = verify_is_same(rule, all->scores[i]), told = all->same[i] != UNKNOWN;
        bool missed = told && same != (all->same[i] == 1);
        accepted += same;
        known += told;
        wrong += missed;
        bad += told ? missed : !same;
        if (all->job->call->json) {
            json_array_append_new(pairs, pair_json(all, i));
        } else {
            print_pair(all, i);
        }
    }
    if (all->job->call->json) {
        tam_status status = cli_print_json(
            all->job->call,
            json_pack("{s:f, s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "threshold", rule->threshold, "threshold_from",
                      rule->given ? "given" : "model", "flip", rule->flip, "pairs", (json_int_t)all->count, "same",
                      (json_int_t)accepted, "known", (json_int_t)known, "wrong", (json_int_t)wrong, "list", pairs));
        return status == TAM_OK && bad > 0 ? TAM_NEGATIVE : status;
    }
    json_decref(pairs);
    cli_note(all->job->call,
             "%lld of %lld pairs are the same person at a cosine of %.6f; %lld of %lld known are wrong\n",
             (long long)accepted, (long long)all->count, rule->threshold, (long long)wrong, (long long)known);
    return bad > 0 ? TAM_NEGATIVE : TAM_OK;
}

tam_status verify_list(verify_job *job, const char *path, const tam_dataset_config *data) {
    list all = {.job = job};
    tam_status status = data->path != NULL ? open_data(&all, path, data) : open_files(&all, path);
    if (status == TAM_OK) {
        all.scores = malloc((size_t)all.count * sizeof *all.scores);
        status = all.scores != NULL ? TAM_OK : no_memory(&all);
    }
    if (status == TAM_OK) {
        status = tam_score_pairs(job->call->ctx, all.images, job->info.dim, all.x, all.count, all.rows, all.scores);
    }
    if (status == TAM_OK) {
        status = print_all(&all);
    }
    list_free(&all);
    return status;
}
