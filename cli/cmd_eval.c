/* tammes eval: how good a model is on a data set, by a protocol. */
#include <math.h>

#include "diagnose.h"

#define EVAL_NAME(name, about) #name "|"
/* insightface is the name under which others know folds. */
#define PROTOCOL_WORDS EVAL_PROTOCOLS(EVAL_NAME) "insightface"

static const struct {
    const char *name;
    tam_status (*run)(eval_job *job);
} protocols[] = {
#define EVAL_ENTRY(name, about) {#name, eval_##name},
    EVAL_PROTOCOLS(EVAL_ENTRY)
#undef EVAL_ENTRY
        {"insightface", eval_folds},
};

enum { ALL_PAIRS = 0, INSIGHTFACE = sizeof protocols / sizeof *protocols - 1 };

/* Listed pairs, or a verification set, which has its own, are measured by folds. */
static tam_status choose_protocol(eval_job *job, int *protocol) {
    tam_status status = tam_pairs_inside(job->call->ctx, job->data.path, &job->own_pairs);
    if (status == TAM_OK && *protocol < 0) {
        *protocol = job->own_pairs || job->pairs != NULL ? INSIGHTFACE : ALL_PAIRS;
    }
    return status;
}

/* One model, or none for data that are embeddings, and one set of data. *protocol: -1 chooses. */
static tam_status run_one(eval_job job, const char *model, const char *dtype, int protocol) {
    cli_call *call = job.call;
    tam_status status = choose_protocol(&job, &protocol);
    if (status == TAM_OK) {
        job.protocol = protocols[protocol].name;
        status = eval_page_suits(&job);
    }
    if (status == TAM_OK && model != NULL) {
        status = tam_model_open(call->ctx, model, &job.model);
    }
    if (status == TAM_OK && model != NULL) {
        status = tam_model_set_dtype(job.model, dtype);
    }
    if (status == TAM_OK) {
        job.info = model != NULL ? tam_model_describe(job.model) : (tam_model_info){0};
        job.model_path = model;
        job.dim = job.info.dim;
        status = job.diagnose ? eval_diagnose(&job) : protocols[protocol].run(&job);
    }
    tam_model_free(job.model);
    return status;
}

/* Every model on all data; the results of several go into one table. */
static tam_status run_all(eval_job *job, const cli_words *models, const cli_words *data, const char *dtype,
                          int protocol) {
    cli_call *call = job->call;
    bool json = call->json, several = models->count > 1 || data->count > 1;
    tam_status status = TAM_OK, negative = TAM_OK;
    if (several && job->diagnose) {
        return cli_fail(call, TAM_CONFIG, "--diagnose takes one model and one set of data");
    }
    if (several) {
        call->collected = json_array();
        call->json = true;
    }
    for (int m = 0; m < models->count || m == 0; m++) {
        for (int d = 0; d < data->count && status == TAM_OK; d++) {
            job->data.path = data->word[d];
            status = run_one(*job, m < models->count ? models->word[m] : NULL, dtype, protocol);
            if (several && status == TAM_NEGATIVE) {
                negative = status;
                status = TAM_OK;
            }
        }
    }
    call->json = json;
    if (several) {
        json_t *results = call->collected;
        call->collected = NULL;
        status = status == TAM_OK ? eval_print_table(call, results) : status;
        json_decref(results);
    }
    return status == TAM_OK ? negative : status;
}

