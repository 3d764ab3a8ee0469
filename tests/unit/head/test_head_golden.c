/* The head against PyTorch's autograd: tests/golden/head.txt, written by tests/oracle/head_oracle.py. */
#include "head_support.h"

#include <stdbool.h>

enum { N = 6, CLASSES = 7, DIM = 4, STEP = 20, MOST_NUMBERS = 64, LINE_ROOM = 4096 };
static const int32_t y[N] = {0, 3, -1, 6, 3, 1};

static uint32_t mixed(uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 16)) * 0x846CA68Bu;
    return x ^ (x >> 16);
}

/* The oracle's numbers: uniform in [-0.5, 0.5), times `scale`. */
static void numbers(uint32_t stream, int count, float scale, float *out) {
    for (int i = 0; i < count; i++) {
        out[i] = scale * ((float)(mixed(stream * 100003 + (uint32_t)i) >> 8) * 0x1p-24f - 0.5f);
    }
}

/* What the head computes under this specification. */
static void compute(const char *loss, double *value, float *dx, float *dw) {
    float x[N * DIM];
    tam_head_result result;
    tam_ctx *ctx = test_ctx(2);
    tam_head *head = test_head(ctx, loss, CLASSES, DIM, N);
    numbers(0, N * DIM, 6.0f, x);
    numbers(1, CLASSES * DIM, 1.0f, tam_head_weights(head));
    if (tam_head_centres(head) != NULL) {
        numbers(2, CLASSES * DIM, 1.0f, tam_head_centres(head));
    }
    tam_head_tensor running = tam_head_tensor_at(head, tam_head_tensor_count(head) - 1);
    assert_string_equal(running.name, "head.running");
    *(double *)running.data = STEP;
    test_ok(ctx, tam_head_gradient(head, N, x, y, dx, dw, NULL, &result));
    *value = result.loss;
    tam_head_free(head);
    test_ctx_free(ctx);
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

static void test_against_autograd(void **state) {
    (void)state;
    const char *source = getenv("TAMMES_SOURCE");
    char path[512], name[64], what[8];
    double exact[MOST_NUMBERS];
    int count, cases = 0;
    uint64_t seen = 0;
    snprintf(path, sizeof path, "%s/tests/golden/head.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (read_line(file, name, what, &count, exact)) {
        double value;
        float dx[N * DIM], dw[CLASSES * DIM];
        compute(name, &value, dx, dw);
        if (strcmp(what, "loss") == 0) {
            if (fabs(value - exact[0]) > 1e-6 * fabs(exact[0])) {
                fail_msg("%s: the loss is %.9g, should be %.9g", name, value, exact[0]);
            }
            cases++;
        } else if (strcmp(what, "dx") == 0) {
            assert_int_equal(count, N * DIM);
            test_near(name, count, dx, exact, 1e-5, 0.0);
        } else {
            assert_int_equal(count, CLASSES * DIM);
            test_near(name, count, dw, exact, 1e-5, 0.0);
        }
        for (int k = 0; k < tam_loss_count(); k++) {
            const char *loss = tam_loss_describe(k).name;
            seen |= strncmp(name, loss, strlen(loss)) == 0 ? 1ull << k : 0;
        }
    }
    fclose(file);
    assert_int_equal(cases, 9);
    assert_int_equal(seen, (1ull << tam_loss_count()) - 1); /* no registered loss without a golden vector */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_autograd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
