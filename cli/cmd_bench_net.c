/* tammes bench net: how fast a net trains and embeds here, beside the machine's limit for products in the same run. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_net.h"

enum { LEAST_STEPS = 3, WARM_UP = 2, LARGE_INPUT = 64 };

static const char *const dtypes[] = {"f32", "bf16", "auto"};
static const char *const recomputes[] = {"sweeps", "none", "units"};
static const char *const tunes[] = {"off", "fast", "full"};

/* What the steps work on. */
typedef struct net_run {
    tam_net *net;
    tam_net_plan *plan;
    float *images, *x;
} net_run;

/* Numbers without rhyme in [-1, 1): speed does not depend on them, as long as none is 0 or subnormal. */
static void fill(float *values, size_t count) {
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / 8388608.0F - 1;
    }
}

/* One step; its times are those of step number `place`. */
static tam_status run_step(net_bench *bench, net_run *run, int place) {
    double at[NET_PARTS + 1];
    at[NET_FORWARD] = bench_now();
    tam_status status = tam_net_forward(run->plan, bench->plan.batch, run->images, (uint64_t)place, run->x);
    at[NET_BACKWARD] = bench_now();
    if (status == TAM_OK && bench->mode == NET_TRAIN) {
        status = tam_net_backward(run->plan, run->x); /* any gradient is as good */
    }
    at[NET_UPDATE] = bench_now();
    if (bench->mode == NET_TRAIN) {
        tam_net_update(run->net, 1e-8F, 0.9F, 5e-4F, 1);
    }
    at[NET_STEP] = bench_now();
    for (int part = NET_FORWARD; part <= NET_UPDATE; part++) {
        bench->milliseconds[part][place] = 1e3 * (at[part + 1] - at[part]);
    }
    bench->milliseconds[NET_STEP][place] = 1e3 * (at[NET_STEP] - at[NET_FORWARD]);
    return status;
}

static tam_status count_step(net_bench *bench, net_run *run) {
    tam_status status = run_step(bench, run, bench->steps);
    if (status == TAM_OK) {
        net_layers_note(&bench->layers, run->plan);
        bench->steps++;
    }
    return status;
}

/* Two programs take turns: a line asks for as many steps as it says, one if it says nothing, and is answered by their
 * median. It ends with the input, or when there are NET_MOST_STEPS. */
static tam_status run_on_request(net_bench *bench, net_run *run) {
    char line[32];
    double *times = malloc(NET_MOST_STEPS * sizeof *times);
    tam_status status = times == NULL ? cli_fail(bench->call, TAM_RESOURCES, "no memory for times") : TAM_OK;
    while (status == TAM_OK && bench->steps < NET_MOST_STEPS && fgets(line, sizeof line, stdin) != NULL) {
        char *end;
        long asked = strtol(line, &end, 10);
        asked = end == line ? 1 : asked;
        if (asked < 1 || end[strspn(end, " \t\r\n")] != '\0') {
            line[strcspn(line, "\r\n")] = '\0';
            status = cli_fail(bench->call, TAM_INPUT, "'%s' is not a number of steps (1 or more)", line);
            break;
        }
        int first = bench->steps;
        while (status == TAM_OK && bench->steps - first < asked && bench->steps < NET_MOST_STEPS) {
            status = count_step(bench, run);
        }
        if (status == TAM_OK) {
            int count = bench->steps - first;
            memcpy(times, &bench->milliseconds[NET_STEP][first], (size_t)count * sizeof *times);
            bench_sort(times, count);
            status = cli_print_json(bench->call,
                                    json_pack("{s:o, s:i}", "ms", cli_json_real(times[count / 2]), "steps", count));
            fflush(stdout);
        }
    }
    free(times);
    return status;
}

static tam_status make_layers(net_bench *bench, const tam_net_plan *plan) {
    tam_status status = net_layers_create(bench->call, plan, &bench->layers);
    if (status == TAM_OK && bench->layers.parts == 0) {
        status = cli_fail(bench->call, TAM_CONFIG, "the backend '%s' does not measure its parts: no --layers",
                          bench->net.backend == NULL ? "cpu" : bench->net.backend);
    }
    return status;
}

static tam_status run_steps(net_bench *bench, net_run *run) {
    tam_status status = TAM_OK;
    for (int i = 0; i < WARM_UP && status == TAM_OK; i++) {
        status = run_step(bench, run, 0);
    }
    if (status == TAM_OK && bench->by_layer) {
        status = make_layers(bench, run->plan);
    }
    if (status == TAM_OK && bench->on_request) {
        status = run_on_request(bench, run);
    }
    double began = bench_now();
    while (!bench->on_request && status == TAM_OK && bench->steps < NET_MOST_STEPS &&
           (bench->steps < LEAST_STEPS || bench_now() - began < bench->seconds)) {
        status = count_step(bench, run);
    }
    if (status == TAM_OK && bench->steps > 0) {
        for (int part = 0; part < NET_PARTS; part++) {
            bench_sort(bench->milliseconds[part], bench->steps);
        }
        net_layers_settle(&bench->layers);
    }
    bench->peak_mb = bench_peak_mb();
    return status;
}

