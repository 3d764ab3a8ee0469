/* What a training would refuse, heard without one. */
#include "base/memory.h"
#include "tammes/plan.h"
#include "train/run.h"

static tam_status check_directory(tam_ctx *ctx, tam_arena *arena, const tam_train_config *resolved) {
    char *text;
    TAM_TRY(tam_train_config_write(ctx, arena, resolved, &text));
    return tam_run_directory_check(ctx, arena, resolved, text);
}

tam_status tam_train_check(tam_ctx *ctx, const tam_train_config *config, const tam_dataset *data) {
    tam_train_config resolved;
    tam_schedule schedule;
    int64_t steps_per_epoch, steps;
    tam_dataset_info info = tam_dataset_describe(data);
    TAM_TRY(tam_train_resolve(ctx, config, &resolved));
    TAM_TRY(tam_train_fit(ctx, &resolved, &info, &steps_per_epoch, &steps));
    TAM_TRY(tam_schedule_read(ctx, resolved.schedule, resolved.lr, steps, resolved.warmup, &schedule));
    const tam_head_config head = tam_train_head(&resolved, info.classes);
    TAM_TRY(tam_head_plan_check(ctx, &head));
    tam_arena *arena = tam_arena_create(ctx, 0);
    tam_status status = arena != NULL ? check_directory(ctx, arena, &resolved) : TAM_RESOURCES;
    tam_arena_free(arena);
    return status;
}
