/* Head steps of many losses beside each other. A machine's speed drifts by more than losses differ, so every round
 * takes each loss once and a loss is compared with CosFace of the same round. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_head.h"
#include "loss_list.h"

enum { STEPS_OF_A_TURN = 3 };
static const char yardstick[] = "cosface";

typedef struct contestant {
    const char *loss;
    head_check check;
    int sub_centres;      /* of a class */
    double *milliseconds; /* [rounds] */
    double *ratio;        /* [rounds] to the yardstick in the same round */
} contestant;

typedef struct contest {
    const tam_head_config *config; /* but for the loss */
    int rounds, count;
    contestant *of; /* [count]; the yardstick first */
    double *times;  /* what the contestants' arrays point into */
    float *x;       /* embeddings, then their gradient */
    int32_t *y;
} contest;

/* A head of its own for each turn: many at once would not fit in memory, and old memory would favour the first. */
static tam_status take_turn(cli_call *call, contest *all, contestant *who, int round) {
    double times[STEPS_OF_A_TURN];
    tam_head_config config = *all->config;
    float *dx = all->x + (size_t)config.batch * (size_t)config.dim;
    tam_head *head = NULL;
    config.loss = who->loss;
    tam_status status = tam_head_create(call->ctx, &config, &head);
    if (status == TAM_OK) {
        who->sub_centres = tam_head_sub_centres(head);
    }
    /* Step -1 touches the memory for the first time: it does not count. */
    for (int step = -1; status == TAM_OK && step < STEPS_OF_A_TURN; step++) {
        tam_head_result result;
        bench_head_fill(call->seed + (uint64_t)(step + 1), &config, all->x, all->y);
        double began = bench_now();
        status = tam_head_step(head, config.batch, all->x, all->y, dx, NULL, &bench_head_update, &result);
        if (step >= 0) {
            times[step] = 1e3 * (bench_now() - began);
        }
    }
    tam_head_free(head);
    if (status == TAM_OK) {
        bench_sort(times, STEPS_OF_A_TURN);
        who->milliseconds[round] = times[STEPS_OF_A_TURN / 2];
    }
    return status;
}

static tam_status run(cli_call *call, contest *all) {
    tam_status status = TAM_OK;
    for (int i = 0; i < all->count && status == TAM_OK; i++) {
        tam_head_config config = *all->config;
        config.loss = all->of[i].loss;
        status = bench_head_check(call, &config, NULL, &all->of[i].check);
    }
    for (int round = 0; round < all->rounds && status == TAM_OK; round++) {
        for (int turn = 0; turn < all->count && status == TAM_OK; turn++) {
            status = take_turn(call, all, &all->of[(round + turn) % all->count], round);
        }
        for (int i = 0; i < all->count && status == TAM_OK; i++) {
            all->of[i].ratio[round] = all->of[i].milliseconds[round] / all->of[0].milliseconds[round];
        }
        cli_note(call, "round %d of %d\n", round + 1, all->rounds);
    }
    for (int i = 0; i < all->count && status == TAM_OK; i++) {
        bench_sort(all->of[i].milliseconds, all->rounds);
        bench_sort(all->of[i].ratio, all->rounds);
    }
    return status;
}

static void print_table(const contest *all, int threads) {
    const tam_head_config *config = all->config;
    int middle = all->rounds / 2, width = 0;
    for (int i = 0; i < all->count; i++) {
        int length = (int)strlen(all->of[i].loss);
        width = width < length ? length : width;
    }
    printf("one head step, N=%d D=%d C=%lld, %d threads, %s; medians of %d rounds\n", config->batch, config->dim,
           (long long)config->classes, threads, config->dtype, all->rounds);
    printf("%-*s %10s %22s %17s %11s %12s\n", width, "loss", "ms", "(least, most)", "ratio_to_cosface", "sub-centres",
           "correct to");
    for (int i = 0; i < all->count; i++) {
        const contestant *who = &all->of[i];
        char range[48];
        snprintf(range, sizeof range, "(%.3f, %.3f)", who->milliseconds[0], who->milliseconds[all->rounds - 1]);
        printf("%-*s %10.3f %22s %17.3f %11d %12.1e\n", width, who->loss, who->milliseconds[middle], range,
               who->ratio[middle], who->sub_centres, bench_head_error(&who->check));
    }
}

static tam_status print_json(cli_call *call, const contest *all, int threads) {
    const tam_head_config *config = all->config;
    json_t *losses = json_array();
    for (int i = 0; i < all->count; i++) {
        const contestant *who = &all->of[i];
        json_array_append_new(losses,
                              json_pack("{s:o, s:o, s:o, s:o, s:o, s:i, s:o}", "loss", cli_json_text(who->loss),
                                        "ms_median", cli_json_real(who->milliseconds[all->rounds / 2]), "ms_min",
                                        cli_json_real(who->milliseconds[0]), "ms_max",
                                        cli_json_real(who->milliseconds[all->rounds - 1]), "ratio_to_cosface",
                                        cli_json_real(who->ratio[all->rounds / 2]), "sub_centres", who->sub_centres,
                                        "error", cli_json_real(bench_head_error(&who->check))));
    }
    return cli_print_json(call,
                          json_pack("{s:s, s:I, s:i, s:i, s:i, s:i, s:s, s:o}", "case", "head losses", "classes",
                                    (json_int_t)config->classes, "dim", config->dim, "batch", config->batch, "rounds",
                                    all->rounds, "threads", threads, "dtype", config->dtype, "losses", losses));
}

/* The list's losses behind the yardstick, which is not taken twice. */
static tam_status enter(cli_call *call, const loss_list *list, contest *all) {
    size_t most = (size_t)list->count + 1, rounds = (size_t)all->rounds;
    size_t numbers = (size_t)all->config->batch * (size_t)all->config->dim;
    all->of = calloc(most, sizeof *all->of);
    all->times = calloc(2 * most * rounds, sizeof *all->times);
    all->x = malloc(2 * numbers * sizeof *all->x);
    all->y = malloc((size_t)all->config->batch * sizeof *all->y);
    if (all->of == NULL || all->times == NULL || all->x == NULL || all->y == NULL) {
        return cli_fail(call, TAM_RESOURCES, "no memory for %d losses and a batch of %d", list->count,
                        all->config->batch);
    }
    for (int i = -1; i < list->count; i++) {
        const char *loss = i < 0 ? yardstick : list->item[i];
        if (i >= 0 && strcmp(loss, yardstick) == 0) {
            continue;
        }
        double *times = all->times + 2 * rounds * (size_t)all->count;
        all->of[all->count++] = (contestant){.loss = loss, .milliseconds = times, .ratio = times + rounds};
    }
    return TAM_OK;
}

tam_status bench_head_losses(cli_call *call, const tam_head_config *config, const char *losses, int rounds) {
    loss_list list;
    contest all = {.config = config, .rounds = rounds};
    tam_status status = loss_list_read(call, losses, config->classes, &list);
    if (status == TAM_OK) {
        status = enter(call, &list, &all);
    }
    if (status == TAM_OK) {
        status = run(call, &all);
    }
    if (status == TAM_OK) {
        int threads = tam_ctx_threads(call->ctx);
        if (call->json) {
            status = print_json(call, &all, threads);
        } else {
            print_table(&all, threads);
        }
    }
    free(all.of);
    free(all.times);
    free(all.x);
    free(all.y);
    loss_list_free(&list);
    return status;
}