tam_status cli_eval(cli_call *call) {
    eval_job job = {.call = call, .gallery = -1, .threshold = NAN, .far = 1e-3, .resamples = -1};
    int protocol = -1;
    cli_words models = {0}, paths = {0};
    const char *dtype = NULL, *report = NULL;
    tam_dataset_config *data = &job.data, *other = &job.gallery_data;
    const cli_option options[] = {
        cli_several("model", &models, "RUN|FILE",
                    "run directory or model file; several make a table; none: the data are embeddings"),
        cli_required(cli_several("data", &paths, "DATA",
                                 "images of any kind of data, lfw.bin with its pairs, or embeddings .npy [N, D]; "
                                 "several make a table")),
        cli_text("labels", &data->labels, "FILE",
                 "of embeddings: an .npy of whole numbers, or a text with a label a line (NAME.labels.npy)"),
        CLI_DATASET_NARROWING("", data),
        cli_int("size", &data->size, 1, 4096, "side of the images in pixels (the model's)"),
        cli_text("dtype", &dtype, "f32|bf16|auto",
                 "what the net computes in (f32); auto: bf16 where the processor has matrix units for it"),
        cli_choice("protocol", &protocol, PROTOCOL_WORDS,
                   "what to measure (allpairs; of listed pairs insightface); docs/evaluation.md"),
        cli_switch("diagnose", &job.diagnose,
                   "instead of the protocol try the usual mistakes: BGR, another range, mirror images, alignment"),
        cli_text("pairs", &job.pairs, "FILE", "folds: LFW's pairs.txt, or CSV path_a,path_b,same; a .bin has its own"),
        cli_switch("skip-missing", &job.skip_missing, "folds, ijb: leave out what the data have no images of"),
        cli_int("folds", &job.folds, 1, 1000, "folds: how many (as the list says, 10 for CSV and .bin)"),
        cli_int("pca", &job.pca, 1, 65536, "folds: keep so many principal components of the other folds (none)"),
        cli_int("bootstrap", &job.resamples, 0, 1000000,
                "resamples of people behind the intervals of pairs (400; none beyond 4 million pairs)"),
        cli_choice("gallery", &job.gallery, "means|weights|all", "identify: class means, class weights, or all images"),
        cli_text("gallery-data", &other->path, "DIR", "identify: images of the gallery"),
        CLI_DATASET_NARROWING("gallery-", other),
        cli_int("ways", &job.fewshot.ways, 2, 1 << 20, "fewshot: classes of an episode (20)"),
        cli_int("shots", &job.fewshot.shots, 1, 1 << 20, "fewshot: examples of a class (1)"),
        cli_int("queries", &job.fewshot.queries, 1, 1 << 10, "fewshot: questions of a class (1)"),
        cli_int("episodes", &job.fewshot.episodes, 1, 100000000, "fewshot: episodes (1000)"),
        cli_text("distractors", &job.distractors.path, "DATA", "distractors: images of strangers"),
        cli_text("runs", &job.runs, "DIR", "runs: folder of the lists class_labels.txt (the data)"),
        cli_text("quality", &job.quality, "FILE",
                 "edc: a number for each image, .npy or text (the length of its embedding)"),
        cli_real("far", &job.far, 1e-9, 1, "edc: the rate of false matches (1e-3)"),
        cli_text("ijb", &job.ijb, "DIR", "ijb: folder of the lists (ijbc_face_tid_mid.txt and so on)"),
        cli_text("variant", &job.variant, "N1D1F1", "ijb: one of N0D0F0 ... N1D1F1 (a table of them)"),
        cli_switch("halves", &job.halves, "ijb: rows of an array are [image | mirror image]"),
        cli_real("threshold", &job.threshold, -1, 1, "cluster: join images whose cosine reaches this (k-means)"),
        cli_int64("clusters", &job.clusters, 1, INT32_MAX, "cluster: of k-means (as many as there are classes)"),
        cli_text("report", &report, "PAGE", "also write a page: curves, histograms, intervals, the worst pairs"),
        cli_choice("flip", &job.flip, "auto|yes|no", "add the mirror image's embedding (auto: in folds only)"),
    };
    const cli_usage usage = {
        .synopsis = "[--model RUN] --data DATA [--protocol NAME] [options]",
        .example = "tammes eval --model runs/first --data photos-of-others\n"
                   "tammes eval --model runs/lfw --data lfw --pairs pairs.txt --json\n"
                   "tammes eval --model runs/lfw --data lfw.bin\n"
                   "tammes eval --model runs/a --model runs/b --data lfw.bin --data cfp_fp.bin\n"
                   "tammes eval --data embeddings.npy --pairs pairs.txt",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    job.has_gallery = job.gallery >= 0;
    job.gallery = job.has_gallery ? job.gallery : EVAL_MEANS;
    job.fewshot.seed = call->seed;
    tam_status status = eval_page_open(&job, report, &models, &paths);
    if (status == TAM_OK) {
        status = run_all(&job, &models, &paths, dtype, protocol);
    }
    return eval_page_close(&job, report, status);
}
