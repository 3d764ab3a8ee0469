/* Few-shot episodes: k classes never seen, n examples of each, and a query to place. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"
#include "eval/groups.h"
#include "eval/rows.h"
#include "tammes/eval.h"

typedef struct class_rows {
    uint32_t first, count; /* a run of the order by label */
} class_rows;

/* What one worker needs for an episode. */
typedef struct episode_scratch {
    uint32_t *classes; /* [eligible] shuffled at the front */
    uint32_t *members; /* [largest class] shuffled at the front */
    uint32_t *queries; /* [ways, queries] row numbers */
    double *means;     /* [ways, d] of length 1 */
} episode_scratch;

typedef struct fewshot_job {
    const tam_fewshot_config *config;
    int d;
    const float *e;
    const double *scale; /* [n] 1 / length, 0 for a zero row */
    tam_groups groups;
    class_rows *eligible;
    uint32_t eligible_count, largest;
    episode_scratch *scratch; /* [threads] */
    uint32_t *wrong;          /* [episodes] */
} fewshot_job;

/* Puts a random choice of `take` items, in random order, at the front. */
static void draw(tam_random *random, uint32_t *items, uint32_t count, uint32_t take) {
    for (uint32_t i = 0; i < take; i++) {
        uint32_t j = i + tam_random_below(random, count - i);
        uint32_t item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

static void set_mean(const fewshot_job *job, const uint32_t *support, double *mean) {
    double square = 0;
    memset(mean, 0, (size_t)job->d * sizeof *mean);
    for (int s = 0; s < job->config->shots; s++) {
        const float *row = job->e + (int64_t)support[s] * job->d;
        for (int k = 0; k < job->d; k++) {
            mean[k] += (double)row[k] * job->scale[support[s]];
        }
    }
    for (int k = 0; k < job->d; k++) {
        square += mean[k] * mean[k];
    }
    for (int k = 0; k < job->d; k++) {
        mean[k] *= square > 0 ? 1 / sqrt(square) : 0;
    }
}

/* The way with the most similar mean; of equal ones the first. The query's own length does not matter. */
static int nearest_way(const fewshot_job *job, const double *means, uint32_t query) {
    const float *row = job->e + (int64_t)query * job->d;
    double most = -INFINITY;
    int nearest = 0;
    for (int way = 0; way < job->config->ways; way++) {
        double sum = 0;
        for (int k = 0; k < job->d; k++) {
            sum += means[(int64_t)way * job->d + k] * (double)row[k];
        }
        if (sum > most) {
            most = sum;
            nearest = way;
        }
    }
    return nearest;
}

static void run_episode(void *argument, int64_t episode, int worker) {
    fewshot_job *job = argument;
    const tam_fewshot_config *config = job->config;
    episode_scratch *scratch = &job->scratch[worker];
    tam_random random = tam_random_at(config->seed, TAM_PURPOSE_EPISODE, (uint32_t)episode, 0);
    for (uint32_t c = 0; c < job->eligible_count; c++) {
        scratch->classes[c] = c;
    }
    draw(&random, scratch->classes, job->eligible_count, (uint32_t)config->ways);
    for (int way = 0; way < config->ways; way++) {
        class_rows rows = job->eligible[scratch->classes[way]];
        memcpy(scratch->members, job->groups.order + rows.first, rows.count * sizeof *scratch->members);
        draw(&random, scratch->members, rows.count, (uint32_t)(config->shots + config->queries));
        set_mean(job, scratch->members, scratch->means + (int64_t)way * job->d);
        memcpy(scratch->queries + (int64_t)way * config->queries, scratch->members + config->shots,
               (size_t)config->queries * sizeof *scratch->queries);
    }
    for (int i = 0; i < config->ways * config->queries; i++) {
        int way = nearest_way(job, scratch->means, scratch->queries[i]);
        job->wrong[episode] += way != i / config->queries;
    }
}

static tam_status read_config(tam_ctx *ctx, const tam_fewshot_config *given, tam_fewshot_config *config) {
    tam_fewshot_config zero = {0};
    *config = given != NULL ? *given : zero;
    config->ways = config->ways != 0 ? config->ways : 20;
    config->shots = config->shots != 0 ? config->shots : 1;
    config->queries = config->queries != 0 ? config->queries : 1;
    config->episodes = config->episodes != 0 ? config->episodes : 1000;
    bool possible = config->ways >= 2 && config->shots >= 1 && config->queries >= 1 && config->episodes >= 1 &&
                    config->ways <= 1 << 20 && config->shots <= 1 << 20 && config->queries <= 1 << 10;
    if (!possible) {
        return tam_fail(ctx, TAM_CONFIG, "%d episodes of %d ways, %d shots and %d queries are not possible",
                        config->episodes, config->ways, config->shots, config->queries);
    }
    return TAM_OK;
}

/* Lists the classes that have enough rows. */
static tam_status find_eligible(tam_ctx *ctx, fewshot_job *job) {
    const tam_fewshot_config *config = job->config;
    job->eligible = tam_allocate(ctx, (size_t)job->groups.count, sizeof *job->eligible, "classes of episodes");
    if (job->eligible == NULL) {
        return TAM_RESOURCES;
    }
    for (int64_t i = 0; i < job->groups.count; i = job->groups.end[i]) {
        uint32_t count = job->groups.end[i] - (uint32_t)i;
        if (count >= (uint32_t)(config->shots + config->queries)) {
            job->eligible[job->eligible_count++] = (class_rows){(uint32_t)i, count};
            job->largest = count > job->largest ? count : job->largest;
        }
    }
    if (job->eligible_count < (uint32_t)config->ways) {
        return tam_fail(ctx, TAM_INPUT, "%u classes have %d rows or more, but an episode needs %d classes",
                        job->eligible_count, config->shots + config->queries, config->ways);
    }
    return TAM_OK;
}

static tam_status take_scratch(tam_ctx *ctx, fewshot_job *job, tam_arena *arena) {
    const tam_fewshot_config *config = job->config;
    size_t ways = (size_t)config->ways;
    int threads = tam_ctx_threads(ctx);
    job->scratch = tam_arena_take(arena, (size_t)threads, sizeof *job->scratch);
    job->wrong = tam_arena_take(arena, (size_t)config->episodes, sizeof *job->wrong);
    bool whole = job->scratch != NULL && job->wrong != NULL;
    for (int t = 0; whole && t < threads; t++) {
        episode_scratch *scratch = &job->scratch[t];
        scratch->classes = tam_arena_take(arena, job->eligible_count, sizeof *scratch->classes);
        scratch->members = tam_arena_take(arena, job->largest, sizeof *scratch->members);
        scratch->queries = tam_arena_take(arena, ways * (size_t)config->queries, sizeof *scratch->queries);
        scratch->means = tam_arena_take(arena, ways * (size_t)job->d, sizeof *scratch->means);
        whole =
            scratch->classes != NULL && scratch->members != NULL && scratch->queries != NULL && scratch->means != NULL;
    }
    return whole ? TAM_OK : TAM_RESOURCES;
}

static void add_up(const fewshot_job *job, tam_fewshot *result) {
    const tam_fewshot_config *config = job->config;
    double each = (double)config->ways * config->queries, sum = 0, squares = 0;
    for (int i = 0; i < config->episodes; i++) {
        sum += job->wrong[i] / each;
    }
    double mean = sum / config->episodes;
    for (int i = 0; i < config->episodes; i++) {
        squares += (job->wrong[i] / each - mean) * (job->wrong[i] / each - mean);
    }
    double deviation = config->episodes > 1 ? sqrt(squares / (config->episodes - 1)) : NAN;
    *result = (tam_fewshot){config->ways,     config->shots, config->queries,
                            config->episodes, mean,          1.96 * deviation / sqrt(config->episodes)};
}

static void set_scales(int64_t n, int d, const float *e, double *scale) {
    for (int64_t i = 0; i < n; i++) {
        double square = 0;
        for (int k = 0; k < d; k++) {
            square += (double)e[i * d + k] * (double)e[i * d + k];
        }
        scale[i] = square > 0 ? 1 / sqrt(square) : 0;
    }
}

tam_status tam_eval_fewshot(tam_ctx *ctx, int64_t n, int d, const float *e, const int32_t *labels,
                            const tam_fewshot_config *given, tam_fewshot *result) {
    tam_fewshot_config config;
    TAM_TRY(read_config(ctx, given, &config));
    TAM_TRY(tam_rows_check(ctx, n, d, e, "row"));
    fewshot_job job = {.config = &config, .d = d, .e = e};
    tam_arena *arena = tam_arena_create(ctx, 0);
    double *scale = tam_allocate(ctx, (size_t)n, sizeof *scale, "lengths of rows");
    tam_status status = arena == NULL || scale == NULL ? TAM_RESOURCES : tam_groups_make(ctx, n, labels, &job.groups);
    if (status == TAM_OK) {
        status = find_eligible(ctx, &job);
    }
    if (status == TAM_OK) {
        status = take_scratch(ctx, &job, arena);
    }
    if (status == TAM_OK) {
        set_scales(n, d, e, scale);
        job.scale = scale;
        tam_team_run(ctx, config.episodes, run_episode, &job);
        add_up(&job, result);
    }
    tam_groups_free(ctx, &job.groups);
    tam_release(ctx, job.eligible);
    tam_release(ctx, scale);
    tam_arena_free(arena);
    return status;
}
