/* tammes eval --protocol ijb: templates of several images, compared in pairs and looked for in galleries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

/* What is done to the rows, and how they came to be: whether the mirror image's was added is decided where images are
 * embedded, or here, of rows that hold both; of other rows nobody knows. */
enum { FLIP_UNKNOWN = -1 };

static bool read_switch(const char **words, char letter, int *value) {
    bool there = (*words)[0] == letter && ((*words)[1] == '0' || (*words)[1] == '1');
    *value = there ? (*words)[1] - '0' : 0;
    *words += there ? 2 : 0;
    return there;
}

/* "N1D1F1", or without the F. */
static bool read_variant(const char *words, tam_template_variant *variant, int *flip) {
    bool whole = read_switch(&words, 'N', &variant->keep_norms) && read_switch(&words, 'D', &variant->detector);
    if (!read_switch(&words, 'F', flip)) {
        *flip = FLIP_UNKNOWN;
    }
    return whole && *words == '\0';
}

static void name_variant(const tam_template_variant *variant, int flip, eval_ijb_result *result) {
    snprintf(result->name, sizeof result->name, "N%dD%d", variant->keep_norms, variant->detector);
    if (flip != FLIP_UNKNOWN) {
        snprintf(result->name + 4, sizeof result->name - 4, "F%d", flip);
    }
}

typedef struct ijb_job {
    eval_job *job;
    tam_ijb *ijb;
    tam_ijb_info info;
    eval_set set;
    int flip;    /* of the rows as they are: 0, 1 or FLIP_UNKNOWN */
    bool halves; /* the rows are [image | mirror image] */
    int d;       /* of a template */
    float *templates;
    int count;
    eval_ijb_result *results;
} ijb_job;

/* Reads the rows of an array in the order of the faces. */
static tam_status take_rows(ijb_job *j, int flip) {
    eval_job *job = j->job;
    if (j->set.info.count != j->info.faces) {
        return cli_fail(job->call, TAM_INPUT, "%s has %lld rows, but %s lists %lld faces: row i must be of face i",
                        job->data.path, (long long)j->set.info.count, job->ijb, (long long)j->info.faces);
    }
    j->halves = job->halves || flip != FLIP_UNKNOWN;
    j->flip = FLIP_UNKNOWN;
    if (j->halves && j->set.dim % 2 != 0) {
        return cli_fail(job->call, TAM_CONFIG, "%s: rows of %d numbers are not [image | mirror image]", job->data.path,
                        j->set.dim);
    }
    j->d = j->halves ? j->set.dim / 2 : j->set.dim;
    return eval_embed(job, false, &j->set);
}

static tam_status embed_faces(ijb_job *j, int flip) {
    eval_job *job = j->job;
    const int64_t *image = NULL;
    if (job->halves) {
        return cli_fail(job->call, TAM_CONFIG, "--halves is for arrays of embeddings");
    }
    if (flip != FLIP_UNKNOWN && job->flip != 0 && flip != (job->flip == 1)) {
        return cli_fail(job->call, TAM_CONFIG, "--variant %s contradicts --flip %s", job->variant,
                        job->flip == 1 ? "yes" : "no");
    }
    bool mirror = job->flip == 0 ? flip != 0 : job->flip == 1;
    tam_status status = tam_ijb_find_images(j->ijb, j->set.dataset, job->skip_missing, &image);
    if (status != TAM_OK) {
        return status;
    }
    j->info = tam_ijb_describe(j->ijb);
    j->flip = mirror;
    j->d = j->set.dim;
    return eval_embed_some(job, mirror, j->info.faces, image, &j->set);
}

