/* tammes eval --diagnose: whether images come to the model in another way than it was trained on. */
#ifndef DIAGNOSE_H
#define DIAGNOSE_H

#include "eval.h"

/* Tries the usual mistakes on a sample of pairs and says which of them fits the images better than what the model says
 * of itself. Negative (exit code 1) where one does. */
tam_status eval_diagnose(eval_job *job);

/* Where a result is so bad that a mistake is more likely, by the accuracy over folds (NaN: none) or the EER: tries the
 * mistakes on a few pairs and remarks which of them fits better. */
void eval_suspect(eval_job *job, double accuracy, double eer);

/* Pairs to try on: as many of one person as of two. */
typedef struct diagnose_sample {
    int64_t most; /* pairs of each kind */
    int64_t images, pairs;
    int64_t *image; /* [images] numbers in the data set */
    int64_t *rows;  /* [pairs, 2] */
    uint8_t *same;  /* [pairs] */
} diagnose_sample;

/* Of the listed pairs, or, without a list, of the labels, spread evenly. Free in any case. */
tam_status diagnose_choose(eval_job *job, const tam_dataset *dataset, diagnose_sample *sample);
void diagnose_free(diagnose_sample *sample);

/* The sample's images [images, H, W, C] in the model's size: whole, of a data set in that size (zoom 1); else, of a
 * data set in a larger size, square both, the middle 1/zoom of each, or (zoom < 1) the whole in a black frame. */
tam_status diagnose_read(eval_job *job, const diagnose_sample *sample, tam_dataset *dataset, double zoom,
                         uint8_t *pixels);

#endif
