/* The results of tammes eval --protocol ijb. */
#include <math.h>

#include "eval.h"

static const char *const gallery_names[] = {"G1", "G2", "G1+G2"};

static void print_start(const eval_job *job, const eval_set *set, const tam_ijb_info *info) {
    eval_print_start(job, set);
    printf("%-10s %lld of %lld faces\n", "templates", (long long)info->templates.templates, (long long)info->faces);
    if (info->missing_faces > 0) {
        printf("%-10s images of %lld faces are missing: left out with %lld templates, %lld pairs and %lld lines of "
               "1:N\n",
               "", (long long)info->missing_faces, (long long)info->missing_templates, (long long)info->missing_pairs,
               (long long)info->missing_members);
    }
}

/* One variant: everything that is known at each FAR. */
static void print_rates(const eval_ijb_result *result) {
    const tam_verification *exact = &result->pairs.exact;
    printf("%-10s %.2f%%\n\n", "EER", 100 * exact->eer);
    printf("%8s  %9s  %8s  %-18s  %9s  %12s\n", "FAR", "published", "TAR", "95% interval", "threshold", "achieved FAR");
    for (int i = 0; i < exact->levels; i++) {
        const tam_tar_at_far *at = &exact->at[i];
        if (!at->sufficient) {
            printf("%8.0e  insufficient data: fewer than %.0f pairs of two people\n", at->far, ceil(3 / at->far));
            continue;
        }
        printf("%8.0e  %8.2f%%  %7.2f%%  %6.2f%% .. %6.2f%%  ", at->far, 100 * result->pairs.published[i],
               100 * at->tar, 100 * at->low, 100 * at->high);
        if (at->tar > 0) {
            printf("%9.6f  %12.2e\n", at->threshold, at->achieved_far);
        } else {
            printf("%9s  %12s\n", "none", "-");
        }
    }
}

/* Several variants, one in a line. */
static void print_table(bool published, int count, const eval_ijb_result *results) {
    bool withheld = false;
    printf("\n%s\n%-8s", published ? "TAR at FAR as in the published tables" : "TAR at FAR, exactly", "variant");
    for (int i = 0; i < results[0].pairs.exact.levels; i++) {
        printf("  %8.0e", results[0].pairs.exact.at[i].far);
    }
    for (int v = 0; v < count; v++) {
        printf("\n%-8s", results[v].name);
        for (int i = 0; i < results[v].pairs.exact.levels; i++) {
            const tam_tar_at_far *at = &results[v].pairs.exact.at[i];
            if (at->sufficient) {
                printf("  %7.2f%%", 100 * (published ? results[v].pairs.published[i] : at->tar));
            } else {
                printf("  %8s", "-");
                withheld = true;
            }
        }
    }
    printf("\n");
    if (withheld && !published) {
        printf("-: insufficient data, fewer than 3 / FAR pairs of two people\n");
    }
}

static void print_pairs(int count, const eval_ijb_result *results) {
    const tam_verification *exact = &results[0].pairs.exact;
    printf("%-10s %lld of one person, %lld of two\n", "pairs", (long long)exact->genuine, (long long)exact->impostor);
    if (!isfinite(exact->eer)) {
        printf("%-10s insufficient data: both kinds of pairs are needed\n", "TAR");
    } else if (count == 1) {
        print_rates(&results[0]);
    } else {
        print_table(true, count, results);
        print_table(false, count, results);
    }
}

static void print_share(double share) {
    if (isfinite(share)) {
        printf("  %7.2f%%", 100 * share);
    } else {
        printf("  %8s", "-");
    }
}