static tam_status measure(ijb_job *j, const tam_template_variant *variant, int flip) {
    tam_ctx *ctx = j->job->call->ctx;
    eval_ijb_result *result = &j->results[j->count++];
    tam_status status = TAM_OK;
    name_variant(variant, flip, result);
    status = tam_templates_pool(ctx, j->info.faces, j->set.dim, j->d, j->set.x, j->info.score, &j->info.templates,
                                variant, j->templates);
    if (status == TAM_OK && j->info.pairs > 0) {
        status = tam_ijb_verify(j->ijb, j->d, j->templates, 0, NULL, &result->pairs);
    }
    bool both = j->info.gallery[0].path != NULL && j->info.gallery[1].path != NULL;
    for (int g = 0; g <= TAM_IJB_GALLERIES && status == TAM_OK; g++) {
        bool listed = g == TAM_IJB_GALLERIES ? both : j->info.gallery[g].path != NULL;
        if (listed && j->info.probes.path != NULL) {
            result->listed[g] = true;
            status = tam_ijb_identify(j->ijb, g, j->d, j->templates, &result->gallery[g]);
        }
    }
    return status;
}

/* The one that was asked for, or all that the rows and lists allow. */
static tam_status measure_variants(ijb_job *j, const tam_template_variant *wanted, int flip) {
    if (j->job->variant != NULL) {
        tam_template_variant variant = *wanted;
        variant.add_halves = j->halves && flip == 1;
        return measure(j, &variant, j->halves ? flip : j->flip);
    }
    tam_status status = TAM_OK;
    for (int v = 7; v >= 0 && status == TAM_OK; v--) {
        int f = v >> 2 & 1, n = v >> 1 & 1, detector = v & 1;
        if ((!j->halves && f == 0) || (detector == 1 && j->info.score == NULL)) {
            continue;
        }
        tam_template_variant variant = {.add_halves = j->halves && f == 1, .keep_norms = n, .detector = detector};
        status = measure(j, &variant, j->halves ? f : j->flip);
    }
    return status;
}

static tam_status measure_set(ijb_job *j, const tam_template_variant *variant, int flip) {
    eval_job *job = j->job;
    tam_status status = tam_ijb_open(job->call->ctx, job->ijb, &j->ijb);
    if (status == TAM_OK) {
        j->info = tam_ijb_describe(j->ijb);
        job->data.unlabelled = 1;
        status = eval_open(job, &job->data, &j->set);
    }
    if (status == TAM_OK && job->variant != NULL && variant->detector && j->info.score == NULL) {
        status = cli_fail(job->call, TAM_INPUT, "%s: no list of landmarks with the detector's scores, which %s needs",
                          job->ijb, job->variant);
    }
    if (status == TAM_OK) {
        status = j->set.embeddings != NULL ? take_rows(j, flip) : embed_faces(j, flip);
    }
    if (status == TAM_OK) {
        j->templates = calloc((size_t)j->info.templates.templates, (size_t)j->d * sizeof *j->templates);
        j->results = calloc(8, sizeof *j->results);
        status = j->templates != NULL && j->results != NULL
                     ? measure_variants(j, variant, flip)
                     : cli_fail(job->call, TAM_RESOURCES, "cannot allocate memory for %lld templates",
                                (long long)j->info.templates.templates);
    }
    if (status == TAM_OK) {
        status = eval_print_ijb(job, &j->set, &j->info, j->count, j->results);
    }
    return status;
}

tam_status eval_ijb(eval_job *job) {
    ijb_job j = {.job = job};
    tam_template_variant variant = {0};
    int flip = FLIP_UNKNOWN;
    if (job->ijb == NULL) {
        return cli_fail(job->call, TAM_CONFIG, "--protocol ijb needs --ijb DIR, the folder of its lists");
    }
    if (job->variant != NULL && !read_variant(job->variant, &variant, &flip)) {
        return cli_fail(job->call, TAM_CONFIG, "--variant %s is none of N0D0F0 ... N1D1F1 (or without the F)",
                        job->variant);
    }
    tam_status status = measure_set(&j, &variant, flip);
    if (status == TAM_OK) {
        status = eval_judge(j.info.pairs > 0 ? j.results[0].pairs.exact.eer
                                             : j.results[0].gallery[j.results[0].listed[0] ? 0 : 1].rank1);
    }
    eval_close(&j.set);
    tam_ijb_free(j.ijb);
    free(j.templates);
    free(j.results);
    return status;
}
