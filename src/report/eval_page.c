#include "report/eval_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "plot/html.h"

static tam_status take_parts(tam_eval_page *page, const tam_eval_page_config *config) {
    page->arena = tam_arena_create(page->ctx, 0);
    page->part = tam_allocate(page->ctx, TAM_EVAL_PAGE_PARTS, sizeof *page->part, "the parts of a page");
    page->rates = tam_allocate(page->ctx, TAM_EVAL_PAGE_PARTS, sizeof *page->rates, "the parts of a page");
    if (page->arena == NULL || page->part == NULL || page->rates == NULL) {
        return TAM_RESOURCES;
    }
    page->out = tam_arena_string(page->arena, config->out, strlen(config->out));
    page->title = tam_arena_string(page->arena, config->title, strlen(config->title));
    return page->out != NULL && page->title != NULL ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_eval_page_open(tam_ctx *ctx, const tam_eval_page_config *config, tam_eval_page **out) {
    *out = NULL;
    if (config->out == NULL || config->title == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "a page needs a file to be written to and a title");
    }
    if (tam_path_look(config->out) != TAM_PATH_ABSENT) {
        return tam_fail(ctx, TAM_CONFIG, "%s: exists; nothing was written", config->out);
    }
    tam_eval_page *page = tam_allocate(ctx, 1, sizeof *page, "a page");
    if (page == NULL) {
        return TAM_RESOURCES;
    }
    page->ctx = ctx;
    tam_status status = take_parts(page, config);
    if (status != TAM_OK) {
        tam_eval_page_free(page);
        return status;
    }
    *out = page;
    return TAM_OK;
}

void tam_eval_page_free(tam_eval_page *page) {
    if (page == NULL) {
        return;
    }
    for (int i = 0; page->part != NULL && i < TAM_EVAL_PAGE_PARTS; i++) {
        tam_text_free(&page->part[i].genuine);
        tam_text_free(&page->part[i].impostor);
        tam_release(page->ctx, page->part[i].scores);
    }
    tam_release(page->ctx, page->part);
    tam_release(page->ctx, page->rates);
    tam_arena_free(page->arena);
    tam_release(page->ctx, page);
}

static tam_status copy_words(tam_eval_page *page, const char *words, const char **copy) {
    *copy = tam_arena_string(page->arena, words, strlen(words));
    return *copy != NULL ? TAM_OK : TAM_RESOURCES;
}

/* At most LABEL letters: "..." and the end of the name. */
static tam_status make_label(tam_eval_page *page, const char *name, const char **label) {
    enum { LABEL = 40 };
    char words[4 * LABEL + 4] = "...";
    const char *from = name + strlen(name);
    for (int letters = 0; from > name && letters < LABEL; letters++) {
        do {
            from--;
        } while (from > name && (*from & 0xc0) == 0x80); /* inside a letter of UTF-8 */
    }
    snprintf(words + (from > name ? 3 : 0), 4 * LABEL + 1, "%s", from);
    return copy_words(page, words, label);
}

static tam_status add_about(tam_eval_page *page, const char *about) {
    if (about == NULL) {
        return TAM_OK;
    }
    TAM_TRY(copy_words(page, about, &page->about[page->about_count]));
    page->about_count++;
    return TAM_OK;
}

static tam_status refuse_more(tam_eval_page *page, int count) {
    return count < TAM_EVAL_PAGE_PARTS
               ? TAM_OK
               : tam_fail(page->ctx, TAM_CONFIG, "more than %d evaluations do not fit on a page", TAM_EVAL_PAGE_PARTS);
}

tam_status tam_eval_page_add(tam_eval_page *page, const tam_eval_page_verification *one) {
    TAM_TRY(refuse_more(page, page->part_count));
    tam_eval_part *part = &page->part[page->part_count];
    TAM_TRY(copy_words(page, one->name, &part->name));
    TAM_TRY(make_label(page, one->name, &part->label));
    part->result = *one->result;
    part->intervals = one->intervals != NULL ? *one->intervals : (tam_bootstrap){0};
    part->folds = one->folds != NULL ? *one->folds : (tam_folds){0};
    part->rule = one->rule;
    part->genuine.ctx = part->impostor.ctx = page->ctx;
    if (one->scores != NULL) {
        part->scores = tam_allocate(page->ctx, 1, sizeof *part->scores, "scores of pairs");
        if (part->scores == NULL) {
            return TAM_RESOURCES;
        }
        *part->scores = *one->scores;
        TAM_TRY(tam_eval_page_make_pairs(page->ctx, one, part));
    }
    TAM_TRY(add_about(page, one->about));
    page->part_count++;
    return TAM_OK;
}

