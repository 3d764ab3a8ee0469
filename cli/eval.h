/* tammes eval: the protocols and what they share. */
#ifndef EVAL_H
#define EVAL_H

#include "cli.h"

/* A protocol's name, function and what it measures; the order is that of --protocol's help. */
#define EVAL_PROTOCOLS(X)                                                                   \
    X(allpairs, "all pairs of images: EER, AUC, TAR@FAR")                                   \
    X(identify, "rank 1, 5 and 10 of each image in a gallery")                              \
    X(fewshot, "episodes of a few classes with a few examples each")                        \
    X(folds, "listed pairs: ten-fold accuracy, EER, TAR@FAR; with the flip test")           \
    X(lfw, "the same by the rules of LFW's View 2")                                         \
    X(facexzoo, "the same by FaceX-Zoo's rules, without the flip test")                     \
    X(retrieval, "Recall@K, R-precision and MAP@R of each image among all others")          \
    X(openset, "probes of whom not all are enrolled: TPIR at FPIR")                         \
    X(distractors, "rank 1 of each pair of a class among crowds of strangers, as MegaFace") \
    X(runs, "few-shot runs as published: the nearest training image of each test image")    \
    X(edc, "error versus discard: FNMR while the images of lowest quality are left out")    \
    X(ijb, "templates of IJB, 1:1 and 1:N")                                                 \
    X(cluster, "clusters of the images beside their classes: NMI, pairwise F")              \
    X(classify, "closed set: the class whose weights in the model are the nearest")

typedef enum eval_gallery { EVAL_MEANS, EVAL_WEIGHTS, EVAL_ALL } eval_gallery;

/* What the flags said. */
typedef struct eval_job {
    cli_call *call;
    tam_model *model;       /* NULL: the data are embeddings */
    tam_model_info info;    /* all 0 without a model */
    const char *model_path; /* as it was given */
    int dim;                /* of all rows; 0 until the model or the first embeddings tell */
    const char *protocol, *pairs;
    tam_dataset_config data, gallery_data;
    bool has_gallery; /* --gallery was given */
    int gallery;      /* an eval_gallery */
    int flip;         /* 0 as the protocol says, 1 yes, 2 no */
    int folds;        /* 0: as the list says */
    int pca;          /* folds: principal components that are kept; 0: no analysis */
    int own_pairs;    /* the data hold pairs of their own */
    bool skip_missing;
    bool diagnose;
    int resamples; /* of people; -1: as many as are usual where that is quick */
    tam_fewshot_config fewshot;
    tam_dataset_config distractors;
    const char *ijb, *variant, *runs, *quality;
    double far;          /* edc */
    bool halves;         /* ijb: rows are [image | mirror image] */
    double threshold;    /* cluster: cosine that joins; NaN: k-means */
    int64_t clusters;    /* cluster: of k-means; 0: as many as there are classes */
    tam_eval_page *page; /* of --report; NULL: none is wanted */
    bool several_data;   /* --data was given more than once */
} eval_job;

#define EVAL_DECLARE(name, about) tam_status eval_##name(eval_job *job);
EVAL_PROTOCOLS(EVAL_DECLARE)
#undef EVAL_DECLARE

/* The rows of a data set: its images embedded by the model, or embeddings as they lie in a file. */
typedef struct eval_set {
    tam_dataset *dataset;       /* also of embeddings, which then own it */
    tam_embeddings *embeddings; /* NULL: images */
    tam_dataset_info info;
    int64_t count; /* rows of x */
    int dim;
    float *x; /* [count, dim] */
    int32_t *labels;
    int64_t seen; /* classes of these rows that the model was trained on, by name; -1: nobody knows */
} eval_set;

/* Opens the data set in the model's size, or an array of embeddings, which needs no model. */
tam_status eval_open(eval_job *job, const tam_dataset_config *config, eval_set *set);
/* Embeds all of it, or reads its rows. flip: the protocol's habit; the flag has the last word. */
tam_status eval_embed(eval_job *job, bool flip, eval_set *set);
/* Embeds the images with these numbers only. */
tam_status eval_embed_some(eval_job *job, bool flip, int64_t count, const int64_t *image, eval_set *set);
/* Opens --data and embeds all of it, without flip unless told. */
tam_status eval_open_and_embed(eval_job *job, eval_set *set);
void eval_close(eval_set *set);

