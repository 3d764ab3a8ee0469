/* tammes data unpack: packed data as a folder of images. */
#include "pack_line.h"

tam_status cli_data_unpack(cli_call *call) {
    tam_dataset_config data = {0};
    tam_pack_config config = {.format = "folder"};
    const cli_option options[] = {
        CLI_DATASET_NARROWING("", &data),
        cli_text("labels", &data.labels, "FILE", "of .npy: the file of the labels (NAME.labels.npy)"),
        cli_required(cli_text("out", &config.out, "DIR", "folder to make; it must be absent or empty (-o)")),
    };
    const cli_usage usage = {
        .synopsis = "DATA -o DIR [options]",
        .example = "tammes data unpack faces_rec/train.rec -o faces\n"
                   "tammes data unpack lfw.bin -o lfw",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 1,
        .most_operands = 1,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    data.path = call->operands[0];
    return pack_run(call, &data, &config);
}