tam_status tam_eval_page_add_rates(tam_eval_page *page, const tam_eval_page_rates *rates) {
    TAM_TRY(refuse_more(page, page->rates_count));
    if (rates->count < 1 || rates->count > TAM_EVAL_PAGE_RATES) {
        return tam_fail(page->ctx, TAM_CONFIG, "%d rates in a figure, but 1 to %d are possible", rates->count,
                        TAM_EVAL_PAGE_RATES);
    }
    tam_eval_rates *copy = &page->rates[page->rates_count];
    *copy = (tam_eval_rates){.count = rates->count};
    TAM_TRY(copy_words(page, rates->name, &copy->name));
    TAM_TRY(make_label(page, rates->name, &copy->label));
    TAM_TRY(copy_words(page, rates->heading, &copy->heading));
    TAM_TRY(copy_words(page, rates->x_label, &copy->x_label));
    TAM_TRY(copy_words(page, rates->y_label, &copy->y_label));
    TAM_TRY(copy_words(page, rates->caption, &copy->caption));
    for (int i = 0; i < rates->count; i++) {
        TAM_TRY(copy_words(page, rates->words[i], &copy->words[i]));
        copy->share[i] = rates->share[i];
        copy->low[i] = rates->low != NULL ? rates->low[i] : NAN;
        copy->high[i] = rates->high != NULL ? rates->high[i] : NAN;
    }
    TAM_TRY(add_about(page, rates->about));
    page->rates_count++;
    return TAM_OK;
}

bool tam_eval_part_has_rates(const tam_eval_part *part) {
    return isfinite(part->result.eer);
}

const tam_tar_at_far *tam_eval_part_strictest(const tam_eval_part *part) {
    const tam_tar_at_far *found = NULL;
    for (int i = 0; i < part->result.levels; i++) {
        const tam_tar_at_far *at = &part->result.at[i];
        if (at->sufficient && at->tar > 0 && (found == NULL || at->far < found->far)) {
            found = at;
        }
    }
    return found;
}

static void write_figures(const tam_eval_page *page, tam_text *text) {
    bool any = false;
    for (int i = 0; i < page->part_count; i++) {
        any |= tam_eval_part_has_rates(&page->part[i]);
    }
    if (!any) {
        return;
    }
    tam_html_heading(text, 2, "Errors and thresholds");
    tam_html_row_begin(text);
    tam_eval_page_roc(text, page->part_count, page->part);
    tam_eval_page_det(text, page->part_count, page->part);
    for (int i = 0; i < page->part_count; i++) {
        tam_eval_page_histogram(text, &page->part[i], page->part_count > 1 ? page->part[i].label : NULL);
    }
    tam_html_row_end(text);
}

static void write_cards(tam_text *text, const tam_text *cards, const char *heading, const char *words) {
    if (cards->size > 0) {
        tam_html_heading(text, 3, heading);
        tam_html_pairs_begin(text);
        tam_text_bytes(text, cards->data, cards->size);
        tam_html_pairs_end(text);
        tam_html_paragraph(text, words);
    }
}

static void write_pairs(const tam_eval_page *page, tam_text *text) {
    for (int i = 0; i < page->part_count; i++) {
        const tam_eval_part *part = &page->part[i];
        char heading[512];
        if (part->genuine.size + part->impostor.size == 0) {
            continue;
        }
        snprintf(heading, sizeof heading, "Worst pairs%s%.400s", page->part_count > 1 ? ": " : "",
                 page->part_count > 1 ? part->name : "");
        tam_html_heading(text, 2, heading);
        if (tam_eval_part_has_rates(part)) {
            char number[32];
            tam_fixed_words(number, sizeof number, part->result.eer_threshold, 3);
            snprintf(heading, sizeof heading,
                     "Each with its score, and whether it is accepted at the threshold of the EER, %s.", number);
            tam_html_paragraph(text, heading);
        }
        write_cards(text, &part->genuine, "Of one class, with the lowest scores",
                    "The first to be refused: look for wrong labels and bad crops, then for what the model does not "
                    "see through, such as pose, light and age.");
        write_cards(text, &part->impostor, "Of two classes, with the highest scores",
                    "The first to be accepted: look for one person under two names and for copies of one picture, "
                    "then for likenesses that deceive the model.");
    }
}

static void write_rates(const tam_eval_page *page, tam_text *text) {
    bool done[TAM_EVAL_PAGE_PARTS] = {false};
    for (int i = 0; i < page->rates_count; i++) {
        const tam_eval_rates *same[TAM_EVAL_PAGE_PARTS];
        int count = 0;
        for (int j = i; j < page->rates_count && !done[i]; j++) {
            const tam_eval_rates *one = &page->rates[j];
            if (strcmp(one->heading, page->rates[i].heading) == 0 && one->count == page->rates[i].count) {
                same[count++] = one;
                done[j] = j > i;
            }
        }
        if (count > 0) {
            tam_eval_page_rates_figure(text, count, same);
        }
    }
}

static void write_all(const tam_eval_page *page, tam_text *text) {
    tam_html_begin(text, page->title);
    tam_html_heading(text, 1, page->title);
    for (int i = 0; i < page->about_count; i++) {
        tam_html_paragraph(text, page->about[i]);
    }
    if (page->part_count > 0) {
        tam_eval_page_tables(text, page->part_count, page->part);
        write_figures(page, text);
        write_pairs(page, text);
    }
    write_rates(page, text);
    tam_html_end(text);
}

tam_status tam_eval_page_write(tam_eval_page *page) {
    tam_text text = {.ctx = page->ctx};
    write_all(page, &text);
    tam_status status = text.failed ? TAM_RESOURCES : TAM_OK;
    if (status == TAM_OK && tam_path_look(page->out) != TAM_PATH_ABSENT) {
        status = tam_fail(page->ctx, TAM_CONFIG, "%s: exists; nothing was written", page->out);
    }
    if (status == TAM_OK) {
        status = tam_file_write(page->ctx, page->out, &(tam_file_piece){text.data, text.size}, 1);
    }
    tam_text_free(&text);
    return status;
}
