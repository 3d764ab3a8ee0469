/* tammes bench net: what is measured, and how it is told. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "cli.h"

typedef enum net_mode { NET_TRAIN, NET_INFER } net_mode;
enum { NET_FORWARD, NET_BACKWARD, NET_UPDATE, NET_STEP, NET_PARTS };
enum { NET_MOST_STEPS = 4096 };

/* The parts of a step as the plan tells them, with the time of each in each step. */
typedef struct net_layers {
    int parts, steps;
    tam_net_cost *costs; /* of the last step; `seconds` is the median once net_layers_settle has been called */
    double *seconds;     /* [part][step] */
} net_layers;

/* Room for every part of the plan, which has run once: then it knows them. 0 parts where its backend does not measure.
 * Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status net_layers_create(cli_call *call, const tam_net_plan *plan, net_layers *layers);
void net_layers_free(net_layers *layers);
/* After each step; beyond NET_MOST_STEPS of them it does nothing. */
void net_layers_note(net_layers *layers, const tam_net_plan *plan);
void net_layers_settle(net_layers *layers);

typedef struct net_bench {
    cli_call *call;
    tam_net_config net;
    tam_net_plan_config plan;
    int mode;
    double seconds; /* to spend */
    bool by_layer, on_request;
    /* Measured: */
    tam_bench_limits limits;
    tam_net_info info;
    const char *dtype; /* what the plan computes in */
    size_t plan_bytes;
    double peak_mb;      /* the process's, 2^20 bytes */
    double plan_seconds; /* to make the plan */
    int steps;
    double milliseconds[NET_PARTS][NET_MOST_STEPS]; /* in ascending order when all is done */
    net_layers layers;
} net_bench;

/* 10^9 operations a second that products of the plan's dtype reach here. */
double net_bench_peak(const net_bench *bench);

/* Prints what was measured, as a table or as JSON. */
tam_status net_bench_report(net_bench *bench);
/* The same for the parts alone; the array is the caller's. */
void net_layers_print(const net_bench *bench);
json_t *net_layers_json(const net_bench *bench);

#endif
