/* tammes eval --protocol identify: the ranks of probes in a gallery. */
#include <math.h>

#include "eval.h"

static tam_status print_ranks(eval_job *job, const eval_set *probes, const eval_gallery_rows *found, int64_t unknown,
                              const tam_identification *ranks) {
    if (job->call->json) {
        json_t *object = eval_json_start(job, probes);
        json_object_update_new(object, json_pack("{s:s, s:I, s:I, s:I, s:{s:o, s:o, s:o}, s:o}", "gallery",
                                                 found->words, "gallery_rows", (json_int_t)ranks->gallery, "probes",
                                                 (json_int_t)ranks->probes, "probes_without_class", (json_int_t)unknown,
                                                 "rank", "1", cli_json_real(ranks->rank1), "5",
                                                 cli_json_real(ranks->rank5), "10", cli_json_real(ranks->rank10),
                                                 "nearest_mean", cli_json_real(ranks->nearest_mean)));
        return cli_print_json(job->call, object);
    }
    eval_print_start(job, probes);
    printf("%-10s %s: %lld rows\n", "gallery", found->words, (long long)ranks->gallery);
    printf("%-10s %lld\n", "probes", (long long)ranks->probes);
    if (unknown > 0) {
        printf("%-10s %lld probes are of classes that the gallery lacks: they count as errors\n", "",
               (long long)unknown);
    }
    eval_print_share("rank 1", ranks->rank1);
    eval_print_share("rank 5", ranks->rank5);
    eval_print_share("rank 10", ranks->rank10);
    return TAM_OK;
}

tam_status eval_identify(eval_job *job) {
    eval_gallery_rows found;
    eval_set probes = {0};
    tam_identification ranks = {.rank1 = NAN};
    int64_t unknown = 0;
    tam_status status = eval_gallery_choose(job, &found);
    if (status == TAM_OK) {
        status = eval_open(job, &job->data, &probes);
    }
    if (status == TAM_OK) {
        status = eval_embed(job, false, &probes);
    }
    if (status == TAM_OK && found.count < 0) {
        status = tam_eval_leave_one_out(job->call->ctx, probes.count, probes.dim, probes.x, probes.labels, &ranks);
    } else if (status == TAM_OK) {
        unknown = eval_gallery_rename(&found, &probes);
        status = tam_eval_identify(job->call->ctx, probes.dim, found.count, found.x, found.labels, probes.count,
                                   probes.x, probes.labels, &ranks);
    }
    if (status == TAM_OK) {
        status = eval_page_add_ranks(job, &probes, &ranks);
    }
    if (status == TAM_OK) {
        status = print_ranks(job, &probes, &found, unknown, &ranks);
    }
    eval_close(&probes);
    eval_gallery_free(&found);
    return status == TAM_OK && !isfinite(ranks.rank1) ? TAM_NEGATIVE : status;
}
