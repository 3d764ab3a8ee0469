/* tammes data pack-pairs: a list of pairs with its images as a verification set. */
#include "pack_line.h"

static tam_status print_result(cli_call *call, const char *out, const tam_pairs_info *pairs,
                               const tam_pack_result *result) {
    if (call->json) {
        return cli_print_json(call,
                              json_pack("{s:o, s:I, s:I, s:I, s:I}", "out", cli_json_text(out), "pairs",
                                        (json_int_t)pairs->count, "pairs_left_out", (json_int_t)pairs->missing,
                                        "images", (json_int_t)result->images, "bytes", (json_int_t)result->bytes));
    }
    cli_print_name(out);
    printf(": %lld pairs, %lld images, %.1f MB of images\n", (long long)pairs->count, (long long)result->images,
           (double)result->bytes * 1e-6);
    return TAM_OK;
}

static tam_status pack(cli_call *call, tam_dataset *dataset, const char *list, bool skip_missing,
                       tam_pack_config *config) {
    tam_pairs *pairs;
    tam_pack_result result;
    pack_line line;
    tam_status status = skip_missing ? tam_pairs_open_present(call->ctx, list, dataset, &pairs)
                                     : tam_pairs_open(call->ctx, list, dataset, &pairs);
    if (status != TAM_OK) {
        return status;
    }
    tam_pairs_info info = tam_pairs_describe(pairs);
    if (info.missing > 0) {
        cli_note(call, "%lld pairs are left out: the data lack images of them", (long long)info.missing);
    }
    pack_line_start(&line, call, config);
    status = tam_pack_pairs(call->ctx, dataset, pairs, config, &result);
    pack_line_end(&line);
    if (status == TAM_OK) {
        status = print_result(call, config->out, &info, &result);
    }
    tam_pairs_free(pairs);
    return status;
}

tam_status cli_data_pack_pairs(cli_call *call) {
    tam_dataset_config data = {.unlabelled = 1, .cache_bytes = -1};
    tam_pack_config config = {0};
    const char *list = NULL;
    bool encode = false, skip_missing = false;
    const cli_option options[] = {
        cli_required(cli_text("data", &data.path, "DATA", "images of any kind of data (docs/data.md)")),
        cli_text("pairs", &list, "FILE", "list of pairs: LFW's pairs.txt, or CSV path_a,path_b,same"),
        cli_required(cli_text("out", &config.out, "FILE.bin", "file to make; it must not be there (-o)")),
        cli_int("size", &data.size, 1, 4096, "write images anew, size x size (as they are)"),
        cli_int("channels", &data.channels, 1, 3, "write images anew, 1 grey or 3 RGB (as they are)"),
        cli_int("quality", &config.quality, 1, 100, "write images anew, as JPEG of this quality"),
        cli_switch("encode", &encode, "write images anew, as PNG without --quality"),
        cli_switch("skip-missing", &skip_missing, "leave out pairs whose images are not in the data"),
        CLI_DATASET_NARROWING("", &data),
    };
    const cli_usage usage = {
        .synopsis = "--data DATA --pairs FILE -o FILE.bin [options]",
        .example = "tammes data pack-pairs --data lfw --pairs pairs.txt -o lfw.bin\n"
                   "tammes data pack-pairs --data photos --pairs pairs.csv -o mine.bin --size 112 --quality 95",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_dataset *dataset;
    config.encode = encode || data.size > 0 || data.channels > 0 || config.quality > 0;
    data.any_size = !config.encode;
    tam_status status = tam_dataset_open(call->ctx, &data, &dataset);
    if (status == TAM_OK) {
        status = pack(call, dataset, list, skip_missing, &config);
        tam_dataset_free(dataset);
    }
    return status;
}
