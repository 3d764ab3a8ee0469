/* The worst pairs as cards: two small pictures, the score, the names. */
#include <math.h>
#include <stdio.h>

#include "data/resize.h"
#include "io/image.h"
#include "plot/html.h"
#include "report/eval_page.h"

enum { QUALITY = 85, LONGEST_SIDE = 160, NAME = 512 };

/* What pictures are made with; all images of a data set have one size. */
typedef struct album {
    tam_ctx *ctx;
    tam_dataset *images;  /* NULL: rows have no names */
    const int64_t *image; /* NULL: row i is image i */
    tam_dataset_info info;
    int width, height; /* of the small pictures */
    uint8_t *pixels;   /* an image, and behind it its small version */
    uint8_t *small;
    tam_resizer *resizer; /* NULL: small enough */
} album;

static tam_status open_album(tam_ctx *ctx, tam_dataset *images, bool bare, const int64_t *image, album *pictures) {
    *pictures = (album){.ctx = ctx, .images = images, .image = image};
    if (images == NULL || bare) {
        return TAM_OK;
    }
    pictures->info = tam_dataset_describe(images);
    int width = pictures->info.width, height = pictures->info.height;
    int longest = width > height ? width : height;
    bool large = longest > LONGEST_SIDE;
    pictures->width = large ? (width * LONGEST_SIDE + longest - 1) / longest : width;
    pictures->height = large ? (height * LONGEST_SIDE + longest - 1) / longest : height;
    size_t whole = (size_t)width * (size_t)height, part = (size_t)pictures->width * (size_t)pictures->height;
    pictures->pixels = tam_allocate(ctx, whole + part, (size_t)pictures->info.channels, "a picture");
    if (large) {
        pictures->resizer = tam_resizer_create(ctx, pictures->width, pictures->height);
    }
    if (pictures->pixels == NULL || (large && pictures->resizer == NULL)) {
        return TAM_RESOURCES;
    }
    pictures->small = large ? pictures->pixels + whole * (size_t)pictures->info.channels : pictures->pixels;
    return TAM_OK;
}

static void close_album(album *pictures) {
    if (pictures->resizer != NULL) {
        tam_resizer_free(pictures->resizer);
    }
    tam_release(pictures->ctx, pictures->pixels);
}

static int64_t image_of(const album *pictures, int64_t row) {
    return pictures->image != NULL ? pictures->image[row] : row;
}

static void name_of(const album *pictures, int64_t row, char name[NAME]) {
    if (pictures->images != NULL) {
        tam_dataset_image_key(pictures->images, image_of(pictures, row), name, NAME);
    } else {
        snprintf(name, NAME, "row %lld", (long long)row);
    }
}

static tam_status add_picture(const album *pictures, int64_t row, tam_text *text) {
    uint8_t *jpeg;
    size_t size;
    char name[NAME];
    if (pictures->pixels == NULL) {
        return TAM_OK;
    }
    TAM_TRY(tam_dataset_read(pictures->images, image_of(pictures, row), pictures->pixels));
    if (pictures->resizer != NULL) {
        const tam_image_info info = {pictures->info.width, pictures->info.height, pictures->info.channels};
        tam_resize(pictures->resizer, &info, pictures->pixels, pictures->small);
    }
    TAM_TRY(tam_jpeg_encode(pictures->ctx, pictures->width, pictures->height, pictures->info.channels, pictures->small,
                            QUALITY, &jpeg, &size));
    name_of(pictures, row, name);
    tam_html_picture(text, jpeg, size, pictures->height, name);
    tam_release(pictures->ctx, jpeg);
    return TAM_OK;
}

/* pictures: of the first and of the second rows. */
static tam_status add_pairs(const album pictures[2], int count, const tam_worst_pair *pairs, double threshold,
                            tam_text *text) {
    for (int k = 0; k < count && k < TAM_EVAL_PAGE_WORST; k++) {
        const tam_worst_pair *pair = &pairs[k];
        char number[32], words[TAM_EVAL_PAGE_WORDS], first[NAME], second[NAME];
        tam_fixed_words(number, sizeof number, (double)pair->score, 3);
        const char *verdict = (double)pair->score >= threshold ? ", accepted" : ", refused";
        snprintf(words, sizeof words, "%s%s", number, isfinite(threshold) ? verdict : "");
        name_of(&pictures[0], pair->a, first);
        name_of(&pictures[1], pair->b, second);
        tam_html_pair_begin(text, words);
        TAM_TRY(add_picture(&pictures[0], pair->a, text));
        TAM_TRY(add_picture(&pictures[1], pair->b, text));
        tam_html_pair_end(text, first, second);
    }
    return text->failed ? TAM_RESOURCES : TAM_OK;
}

tam_status tam_eval_page_make_pairs(tam_ctx *ctx, const tam_eval_page_verification *one, tam_eval_part *part) {
    album pictures[2] = {{.ctx = ctx}, {.ctx = ctx}};
    const tam_scores *scores = one->scores;
    bool two = one->gallery != NULL;
    double threshold = one->result->eer_threshold;
    tam_status status = open_album(ctx, one->images, one->bare, one->image, &pictures[0]);
    if (status == TAM_OK) {
        status = open_album(ctx, two ? one->gallery : one->images, two ? one->gallery_bare : one->bare,
                            two ? NULL : one->image, &pictures[1]);
    }
    if (status == TAM_OK) {
        status = add_pairs(pictures, scores->genuine_count, scores->worst_genuine, threshold, &part->genuine);
    }
    if (status == TAM_OK) {
        status = add_pairs(pictures, scores->impostor_count, scores->worst_impostor, threshold, &part->impostor);
    }
    close_album(&pictures[0]);
    close_album(&pictures[1]);
    return status;
}
