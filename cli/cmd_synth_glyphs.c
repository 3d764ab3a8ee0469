/* tammes synth glyphs: procedural characters as an image folder. */
#include "cli.h"

tam_status cli_synth_glyphs(cli_call *call) {
    const char *out = NULL;
    tam_glyphs_config glyphs = {.identities = 500};
    const cli_option options[] = {
        cli_required(cli_text("out", &out, "DIR", "folder to make; it must be absent or empty (-o)")),
        cli_int64("ids", &glyphs.identities, 1, UINT32_MAX, "identities (500)"),
        cli_int("per-id", &glyphs.per_identity, 1, 100000, "images of each identity (20)"),
        cli_int("size", &glyphs.size, 16, 1024, "side of an image in pixels (28)"),
        cli_int64("first", &glyphs.first, 0, UINT32_MAX, "number of the first identity (0): another range, others"),
    };
    const cli_usage usage = {
        .synopsis = "-o DIR [options]",
        .example = "tammes synth glyphs -o glyphs --ids 500 --per-id 20\n"
                   "tammes synth glyphs -o unseen --ids 100 --first 500",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    glyphs.seed = call->seed;
    tam_status status = tam_glyphs_write(call->ctx, &glyphs, out);
    if (status != TAM_OK) {
        return status;
    }
    int per_identity = glyphs.per_identity > 0 ? glyphs.per_identity : 20;
    if (call->json) {
        return cli_print_json(call, json_pack("{s:o, s:I, s:i, s:I}", "out", cli_json_text(out), "identities",
                                              (json_int_t)glyphs.identities, "per_identity", per_identity, "images",
                                              (json_int_t)(glyphs.identities * per_identity)));
    }
    cli_print_name(out);
    printf(": %lld identities, %lld images\n", (long long)glyphs.identities,
           (long long)(glyphs.identities * per_identity));
    return TAM_OK;
}
