/* The head against PyTorch's autograd: tests/golden/head.txt, written by tests/oracle/head_oracle.py. */
#include "head_support.h"

#include "golden_numbers.h"

#include <stdbool.h>

enum { N = 6, CLASSES = 7, DIM = 4, STEP = 20, MOST_NUMBERS = 128, LINE_ROOM = 4096, MOST_LOSSES = 64 };
static const float rate = 0.25f;
static const int32_t y[N] = {0, 3, -1, 6, 3, 1};

/* What the head computes under one specification. */
typedef struct answer {
    double loss;
    float dx[N * DIM], dw[MOST_NUMBERS], db[CLASSES];
    int weights, statistics;
    double running[MOST_NUMBERS]; /* after a step of training, without the number of steps */
} answer;

static tam_head_tensor tensor_of(tam_head *head, const char *name) {
    for (int k = 0; k < tam_head_tensor_count(head); k++) {
        if (strcmp(tam_head_tensor_at(head, k).name, name) == 0) {
            return tam_head_tensor_at(head, k);
        }
    }
    return (tam_head_tensor){0};
}

static answer compute(const char *loss) {
    float x[N * DIM], dx[N * DIM];
    answer out = {0};
    tam_head_result result;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
    out.weights = CLASSES * DIM * tam_head_sub_centres(head);
    assert_true(out.weights <= MOST_NUMBERS);
    golden_numbers(0, N * DIM, 6.0f, x);
    golden_numbers(1, out.weights, 1.0f, tam_head_weights(head));
    if (tam_head_centres(head) != NULL) {
        golden_numbers(2, CLASSES * DIM, 1.0f, tam_head_centres(head));
    }
    if (tensor_of(head, "head.bias").data != NULL) {
        golden_numbers(3, CLASSES, 1.0f, tensor_of(head, "head.bias").data);
    }
    tam_head_tensor running = tensor_of(head, "head.running");
    double *steps = running.data;
    assert_true(steps != NULL && running.size[0] <= MOST_NUMBERS);
    *steps = STEP;
    test_ok(ctx, tam_head_gradient(head, N, x, y, out.dx, out.dw, out.db, &result));
    assert_true(*steps == STEP);
    out.loss = result.loss;
    test_ok(ctx, tam_head_step(head, N, x, y, dx, NULL, &(tam_head_update){.lr = rate}, &result));
    assert_true(*steps == STEP + 1);
    out.statistics = (int)running.size[0] - 1;
    memcpy(out.running, steps + 1, (size_t)out.statistics * sizeof(double));
    tam_head_free(head);
    test_ctx_free(ctx);
    return out;
}

/* Reads "NAME WHAT COUNT numbers"; false at the end of the file. */
static bool read_line(FILE *file, char name[64], char what[8], int *count, double *values) {
    static char line[LINE_ROOM];
    int used;
    if (fgets(line, sizeof line, file) == NULL) {
        return false;
    }
    assert_int_equal(sscanf(line, "%63s %7s %d%n", name, what, count, &used), 3);
    assert_true(*count >= 1 && *count <= MOST_NUMBERS);
    char *at = line + used;
    for (int i = 0; i < *count; i++) {
        char *end;
        values[i] = strtod(at, &end);
        assert_true(end != at);
        at = end;
    }
    return true;
}

static void check_doubles(const char *name, const char *what, int count, const double *values, const double *exact,
                          double tolerance) {
    for (int i = 0; i < count; i++) {
        if (!(fabs(values[i] - exact[i]) <= tolerance * fabs(exact[i]))) {
            fail_msg("%s: %s %d is %.9g, should be %.9g", name, what, i, values[i], exact[i]);
        }
    }
}

static void check_line(const char *name, const char *what, int count, const double *exact) {
    answer mine = compute(name);
    if (strcmp(what, "loss") == 0) {
        check_doubles(name, what, 1, &mine.loss, exact, 1e-6);
    } else if (strcmp(what, "running") == 0) {
        assert_true(count <= mine.statistics);
        check_doubles(name, what, count, mine.running, exact, 1e-5);
    } else if (strcmp(what, "dx") == 0) {
        assert_int_equal(count, N * DIM);
        test_near(name, count, mine.dx, exact, 1e-5, 0.0);
    } else if (strcmp(what, "dw") == 0) {
        assert_int_equal(count, mine.weights);
        test_near(name, count, mine.dw, exact, 1e-5, 0.0);
    } else {
        assert_string_equal(what, "db");
        assert_int_equal(count, CLASSES);
        test_near(name, count, mine.db, exact, 1e-5, 0.0);
    }
}

static int index_of_loss(const char *specification) {
    size_t length = strcspn(specification, ":+");
    for (int k = 0; k < tam_loss_count(); k++) {
        const char *name = tam_loss_describe(k).name;
        if (strlen(name) == length && strncmp(specification, name, length) == 0) {
            return k;
        }
    }
    return -1; /* a term */
}

/* Every registered loss has a vector: its loss and both gradients. */
static void test_against_autograd(void **state) {
    (void)state;
    const char *source = getenv("TAMMES_SOURCE");
    char path[512], name[64], what[8];
    double exact[MOST_NUMBERS];
    int count, lines[MOST_LOSSES] = {0};
    snprintf(path, sizeof path, "%s/tests/golden/head.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (read_line(file, name, what, &count, exact)) {
        int loss = index_of_loss(name);
        check_line(name, what, count, exact);
        assert_true(loss < MOST_LOSSES);
        lines[loss >= 0 ? loss : MOST_LOSSES - 1]++;
    }
    fclose(file);
    for (int k = 0; k < tam_loss_count(); k++) {
        if (lines[k] < 3) {
            fail_msg("%s has no golden vector: add it to tests/oracle/head_oracle.py", tam_loss_describe(k).name);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_autograd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
