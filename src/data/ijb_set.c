#include "data/ijb_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

#define FACES "_face_tid_mid.txt"
#define POINTS "_name_5pts_score.txt"
#define PAIRS "_template_pair_label.txt"

enum { LONGEST_NAME = 256 };

/* Of IJB-C and of IJB-B. */
static const char *const list_endings[TAM_IJB_LISTS][2] = {
    {"_1N_gallery_G1.csv", "_1N_gallery_S1.csv"},
    {"_1N_gallery_G2.csv", "_1N_gallery_S2.csv"},
    {"_1N_probe_mixed.csv", NULL},
};

/* What stands before the ending in the name of the folder's list of faces: "ijbc". */
static tam_status find_set(tam_ctx *ctx, const char *folder, char name[LONGEST_NAME]) {
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        return tam_fail(ctx, TAM_INPUT, "%s: %s", folder, strerror(errno));
    }
    tam_status status = TAM_OK;
    char found[LONGEST_NAME] = "";
    size_t tail = strlen(FACES);
    for (struct dirent *entry; status == TAM_OK && (entry = readdir(stream)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (length <= tail || length >= LONGEST_NAME || strcmp(entry->d_name + length - tail, FACES) != 0) {
            continue;
        }
        if (found[0] != '\0') {
            bool later = strcmp(entry->d_name, found) > 0;
            status = tam_fail(ctx, TAM_INPUT, "%s holds the lists of several sets: %s and %s", folder,
                              later ? found : entry->d_name, later ? entry->d_name : found);
        }
        memcpy(found, entry->d_name, length + 1);
    }
    closedir(stream);
    if (status == TAM_OK && found[0] == '\0') {
        status = tam_fail(ctx, TAM_INPUT, "%s: no list NAME" FACES " in it", folder);
    }
    snprintf(name, LONGEST_NAME, "%.*s", (int)(strlen(found) - (found[0] != '\0' ? tail : 0)), found);
    return status;
}

/* folder/name + ending in *path where that is a file; NULL where it is not there. */
static tam_status look_for(tam_ctx *ctx, const char *folder, const char *name, const char *ending, char **path) {
    char whole[LONGEST_NAME + 32];
    snprintf(whole, sizeof whole, "%s%s", name, ending);
    *path = tam_path_join(ctx, folder, whole);
    if (*path == NULL) {
        return TAM_RESOURCES;
    }
    if (tam_path_look(*path) == TAM_PATH_ABSENT) {
        tam_release(ctx, *path);
        *path = NULL;
    }
    return TAM_OK;
}

static tam_status find_lists(tam_ijb *ijb, const char *folder) {
    char name[LONGEST_NAME];
    TAM_TRY(find_set(ijb->ctx, folder, name));
    TAM_TRY(look_for(ijb->ctx, folder, name, FACES, &ijb->faces_path));
    TAM_TRY(look_for(ijb->ctx, folder, name, POINTS, &ijb->points_path));
    TAM_TRY(look_for(ijb->ctx, folder, name, PAIRS, &ijb->pairs_path));
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        for (int form = 0; form < 2 && ijb->list[l].path == NULL && list_endings[l][form] != NULL; form++) {
            TAM_TRY(look_for(ijb->ctx, folder, name, list_endings[l][form], &ijb->list[l].path));
        }
    }
    bool galleries = ijb->list[0].path != NULL || ijb->list[1].path != NULL;
    if (ijb->pairs_path == NULL && (!galleries || ijb->list[TAM_IJB_PROBES].path == NULL)) {
        return tam_fail(ijb->ctx, TAM_INPUT,
                        "%s: nothing to measure: neither %s" PAIRS " nor %s_1N_probe_mixed.csv with a gallery", folder,
                        name, name);
    }
    return TAM_OK;
}

static tam_status read_faces(tam_ijb *ijb) {
    tam_lines lines;
    TAM_TRY(tam_lines_open(ijb->ctx, ijb->faces_path, &lines));
    tam_status status = tam_ijb_read_faces(&lines, &ijb->faces);
    tam_lines_close(&lines);
    return status == TAM_OK ? tam_ijb_group(ijb->ctx, &ijb->faces, &ijb->templates) : status;
}

