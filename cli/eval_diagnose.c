/* The usual mistakes, tried one by one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose.h"

/* One way in which images may come to the model. */
typedef struct attempt {
    const char *name, *verdict;
    const char *order; /* NULL: the model's */
    float mean, scale; /* scale 0: the model's */
    int flip;          /* -1: the model's */
    double zoom;
    double accuracy;
} attempt;

#define UNALIGNED "the images look like ones that were not aligned (tammes data align), or cut otherwise"
#define RANGE "the range of the input is another one than the model says"

static const attempt usual[] = {
    {"as the model says", "", NULL, 0, 0, -1, 1, NAN},
    {"channels the other way round", "the images look like BGR, or the model was trained on BGR", "bgr", 0, 0, -1, 1,
     NAN},
    {"input (byte - 127.5) / 127.5", RANGE, NULL, 127.5F, 127.5F, -1, 1, NAN},
    {"input (byte - 127.5) / 128", RANGE, NULL, 127.5F, 128, -1, 1, NAN},
    {"input byte / 255", RANGE, NULL, 0, 255, -1, 1, NAN},
    {"input byte", RANGE, NULL, 0, 1, -1, 1, NAN},
    {"with mirror images", "mirror images help (--flip yes)", NULL, 0, 0, 1, 1, NAN},
    {"without mirror images", "mirror images harm (--flip no)", NULL, 0, 0, 0, 1, NAN},
    {"the middle, 1/2 of the side", UNALIGNED, NULL, 0, 0, -1, 2, NAN},
    {"the middle, 2/3 of the side", UNALIGNED, NULL, 0, 0, -1, 1.5, NAN},
    {"the middle, 4/5 of the side", UNALIGNED, NULL, 0, 0, -1, 1.25, NAN},
    {"framed, 4/5 of the side", UNALIGNED, NULL, 0, 0, -1, 0.8, NAN},
};
enum { ATTEMPTS = sizeof usual / sizeof usual[0], BADLY = 75, EER_BADLY = 25 };
/* Pairs of each kind that are tried, when asked and when a result is surprising. */
enum { USUAL_PAIRS = 300, FEW_PAIRS = 60 };

typedef struct diagnosis {
    eval_job *job;
    diagnose_sample sample;
    tam_dataset *dataset, *larger; /* in the model's size; in twice that, opened when it is needed */
    uint8_t *pixels;               /* [images, H, W, C] as they were last read */
    double zoom;                   /* of them; 0: none yet */
    float *x;                      /* [images, dim] */
    attempt all[ATTEMPTS];
    int count, best;
} diagnosis;

static bool differs(const tam_model_info *info, const attempt *a) {
    bool square = info->height == info->width;
    bool range = a->scale == 0 || a->mean != info->mean || a->scale != info->scale;
    return (a->order == NULL || info->channels == 3) && range && (a->flip < 0 || a->flip != info->flip) &&
           (a->zoom == 1 || square);
}

static tam_status open_larger(diagnosis *all) {
    tam_dataset_config config = all->job->data;
    config.size = 2 * all->job->info.height;
    config.channels = all->job->info.channels;
    config.cache_bytes = -1;
    return all->larger != NULL ? TAM_OK : tam_dataset_open(all->job->call->ctx, &config, &all->larger);
}

static tam_status try_one(diagnosis *all, attempt *a) {
    eval_job *job = all->job;
    const tam_model_info *info = &job->info;
    const diagnose_sample *sample = &all->sample;
    bool bgr = strcmp(info->channel_order, "bgr") == 0;
    tam_verification result;
    tam_status status = TAM_OK;
    if (a->zoom != all->zoom) {
        status = a->zoom != 1 ? open_larger(all) : TAM_OK;
        if (status == TAM_OK) {
            status = diagnose_read(job, sample, a->zoom != 1 ? all->larger : all->dataset, a->zoom, all->pixels);
        }
        all->zoom = a->zoom;
    }
    if (status == TAM_OK) {
        status = tam_model_set_input(job->model, bgr != (a->order != NULL) ? "bgr" : "rgb",
                                     a->scale != 0 ? a->mean : info->mean, a->scale != 0 ? a->scale : info->scale);
    }
    if (status == TAM_OK) {
        status = tam_model_embed(job->model, sample->images, all->pixels, a->flip < 0 ? info->flip : a->flip, all->x);
    }
    if (status == TAM_OK) {
        status = tam_eval_pairs(job->call->ctx, sample->images, info->dim, all->x, sample->pairs, sample->rows,
                                sample->same, 0, NULL, &result);
    }
    a->accuracy = status == TAM_OK ? result.best_accuracy : NAN;
    return status;
}

/* Three standard errors of the difference of two shares: a dozen attempts are made, and one of them is always best. */
static bool is_better(const diagnosis *all, const attempt *a) {
    double p = all->all[0].accuracy, q = a->accuracy, n = (double)all->sample.pairs;
    return q - p > 3 * sqrt((p * (1 - p) + q * (1 - q)) / n);
}

static tam_status try_all(diagnosis *all) {
    const tam_model_info *info = &all->job->info;
    size_t bytes = (size_t)info->height * (size_t)info->width * (size_t)info->channels;
    tam_status status = TAM_OK;
    all->pixels = malloc((size_t)all->sample.images * bytes);
    all->x = malloc((size_t)all->sample.images * (size_t)info->dim * sizeof *all->x);
    if (all->pixels == NULL || all->x == NULL) {
        status = cli_fail(all->job->call, TAM_RESOURCES, "cannot allocate memory for a sample of images");
    }
    for (int i = 0; status == TAM_OK && i < ATTEMPTS; i++) {
        if (i == 0 || differs(info, &usual[i])) {
            attempt *a = &all->all[all->count];
            *a = usual[i];
            status = try_one(all, a);
            bool best = all->count > 0 && is_better(all, a) && a->accuracy > all->all[all->best].accuracy;
            all->best = best ? all->count : all->best;
            all->count++;
        }
    }
    return status;
}

