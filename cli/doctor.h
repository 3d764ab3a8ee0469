/* tammes doctor, in its parts: each prints its lines, or adds its object to the JSON result. A checkup is one run of
 * it. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"

typedef struct doctor_checkup {
    cli_call *call;
    tam_dataset_config data;
    const char *net, *loss, *dtype;
    int64_t classes; /* 0: unknown */
    int dim, batch;
    tam_net_usual usual; /* of a network that is a file; else 0 */
    double sample_rate;
    json_t *result; /* with --json */
    /* Found out on the way, 0 where unknown: */
    tam_dataset_info info;
    double head_seconds, net_seconds; /* of a step */
} doctor_checkup;

/* The machine: what it is, and how fast it multiplies and moves memory. */
TAM_MUST_USE tam_status doctor_machine(doctor_checkup *checkup);
/* The data set: what it is, and how fast it is decoded. */
TAM_MUST_USE tam_status doctor_data(doctor_checkup *checkup);
/* The options of the head, and which to take. TAM_NEGATIVE when none fits. */
TAM_MUST_USE tam_status doctor_head(doctor_checkup *checkup);
/* The net's training speed. */
TAM_MUST_USE tam_status doctor_net(doctor_checkup *checkup);

/* Adds an object to the JSON result. */
void doctor_add(doctor_checkup *checkup, const char *name, json_t *object);

#endif
