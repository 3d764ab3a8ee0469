/* What the verbs that write data share: the progress line and the account at the end. */
#ifndef CLI_PACK_LINE_H
#define CLI_PACK_LINE_H

#include "cli.h"

typedef struct pack_line {
    const cli_call *call;
    bool terminal, open; /* open: the line on the terminal is not ended yet */
    double began, printed;
} pack_line;

/* Sets stop, progress and progress_user of the configuration; `line` must live as long as it. */
void pack_line_start(pack_line *line, cli_call *call, tam_pack_config *config);
/* Ends the line on the terminal. */
void pack_line_end(pack_line *line);

/* Opens the data as their packing wants them (any size of images unless they are written anew), packs and prints what
 * was written. `encode` is set in *config by the caller. */
tam_status pack_run(cli_call *call, tam_dataset_config *data, tam_pack_config *config);

#endif
