/* tammes data pack: a data set of any kind written as another kind. */
#include "pack_line.h"

tam_status cli_data_pack(cli_call *call) {
    tam_dataset_config data = {0};
    tam_pack_config config = {0};
    bool encode = false;
    int64_t shard_megabytes = 0;
    const cli_option options[] = {
        cli_required(cli_text("data", &data.path, "DATA", "what to pack: any kind of data (docs/data.md)")),
        CLI_DATASET_NARROWING("", &data),
        cli_text("labels", &data.labels, "FILE", "of .npy: the file of the labels (NAME.labels.npy)"),
        cli_required(cli_text("out", &config.out, "OUT", "file or folder to make; it must not be there (-o)")),
        cli_text("format", &config.format, "NAME",
                 "rec, rec-plain, tar, npy, folder or list (by the ending of OUT; without one: folder)"),
        cli_int("size", &data.size, 1, 4096, "write images anew, size x size (as they are)"),
        cli_int("channels", &data.channels, 1, 3, "write images anew, 1 grey or 3 RGB (as they are)"),
        cli_int("quality", &config.quality, 1, 100, "write images anew, as JPEG of this quality"),
        cli_switch("encode", &encode, "write images anew, as PNG without --quality"),
        cli_int64("shard-mb", &shard_megabytes, 1, 1 << 20, "of tar: megabytes of a shard (256 MiB)"),
    };
    const cli_usage usage = {
        .synopsis = "--data DATA -o OUT [options]",
        .example = "tammes data pack --data faces -o faces_rec --format rec\n"
                   "tammes data pack --data train.rec -o 'part-{000..999}.tar'\n"
                   "tammes data pack --data glyphs -o small.npy --size 28 --channels 1",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    config.encode = encode || data.size > 0 || data.channels > 0 || config.quality > 0;
    config.shard_bytes = shard_megabytes * 1000000;
    return pack_run(call, &data, &config);
}
