/* Inside a comparison. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "plot/text_buffer.h"
#include "report/compare_list.h"
#include "report/report_run.h"
#include "tammes/compare.h"

/* The table's columns of numbers, in the units in which they are printed. */
typedef enum tam_compare_number {
    TAM_COMPARE_ACCURACY,
    TAM_COMPARE_EER,
    TAM_COMPARE_TAR_2,
    TAM_COMPARE_TAR_3,
    TAM_COMPARE_RANK,
    TAM_COMPARE_OWN,
    TAM_COMPARE_OTHER,
    TAM_COMPARE_SECONDS,
    TAM_COMPARE_SPEED,
    TAM_COMPARE_NUMBERS
} tam_compare_number;

typedef struct tam_compare_column {
    const char *key, *header; /* of CSV and JSON; of tables for people */
    int decimals;
} tam_compare_column;
extern const tam_compare_column tam_compare_columns[TAM_COMPARE_NUMBERS];

/* A line of a run's config.yaml. */
typedef struct tam_compare_setting {
    const char *key, *words;
    bool plain;
} tam_compare_setting;
enum { TAM_COMPARE_SETTINGS = 64 };

typedef struct tam_compare_entry {
    const char *given; /* the loss as in the list */
    const char *loss;  /* as trained */
    const char *slug, *folder;
    int dim;
    double number[TAM_COMPARE_NUMBERS]; /* NaN: none */
    const char *left_out;               /* why there are none; NULL: there are */
    int settings;
    tam_compare_setting setting[TAM_COMPARE_SETTINGS];
} tam_compare_entry;

typedef enum tam_compare_images { TAM_COMPARE_VALIDATION, TAM_COMPARE_TEST, TAM_COMPARE_TRAINING } tam_compare_images;

struct tam_comparison {
    tam_ctx *ctx;
    tam_arena *arena;
    tam_compare_config config;
    int count;
    tam_compare_entry *entries; /* [count] */
    tam_report_run *runs;       /* [count] */
    tam_compare_images on;
    tam_dataset_config evaluation;
    int64_t images, classes; /* evaluated; 0: nothing yet */
    bool closed;             /* all its classes were trained on */
    tam_text table, json;
};

/* "the test images of DIR: 10000 images of 10 classes". */
void tam_compare_evaluation_words(const tam_comparison *comparison, char *words, size_t room);
/* Empties what the page shows of run i, but for its name. */
TAM_MUST_USE tam_status tam_compare_forget_run(tam_comparison *comparison, int i);
/* Whether all runs have this line. */
bool tam_compare_is_common(const tam_comparison *comparison, const tam_compare_setting *setting);
/* The number as printed everywhere; "-" for none. */
void tam_compare_number_words(const tam_compare_entry *entry, int column, char *words, size_t room);

void tam_compare_write_table(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_csv(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_json(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_page(const tam_comparison *comparison, tam_text *text);

#endif
