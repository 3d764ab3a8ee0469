#include "cli.h"

tam_status cli_train(cli_call *call) {
    const cli_usage usage = {.synopsis = "--data DIR --out RUN [options]", .example = "tammes train"};
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    return cli_fail(call, TAM_INTERNAL, "training is not built yet");
}