/* Names with their numbers, to find the one by the other. */
typedef struct eval_names eval_names;
/* count names, name_at(source, i); NULL when memory ran out. Free with free(). */
eval_names *eval_index_names(int64_t count, const char *(*name_at)(const void *source, int64_t i), const void *source);
/* -1 when there is no such name. */
int64_t eval_find_name(const eval_names *names, const char *name);
const char *eval_model_class(const void *model, int64_t c);
const char *eval_dataset_class(const void *dataset, int64_t c);

/* Rows among which probes are looked for, with numbers of classes as labels. */
typedef struct eval_gallery_rows {
    const char *words;   /* what it is, for the result */
    int64_t count;       /* -1: the probes themselves, each without itself */
    const float *x;      /* [count, dim] */
    float *own;          /* x where it must be freed */
    int32_t *labels;     /* [count] */
    eval_names *classes; /* name to label */
    eval_set set;        /* where the rows come from, if from images */
} eval_gallery_rows;

/* By the flags; without any: the training part of IDX files when their test part is evaluated, else the probes
 * themselves. Free in any case. */
tam_status eval_gallery_choose(eval_job *job, eval_gallery_rows *found);
/* The same for protocols that compare a set with itself unless a gallery is named; all of its images, then. */
tam_status eval_gallery_named(eval_job *job, eval_gallery_rows *found);
void eval_gallery_free(eval_gallery_rows *found);
/* Gives the probes the gallery's labels; one of a class that the gallery lacks gets -1. Returns how many do. */
int64_t eval_gallery_rename(const eval_gallery_rows *found, eval_set *probes);

/* Refuses to go on without a model; `what` needs it: "--protocol classify". */
tam_status eval_need_model(eval_job *job, const char *what);

/* The opening of every result: protocol, model, data. Both warn on stderr of classes that were seen in training. */
json_t *eval_json_start(const eval_job *job, const eval_set *set);
void eval_print_start(const eval_job *job, const eval_set *set);
/* Verification numbers into the object, or as a table. */
void eval_json_verification(json_t *object, const tam_verification *result);
void eval_print_verification(const tam_verification *result);
/* Intervals over people for all pairs of the set (pairs NULL) or for the listed ones; resamples = 0 in *intervals: none
 * were wanted. What is printed is then nothing. */
tam_status eval_bootstrap(const eval_job *job, const eval_set *set, const tam_pairs_info *pairs,
                          const tam_verification *result, tam_bootstrap *intervals);
void eval_json_bootstrap(json_t *object, const tam_bootstrap *intervals);
void eval_print_bootstrap(const tam_verification *result, const tam_bootstrap *intervals);
/* Several results as one table, or with --json as {"models": [...]}. */
tam_status eval_print_table(cli_call *call, json_t *results);
/* The page of --report, at `path`; NULL: none. What adds to it does nothing where none is wanted. */
tam_status eval_page_open(eval_job *job, const char *path, const cli_words *models, const cli_words *data);
/* Refuses a protocol that has no page. */
tam_status eval_page_suits(eval_job *job);
/* Writes it, if the evaluation has a result, and frees it in any case. Returns `status` or why it could not be. */
tam_status eval_page_close(eval_job *job, const char *path, tam_status status);
/* pairs: NULL for all pairs, of the set or with those of a gallery (count -1: of the set); folds: NULL for none. */
tam_status eval_page_add(eval_job *job, const eval_set *set, const eval_gallery_rows *gallery,
                         const tam_pairs_info *pairs, const tam_verification *result, const tam_bootstrap *intervals,
                         tam_fold_rule rule, const tam_folds *folds);
tam_status eval_page_add_ranks(eval_job *job, const eval_set *set, const tam_identification *ranks);
tam_status eval_page_add_retrieval(eval_job *job, const eval_set *set, const tam_retrieval *result);
tam_status eval_page_add_openset(eval_job *job, const eval_set *set, const tam_openset *result);
tam_status eval_page_add_distractors(eval_job *job, const eval_set *set, const tam_distractors *result);
/* What --protocol ijb measures of one variant. */
typedef struct eval_ijb_result {
    char name[8]; /* "N1D1F1" */
    tam_ijb_verification pairs;
    bool listed[TAM_IJB_GALLERIES + 1];
    tam_ijb_identification gallery[TAM_IJB_GALLERIES + 1]; /* the last: both as one */
} eval_ijb_result;
tam_status eval_print_ijb(const eval_job *job, const eval_set *set, const tam_ijb_info *info, int count,
                          const eval_ijb_result *results);
/* Numbers that could not be had make a negative result. */
tam_status eval_judge(double share);
/* Prints "label  12.34%", or "insufficient data" for NaN. */
void eval_print_share(const char *label, double share);

#endif
