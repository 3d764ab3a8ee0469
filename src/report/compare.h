/* Inside a comparison. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "plot/text_buffer.h"
#include "report/compare_sweep.h"
#include "report/report_run.h"
#include "tammes/compare.h"
#include "tammes/model.h"

/* The table's columns of numbers, in the units in which they are printed. */
typedef enum tam_compare_number {
    TAM_COMPARE_ACCURACY,
    TAM_COMPARE_EER,
    TAM_COMPARE_TAR_2,
    TAM_COMPARE_TAR_3,
    TAM_COMPARE_RANK,
    TAM_COMPARE_OWN,
    TAM_COMPARE_OTHER,
    TAM_COMPARE_PARAMETERS,
    TAM_COMPARE_MACS,
    TAM_COMPARE_SIZE,
    TAM_COMPARE_SECONDS,
    TAM_COMPARE_SPEED,
    TAM_COMPARE_ALONE,
    TAM_COMPARE_TOGETHER,
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

/* Sweeps of one comparison, and runs. */
enum { TAM_COMPARE_SWEEPS = 8, TAM_COMPARE_RUNS = 256 };

/* What is compared: a run is one of each. */
typedef struct tam_compare_lists {
    int dims, nets, losses, sweeps;
    int dim[TAM_COMPARE_DIMS];
    const char *net[TAM_COMPARE_ITEMS]; /* one NULL: the user names none */
    const char *loss[TAM_COMPARE_ITEMS];
    tam_compare_sweep sweep[TAM_COMPARE_SWEEPS];
} tam_compare_lists;

/* A run's places in the lists. */
typedef struct tam_compare_place {
    int dim, net, loss, value[TAM_COMPARE_SWEEPS];
} tam_compare_place;

typedef struct tam_compare_entry {
    tam_compare_place place;
    const char *given;     /* the loss as in the list */
    const char *loss;      /* as trained */
    const char *net;       /* as trained */
    const char *name;      /* what varies, but for the dimension: what the page calls it */
    const char *full_name; /* with the dimension, where several are compared */
    const char *slug;
    int dim;
    tam_train_config recipe;
    double number[TAM_COMPARE_NUMBERS];                         /* NaN: none */
    double low[TAM_COMPARE_NUMBERS], high[TAM_COMPARE_NUMBERS]; /* 95% interval of a share; NaN: none */
    const char *left_out;                                       /* why there are none; NULL: there are */
    int settings;
    tam_compare_setting setting[TAM_COMPARE_SETTINGS];
} tam_compare_entry;

typedef enum tam_compare_images { TAM_COMPARE_VALIDATION, TAM_COMPARE_TEST, TAM_COMPARE_TRAINING } tam_compare_images;

struct tam_comparison {
    tam_ctx *ctx;
    tam_arena *arena;
    tam_compare_config config;
    tam_compare_lists lists;
    int count;
    tam_compare_entry *entries; /* [count] */
    tam_report_run *runs;       /* [count] */
    tam_compare_images on;
    tam_dataset_config evaluation;
    int64_t images, classes; /* evaluated; 0: nothing yet */
    bool closed;             /* all its classes were trained on */
    tam_text table, json;
};

/* Reads the lists and makes the runs, every combination of them: the dimension changes last, then the net, the loss and
 * the sweeps, of which the last one changes first. Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_compare_plan(tam_comparison *comparison);
/* Looks at every net, loss and recipe. Fails with TAM_CONFIG or as tam_dataset_open; the sentence names the run. */
TAM_MUST_USE tam_status tam_compare_check(tam_comparison *comparison);
void tam_compare_forget_numbers(tam_compare_entry *entry);
/* Whether nets are compared, or what they are made of. */
bool tam_compare_varies_net(const tam_comparison *comparison);
/* What a run is trained with that has no net in its recipe. */
const char *tam_compare_default_net(int dim);
/* What varies, as "ir10, arcface, lr=0.1", in words[0..room); without the sweep of that number (-1: with all). */
void tam_compare_name(const tam_comparison *comparison, const tam_compare_place *place, bool dim, int without,
                      char *words, size_t room);

/* The time of inference, from the run's folder or, where that does not say, measured and kept there: the numbers ALONE
 * and TOGETHER. */
TAM_MUST_USE tam_status tam_compare_time(tam_comparison *comparison, tam_model *model, tam_compare_entry *entry);
/* How it was measured. */
void tam_compare_time_words(const tam_comparison *comparison, char *words, size_t room);
/* The number that says how good a run is: the accuracy if every measured run has one, else rank 1. */
tam_compare_number tam_compare_merit(const tam_comparison *comparison);

/* "the test images of DIR: 10000 images of 10 classes". */
void tam_compare_evaluation_words(const tam_comparison *comparison, char *words, size_t room);
/* Empties what the page shows of run i, but for its name. */
TAM_MUST_USE tam_status tam_compare_forget_run(tam_comparison *comparison, int i);
/* Whether all runs have this line. */
bool tam_compare_is_common(const tam_comparison *comparison, const tam_compare_setting *setting);
/* The number as printed everywhere; "-" for none. */
void tam_compare_number_words(const tam_compare_entry *entry, int column, char *words, size_t room);

/* The columns before the numbers. A sweep's is TAM_COLUMN_SWEEP and its number. */
typedef enum tam_word_column { TAM_COLUMN_LOSS, TAM_COLUMN_NET, TAM_COLUMN_DIM, TAM_COLUMN_SWEEP } tam_word_column;
enum { TAM_COMPARE_CELL = 48, TAM_COMPARE_WORDS = TAM_COLUMN_SWEEP + TAM_COMPARE_SWEEPS };
/* Fills in which there are and returns how many. For people: what varies. For programs: the loss and the dimension
 * always, so that rows of several comparisons fit together. */
int tam_compare_word_columns(const tam_comparison *comparison, bool people, int column[TAM_COMPARE_WORDS]);
const char *tam_compare_word_header(const tam_comparison *comparison, int column);
/* May use `words`. */
const char *tam_compare_word_cell(const tam_comparison *comparison, const tam_compare_entry *entry, int column,
                                  char words[TAM_COMPARE_CELL]);
/* What has no column for people: "every run: loss arcface, 128 dimensions"; "" if all has one. */
void tam_compare_constant_words(const tam_comparison *comparison, char *words, size_t room);

void tam_compare_write_table(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_csv(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_json(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_page(const tam_comparison *comparison, tam_text *text);
/* Parts of the page: merit against time; merit against the values of each sweep. Nothing where there is nothing to
 * show. */
void tam_compare_write_trade(const tam_comparison *comparison, tam_text *text);
void tam_compare_write_sweeps(const tam_comparison *comparison, tam_text *text);

#endif
