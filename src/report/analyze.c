/* Losses as pictures: reads the specifications, draws the page, writes the files. */
#include "tammes/analyze.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "plot/html.h"
#include "report/loss_page.h"

enum { DEFAULT_CLASSES = 1000, DEFAULT_NORM = 30, DEFAULT_STEP = 1000000000, MOST_CLASSES = 1000000000 };

static const char *const default_losses[] = {"softmax", "sphereface", "cosface", "arcface", "combined", "p2sgrad"};
enum { DEFAULT_LOSSES = sizeof default_losses / sizeof *default_losses };

static const double degrees = 57.29577951308232;

static tam_status read_losses(tam_loss_page *page, const tam_analyze_config *config) {
    int64_t classes = config->classes != 0 ? config->classes : DEFAULT_CLASSES;
    int64_t step = config->step != 0 ? config->step : DEFAULT_STEP;
    double norm = config->norm != 0 ? config->norm : DEFAULT_NORM;
    const char *const *losses = config->loss_count > 0 ? config->losses : default_losses;
    page->count = config->loss_count > 0 ? config->loss_count : DEFAULT_LOSSES;
    if (page->count > TAM_ANALYZE_LOSSES) {
        return tam_fail(page->ctx, TAM_CONFIG, "%d losses on a page, but at most %d are possible", page->count,
                        TAM_ANALYZE_LOSSES);
    }
    if (config->out == NULL) {
        return tam_fail(page->ctx, TAM_CONFIG, "the figures of the losses have no folder to be written to");
    }
    if (classes < 2 || classes > MOST_CLASSES || !(norm > 0 && norm <= 1e6) || step < 0) {
        return tam_fail(page->ctx, TAM_CONFIG,
                        "no figures for %lld classes (2 to 10^9), length %g (above 0, to 10^6), step %lld (from 0)",
                        (long long)classes, norm, (long long)step);
    }
    for (int i = 0; i < page->count; i++) {
        TAM_TRY(tam_loss_view_open(page->ctx, losses[i], classes, norm, step, &page->view[i]));
    }
    return TAM_OK;
}

static void find_numbers(tam_loss_page *page) {
    page->result->losses = page->count;
    for (int i = 0; i < page->count; i++) {
        const tam_loss_view *view = &page->view[i];
        tam_analyze_loss *out = &page->result->loss[i];
        *out = (tam_analyze_loss){.scale = view->scale, .margin_share = NAN, .overlap_share = NAN, .margin_at_45 = NAN};
        snprintf(out->loss, sizeof out->loss, "%s", view->name);
        if (tam_loss_view_compares(view)) {
            tam_loss_view_shares(view, &out->margin_share, &out->overlap_share);
            out->margin_at_45 = degrees * tam_loss_view_margin(view, M_PI_4);
        }
    }
    tam_loss_page_find_facts(page);
}

/* "s=64, m=0.5" */
static void key_words(const tam_loss_view *view, char *words, size_t room) {
    const tam_class_loss *loss = view->loss.class_loss;
    words[0] = '\0';
    for (int i = 0; i < loss->key_count; i++) {
        size_t used = strlen(words);
        char value[32];
        tam_real_words(value, sizeof value, view->loss.state.key[i], 4);
        snprintf(words + used, room - used, "%s%s=%s", i > 0 ? ", " : "", loss->keys[i].name, value);
    }
}

static void number_words(char words[32], double value, int decimals, const char *unit) {
    tam_fixed_words(words, 24, value, decimals);
    strcat(words, isfinite(value) ? unit : "");
}

