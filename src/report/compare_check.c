/* Everything that can be found wrong with a comparison before anything is trained. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "loss/loss.h"
#include "report/compare.h"
#include "zoo/net_file.h"
#include "zoo/zoo.h"

static bool is_plain(const tam_comparison *comparison) {
    return !tam_compare_varies_net(comparison) && comparison->lists.sweeps == 0;
}

/* The last failure again, with the run that it is about. */
static tam_status fail_for(tam_comparison *comparison, const tam_compare_entry *entry, tam_status status) {
    char sentence[1024];
    snprintf(sentence, sizeof sentence, "%s", tam_ctx_message(comparison->ctx));
    return tam_fail(comparison->ctx, status, "the run '%s': %s", entry->full_name, sentence);
}

/* Whether two runs differ in their loss alone. */
static bool same_but_loss(const tam_compare_entry *a, const tam_compare_entry *b) {
    return a->place.dim == b->place.dim && a->place.net == b->place.net &&
           memcmp(a->place.value, b->place.value, sizeof a->place.value) == 0;
}

/* Reads every loss. The same one in two spellings would be trained twice. */
static tam_status read_losses(tam_comparison *comparison, int64_t classes, tam_loss *losses) {
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        char sentence[512];
        tam_status status = tam_loss_read(comparison->ctx, entry->loss, classes, &losses[i]);
        if (status != TAM_OK) {
            snprintf(sentence, sizeof sentence, "%s", tam_ctx_message(comparison->ctx));
            return tam_fail(comparison->ctx, status, "the loss '%s': %s",
                            is_plain(comparison) ? entry->given : entry->loss, sentence);
        }
        for (int other = 0; other < i; other++) {
            const tam_compare_entry *before = &comparison->entries[other];
            if (same_but_loss(before, entry) && tam_loss_is_same(&losses[other], &losses[i])) {
                return tam_fail(comparison->ctx, TAM_CONFIG, "the losses '%s' and '%s' are the same", before->given,
                                entry->given);
            }
        }
    }
    return TAM_OK;
}

static tam_status check_losses(tam_comparison *comparison, int64_t classes) {
    tam_loss *losses = tam_allocate(comparison->ctx, (size_t)comparison->count, sizeof *losses, "losses to compare");
    tam_status status = losses != NULL ? read_losses(comparison, classes, losses) : TAM_RESOURCES;
    tam_release(comparison->ctx, losses);
    return status;
}

/* Of a net's text form (FNV-1a): nets with the same text are the same. */
static tam_status fingerprint(tam_ctx *ctx, const tam_graph *graph, uint64_t *print) {
    size_t length = tam_graph_text(graph, NULL, 0);
    char *text = tam_allocate(ctx, length + 1, 1, "a net's text");
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    tam_graph_text(graph, text, length + 1);
    *print = 0xcbf29ce484222325U;
    for (size_t i = 0; i < length; i++) {
        *print = (*print ^ (unsigned char)text[i]) * 0x100000001b3U;
    }
    tam_release(ctx, text);
    return TAM_OK;
}

static tam_status build(tam_ctx *ctx, const tam_compare_entry *entry, const tam_dataset_info *info, tam_graph **graph) {
    const tam_shape in = {.c = info->channels, .h = info->height, .w = info->width};
    if (tam_net_file_is(entry->net)) {
        return tam_net_file_build(ctx, entry->net, NULL, &in, entry->dim, graph);
    }
    return tam_backbone_build(ctx, entry->net, in.c, in.h, in.w, entry->dim, graph);
}

static tam_status check_run(tam_comparison *comparison, int i, const tam_dataset *data, uint64_t *prints) {
    const tam_compare_entry *entry = &comparison->entries[i];
    const tam_dataset_info info = tam_dataset_describe(data);
    tam_graph *graph = NULL;
    if (tam_net_file_is(entry->net) && tam_path_look(entry->net) == TAM_PATH_ABSENT) {
        prints[i] = (uint64_t)i; /* a run goes on without its file, and the check says so where it cannot */
        return tam_train_check(comparison->ctx, &entry->recipe, data);
    }
    TAM_TRY(build(comparison->ctx, entry, &info, &graph));
    tam_status status = fingerprint(comparison->ctx, graph, &prints[i]);
    tam_graph_free(graph);
    return status == TAM_OK ? tam_train_check(comparison->ctx, &entry->recipe, data) : status;
}

static tam_status refuse_same_nets(const tam_comparison *comparison, int i, const uint64_t *prints) {
    const tam_compare_entry *entry = &comparison->entries[i];
    for (int other = 0; other < i; other++) {
        const tam_compare_entry *before = &comparison->entries[other];
        tam_compare_place place = before->place;
        place.net = entry->place.net;
        if (place.net != before->place.net && memcmp(&place, &entry->place, sizeof place) == 0 &&
            prints[other] == prints[i]) {
            return tam_fail(comparison->ctx, TAM_CONFIG, "the nets '%s' and '%s' are the same",
                            comparison->lists.net[before->place.net], comparison->lists.net[place.net]);
        }
    }
    return TAM_OK;
}

/* The images' size may be swept: a run has its own data set then. */
static tam_status check_runs(tam_comparison *comparison, const tam_dataset *shared, uint64_t *prints) {
    const tam_dataset_config *usual = &comparison->config.recipe.data;
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        const tam_dataset_config *data = &entry->recipe.data;
        tam_dataset *own = NULL;
        tam_status status = TAM_OK;
        if (data->size != usual->size || data->channels != usual->channels) {
            status = tam_dataset_open(comparison->ctx, data, &own);
        }
        if (status == TAM_OK) {
            status = check_run(comparison, i, own != NULL ? own : shared, prints);
        }
        tam_dataset_free(own);
        if (status != TAM_OK) {
            return is_plain(comparison) ? status : fail_for(comparison, entry, status);
        }
        TAM_TRY(refuse_same_nets(comparison, i, prints));
    }
    return TAM_OK;
}

tam_status tam_compare_check(tam_comparison *comparison) {
    tam_dataset *data = NULL;
    TAM_TRY(tam_dataset_open(comparison->ctx, &comparison->config.recipe.data, &data));
    uint64_t *prints = tam_allocate(comparison->ctx, (size_t)comparison->count, sizeof *prints, "nets to compare");
    tam_status status = prints != NULL ? check_losses(comparison, tam_dataset_describe(data).classes) : TAM_RESOURCES;
    if (status == TAM_OK) {
        status = check_runs(comparison, data, prints);
    }
    tam_release(comparison->ctx, prints);
    tam_dataset_free(data);
    return status;
}