static tam_status read_scores(tam_ijb *ijb) {
    tam_landmarks points;
    if (ijb->points_path == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_landmarks_read(ijb->ctx, ijb->points_path, &points));
    tam_status status = tam_ijb_check_points(ijb->ctx, ijb->faces_path, &ijb->faces, ijb->points_path, &points);
    if (status == TAM_OK) {
        ijb->score = tam_allocate(ijb->ctx, (size_t)points.count, sizeof *ijb->score, "scores of the detector");
        status = ijb->score != NULL ? TAM_OK : TAM_RESOURCES;
    }
    for (int64_t i = 0; status == TAM_OK && i < points.count; i++) {
        ijb->score[i] = points.rows[i].score;
    }
    tam_landmarks_free(ijb->ctx, &points);
    return status;
}

static tam_status read_pairs(tam_ijb *ijb) {
    tam_lines lines;
    if (ijb->pairs_path == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_lines_open(ijb->ctx, ijb->pairs_path, &lines));
    tam_status status = tam_ijb_read_pairs(&lines, &ijb->pairs);
    tam_lines_close(&lines);
    return status == TAM_OK ? tam_ijb_place_pairs(ijb) : status;
}

static tam_status read_members(tam_ijb *ijb) {
    tam_ijb_gallery members[TAM_IJB_LISTS] = {0};
    tam_status status = TAM_OK;
    for (int l = 0; l < TAM_IJB_LISTS && status == TAM_OK; l++) {
        tam_lines lines;
        if (ijb->list[l].path != NULL) {
            status = tam_lines_open(ijb->ctx, ijb->list[l].path, &lines);
            if (status == TAM_OK) {
                status = tam_ijb_read_gallery(&lines, &members[l]);
                tam_lines_close(&lines);
            }
        }
    }
    if (status == TAM_OK) {
        status = tam_ijb_place_lists(ijb, members);
    }
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        tam_ijb_free_gallery(ijb->ctx, &members[l]);
    }
    return status;
}

static tam_status open_set(tam_ijb *ijb, const char *folder) {
    TAM_TRY(find_lists(ijb, folder));
    TAM_TRY(read_faces(ijb));
    TAM_TRY(read_scores(ijb));
    TAM_TRY(read_members(ijb));
    return read_pairs(ijb);
}

tam_status tam_ijb_open(tam_ctx *ctx, const char *folder, tam_ijb **out) {
    *out = NULL;
    tam_ijb *ijb = tam_allocate(ctx, 1, sizeof *ijb, "lists of IJB");
    if (ijb == NULL) {
        return TAM_RESOURCES;
    }
    ijb->ctx = ctx;
    tam_status status = open_set(ijb, folder);
    if (status != TAM_OK) {
        tam_ijb_free(ijb);
        return status;
    }
    *out = ijb;
    return TAM_OK;
}

void tam_ijb_free(tam_ijb *ijb) {
    if (ijb == NULL) {
        return;
    }
    tam_ctx *ctx = ijb->ctx;
    void *blocks[] = {ijb->faces_path, ijb->points_path, ijb->pairs_path, ijb->score,
                      ijb->image,      ijb->subject_of,  ijb->subject_id};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        tam_release(ctx, blocks[i]);
    }
    for (int l = 0; l < TAM_IJB_LISTS; l++) {
        tam_release(ctx, ijb->list[l].path);
        tam_release(ctx, ijb->list[l].place);
        tam_release(ctx, ijb->list[l].subject);
    }
    tam_ijb_free_faces(ctx, &ijb->faces);
    tam_ijb_free_templates(ctx, &ijb->templates);
    tam_ijb_free_pairs(ctx, &ijb->pairs);
    tam_release(ctx, ijb);
}

static tam_ijb_members members_of(const tam_ijb_list *list) {
    return (tam_ijb_members){list->path, list->count, list->place, list->subject};
}

tam_ijb_info tam_ijb_describe(const tam_ijb *ijb) {
    tam_ijb_info info = {
        .faces = ijb->faces.count,
        .face_name = ijb->faces.name,
        .score = ijb->score,
        .templates = {ijb->templates.count, ijb->templates.first, ijb->templates.face, ijb->faces.media_id},
        .template_id = ijb->templates.id,
        .pairs = ijb->pairs.count,
        .pair = ijb->pairs.template_id,
        .same = ijb->pairs.same,
        .subjects = ijb->subjects,
        .probes = members_of(&ijb->list[TAM_IJB_PROBES]),
        .missing_faces = ijb->missing_faces,
        .missing_templates = ijb->missing_templates,
        .missing_pairs = ijb->missing_pairs,
        .missing_members = ijb->missing_members,
    };
    for (int g = 0; g < TAM_IJB_GALLERIES; g++) {
        info.gallery[g] = members_of(&ijb->list[g]);
    }
    return info;
}
