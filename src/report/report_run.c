#include "report/report_run.h"

#include "base/memory.h"

void tam_scatter_free(tam_ctx *ctx, tam_scatter *scatter) {
    for (int64_t c = 0; scatter->names != NULL && c < scatter->classes; c++) {
        tam_release(ctx, scatter->names[c]);
    }
    tam_release(ctx, scatter->x);
    tam_release(ctx, scatter->labels);
    tam_release(ctx, scatter->weights);
    tam_release(ctx, scatter->names);
    *scatter = (tam_scatter){0};
}

void tam_report_run_free(tam_ctx *ctx, tam_report_run *run) {
    tam_scatter_free(ctx, &run->scatter);
    tam_run_log_free(&run->log);
    tam_release(ctx, run->name);
    run->name = NULL;
}
