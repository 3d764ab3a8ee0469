/* Pair losses and terms on centres against PyTorch's autograd: tests/golden/pairs.txt, written by
 * tests/oracle/pair_oracle.py. */
#include "term_support.h"

#include "golden_numbers.h"

enum { N = 12, CLASSES = 6, DIM = 5, LINE_ROOM = 4096 };
static const int32_t y[N] = {0, 3, -1, 0, 3, 1, 1, 0, 3, 5, 2, 1};

static double compute(const char *specification, float *dx) {
    float x[N * DIM], centres[CLASSES * DIM];
    golden_numbers(0, N * DIM, 6.0f, x);
    golden_numbers(2, CLASSES * DIM, 1.0f, centres);
    return test_term(specification,
                     &(test_batch){.n = N, .dim = DIM, .classes = CLASSES, .x = x, .y = y, .centres = centres}, dx);
}

static void compare(const char *name, int count, const char *text, double scale_of_zero) {
    float dx[N * DIM];
    double loss = compute(name, dx), largest = scale_of_zero, worst = 0.0;
    for (int k = 0; k < count; k++) {
        char *end;
        double exact = strtod(text, &end), error = fabs((count == 1 ? loss : (double)dx[k]) - exact);
        assert_true(end != text);
        text = end;
        largest = fmax(largest, fabs(exact));
        worst = error <= worst ? worst : error; /* a NaN becomes the worst */
    }
    if (!(worst <= (count == 1 ? 1e-6 : 1e-5) * largest)) {
        fail_msg("%s: off by %g where the largest is %g", name, worst, largest);
    }
}

/* Whether the vectors are of this term: its name, at the end or before keys. */
static bool is_of(const char *vector, const char *term) {
    size_t length = strlen(term);
    return strncmp(vector, term, length) == 0 && (vector[length] == '\0' || vector[length] == ':');
}

static void test_against_autograd(void **state) {
    (void)state;
    static char line[LINE_ROOM];
    const char *source = getenv("TAMMES_SOURCE");
    char path[512], name[64], what[8];
    int losses = 0, gradients = 0;
    uint64_t seen = 0;
    snprintf(path, sizeof path, "%s/tests/golden/pairs.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        int count, used;
        assert_int_equal(sscanf(line, "%63s %7s %d%n", name, what, &count, &used), 3);
        bool is_loss = strcmp(what, "loss") == 0;
        assert_int_equal(count, is_loss ? 1 : N * DIM);
        compare(name, count, line + used, 0.0);
        losses += is_loss;
        gradients += !is_loss;
        for (int k = 0; k < tam_batch_term_count(); k++) {
            seen |= is_of(name, tam_batch_term_at(k)->name) ? 1ull << k : 0;
        }
    }
    fclose(file);
    assert_int_equal(gradients, losses);
    for (int k = 0; k < tam_batch_term_count(); k++) {
        if ((seen >> k & 1) == 0) {
            fail_msg("the term %s has no vector in %s", tam_batch_term_at(k)->name, path);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_autograd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
