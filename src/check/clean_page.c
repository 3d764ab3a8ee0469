/* A page of small pictures for the person who decides. */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/format.h"
#include "check/clean_inside.h"
#include "check/fix_file.h"
#include "io/image.h"
#include "plot/html.h"

enum { LARGE = 96, SMALL = 54, TYPICAL = 4, TYPICAL_OF_MERGE = 6, QUALITY = 85, USUAL_MOST = 100, WORDS = 512 };

typedef struct page {
    tam_clean *clean;
    tam_text text;
    uint8_t *pixels; /* one image of the data, or of an evaluation set: they have one size */
    int most;
} page;

static tam_status add_picture(page *p, tam_dataset *set, int64_t image, int side) {
    tam_dataset_info info = tam_dataset_describe(set);
    tam_ctx *ctx = p->clean->ctx;
    uint8_t *jpeg;
    size_t size;
    char key[WORDS];
    TAM_TRY(tam_dataset_read(set, image, p->pixels));
    TAM_TRY(tam_jpeg_encode(ctx, info.width, info.height, info.channels, p->pixels, QUALITY, &jpeg, &size));
    tam_dataset_image_key(set, image, key, sizeof key);
    tam_html_picture(&p->text, jpeg, size, side, key);
    tam_release(ctx, jpeg);
    return TAM_OK;
}

/* One image with its key, large. */
static tam_status add_image(page *p, int64_t image) {
    char key[WORDS];
    tam_dataset_image_key(p->clean->data, image, key, sizeof key);
    tam_html_pictures_begin(&p->text, true, key);
    tam_status status = add_picture(p, p->clean->data, image, LARGE);
    tam_html_pictures_end(&p->text);
    return status;
}

/* The most typical images of a class. angle: NaN for none. */
static tam_status add_class(page *p, const char *opening, int32_t c, double angle, int most) {
    int64_t image[TYPICAL_OF_MERGE];
    char words[WORDS];
    tam_status status = TAM_OK;
    int count = tam_clean_typical(p->clean, c, most, image);
    const char *name = tam_dataset_class_name(p->clean->data, c);
    if (isnan(angle)) {
        snprintf(words, sizeof words, "%s%.400s", opening, name);
    } else {
        tam_format(words, sizeof words, "%s%.400s, %.1f\xc2\xb0", opening, name, angle);
    }
    tam_html_pictures_begin(&p->text, false, words);
    for (int k = 0; status == TAM_OK && k < count; k++) {
        status = add_picture(p, p->clean->data, image[k], SMALL);
    }
    tam_html_pictures_end(&p->text);
    return status;
}

/* Heading, explanation, and how many of them are shown. */
static bool begin_section(page *p, const char *heading, int64_t count, const char *words) {
    char all[WORDS];
    snprintf(all, sizeof all, "%s: %lld", heading, (long long)count);
    if (count == 0) {
        return false;
    }
    tam_html_heading(&p->text, 2, all);
    tam_html_paragraph(&p->text, words);
    if (count > p->most) {
        snprintf(all, sizeof all, "The first %d of them:", p->most);
        tam_html_paragraph(&p->text, all);
    }
    tam_html_cards_begin(&p->text);
    return true;
}

static tam_status add_moves(page *p) {
    const tam_clean_info *info = &p->clean->info;
    if (!begin_section(p, "Nearer to another class", info->move_count,
                       "The image in doubt, the most typical images of the class that it is in, and of the class that "
                       "it looks like; angles to their centres. The most certain first.")) {
        return TAM_OK;
    }
    for (int64_t k = 0; k < info->move_count && k < p->most; k++) {
        const tam_clean_image *one = &info->move[k];
        tam_html_card_begin(&p->text);
        TAM_TRY(add_image(p, one->image));
        TAM_TRY(add_class(p, "is in ", one->own, (double)one->own_angle, TYPICAL));
        TAM_TRY(add_class(p, "looks like ", one->other, (double)one->other_angle, TYPICAL));
        tam_html_card_end(&p->text);
    }
    tam_html_cards_end(&p->text);
    return TAM_OK;
}

static tam_status add_drops(page *p) {
    const tam_clean_info *info = &p->clean->info;
    if (!begin_section(p, "Far from every centre", info->drop_count,
                       "The image in doubt, and the most typical images of its class: a bad picture, or of somebody "
                       "who is not in the data.")) {
        return TAM_OK;
    }
    for (int64_t k = 0; k < info->drop_count && k < p->most; k++) {
        tam_html_card_begin(&p->text);
        TAM_TRY(add_image(p, info->drop[k].image));
        TAM_TRY(add_class(p, "is in ", info->drop[k].own, (double)info->drop[k].own_angle, TYPICAL));
        tam_html_card_end(&p->text);
    }
    tam_html_cards_end(&p->text);
    return TAM_OK;
}

