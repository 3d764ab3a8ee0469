/* tammes verify: what two photos, or a list of pairs of them, have in common. */
#ifndef VERIFY_H
#define VERIFY_H

#include "cli.h"

/* A score becomes a decision. */
typedef struct verify_rule {
    double threshold;
    const tam_calibration *calibration; /* NULL: the model has none */
    bool given;                         /* the threshold is the command line's */
    int flip;
} verify_rule;

typedef struct verify_job {
    cli_call *call;
    tam_model *model;
    tam_model_info info;
    verify_rule rule;
} verify_job;

/* x [dim] of an image file; a note where it had to be resized. Fails where it cannot be read or has no finite
 * embedding. */
tam_status verify_embed_file(verify_job *job, const char *path, float *x);
/* TAM_INPUT with the image's name where x [dim] is not finite or zero: such an image has no score. */
tam_status verify_check_row(verify_job *job, const char *name, const float *x);

bool verify_is_same(const verify_rule *rule, double score);
/* The calibrated probability; NaN where it is not known. */
double verify_confidence(const verify_rule *rule, double score);
json_t *verify_json(const verify_rule *rule, double score);

/* The pairs of a list: of image files, or of images of `data` where its path is given. */
tam_status verify_list(verify_job *job, const char *list, const tam_dataset_config *data);

#endif
