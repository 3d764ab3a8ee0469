/* The data set and the net: what they are, and how fast they go. */
#include <stdlib.h>

#include "bench.h"
#include "doctor.h"

static const double data_seconds = 0.5, net_seconds = 1.0;
enum { WARM_UP = 1, LEAST_STEPS = 3 };

typedef struct decode_rate {
    int64_t tried, unreadable;
    double open_seconds, seconds;
} decode_rate;

/* Reads images spread over the whole set, on one thread. */
static tam_status decode(const doctor_checkup *checkup, tam_dataset *dataset, decode_rate *decoding) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    uint8_t *pixels = malloc((size_t)info.channels * (size_t)info.height * (size_t)info.width);
    if (pixels == NULL) {
        return cli_fail(checkup->call, TAM_RESOURCES, "no memory for an image of %d x %d x %d", info.channels,
                        info.height, info.width);
    }
    int64_t stride = info.count > 4096 ? info.count / 4096 : 1;
    double began = bench_now();
    tam_status status = TAM_OK;
    for (int64_t i = 0; i < info.count && decoding->seconds < data_seconds; i += stride) {
        status = tam_dataset_read(dataset, i, pixels);
        decoding->tried++;
        decoding->unreadable += status == TAM_INPUT;
        decoding->seconds = bench_now() - began;
        if (status != TAM_OK && status != TAM_INPUT) {
            break;
        }
        if (status == TAM_INPUT && decoding->unreadable == 1) {
            cli_print_sentence("tammes: ", tam_ctx_message(checkup->call->ctx));
        }
        status = TAM_OK;
    }
    free(pixels);
    return status;
}

static void report_data(doctor_checkup *checkup, const decode_rate *decoding) {
    const tam_dataset_info *info = &checkup->info;
    double rate = (double)decoding->tried / decoding->seconds;
    if (checkup->call->json) {
        doctor_add(checkup, "data",
                   json_pack("{s:o, s:I, s:I, s:i, s:i, s:i, s:o, s:o, s:I, s:I}", "path",
                             cli_json_text(checkup->data.path), "images", (json_int_t)info->count, "classes",
                             (json_int_t)info->classes, "channels", info->channels, "height", info->height, "width",
                             info->width, "open_seconds", cli_json_real(decoding->open_seconds), "decoded_per_second",
                             cli_json_real(rate), "decoded", (json_int_t)decoding->tried, "unreadable",
                             (json_int_t)decoding->unreadable));
        return;
    }
    printf("data            %lld images of %lld classes, %d x %d x %d, opened in %.2f s\n", (long long)info->count,
           (long long)info->classes, info->channels, info->height, info->width, decoding->open_seconds);
    printf("decoding        %.0f images/s on one thread (%lld tried", rate, (long long)decoding->tried);
    printf(decoding->unreadable > 0 ? ", %lld cannot be read)\n" : ")\n", (long long)decoding->unreadable);
}

tam_status doctor_data(doctor_checkup *checkup) {
    decode_rate decoding = {0};
    tam_dataset *dataset = NULL;
    double began = bench_now();
    tam_status status = tam_dataset_open(checkup->call->ctx, &checkup->data, &dataset);
    if (status != TAM_OK) {
        return status;
    }
    decoding.open_seconds = bench_now() - began;
    checkup->info = tam_dataset_describe(dataset);
    checkup->classes = checkup->info.classes;
    status = decode(checkup, dataset, &decoding);
    tam_dataset_free(dataset);
    if (status == TAM_OK) {
        report_data(checkup, &decoding);
    }
    return status;
}

/* The fastest of some training steps. */
static tam_status time_steps(doctor_checkup *checkup, tam_net *net, tam_net_plan *plan, const float *images, float *x) {
    tam_status status = TAM_OK;
    double began = bench_now();
    for (int step = 0; status == TAM_OK && (step < WARM_UP + LEAST_STEPS || bench_now() - began < net_seconds);
         step++) {
        double step_began = bench_now();
        status = tam_net_forward(plan, checkup->batch, images, (uint64_t)step, x);
        if (status == TAM_OK) {
            status = tam_net_backward(plan, x); /* any gradient is as good */
        }
        tam_net_update(net, 1e-8F, 0.9F, 5e-4F, 1);
        double seconds = bench_now() - step_began;
        if (step <= WARM_UP || seconds < checkup->net_seconds) {
            checkup->net_seconds = seconds;
        }
    }
    return status;
}

static void report_net(doctor_checkup *checkup, const tam_net_info *info, const tam_net_plan *plan) {
    double rate = checkup->batch / checkup->net_seconds, megabytes = (double)tam_net_plan_bytes(plan) / 1e6;
    const char *dtype = tam_net_plan_dtype(plan);
    if (checkup->call->json) {
        doctor_add(checkup, "net",
                   json_pack("{s:o, s:i, s:i, s:i, s:i, s:I, s:s, s:o, s:o, s:o}", "net", cli_json_text(checkup->net),
                             "channels", info->channels, "height", info->height, "width", info->width, "batch",
                             checkup->batch, "parameters", (json_int_t)info->parameters, "dtype", dtype, "plan_mb",
                             cli_json_real(megabytes), "step_ms", cli_json_real(1e3 * checkup->net_seconds),
                             "images_per_second", cli_json_real(rate)));
        return;
    }
    printf("net             %s, %d x %d x %d, batch %d: %.1f ms a training step in %s, %.0f images/s, plan %.1f MB\n",
           checkup->net, info->channels, info->height, info->width, checkup->batch, 1e3 * checkup->net_seconds, dtype,
           rate, megabytes);
}

tam_status doctor_net(doctor_checkup *checkup) {
    cli_call *call = checkup->call;
    const tam_net_usual *usual = &checkup->usual;
    int size = checkup->data.size, channels = usual->channels > 0 ? usual->channels : 3;
    channels = checkup->data.channels > 0 ? checkup->data.channels : channels;
    bool known = checkup->info.count > 0;
    tam_net_config config = {.net = checkup->net,
                             .channels = known ? checkup->info.channels : channels,
                             .height = known      ? checkup->info.height
                                       : size > 0 ? size
                                                  : usual->height,
                             .width = known      ? checkup->info.width
                                      : size > 0 ? size
                                                 : usual->width,
                             .dim = checkup->dim,
                             .seed = call->seed};
    tam_net *net = NULL;
    tam_net_plan *plan = NULL;
    float *images = NULL, *x = NULL;
    tam_status status = tam_net_create(call->ctx, &config, &net);
    if (status == TAM_OK) {
        const tam_net_plan_config how = {.batch = checkup->batch, .training = 1, .dtype = checkup->dtype};
        status = tam_net_plan_create(net, &how, &plan);
    }
    if (status != TAM_OK) {
        goto done;
    }
    size_t count = (size_t)checkup->batch, pixels = (size_t)config.channels * (size_t)config.height;
    pixels *= count * (size_t)config.width;
    images = malloc(pixels * sizeof *images);
    x = calloc(count * (size_t)checkup->dim, sizeof *x);
    if (images == NULL || x == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for a batch of %d images", checkup->batch);
        goto done;
    }
    for (size_t i = 0; i < pixels; i++) {
        images[i] = (float)(i * 2654435761u % 8191) / 4096.0F - 1.0F;
    }
    status = time_steps(checkup, net, plan, images, x);
    if (status == TAM_OK) {
        tam_net_info info = tam_net_describe(net);
        report_net(checkup, &info, plan);
    }
done:
    tam_net_plan_free(plan);
    tam_net_free(net);
    free(images);
    free(x);
    return status;
}
