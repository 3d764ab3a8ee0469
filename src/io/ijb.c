#include "io/ijb.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/decimal.h"

enum { LEAST_PAIR = 5, LEAST_FACE = 5, LEAST_ROW = 3, LONGEST_NAME = 4096 };

static bool is_number(tam_text text, int64_t *value) {
    return tam_integer_read(text.at, text.length, value);
}

static bool cut_face(tam_text line, tam_text *name, int64_t *template_id, int64_t *media_id) {
    tam_text media = tam_text_last(&line), template = tam_text_last(&line);
    *name = line;
    return name->length > 0 && name->length <= LONGEST_NAME && memchr(name->at, '\0', name->length) == NULL &&
           is_number(template, template_id) && is_number(media, media_id);
}

static bool cut_pair(tam_text line, int64_t ids[2], int64_t *same) {
    return is_number(tam_text_first(&line), &ids[0]) && is_number(tam_text_first(&line), &ids[1]) &&
           is_number(tam_text_first(&line), same) && (*same == 0 || *same == 1) && line.length == 0;
}

static bool cut_member(tam_text line, int64_t *template_id, int64_t *subject_id) {
    return is_number(tam_text_column(&line), template_id) && is_number(tam_text_column(&line), subject_id);
}

/* The room was counted from the file, which somebody may be writing to. */
static tam_status refuse_growth(const tam_lines *lines) {
    return tam_lines_refuse(lines, "the file grew while it was read");
}

static tam_status none_in_it(const tam_lines *lines, const char *what) {
    return tam_fail(lines->ctx, TAM_INPUT, "%s: no %s in it", lines->path, what);
}

static tam_status fill_faces(tam_lines *lines, tam_ijb_faces *faces, int64_t room) {
    for (tam_text line;;) {
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            return faces->count > 0 ? TAM_OK : none_in_it(lines, "faces");
        }
        int64_t template_id, media_id;
        tam_text name;
        if (!cut_face(line, &name, &template_id, &media_id)) {
            return tam_lines_refuse(lines, "not 'image template media'");
        }
        if (faces->count == room) {
            return refuse_growth(lines);
        }
        faces->name[faces->count] = tam_arena_string(faces->names, name.at, name.length);
        if (faces->name[faces->count] == NULL) {
            return TAM_RESOURCES;
        }
        faces->template_id[faces->count] = template_id;
        faces->media_id[faces->count++] = media_id;
    }
}

tam_status tam_ijb_read_faces(tam_lines *lines, tam_ijb_faces *faces) {
    int64_t room;
    *faces = (tam_ijb_faces){0};
    TAM_TRY(tam_lines_count(lines, LEAST_FACE, &room));
    faces->name = tam_allocate(lines->ctx, (size_t)room, sizeof *faces->name, "names of faces");
    faces->template_id = tam_allocate(lines->ctx, (size_t)room, sizeof *faces->template_id, "templates");
    faces->media_id = tam_allocate(lines->ctx, (size_t)room, sizeof *faces->media_id, "media");
    faces->names = tam_arena_create(lines->ctx, 0);
    bool whole = faces->name != NULL && faces->template_id != NULL && faces->media_id != NULL && faces->names != NULL;
    tam_status status = whole ? fill_faces(lines, faces, room) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_ijb_free_faces(lines->ctx, faces);
    }
    return status;
}

static tam_status fill_pairs(tam_lines *lines, tam_ijb_pairs *pairs, int64_t room) {
    for (tam_text line;;) {
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            return pairs->count > 0 ? TAM_OK : none_in_it(lines, "pairs");
        }
        int64_t ids[2], same;
        if (!cut_pair(line, ids, &same)) {
            return tam_lines_refuse(lines, "not 'template template 0|1'");
        }
        if (pairs->count == room) {
            return refuse_growth(lines);
        }
        memcpy(pairs->template_id + 2 * pairs->count, ids, sizeof ids);
        pairs->same[pairs->count++] = (uint8_t)same;
    }
}

tam_status tam_ijb_read_pairs(tam_lines *lines, tam_ijb_pairs *pairs) {
    int64_t room;
    *pairs = (tam_ijb_pairs){0};
    TAM_TRY(tam_lines_count(lines, LEAST_PAIR, &room));
    pairs->template_id = tam_allocate(lines->ctx, (size_t)room, 2 * sizeof *pairs->template_id, "pairs of templates");
    pairs->same = tam_allocate(lines->ctx, (size_t)room, 1, "pairs of templates");
    bool whole = pairs->template_id != NULL && pairs->same != NULL;
    tam_status status = whole ? fill_pairs(lines, pairs, room) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_ijb_free_pairs(lines->ctx, pairs);
    }
    return status;
}

