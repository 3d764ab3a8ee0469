/* The lists of the field: pairs, images with labels, keys of records, templates. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "check/inspect_text.h"
#include "io/ijb.h"
#include "io/image.h"
#include "io/image_list.h"
#include "io/landmarks.h"
#include "io/megaface.h"
#include "io/pair_names.h"

/* Longer lists are not read whole. */
#define MOST_LIST_BYTES ((int64_t)64 << 20)

typedef struct kind {
    const char *name, *advice;
    int known;
    bool (*is)(const tam_text_start *start);
} kind;

static bool is_whole(const char *text) {
    text += *text == '-';
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool is_number(const char *text) {
    return *text != '\0' && text[strspn(text, "+-.0123456789eE")] == '\0' && text[strcspn(text, "0123456789")] != '\0';
}

static bool all_whole(const tam_text_line *line, int first, int count) {
    for (int i = first; i < first + count; i++) {
        if (i >= line->fields || !is_whole(line->field[i])) {
            return false;
        }
    }
    return true;
}

/* Line 2 where the first may be a heading. */
static const tam_text_line *body(const tam_text_start *start) {
    return &start->line[start->count > 1 ? 1 : 0];
}

static bool is_image_name(const char *text) {
    return tam_image_named(text);
}

static bool lfw_pairs(const tam_text_start *start) {
    const tam_text_line *first = &start->line[0], *second = body(start);
    return start->count > 1 && (first->fields == 1 || first->fields == 2) && all_whole(first, 0, first->fields) &&
           ((second->fields == 3 && all_whole(second, 1, 2)) ||
            (second->fields == 4 && all_whole(second, 1, 1) && all_whole(second, 3, 1))) &&
           !is_whole(second->field[0]);
}

static bool pair_csv(const tam_text_start *start) {
    const tam_text_line *line = body(start);
    return line->separator == ',' && line->fields == 3 &&
           (strcmp(line->field[2], "0") == 0 || strcmp(line->field[2], "1") == 0) && !is_number(line->field[0]) &&
           !is_number(line->field[1]);
}

static bool lfw_people(const tam_text_start *start) {
    const tam_text_line *first = &start->line[0], *second = body(start);
    return start->count > 1 && first->fields == 1 && all_whole(first, 0, 1) && second->separator == '\t' &&
           second->fields == 2 && all_whole(second, 1, 1) && !is_image_name(second->field[0]);
}

static bool property(const tam_text_start *start) {
    const tam_text_line *line = &start->line[0];
    return start->count == 1 && line->separator == ',' && line->fields == 3 && all_whole(line, 0, 3);
}

static bool record_index(const tam_text_start *start) {
    for (int i = 0; i < start->count; i++) {
        const tam_text_line *line = &start->line[i];
        if (line->separator != '\t' || line->fields != 2 || !all_whole(line, 0, 2)) {
            return false;
        }
    }
    return true;
}

static bool mxnet_list(const tam_text_start *start) {
    const tam_text_line *line = &start->line[0];
    return line->separator == '\t' && line->fields >= 3 && is_whole(line->field[0]) &&
           (is_image_name(line->field[line->fields - 1]) || (is_image_name(line->field[1]) && line->fields <= 17));
}

static bool ijb_media(const tam_text_start *start) {
    return tam_ijb_recognise(start->text, start->size) == TAM_IJB_FACES;
}

static bool ijb_pairs(const tam_text_start *start) {
    return tam_ijb_recognise(start->text, start->size) == TAM_IJB_PAIRS;
}

static bool ijb_points(const tam_text_start *start) {
    return tam_ijb_recognise(start->text, start->size) == TAM_IJB_POINTS;
}

static bool ijb_gallery(const tam_text_start *start) {
    return tam_ijb_recognise(start->text, start->size) == TAM_IJB_GALLERY;
}

static bool landmarks(const tam_text_start *start) {
    const tam_text_line *first = &start->line[0]; /* columns with other numbers than x1 or lefteye_x are no points */
    bool named = first->fields > 1 && !is_number(first->field[1]);
    return (!named || strchr(first->field[1], 'x') != NULL) && tam_landmarks_recognise(start->text, start->size);
}

static bool megaface_list(const tam_text_start *start) {
    return tam_megaface_recognise(start->text, start->size) == TAM_MEGAFACE_LIST;
}

static bool megaface_noises(const tam_text_start *start) {
    return tam_megaface_recognise(start->text, start->size) == TAM_MEGAFACE_NOISES;
}

static bool run_log(const tam_text_start *start) {
    return start->line[0].text[0] == '{' && start->count > 1 && start->line[1].text[0] == '{';
}

static bool json(const tam_text_start *start) {
    return start->line[0].text[0] == '{' || start->line[0].text[0] == '[';
}

static bool markup(const tam_text_start *start) {
    return start->line[0].text[0] == '<';
}

/* A list of images with numbers as labels looks much the same: but there images lie in folders, and labels do not come
 * in pairs all the way. */
static bool paired_lines(const tam_text_start *start) {
    for (int i = 0; i < start->count; i++) {
        const tam_text_line *line = &start->line[i];
        if (line->separator == ',' || line->fields != 2 || strchr(line->field[0], '/') != NULL ||
            !is_image_name(line->field[0]) || strcmp(line->field[1], start->line[i & ~1].field[1]) != 0) {
            return false;
        }
    }
    return tam_pair_names_recognise(start->text, start->size);
}

static bool fixes(const tam_text_start *start) {
    static const char first[] = "# tammes fixes 1";
    return start->size >= sizeof first && memcmp(start->text, first, sizeof first - 1) == 0;
}

/* `name: value` on every line. */
static bool settings(const tam_text_start *start) {
    for (int i = 0; i < start->count; i++) {
        const char *text = start->line[i].text;
        size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");
        if (word == 0 || text[word] != ':' || text[word + 1] != ' ') {
            return false;
        }
    }
    return start->count > 0;
}

static bool image_csv(const tam_text_start *start) {
    const tam_text_line *line = body(start);
    return line->separator == ',' && line->fields >= 2 && is_image_name(line->field[0]);
}

static bool image_list(const tam_text_start *start) {
    const tam_text_line *line = &start->line[0];
    return line->separator != ',' && line->fields == 2 && is_image_name(line->field[0]);
}

static bool path_list(const tam_text_start *start) {
    return start->line[0].fields == 1 && is_image_name(start->line[0].field[0]);
}

static const char as_data[] = "give it to --data";
static const char as_pairs[] = "give it to eval --protocol folds --pairs";

static const kind kinds[] = {
    {"list of fixes", "give it to --fixes", 1, fixes},
    {"settings (YAML)", "give it to --config, if the names are those of a verb's flags", 1, settings},
    {"LFW pairs", as_pairs, 1, lfw_pairs},
    {"LFW people", "names and their numbers of images: the images lie in the folder of LFW", 0, lfw_people},
    {"pairs CSV", as_pairs, 1, pair_csv},
    {"property of RecordIO data", "it belongs to the train.rec beside it", 1, property},
    {"index of RecordIO data", "it belongs to the .rec of the same name", 1, record_index},
    {"MXNet list (.lst)", as_data, 1, mxnet_list},
    {"IJB faces, templates and media", NULL, 1, ijb_media},
    {"IJB pairs of templates", NULL, 1, ijb_pairs},
    {"IJB landmarks and scores", NULL, 1, ijb_points},
    {"IJB gallery or probes", NULL, 1, ijb_gallery},
    {"landmarks CSV", "give it to data align --landmarks", 1, landmarks},
    {"MegaFace list (JSON)", NULL, 1, megaface_list},
    {"MegaFace list of noise", NULL, 1, megaface_noises},
    {"log of JSON lines", NULL, 1, run_log},
    {"JSON", NULL, 0, json},
    {"page or drawing (HTML, SVG, XML)", NULL, 0, markup},
    {"CALFW or CPLFW pairs", as_pairs, 1, paired_lines},
    {"CSV of images", as_data, 1, image_csv},
    {"list of images", as_data, 1, image_list},
    {"list of paths without labels", "add a label to each line: path<TAB>label", 0, path_list},
};

/* A list of pairs is read whole: its counts say which protocol it is. */
static tam_status state_pairs(tam_inspection *inspection, const char *path) {
    tam_ctx *ctx = inspection->ctx;
    tam_pair_names pairs;
    uint8_t *data;
    size_t size;
    if (inspection->info.bytes > MOST_LIST_BYTES) {
        return TAM_OK;
    }
    TAM_TRY(tam_file_read(ctx, path, (size_t)MOST_LIST_BYTES, &data, &size));
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_status status =
        arena != NULL ? tam_pair_names_parse(ctx, arena, path, (const char *)data, size, &pairs) : TAM_RESOURCES;
    int64_t same = 0;
    for (int64_t i = 0; status == TAM_OK && i < pairs.count; i++) {
        same += pairs.same[i];
    }
    if (status == TAM_OK) {
        status = tam_state_number(inspection, "pairs", pairs.count);
    }
    if (status == TAM_OK) {
        status = tam_state_number(inspection, "same", same);
    }
    if (status == TAM_OK) {
        status = tam_state_number(inspection, "folds", pairs.folds);
    }
    tam_arena_free(arena);
    tam_release(ctx, data);
    return status;
}

/* A list of images is read whole, but none of its images: they need not be there. */
static tam_status state_list(tam_inspection *inspection, const char *path) {
    tam_image_list list;
    if (inspection->info.bytes > MOST_LIST_BYTES) {
        return TAM_OK;
    }
    TAM_TRY(tam_image_list_read(inspection->ctx, path, &list));
    tam_status status = tam_state_number(inspection, "images", list.count);
    if (status == TAM_OK) {
        status = tam_state(inspection, "labels", "%s", list.labelled ? "of every image" : "none");
    }
    if (status == TAM_OK && list.splits) {
        status = tam_state(inspection, "splits", "of every image: --split chooses one");
    }
    if (status == TAM_OK && list.unaligned > 0) {
        status = tam_state_number(inspection, "not_aligned", list.unaligned);
    }
    tam_image_list_free(&list);
    return status;
}

static tam_status state_property(tam_inspection *inspection, const tam_text_line *line) {
    TAM_TRY(tam_state(inspection, "classes", "%s", line->field[0]));
    return tam_state(inspection, "size", "%s x %s", line->field[2], line->field[1]);
}

tam_status tam_text_judge(tam_inspection *inspection, const char *path, const tam_text_start *start, int64_t lines) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && (start->count > 0 || i == 0); i++) {
        const kind *one = &kinds[i];
        if (!one->is(start)) {
            continue;
        }
        inspection->info.kind = one->name;
        inspection->info.advice = one->advice;
        inspection->info.known = one->known;
        if (one->is == lfw_pairs || one->is == pair_csv || one->is == paired_lines) {
            return state_pairs(inspection, path);
        }
        if (one->is == image_list || one->is == image_csv || one->is == mxnet_list || one->is == path_list) {
            return state_list(inspection, path);
        }
        if (one->is == property) {
            return state_property(inspection, &start->line[0]);
        }
        if (one->is == record_index && !inspection->info.partly) {
            return tam_state_number(inspection, "records", lines);
        }
        return TAM_OK;
    }
    return TAM_OK;
}
