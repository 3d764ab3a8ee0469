/* tammes synth faces: procedural faces as an image folder, with landmarks and attributes beside. */
#include "cli.h"

tam_status cli_synth_faces(cli_call *call) {
    const char *out = NULL;
    bool unaligned = false;
    int format = 0, quality = 95;
    tam_faces_config faces = {.identities = 200};
    const cli_option options[] = {
        cli_required(cli_text("out", &out, "DIR", "folder to make; it must be absent or empty (-o)")),
        cli_int64("ids", &faces.identities, 1, UINT32_MAX, "identities (200)"),
        cli_int("per-id", &faces.per_identity, 1, 100000, "images of each identity (20)"),
        cli_int("size", &faces.size, 32, 1024, "side of an image in pixels (112)"),
        cli_int64("first", &faces.first, 0, UINT32_MAX, "number of the first identity (0): another range, others"),
        cli_switch("unaligned", &unaligned, "faces anywhere, turned and scaled, in images of 1.5 times the side"),
        cli_choice("format", &format, "jpg|png", "of the files (jpg)"),
        cli_int("quality", &quality, 1, 100, "of JPEG files (95)"),
    };
    const cli_usage usage = {
        .synopsis = "-o DIR [options]",
        .example = "tammes synth faces -o faces --ids 200 --per-id 20\n"
                   "tammes synth faces -o unseen --ids 50 --first 1000000\n"
                   "tammes synth faces -o photos --ids 20 --size 250 --unaligned",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    faces.seed = call->seed;
    faces.unaligned = unaligned;
    faces.jpeg = format == 0 ? quality : 0;
    tam_status status = tam_faces_write(call->ctx, &faces, out);
    if (status != TAM_OK) {
        return status;
    }
    int per_identity = faces.per_identity > 0 ? faces.per_identity : 20;
    if (call->json) {
        return cli_print_json(call,
                              json_pack("{s:o, s:I, s:i, s:I, s:i}", "out", cli_json_text(out), "identities",
                                        (json_int_t)faces.identities, "per_identity", per_identity, "images",
                                        (json_int_t)(faces.identities * per_identity), "side", tam_faces_side(&faces)));
    }
    cli_print_name(out);
    printf(": %lld identities, %lld images\n", (long long)faces.identities,
           (long long)(faces.identities * per_identity));
    return TAM_OK;
}