static void write_losses(tam_loss_page *page) {
    enum { COLUMNS = 5, NUMBERS = 3 };
    static const char *const headers[COLUMNS] = {"loss", "target logit", "values", "margin at 45\xc2\xb0",
                                                 "as an area"};
    tam_html_table_begin(&page->html, COLUMNS, NUMBERS, headers);
    for (int i = 0; i < page->count; i++) {
        const tam_loss_view *view = &page->view[i];
        const tam_analyze_loss *numbers = &page->result->loss[i];
        char values[256], at_45[32], share[32];
        key_words(view, values, sizeof values);
        number_words(at_45, numbers->margin_at_45, 1, "\xc2\xb0");
        number_words(share, 100 * numbers->margin_share, 1, "%");
        const char *const cells[COLUMNS] = {view->name, view->loss.class_loss->formula, values, at_45, share};
        tam_html_table_row(&page->html, COLUMNS, NUMBERS, cells);
    }
    tam_html_table_end(&page->html);
}

static void write_conditions(tam_loss_page *page) {
    char words[1024], norm[32], step[32];
    const tam_loss_view *view = &page->view[0];
    bool late = view->loss.state.running[TAM_RUNNING_STEP] == DEFAULT_STEP, terms = false;
    tam_real_words(norm, sizeof norm, view->norm, 4);
    tam_real_words(step, sizeof step, view->loss.state.running[TAM_RUNNING_STEP], 12);
    for (int i = 0; i < page->count; i++) {
        terms = terms || page->view[i].loss.terms > 0;
    }
    snprintf(
        words, sizeof words,
        "Drawn for C = %lld classes unless a figure says otherwise, embeddings of length %s where the loss sees the "
        "length (softmax, SphereFace), class weights of length 1 without biases, running statistics at their first "
        "values, training step %s. Angles are those between an embedding and the weights of a class; s is the "
        "largest slope of another class's logit by its cosine.%s",
        (long long)view->loss.state.classes, norm,
        late ? "10^9, so late that SphereFace's lambda and all warm-ups have reached their end" : step,
        terms ? " Terms after a + are not drawn: they are no functions of the angle to a class." : "");
    tam_html_paragraph(&page->html, words);
}

static void write_page(tam_loss_page *page) {
    tam_text_add(&page->table, "loss,figure,x,value\n");
    tam_html_begin(&page->html, "Losses as curves");
    tam_html_heading(&page->html, 1, "Losses as curves");
    tam_html_paragraph(&page->html,
                       "What each loss asks of the angle between an embedding and its class, computed with the same "
                       "functions that train.");
    write_losses(page);
    write_conditions(page);
    tam_loss_page_logits(page);
    tam_loss_page_gradients(page);
    tam_loss_page_facts(page);
    tam_loss_page_probabilities(page);
    tam_loss_page_boundaries(page);
    tam_loss_page_lengths(page);
    tam_loss_page_options(page);
    tam_html_end(&page->html);
}

static tam_status write_text(tam_loss_page *page, const char *name, const tam_text *text) {
    const tam_file_piece piece = {text->data, text->size};
    char *path = tam_path_join(page->ctx, page->folder, name);
    tam_status status = path == NULL || text->failed ? TAM_RESOURCES : tam_file_write(page->ctx, path, &piece, 1);
    tam_release(page->ctx, path);
    return status;
}

tam_status tam_analyze_losses(tam_ctx *ctx, const tam_analyze_config *config, tam_analyze_result *result) {
    memset(result, 0, sizeof *result);
    tam_loss_page *page = tam_allocate(ctx, 1, sizeof *page, "a page of losses");
    if (page == NULL) {
        return TAM_RESOURCES;
    }
    *page = (tam_loss_page){
        .ctx = ctx, .folder = config->out, .html = {.ctx = ctx}, .table = {.ctx = ctx}, .result = result};
    page->status = read_losses(page, config);
    if (page->status == TAM_OK) {
        page->status = tam_folder_make(ctx, page->folder);
    }
    if (page->status == TAM_OK) {
        find_numbers(page);
        write_page(page);
    }
    if (page->status == TAM_OK) {
        page->status = write_text(page, "losses.csv", &page->table);
    }
    if (page->status == TAM_OK) {
        page->status = write_text(page, "losses.html", &page->html);
    }
    tam_status status = page->status;
    tam_text_free(&page->html);
    tam_text_free(&page->table);
    tam_release(ctx, page);
    return status;
}