static void print_galleries(int count, const eval_ijb_result *results) {
    printf("\n1:N: ranks of the probes that are enrolled, TPIR at FPIR with the others\n");
    printf("%-8s  %-7s  %9s  %8s  %8s  %8s  %8s  %8s  %8s  %8s\n", "variant", "gallery", "templates", "enrolled",
           "others", "rank 1", "rank 5", "rank 10", "FPIR 0.1", "0.01");
    for (int v = 0; v < count; v++) {
        for (int g = 0; g <= TAM_IJB_GALLERIES; g++) {
            const tam_ijb_identification *found = &results[v].gallery[g];
            if (!results[v].listed[g]) {
                continue;
            }
            printf("%-8s  %-7s  %9lld  %8lld  %8lld", results[v].name, gallery_names[g], (long long)found->open.gallery,
                   (long long)found->open.mated, (long long)found->open.nonmated);
            print_share(found->rank1);
            print_share(found->rank5);
            print_share(found->rank10);
            for (int i = 0; i < found->open.levels; i++) {
                print_share(found->open.at[i].sufficient ? found->open.at[i].tpir : NAN);
            }
            printf("\n");
        }
    }
    printf("-: insufficient data, no enrolled probe or fewer than 3 / FPIR others\n");
}

static json_t *gallery_json(int g, const tam_ijb_identification *found) {
    json_t *levels = json_array();
    for (int i = 0; i < found->open.levels; i++) {
        const tam_tpir_at_fpir *at = &found->open.at[i];
        json_array_append_new(levels,
                              json_pack("{s:f, s:o, s:o, s:o, s:[o, o], s:b}", "fpir", at->fpir, "tpir",
                                        cli_json_real(at->tpir), "threshold", cli_json_real(at->threshold),
                                        "achieved_fpir", cli_json_real(at->achieved_fpir), "interval",
                                        cli_json_real(at->low), cli_json_real(at->high), "sufficient", at->sufficient));
    }
    return json_pack("{s:s, s:I, s:I, s:I, s:{s:o, s:o, s:o}, s:o}", "gallery", gallery_names[g], "gallery_rows",
                     (json_int_t)found->open.gallery, "mated", (json_int_t)found->open.mated, "nonmated",
                     (json_int_t)found->open.nonmated, "rank", "1", cli_json_real(found->rank1), "5",
                     cli_json_real(found->rank5), "10", cli_json_real(found->rank10), "tpir_at_fpir", levels);
}

static void variant_json(json_t *object, bool pairs, const eval_ijb_result *result) {
    json_t *galleries = json_array();
    json_object_set_new(object, "variant", json_string(result->name));
    if (pairs) {
        eval_json_verification(object, &result->pairs.exact);
        for (int i = 0; i < result->pairs.exact.levels; i++) {
            json_t *at = json_array_get(json_object_get(object, "tar_at_far"), (size_t)i);
            json_object_set_new(at, "published_tar", cli_json_real(result->pairs.published[i]));
        }
    }
    for (int g = 0; g <= TAM_IJB_GALLERIES; g++) {
        if (result->listed[g]) {
            json_array_append_new(galleries, gallery_json(g, &result->gallery[g]));
        }
    }
    json_object_set_new(object, "galleries", galleries);
}

static tam_status print_json(const eval_job *job, const eval_set *set, const tam_ijb_info *info, int count,
                             const eval_ijb_result *results) {
    json_t *object = eval_json_start(job, set), *variants = json_array();
    json_object_update_new(
        object, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "faces", (json_int_t)info->faces, "faces_left_out",
                          (json_int_t)info->missing_faces, "templates", (json_int_t)info->templates.templates,
                          "templates_left_out", (json_int_t)info->missing_templates, "pairs_left_out",
                          (json_int_t)info->missing_pairs, "members_left_out", (json_int_t)info->missing_members));
    for (int v = 0; v < count; v++) {
        json_t *one = json_object();
        variant_json(one, info->pairs > 0, &results[v]);
        json_array_append_new(variants, one);
    }
    variant_json(object, info->pairs > 0, &results[0]);
    json_object_set_new(object, "variants", variants);
    return cli_print_json(job->call, object);
}

tam_status eval_print_ijb(const eval_job *job, const eval_set *set, const tam_ijb_info *info, int count,
                          const eval_ijb_result *results) {
    if (job->call->json) {
        return print_json(job, set, info, count, results);
    }
    print_start(job, set, info);
    if (count == 1) {
        printf("%-10s %s\n", "variant", results[0].name);
    }
    if (info->pairs > 0) {
        print_pairs(count, results);
    }
    if (results[0].listed[0] || results[0].listed[1]) {
        print_galleries(count, results);
    }
    return TAM_OK;
}
