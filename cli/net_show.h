/* What tammes net shows: the list of the nets, and one of them. */
#ifndef NET_SHOW_H
#define NET_SHOW_H

#include "cli.h"

/* What the memory is counted for. */
typedef struct net_memory_question {
    int batch;                     /* 0: the usual one for the size */
    const char *dtype, *recompute; /* as in tam_net_plan_config */
} net_memory_question;

tam_status net_list(cli_call *call);
/* The table of the layers, the totals and the memory; as JSON with --json. */
tam_status net_show(cli_call *call, tam_net *net, const net_memory_question *question);

#endif
