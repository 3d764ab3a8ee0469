/* The planner's table: what each way to run the head takes, and which to choose. */
#include "doctor.h"

typedef struct head_plan {
    tam_head_option options[TAM_HEAD_OPTIONS];
    int chosen;      /* -1: none fits */
    char flags[256]; /* of tammes train */
} head_plan;

static bool is_least(const tam_head_option *option) {
    return option->workspace == TAM_HEAD_LEAST_WORKSPACE;
}

static void name_flags(const doctor_checkup *checkup, head_plan *plan) {
    const tam_head_option *chosen = &plan->options[plan->chosen];
    snprintf(plan->flags, sizeof plan->flags, "--loss %s --dim %d --batch %d --head-dtype %s%s", checkup->loss,
             checkup->dim, checkup->batch, chosen->dtype, is_least(chosen) ? " --head-workspace 0" : "");
}

static void print(const doctor_checkup *checkup, const head_plan *plan) {
    printf("head            %s, C=%lld D=%d N=%d; memory is exact, times come from a calibration of a second\n\n",
           checkup->loss, (long long)checkup->classes, checkup->dim, checkup->batch);
    printf("  dtype      workspace   keeps  classes      weights    workspace         step   fits\n");
    for (int k = 0; k < TAM_HEAD_OPTIONS; k++) {
        const tam_head_option *option = &plan->options[k];
        char step[32] = "-";
        if (option->seconds > 0.0) {
            snprintf(step, sizeof step, "%.1f ms", 1e3 * option->seconds);
        }
        printf("%c %-10s %-9s %6.0f%% %7g%% %9.1f MB %9.1f MB %12s   %s\n", k == plan->chosen ? '*' : ' ',
               option->dtype, is_least(option) ? "least" : "default", 100.0 * option->kept, 100.0 * option->sample_rate,
               (double)option->bytes.weights / 1e6, (double)option->bytes.workspace / 1e6, step,
               option->fits ? "yes" : "no");
    }
    if (plan->chosen >= 0) {
        printf("\nrecommended     tammes train %s\n", plan->flags);
    }
}

static json_t *describe(const doctor_checkup *checkup, const head_plan *plan) {
    json_t *options = json_array();
    for (int k = 0; k < TAM_HEAD_OPTIONS; k++) {
        const tam_head_option *option = &plan->options[k];
        json_array_append_new(
            options, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "dtype", option->dtype, "workspace",
                               is_least(option) ? "least" : "default", "sample_rate",
                               cli_json_real(option->sample_rate), "kept", cli_json_real(option->kept), "memory_mb",
                               cli_json_real((double)(option->bytes.weights + option->bytes.workspace) / 1e6),
                               "weights_mb", cli_json_real((double)option->bytes.weights / 1e6), "workspace_mb",
                               cli_json_real((double)option->bytes.workspace / 1e6), "step_ms",
                               option->seconds > 0.0 ? cli_json_real(1e3 * option->seconds) : json_null(), "fits",
                               option->fits));
    }
    return json_pack("{s:o, s:I, s:i, s:i, s:o, s:o}", "loss", cli_json_text(checkup->loss), "classes",
                     (json_int_t)checkup->classes, "dim", checkup->dim, "batch", checkup->batch, "options", options,
                     "recommended", plan->chosen >= 0 ? cli_json_text(plan->flags) : json_null());
}

/* Why nothing fits, and what would, as the frame's sentence. */
static tam_status refuse(const doctor_checkup *checkup, const tam_head_config *config) {
    tam_status status = tam_head_plan_check(checkup->call->ctx, config);
    return status == TAM_OK || status == TAM_RESOURCES ? TAM_NEGATIVE : status;
}

tam_status doctor_head(doctor_checkup *checkup) {
    cli_call *call = checkup->call;
    head_plan plan = {.chosen = -1};
    tam_head_config config = {.loss = checkup->loss,
                              .classes = checkup->classes,
                              .dim = checkup->dim,
                              .batch = checkup->batch,
                              .seed = call->seed};
    tam_status status = tam_head_plan_options(call->ctx, &config, NULL, checkup->sample_rate, plan.options);
    if (status == TAM_OK && tam_head_plan_choose(plan.options, TAM_HEAD_OPTIONS) >= 0) { /* else times mean nothing */
        tam_head_speeds speeds;
        status = tam_head_plan_calibrate(call->ctx, &config, 1.0, &speeds);
        if (status == TAM_OK) {
            status = tam_head_plan_options(call->ctx, &config, &speeds, checkup->sample_rate, plan.options);
        }
    }
    if (status != TAM_OK) {
        return status;
    }
    plan.chosen = tam_head_plan_choose(plan.options, TAM_HEAD_OPTIONS);
    if (plan.chosen >= 0) {
        name_flags(checkup, &plan);
        checkup->head_seconds = plan.options[plan.chosen].seconds;
    }
    if (call->json) {
        doctor_add(checkup, "head", describe(checkup, &plan));
    } else {
        print(checkup, &plan);
    }
    return plan.chosen >= 0 ? TAM_OK : refuse(checkup, &config);
}