static tam_status print_diagnosis(const diagnosis *all) {
    const attempt *best = &all->all[all->best], *now = &all->all[0];
    cli_call *call = all->job->call;
    if (call->json) {
        json_t *attempts = json_array();
        for (int i = 0; i < all->count; i++) {
            json_array_append_new(attempts, json_pack("{s:s, s:o}", "attempt", all->all[i].name, "accuracy",
                                                      cli_json_real(all->all[i].accuracy)));
        }
        return cli_print_json(call, json_pack("{s:s, s:o, s:I, s:I, s:o, s:s?, s:s?}", "protocol", "diagnose", "data",
                                              cli_json_text(all->job->data.path), "images",
                                              (json_int_t)all->sample.images, "pairs", (json_int_t)all->sample.pairs,
                                              "attempts", attempts, "better", all->best > 0 ? best->name : NULL,
                                              "verdict", all->best > 0 ? best->verdict : NULL));
    }
    printf("%-10s %lld pairs of %lld images, half of them of one class; accuracy at each one's best threshold\n\n",
           "sample", (long long)all->sample.pairs, (long long)all->sample.images);
    for (int i = 0; i < all->count; i++) {
        printf("%c %-30s %.4f\n", i == all->best && i > 0 ? '*' : ' ', all->all[i].name, all->all[i].accuracy);
    }
    if (all->best > 0) {
        printf("\n%s: %.4f instead of %.4f\n", best->verdict, best->accuracy, now->accuracy);
    } else {
        bool unseen = now->accuracy < BADLY / 100.0 && strcmp(all->job->info.alignment, "none") != 0;
        printf("\nnone of the usual mistakes fits better%s\n",
               unseen ? "; faces that are turned or off the middle cannot be told: tammes data align" : "");
    }
    return TAM_OK;
}

/* Leaves the model as it was. */
static tam_status diagnose(diagnosis *all) {
    eval_job *job = all->job;
    job->data.unlabelled = job->pairs != NULL || job->own_pairs;
    tam_status status = tam_model_open_dataset(job->model, &job->data, &all->dataset);
    if (status == TAM_OK) {
        status = diagnose_choose(job, all->dataset, &all->sample);
    }
    if (status == TAM_OK && all->sample.pairs == 0) {
        status = cli_fail(job->call, TAM_NEGATIVE, "insufficient data: both kinds of pairs are needed");
    }
    if (status == TAM_OK) {
        status = try_all(all);
    }
    const char *order = strcmp(job->info.channel_order, "bgr") == 0 ? "bgr" : "rgb"; /* "grey" has nothing to order */
    tam_status reset = tam_model_set_input(job->model, order, job->info.mean, job->info.scale);
    return status == TAM_OK ? reset : status;
}

static void release(diagnosis *all) {
    tam_dataset_free(all->larger);
    tam_dataset_free(all->dataset);
    free(all->pixels);
    free(all->x);
    diagnose_free(&all->sample);
}

tam_status eval_diagnose(eval_job *job) {
    diagnosis all = {.job = job, .sample.most = USUAL_PAIRS};
    int inside = 0;
    tam_status status = eval_need_model(job, "--diagnose");
    if (status == TAM_OK) {
        status = tam_embeddings_inside(job->call->ctx, job->data.path, &inside);
    }
    if (status == TAM_OK && inside) {
        status = cli_fail(job->call, TAM_CONFIG, "%s: embeddings, but a diagnosis needs images", job->data.path);
    }
    if (status == TAM_OK) {
        status = diagnose(&all);
    }
    if (status == TAM_OK) {
        status = print_diagnosis(&all);
    }
    release(&all);
    return status == TAM_OK && all.best > 0 ? TAM_NEGATIVE : status;
}

void eval_suspect(eval_job *job, double accuracy, double eer) {
    cli_call *call = job->call;
    diagnosis all = {.job = job, .sample.most = FEW_PAIRS};
    bool bad = accuracy < BADLY / 100.0 || eer > EER_BADLY / 100.0;
    int inside = 0;
    if (!bad || job->model == NULL || call->quiet || call->collected != NULL ||
        tam_embeddings_inside(call->ctx, job->data.path, &inside) != TAM_OK || inside) {
        return;
    }
    cli_note(call,
             "surprisingly bad: trying the usual mistakes (order of the channels, range, mirror images, cut) on a "
             "few pairs\n");
    if (diagnose(&all) != TAM_OK) {
        cli_note(call, "that could not be tried: %s\n",
                 *call->message != '\0' ? call->message : tam_ctx_message(call->ctx));
        *call->message = '\0'; /* the result stands without it */
    } else if (all.best > 0) {
        const attempt *best = &all.all[all.best];
        cli_note(call, "%s: %.2f instead of %.2f on %lld pairs; --diagnose tells more\n", best->verdict, best->accuracy,
                 all.all[0].accuracy, (long long)all.sample.pairs);
    } else {
        cli_note(call, "none of them fits better on %lld pairs; --diagnose looks at more\n",
                 (long long)all.sample.pairs);
    }
    release(&all);
}