static tam_status make_plan(net_bench *bench, net_run *run) {
    double began = bench_now();
    tam_status status = tam_net_plan_create(run->net, &bench->plan, &run->plan);
    bench->plan_seconds = bench_now() - began;
    if (status == TAM_OK) {
        bench->dtype = tam_net_plan_dtype(run->plan);
        bench->plan_bytes = tam_net_plan_bytes(run->plan);
    } else if (status == TAM_RESOURCES) {
        tam_machine machine;
        char why[512];
        tam_machine_describe(bench->call->ctx, ".", &machine);
        snprintf(why, sizeof why, "%s", tam_ctx_message(bench->call->ctx));
        status = cli_fail(bench->call, status, "%s; %.3f MB are free; a smaller --batch%s needs less", why,
                          (double)machine.memory_free / 1e6, bench->plan.training ? ", or --recompute units," : "");
    }
    return status;
}

static tam_status measure(net_bench *bench, net_run *run) {
    const tam_net_info *info = &bench->info;
    size_t image = (size_t)info->channels * (size_t)info->height * (size_t)info->width;
    size_t count = (size_t)bench->plan.batch;
    run->images = calloc(count * image, sizeof *run->images);
    run->x = calloc(count * (size_t)info->dim, sizeof *run->x);
    tam_status status = TAM_OK;
    if (run->images == NULL || run->x == NULL) {
        status =
            cli_fail(bench->call, TAM_RESOURCES, "cannot allocate %.3f MB for %zu images; a smaller --batch needs less",
                     (double)(count * image * sizeof(float)) / 1e6, count);
    }
    if (status == TAM_OK) {
        fill(run->images, count * image);
        status = make_plan(bench, run);
    }
    if (status == TAM_OK) {
        status = run_steps(bench, run);
    }
    tam_net_plan_free(run->plan);
    free(run->images);
    free(run->x);
    return status;
}

/* Fills in what the command line has left at 0. */
static tam_status settle(net_bench *bench, int size) {
    tam_net_usual usual;
    tam_status status = tam_net_find_usual(bench->call->ctx, bench->net.net, &usual);
    if (status != TAM_OK) {
        return status;
    }
    bench->net.height = size == 0 ? usual.height : size;
    bench->net.width = size == 0 ? usual.width : size;
    bench->net.channels = bench->net.channels == 0 ? usual.channels : bench->net.channels;
    bench->net.dim = bench->net.dim == 0 ? usual.dim : bench->net.dim;
    bench->net.seed = bench->call->seed;
    bench->plan.batch = bench->plan.batch != 0 ? bench->plan.batch : bench->net.height > LARGE_INPUT ? 32 : 128;
    bench->plan.training = bench->mode == NET_TRAIN;
    return TAM_OK;
}

static tam_status run(net_bench *bench, int size) {
    net_run run = {0};
    tam_status status = settle(bench, size);
    if (status == TAM_OK) {
        status = tam_net_create(bench->call->ctx, &bench->net, &run.net);
    }
    if (status == TAM_OK) {
        bench->info = tam_net_describe(run.net);
        status = measure(bench, &run);
    }
    if (status == TAM_OK && bench->steps > 0) { /* after the steps: it takes more memory than a small net */
        status = tam_bench_measure(bench->call->ctx, NULL, &bench->limits);
    }
    if (status == TAM_OK && bench->steps > 0) {
        status = net_bench_report(bench);
    }
    net_layers_free(&bench->layers);
    tam_net_free(run.net);
    return status;
}

tam_status cli_bench_net(cli_call *call) {
    static net_bench bench; /* large */
    int size = 0, dtype = 0, recompute = 0, tune = 0;
    bool deterministic = false;
    bench = (net_bench){.call = call, .seconds = 2, .net.net = "lenet++"};
    const cli_option options[] = {
        cli_text("net", &bench.net.net, "NAME", "the net (lenet++)"),
        cli_choice("mode", &bench.mode, "train|infer", "what to measure (train)"),
        cli_int("batch", &bench.plan.batch, 1, 65536, "images of a step (128; 32 if they are larger than 64 x 64)"),
        cli_choice("dtype", &dtype, "f32|bf16|auto", "of maps and factors of products (f32)"),
        cli_int("size", &size, 1, 4096, "side of the input in pixels (the net's usual)"),
        cli_int("channels", &bench.net.channels, 1, 3, "1 grey or 3 RGB (the net's usual)"),
        cli_int("dim", &bench.net.dim, 1, 65536, "width of the embedding (the net's usual)"),
        cli_choice("recompute", &recompute, "sweeps|none|units", "what backward makes again instead of keeping it"),
        cli_choice("tune", &tune, "off|fast|full", "how each layer's algorithm is chosen (off: by rule)"),
        cli_text("tuning-file", &bench.plan.tuning_file, "FILE", "choices measured before, and where new ones go"),
        cli_switch("deterministic", &deterministic, "the same bits on any number of threads"),
        cli_text("backend", &bench.net.backend, "NAME", "cpu or ref (cpu)"),
        cli_real("seconds", &bench.seconds, 0, 3600, "to spend, but three steps at least (2)"),
        cli_switch("layers", &bench.by_layer, "the time of each part of a step beside its own limit"),
        cli_switch("rounds-on-request", &bench.on_request, "a line of standard input asks for that many steps"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench net --net ir18 --batch 32 --mode train --threads 2\n"
                   "tammes bench net --net mobilefacenet --mode infer --batch 1 --dtype bf16 --layers",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    bench.plan.dtype = dtypes[dtype];
    bench.plan.recompute = recomputes[recompute];
    bench.plan.tune = tunes[tune];
    bench.plan.deterministic = deterministic;
    return run(&bench, size);
}