static tam_status fill_gallery(tam_lines *lines, tam_ijb_gallery *gallery, int64_t room) {
    bool first = true;
    for (tam_text line;; first = false) {
        TAM_TRY(tam_lines_next(lines, &line));
        if (line.at == NULL) {
            return gallery->count > 0 ? TAM_OK : none_in_it(lines, "templates");
        }
        int64_t template_id, subject_id;
        if (!cut_member(line, &template_id, &subject_id)) {
            if (first && memchr(line.at, ',', line.length) != NULL) {
                continue; /* the names of the columns */
            }
            return tam_lines_refuse(lines, "not 'template,subject,...'");
        }
        if (gallery->count == room) {
            return refuse_growth(lines);
        }
        gallery->template_id[gallery->count] = template_id;
        gallery->subject_id[gallery->count++] = subject_id;
    }
}

tam_status tam_ijb_read_gallery(tam_lines *lines, tam_ijb_gallery *gallery) {
    int64_t room;
    *gallery = (tam_ijb_gallery){0};
    TAM_TRY(tam_lines_count(lines, LEAST_ROW, &room));
    gallery->template_id = tam_allocate(lines->ctx, (size_t)room, sizeof *gallery->template_id, "templates");
    gallery->subject_id = tam_allocate(lines->ctx, (size_t)room, sizeof *gallery->subject_id, "subjects");
    bool whole = gallery->template_id != NULL && gallery->subject_id != NULL;
    tam_status status = whole ? fill_gallery(lines, gallery, room) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_ijb_free_gallery(lines->ctx, gallery);
    }
    return status;
}

void tam_ijb_free_faces(tam_ctx *ctx, tam_ijb_faces *faces) {
    tam_release(ctx, faces->name);
    tam_release(ctx, faces->template_id);
    tam_release(ctx, faces->media_id);
    tam_arena_free(faces->names);
    *faces = (tam_ijb_faces){0};
}

void tam_ijb_free_pairs(tam_ctx *ctx, tam_ijb_pairs *pairs) {
    tam_release(ctx, pairs->template_id);
    tam_release(ctx, pairs->same);
    *pairs = (tam_ijb_pairs){0};
}

void tam_ijb_free_gallery(tam_ctx *ctx, tam_ijb_gallery *gallery) {
    tam_release(ctx, gallery->template_id);
    tam_release(ctx, gallery->subject_id);
    *gallery = (tam_ijb_gallery){0};
}

/* A word of ten numbers and a score behind a name. */
static bool is_point_line(tam_text line) {
    double value;
    (void)tam_text_first(&line);
    for (int i = 0; i < 11; i++) {
        tam_text word = tam_text_first(&line);
        if (!tam_decimal_read(word.at, word.length, &value)) {
            return false;
        }
    }
    return line.length == 0;
}

static bool begins_with(tam_text line, const char *word) {
    return line.length >= strlen(word) && strncasecmp(line.at, word, strlen(word)) == 0;
}

static bool next_of(const char *start, size_t size, size_t *at, tam_text *line) {
    const char *end = *at < size ? memchr(start + *at, '\n', size - *at) : NULL;
    if (end == NULL) { /* what may be cut says nothing */
        return false;
    }
    *line = (tam_text){start + *at, (size_t)(end - start) - *at};
    *at = (size_t)(end - start) + 1;
    while (line->length > 0 && (line->at[line->length - 1] == '\r' || line->at[line->length - 1] == ' ')) {
        line->length--;
    }
    return true;
}

tam_ijb_kind tam_ijb_recognise(const char *start, size_t size) {
    size_t at = 0;
    int64_t ids[2], number;
    tam_text line, name;
    if (!next_of(start, size, &at, &line)) {
        return TAM_IJB_NONE;
    }
    if (begins_with(line, "template")) {
        bool members = memchr(line.at, ',', line.length) != NULL && next_of(start, size, &at, &line);
        return members && cut_member(line, &ids[0], &ids[1]) ? TAM_IJB_GALLERY : TAM_IJB_NONE;
    }
    if (cut_pair(line, ids, &number)) {
        return TAM_IJB_PAIRS;
    }
    if (is_point_line(line)) {
        return TAM_IJB_POINTS;
    }
    bool face = cut_face(line, &name, &ids[0], &ids[1]) && memchr(name.at, ' ', name.length) == NULL;
    return face && memchr(name.at, '.', name.length) != NULL ? TAM_IJB_FACES : TAM_IJB_NONE;
}
