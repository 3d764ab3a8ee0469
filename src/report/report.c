/* The report: reads runs, writes the page. */
#include "tammes/report.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "report/page.h"

enum { MOST_RUNS = 64 };

static void set_title(const tam_report_config *config, const tam_report_run *runs, char *title, size_t room) {
    if (config->title != NULL) {
        snprintf(title, room, "%s", config->title);
        return;
    }
    title[0] = '\0';
    for (int i = 0; i < config->run_count; i++) {
        size_t used = strlen(title);
        snprintf(title + used, room - used, "%s%s", i > 0 ? ", " : "", runs[i].name);
    }
}

static tam_status write_page(tam_ctx *ctx, const tam_report_config *config, const tam_report_run *runs) {
    tam_text text = {.ctx = ctx};
    char title[512];
    const char *validation = config->validation.path != NULL ? config->validation.path : "";
    set_title(config, runs, title, sizeof title);
    tam_page_write(&text, title, validation, config->run_count, runs);
    const tam_file_piece piece = {text.data, text.size};
    tam_status status = text.failed ? TAM_RESOURCES : tam_file_write(ctx, config->out, &piece, 1);
    tam_text_free(&text);
    return status;
}

tam_status tam_report_write(tam_ctx *ctx, const tam_report_config *config) {
    if (config->run_count < 1 || config->run_count > MOST_RUNS) {
        return tam_fail(ctx, TAM_CONFIG, "a report of %d runs, but 1 to %d are possible", config->run_count, MOST_RUNS);
    }
    if (config->out == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "the report has no file to be written to");
    }
    tam_report_run *runs = tam_allocate(ctx, (size_t)config->run_count, sizeof *runs, "runs of a report");
    tam_status status = runs == NULL ? TAM_RESOURCES : TAM_OK;
    for (int i = 0; status == TAM_OK && i < config->run_count; i++) {
        status = tam_report_run_read(ctx, config, config->runs[i], &runs[i]);
    }
    if (status == TAM_OK) {
        status = write_page(ctx, config, runs);
    }
    for (int i = 0; runs != NULL && i < config->run_count; i++) {
        tam_report_run_free(ctx, &runs[i]);
    }
    tam_release(ctx, runs);
    return status;
}