static tam_status add_merges(page *p) {
    const tam_clean_info *info = &p->clean->info;
    if (!begin_section(p, "One identity under two names", info->merge_count,
                       "The most typical images of two classes whose centres are the same, as far as their numbers of "
                       "images can tell.")) {
        return TAM_OK;
    }
    for (int64_t k = 0; k < info->merge_count && k < p->most; k++) {
        tam_html_card_begin(&p->text);
        TAM_TRY(add_class(p, "", info->merge[k].b, NAN, TYPICAL_OF_MERGE));
        TAM_TRY(add_class(p, "is ", info->merge[k].a, (double)info->merge[k].angle, TYPICAL_OF_MERGE));
        tam_html_card_end(&p->text);
    }
    tam_html_cards_end(&p->text);
    return TAM_OK;
}

/* The first images of a person of an evaluation set. */
static tam_status add_person(page *p, const tam_clean_overlap *one) {
    tam_dataset *set = p->clean->against[one->set];
    int64_t count = tam_dataset_describe(set).count;
    char words[WORDS];
    tam_status status = TAM_OK;
    tam_format(words, sizeof words, "looks like %.400s, %.1f\xc2\xb0", tam_dataset_class_name(set, one->person),
               (double)one->angle);
    tam_html_pictures_begin(&p->text, false, words);
    for (int64_t i = 0, shown = 0; status == TAM_OK && i < count && shown < TYPICAL; i++) {
        if (tam_dataset_label(set, i) == one->person) {
            status = add_picture(p, set, i, SMALL);
            shown++;
        }
    }
    tam_html_pictures_end(&p->text);
    return status;
}

static tam_status add_overlaps(page *p) {
    const tam_clean_info *info = &p->clean->info;
    if (!begin_section(p, "People of evaluation sets", info->overlap_count,
                       "The image of the data, and images of the person whom it seems to show. The most certain "
                       "first.")) {
        return TAM_OK;
    }
    for (int64_t k = 0; k < info->overlap_count && k < p->most; k++) {
        tam_html_card_begin(&p->text);
        TAM_TRY(add_image(p, info->overlap[k].image));
        TAM_TRY(add_person(p, &info->overlap[k]));
        tam_html_card_end(&p->text);
    }
    tam_html_cards_end(&p->text);
    return TAM_OK;
}

static void add_opening(page *p) {
    const tam_clean_info *info = &p->clean->info;
    char words[WORDS];
    tam_html_heading(&p->text, 1, "What the model doubts");
    snprintf(words, sizeof words,
             "%lld images of %lld classes. Nothing has been deleted: the list of fixes says what "
             "is left out, moved and merged when it is given with --fixes.",
             (long long)info->images, (long long)info->classes);
    tam_html_paragraph(&p->text, words);
    if (info->classes > 1) {
        tam_format(
            words, sizeof words,
            "Half of the images are within %.1f\xc2\xb0 of their own centre and %.1f\xc2\xb0 of the nearest "
            "other one. An image moves when it is %.1f\xc2\xb0 nearer to another centre, and is left out when it "
            "is further than %.1f\xc2\xb0 from its own.",
            info->own_angle, info->other_angle, info->margin, info->far);
        tam_html_paragraph(&p->text, words);
    }
}

static tam_status fill_page(page *p) {
    tam_html_begin(&p->text, "tammes data clean");
    add_opening(p);
    TAM_TRY(add_moves(p));
    TAM_TRY(add_merges(p));
    TAM_TRY(add_drops(p));
    TAM_TRY(add_overlaps(p));
    tam_html_end(&p->text);
    return p->text.failed ? TAM_RESOURCES : TAM_OK;
}

tam_status tam_clean_write_page(tam_clean *clean, const char *path, int most) {
    page p = {.clean = clean, .text = {.ctx = clean->ctx}, .most = most > 0 ? most : USUAL_MOST};
    TAM_TRY(tam_fix_file_refuse(clean->ctx, path));
    tam_dataset_info info = tam_dataset_describe(clean->data);
    p.pixels = tam_allocate(clean->ctx, (size_t)info.width * (size_t)info.height, (size_t)info.channels, "an image");
    tam_status status = p.pixels != NULL ? fill_page(&p) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = tam_file_write(clean->ctx, path, &(tam_file_piece){p.text.data, p.text.size}, 1);
    }
    tam_text_free(&p.text);
    tam_release(clean->ctx, p.pixels);
    return status;
}
