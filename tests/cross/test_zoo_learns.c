/* Steps of training make the loss of every net of the zoo fall, at the small size of its golden numbers. */
#include "support.h"

#include "backend/backend.h"
#include "golden_numbers.h"
#include "tammes/head.h"
#include "zoo/zoo.h"

enum { BATCH = 8, CLASSES = 4, DIM = 8, STEPS = 12, SPEC_ROOM = 128 };

typedef struct small_net {
    char spec[SPEC_ROOM];
    int channels, size;
} small_net;

static small_net small_of(const tam_backbone *backbone) {
    char path[1024];
    small_net net;
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/zoo/%s.txt", source != NULL ? source : ".", backbone->name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "zoo %127s %*d %d %d", net.spec, &net.channels, &net.size), 3);
    fclose(file);
    return net;
}

/* Images that differ in all their pixels, two of each class. */
static float *images(int64_t count) {
    float *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    golden_numbers(0, (int)count, 2, values);
    return values;
}

/* Mean loss of STEPS steps on one batch: the first, and the last. */
static void train(tam_ctx *ctx, const tam_backend *backend, const tam_graph *graph, double *first, double *last) {
    static const int32_t y[BATCH] = {0, 1, 2, 3, 0, 1, 2, 3};
    int dim = tam_graph_output_shape(graph).c;
    tam_parameters *parameters = NULL;
    tam_plan *plan = NULL;
    tam_head *head = NULL;
    tam_plan_config config = {.batch = BATCH, .training = true};
    tam_head_config head_config = {
        .loss = "arcface:s=8,m=0.1", .classes = CLASSES, .dim = dim, .batch = BATCH, .backend = backend->name};
    tam_head_update update = {.lr = 0.02F, .momentum = 0.5F};
    tam_sgd sgd = {.lr = 0.02F, .momentum = 0.5F, .gradient_scale = 1};
    test_ok(ctx, backend->parameters_create(ctx, graph, &(uint64_t){1}, &parameters));
    test_ok(ctx, backend->plan_create(ctx, graph, parameters, &config, &plan));
    test_ok(ctx, tam_head_create(ctx, &head_config, &head));
    float *x = images(BATCH * tam_shape_count(tam_graph_node(graph, 0)->shape));
    float *embedding = images((int64_t)BATCH * dim), *gradient = images((int64_t)BATCH * dim);
    for (int step = 0; step < STEPS; step++) {
        tam_head_result result;
        test_ok(ctx, backend->forward(plan, BATCH, x, (uint64_t)step, embedding));
        test_ok(ctx, tam_head_step(head, BATCH, embedding, y, gradient, NULL, &update, &result));
        test_ok(ctx, backend->backward(plan, gradient, NULL));
        backend->update(parameters, &sgd);
        *first = step == 0 ? result.loss : *first;
        *last = result.loss;
    }
    free(x);
    free(embedding);
    free(gradient);
    tam_head_free(head);
    backend->plan_free(plan);
    backend->parameters_free(parameters);
}

static void steps_make_the_loss_fall(void **state) {
    (void)state;
    for (int i = 0; i < tam_backbone_count(); i++) {
        small_net net = small_of(tam_backbone_at(i));
        tam_ctx *ctx = test_ctx(1);
        tam_graph *graph = NULL;
        double first = 0, last = 0;
        test_ok(ctx, tam_backbone_build(ctx, net.spec, net.channels, net.size, net.size, DIM, &graph));
        train(ctx, tam_backend_at(0), graph, &first, &last);
        if (!(last < 0.7 * first)) {
            fail_msg("%s: the loss is %g at first and %g after %d steps", net.spec, first, last, STEPS);
        }
        tam_graph_free(graph);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_make_the_loss_fall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
