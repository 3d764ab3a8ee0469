/* Eigenvectors by what defines them. */
#include "support.h"

#include <math.h>

#include "eval/eigen.h"
#include "golden_numbers.h"

enum { LARGEST = 90 };

static double matrix[LARGEST * LARGEST], vectors[LARGEST * LARGEST], value[LARGEST], spare[2 * LARGEST];

static void expect_eigenvectors(int n) {
    memcpy(vectors, matrix, sizeof matrix);
    assert_true(tam_symmetric_eigen(n, vectors, value, spare));
    for (int i = 0; i < n; i++) {
        assert_true(i == 0 || value[i] <= value[i - 1]);
        for (int r = 0; r < n; r++) {
            double product = 0, inner = 0;
            for (int c = 0; c < n; c++) {
                product += matrix[r * n + c] * vectors[i * n + c];
                inner += vectors[r * n + c] * vectors[i * n + c];
            }
            assert_true(fabs(product - value[i] * vectors[i * n + r]) < 1e-12 * n);
            assert_true(fabs(inner - (i == r)) < 1e-12 * n);
        }
    }
}

static void full_matrices(void **state) {
    (void)state;
    for (int n = 1; n <= LARGEST; n += n < 12 ? 1 : 13) {
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                matrix[i * n + j] = matrix[j * n + i] = (double)golden_number(60, (uint32_t)(i * LARGEST + j));
            }
        }
        expect_eigenvectors(n);
    }
}

/* Diagonal, all zero, of equal values, in blocks, of rank one: where rotations have nothing to do or divide by nothing.
 */
static void special_matrices(void **state) {
    enum { N = 24 };
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double block = i / 6 == j / 6 ? 1.0 / (1 + abs(i - j)) : 0;
                double rank_one = (double)golden_number(61, (uint32_t)i) * (double)golden_number(61, (uint32_t)j);
                const double kinds[5] = {i == j ? 5 - i : 0, 0, i == j, block, rank_one};
                matrix[i * N + j] = kinds[kind];
            }
        }
        expect_eigenvectors(N);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_matrices),
        cmocka_unit_test(special_matrices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
