#include "base/team.h"

#include <omp.h>

int tam_team_most(void) {
    return omp_get_max_active_levels() > 0 ? omp_get_thread_limit() : 1;
}

void tam_team_enter(tam_ctx *ctx) {
    if (omp_get_dynamic()) {
        omp_set_dynamic(0); /* OpenMP must not give fewer threads than were asked for */
    }
    if (omp_get_max_threads() != ctx->threads) {
        omp_set_num_threads(ctx->threads);
    }
}

int tam_team_confine(void) {
    int threads = omp_get_max_threads();
    if (threads != 1) {
        omp_set_num_threads(1);
    }
    return threads;
}

void tam_team_spread(int confined) {
    if (confined != 1) {
        omp_set_num_threads(confined);
    }
}

void tam_team_run(tam_ctx *ctx, int64_t tasks, tam_task run, void *argument) {
    if (tasks == 1 || ctx->threads == 1) {
        /* A library called inside a task must see one thread here too, or its sums would be cut differently. */
        omp_set_num_threads(1);
        for (int64_t task = 0; task < tasks; task++) {
            run(argument, task, 0);
        }
        tam_team_enter(ctx);
        return;
    }
    tam_team_enter(ctx);
#pragma omp parallel for schedule(dynamic, 1) num_threads(ctx->threads)
    for (int64_t task = 0; task < tasks; task++) {
        run(argument, task, omp_get_thread_num());
    }
}
