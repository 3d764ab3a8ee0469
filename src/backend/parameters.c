#include "backend/parameters.h"

#include <math.h>
#include <string.h>

#include "backend/sgd.h"
#include "base/kernel.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"

/* The work of the team: a piece of one parameter. Its length is part of the gradient norm's rounding. */
enum { CHUNK = 1 << 14, LANES = 8, ALIGNED = TAM_ALIGNMENT / (int)sizeof(float) };

typedef struct chunk {
    int parameter;
    int64_t start; /* in the block */
    int64_t count;
    double sum; /* of squares of the gradient */
} chunk;

struct tam_parameters {
    tam_ctx *ctx;
    const tam_graph *graph;
    int64_t *offset; /* of each parameter in each block */
    float *value, *gradient, *momentum;
    chunk *chunks; /* of the trained parameters */
    int64_t chunk_count;
    uint64_t version;
    uint64_t seed;
    const tam_sgd *sgd; /* of the update that is running */
};

static int64_t padded(int64_t count) {
    return (count + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static void cut(tam_parameters *parameters) {
    int64_t used = 0;
    for (int i = 0; i < tam_graph_parameter_count(parameters->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(parameters->graph, i);
        for (int64_t at = 0; parameter->trained && at < parameter->count; at += CHUNK) {
            int64_t left = parameter->count - at;
            parameters->chunks[used++] =
                (chunk){.parameter = i, .start = parameters->offset[i] + at, .count = left < CHUNK ? left : CHUNK};
        }
    }
    parameters->chunk_count = used;
}

static void initialise(void *argument, int64_t task, int worker) {
    tam_parameters *parameters = argument;
    const tam_parameter *parameter = tam_graph_parameter_at(parameters->graph, (int)task);
    float *value = parameters->value + parameters->offset[task];
    tam_random random = tam_random_at(parameters->seed, TAM_PURPOSE_NET_INIT, (uint32_t)task, 0);
    const float small = 0.02F;
    double fan_in = (double)parameter->fan_in;
    float deviation = (float)sqrt(2 / fan_in), bound = (float)sqrt(3 / fan_in);
    (void)worker;
    for (int64_t i = 0; i < parameter->count; i++) {
        switch (parameter->init) {
        case TAM_INIT_ZERO:
            value[i] = 0;
            break;
        case TAM_INIT_ONE:
            value[i] = 1;
            break;
        case TAM_INIT_QUARTER:
            value[i] = 0.25F;
            break;
        case TAM_INIT_HE:
            value[i] = deviation * tam_random_normal(&random);
            break;
        case TAM_INIT_XAVIER:
            value[i] = tam_random_between(&random, -bound, bound);
            break;
        case TAM_INIT_SMALL:
            value[i] = small * tam_random_normal(&random);
            break;
        }
    }
}

static tam_status take_memory(tam_parameters *parameters) {
    tam_ctx *ctx = parameters->ctx;
    int count = tam_graph_parameter_count(parameters->graph);
    int64_t total = 0, chunks = 0;
    parameters->offset = tam_allocate(ctx, (size_t)count, sizeof *parameters->offset, "the parameters' offsets");
    if (parameters->offset == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < count; i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(parameters->graph, i);
        parameters->offset[i] = total;
        total += padded(parameter->count);
        chunks += (parameter->count + CHUNK - 1) / CHUNK;
    }
    parameters->value = tam_allocate(ctx, (size_t)total, sizeof(float), "the parameters");
    parameters->gradient = tam_allocate(ctx, (size_t)total, sizeof(float), "the parameters' gradients");
    parameters->momentum = tam_allocate(ctx, (size_t)total, sizeof(float), "the parameters' momenta");
    parameters->chunks = tam_allocate(ctx, (size_t)chunks, sizeof(chunk), "the parameters' chunks");
    bool whole = parameters->value != NULL && parameters->gradient != NULL && parameters->momentum != NULL &&
                 parameters->chunks != NULL;
    return whole ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_parameters_create(tam_ctx *ctx, const tam_graph *graph, const uint64_t *seed, tam_parameters **out) {
    *out = NULL;
    tam_parameters *parameters = tam_allocate(ctx, 1, sizeof *parameters, "the parameters");
    if (parameters == NULL) {
        return TAM_RESOURCES;
    }
    parameters->ctx = ctx;
    parameters->graph = graph;
    parameters->seed = seed != NULL ? *seed : 0;
    tam_status status = take_memory(parameters);
    if (status != TAM_OK) {
        tam_parameters_free(parameters);
        return status;
    }
    cut(parameters);
    if (seed != NULL) {
        tam_team_run(ctx, tam_graph_parameter_count(graph), initialise, parameters);
    }
    *out = parameters;
    return TAM_OK;
}

void tam_parameters_free(tam_parameters *parameters) {
    if (parameters == NULL) {
        return;
    }
    tam_release(parameters->ctx, parameters->chunks);
    tam_release(parameters->ctx, parameters->momentum);
    tam_release(parameters->ctx, parameters->gradient);
    tam_release(parameters->ctx, parameters->value);
    tam_release(parameters->ctx, parameters->offset);
    tam_release(parameters->ctx, parameters);
}

static float *part_of(tam_parameters *parameters, int index, tam_parameter_part part) {
    float *block = part == TAM_PART_VALUE      ? parameters->value
                   : part == TAM_PART_GRADIENT ? parameters->gradient
                                               : parameters->momentum;
    return block + parameters->offset[index];
}

float *tam_parameters_value(tam_parameters *parameters, int index) {
    return part_of(parameters, index, TAM_PART_VALUE);
}

float *tam_parameters_gradient(tam_parameters *parameters, int index) {
    return part_of(parameters, index, TAM_PART_GRADIENT);
}

uint64_t tam_parameters_version(const tam_parameters *parameters) {
    return parameters->version;
}

void tam_parameters_touch(tam_parameters *parameters) {
    parameters->version++;
}

static tam_status check_index(tam_parameters *parameters, int index) {
    int count = tam_graph_parameter_count(parameters->graph);
    if (index < 0 || index >= count) {
        return tam_fail(parameters->ctx, TAM_CONFIG, "there is no parameter %d: the net has %d", index, count);
    }
    return TAM_OK;
}

tam_status tam_parameters_read(tam_parameters *parameters, int index, tam_parameter_part part, float *values) {
    TAM_TRY(check_index(parameters, index));
    size_t count = (size_t)tam_graph_parameter_at(parameters->graph, index)->count;
    memcpy(values, part_of(parameters, index, part), count * sizeof *values);
    return TAM_OK;
}

tam_status tam_parameters_write(tam_parameters *parameters, int index, tam_parameter_part part, const float *values) {
    TAM_TRY(check_index(parameters, index));
    size_t count = (size_t)tam_graph_parameter_at(parameters->graph, index)->count;
    memcpy(part_of(parameters, index, part), values, count * sizeof *values);
    parameters->version++;
    return TAM_OK;
}

/* Lanes let the compiler use vectors without changing the order of the sum. */
TAM_KERNEL static double sum_of_squares(const float *x, int64_t count) {
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lane[k] += (double)x[i + k] * (double)x[i + k];
        }
    }
    for (; i < count; i++) {
        sum += (double)x[i] * (double)x[i];
    }
    for (int k = 0; k < LANES; k++) {
        sum += lane[k];
    }
    return sum;
}

static void sum_chunk(void *argument, int64_t task, int worker) {
    tam_parameters *parameters = argument;
    chunk *piece = &parameters->chunks[task];
    (void)worker;
    piece->sum = sum_of_squares(parameters->gradient + piece->start, piece->count);
}

double tam_parameters_gradient_norm(tam_parameters *parameters) {
    double sum = 0;
    tam_team_run(parameters->ctx, parameters->chunk_count, sum_chunk, parameters);
    for (int64_t i = 0; i < parameters->chunk_count; i++) {
        sum += parameters->chunks[i].sum;
    }
    return sqrt(sum);
}

static void update_chunk(void *argument, int64_t task, int worker) {
    tam_parameters *parameters = argument;
    const chunk *piece = &parameters->chunks[task];
    tam_sgd sgd = *parameters->sgd;
    (void)worker;
    if (!tam_graph_parameter_at(parameters->graph, piece->parameter)->decayed) {
        sgd.weight_decay = 0;
    }
    tam_sgd_row(&sgd, piece->count, parameters->value + piece->start, parameters->momentum + piece->start,
                parameters->gradient + piece->start);
}

void tam_parameters_update(tam_parameters *parameters, const tam_sgd *sgd) {
    parameters->sgd = sgd;
    tam_team_run(parameters->ctx, parameters->chunk_count, update_chunk, parameters);
    parameters->sgd = NULL;
    parameters->version++;
}
