/* Clusters against SciPy and scikit-learn; k-means by what defines it. */
#include "search_golden.h"

#include "tammes/clustering.h"

static void comparisons_equal_scikit_learn(void **state) {
    static golden_sets sets;
    int32_t cluster[GOLDEN_GALLERY];
    double expected[8];
    tam_ctx *ctx = test_ctx(1);
    tam_clustering result;
    (void)state;
    golden_sets_make("smooth", &sets);
    golden_labels(7, GOLDEN_GALLERY, 31, 0, cluster);
    assert_int_equal(golden_line("smooth", "clusters", 8, expected), 6);
    test_ok(ctx, tam_eval_clusters(ctx, GOLDEN_GALLERY, cluster, sets.gallery_labels, &result));
    assert_int_equal(result.clusters, (int64_t)expected[0]);
    assert_int_equal(result.classes, (int64_t)expected[1]);
    golden_near(result.nmi, expected[2]);
    golden_near(result.precision, expected[3]);
    golden_near(result.recall, expected[4]);
    golden_near(result.f, expected[5]);
    test_ok(ctx, tam_eval_clusters(ctx, GOLDEN_GALLERY, sets.gallery_labels, sets.gallery_labels, &result));
    golden_near(result.nmi, 1);
    golden_near(result.f, 1);
    test_ctx_free(ctx);
}

static void single_sets_and_single_rows(void **state) {
    static const int32_t one[4] = {7, 7, 7, 7}, all[4] = {0, 1, 2, 3}, half[4] = {0, 0, 1, 1};
    tam_ctx *ctx = test_ctx(1);
    tam_clustering result;
    (void)state;
    test_ok(ctx, tam_eval_clusters(ctx, 4, one, one, &result));
    golden_near(result.nmi, 1);
    test_ok(ctx, tam_eval_clusters(ctx, 4, one, half, &result));
    golden_near(result.nmi, 0);
    golden_near(result.precision, 1.0 / 3);
    golden_near(result.recall, 1);
    test_ok(ctx, tam_eval_clusters(ctx, 4, all, half, &result));
    golden_near(result.nmi, 2.0 / 3);
    assert_true(isnan(result.precision) && isnan(result.f) && result.recall == 0);
    test_ok(ctx, tam_eval_clusters(ctx, 0, one, one, &result));
    assert_true(isnan(result.nmi) && isnan(result.f));
    test_ctx_free(ctx);
}

static void linkage_equals_connected_components(void **state) {
    static golden_sets sets;
    int32_t cluster[GOLDEN_GALLERY];
    double expected[2 + GOLDEN_GALLERY];
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (int threads = 1; threads <= 4; threads++) {
            tam_ctx *ctx = test_ctx(threads);
            int64_t clusters;
            golden_sets_make(golden_kinds[kind], &sets);
            assert_int_equal(golden_line(golden_kinds[kind], "linkage", 2 + GOLDEN_GALLERY, expected),
                             2 + GOLDEN_GALLERY);
            test_ok(ctx, tam_cluster_threshold(ctx, GOLDEN_GALLERY, GOLDEN_WIDTH, sets.gallery, expected[0], cluster,
                                               &clusters));
            assert_int_equal(clusters, (int64_t)expected[1]);
            for (int i = 0; i < GOLDEN_GALLERY; i++) {
                assert_int_equal(cluster[i], (int32_t)expected[2 + i]);
            }
            test_ctx_free(ctx);
        }
    }
}

/* Every row is with its nearest centre, and centres are the directions of their clusters' sums. */
static void expect_settled(const float *e, const int32_t *cluster, int k) {
    static double centre[GOLDEN_GALLERY][GOLDEN_WIDTH];
    memset(centre, 0, sizeof centre);
    for (int i = 0; i < GOLDEN_GALLERY; i++) {
        double square = 0;
        for (int c = 0; c < GOLDEN_WIDTH; c++) {
            square += (double)e[i * GOLDEN_WIDTH + c] * (double)e[i * GOLDEN_WIDTH + c];
        }
        for (int c = 0; c < GOLDEN_WIDTH; c++) {
            centre[cluster[i]][c] += (double)e[i * GOLDEN_WIDTH + c] / sqrt(square);
        }
    }
    for (int j = 0; j < k; j++) {
        double square = 0;
        for (int c = 0; c < GOLDEN_WIDTH; c++) {
            square += centre[j][c] * centre[j][c];
        }
        for (int c = 0; c < GOLDEN_WIDTH; c++) {
            centre[j][c] /= square > 0 ? sqrt(square) : 1;
        }
    }
    for (int i = 0; i < GOLDEN_GALLERY; i++) {
        double own = 0;
        for (int c = 0; c < GOLDEN_WIDTH; c++) {
            own += centre[cluster[i]][c] * (double)e[i * GOLDEN_WIDTH + c];
        }
        for (int j = 0; j < k; j++) {
            double other = 0;
            for (int c = 0; c < GOLDEN_WIDTH; c++) {
                other += centre[j][c] * (double)e[i * GOLDEN_WIDTH + c];
            }
            assert_true(other <= own + 1e-5);
        }
    }
}

static void kmeans_settles_and_is_the_same_on_any_threads(void **state) {
    static golden_sets sets;
    int32_t cluster[GOLDEN_GALLERY], again[GOLDEN_GALLERY], other[GOLDEN_GALLERY];
    (void)state;
    golden_sets_make("smooth", &sets);
    for (int threads = 1; threads <= 3; threads++) {
        tam_ctx *ctx = test_ctx(threads);
        tam_clustering result;
        int32_t *to = threads == 1 ? cluster : again;
        test_ok(ctx, tam_cluster_kmeans(ctx, GOLDEN_GALLERY, GOLDEN_WIDTH, sets.gallery, GOLDEN_CLASSES, 0, 3, to));
        expect_settled(sets.gallery, to, GOLDEN_CLASSES);
        assert_memory_equal(to, cluster, sizeof cluster);
        test_ok(ctx, tam_eval_clusters(ctx, GOLDEN_GALLERY, to, sets.gallery_labels, &result));
        assert_true(result.nmi > 0.9);
        test_ok(ctx, tam_cluster_kmeans(ctx, GOLDEN_GALLERY, GOLDEN_WIDTH, sets.gallery, GOLDEN_CLASSES, 0, 4, other));
        assert_memory_not_equal(other, cluster, sizeof cluster);
        test_ctx_free(ctx);
    }
}

static void kmeans_of_every_row_and_of_equal_rows(void **state) {
    static float rows[6 * 2] = {1, 0, 0, 1, -1, 0, 0, -1, 1, 1, 0, 0};
    int32_t cluster[6];
    tam_ctx *ctx = test_ctx(1);
    (void)state;
    test_ok(ctx, tam_cluster_kmeans(ctx, 5, 2, rows, 5, 0, 0, cluster));
    for (int i = 0; i < 5; i++) {
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(cluster[i], cluster[j]);
        }
    }
    test_ok(ctx, tam_cluster_kmeans(ctx, 6, 2, (float[12]){0}, 3, 0, 0, cluster));
    test_fails(ctx, tam_cluster_kmeans(ctx, 5, 2, rows, 6, 0, 0, cluster), TAM_CONFIG, "6 clusters of 5 rows");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_equal_scikit_learn),
        cmocka_unit_test(single_sets_and_single_rows),
        cmocka_unit_test(linkage_equals_connected_components),
        cmocka_unit_test(kmeans_settles_and_is_the_same_on_any_threads),
        cmocka_unit_test(kmeans_of_every_row_and_of_equal_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
