/* tammes data check: what its parts share. */
#ifndef DATA_CHECK_H
#define DATA_CHECK_H

#include "cli.h"

typedef struct check_job {
    cli_call *call;
    tam_check *check;
    tam_check_info info;
    const cli_words *against;
    const char *fix_list;
    bool small_matters; /* --least was given */
    int64_t most, fixes;
} check_job;

/* What a table names: lists with a row each, as the JSON has them too. */
typedef struct check_finding {
    const char *name, *words;
    int64_t count;
} check_finding;

enum { CORRUPT, CONFLICTS, COPIES, NEAR, BLANK, SMALL, LEAKS, NAMES, ALIKE, FINDINGS };

json_t *check_json(const check_job *job, const check_finding list[FINDINGS]);

#endif
