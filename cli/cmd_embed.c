/* tammes embed: the embeddings of images in a file, for this program's eval and any other tool. */
#include <sys/stat.h>

#include "pack_line.h"

static tam_status print_result(cli_call *call, const tam_embed_config *config, const tam_embed_result *result) {
    if (call->json) {
        return cli_print_json(call, json_pack("{s:o, s:I, s:i, s:I, s:b, s:b, s:b, s:I, s:I}", "out",
                                              cli_json_text(config->out), "embeddings", (json_int_t)result->count,
                                              "dim", result->dim, "classes", (json_int_t)result->classes, "quality",
                                              result->quality, "flip", config->flip, "normalised", config->normalise,
                                              "files", (json_int_t)result->files, "bytes", (json_int_t)result->bytes));
    }
    cli_print_name(config->out);
    printf(": %lld embeddings of %d numbers%s, ", (long long)result->count, result->dim,
           result->quality ? " with qualities" : "");
    if (result->classes > 0) {
        printf("of %lld classes", (long long)result->classes);
    } else {
        printf("without labels");
    }
    printf(", %.1f MB in %lld file%s\n", (double)result->bytes * 1e-6, (long long)result->files,
           result->files == 1 ? "" : "s");
    return TAM_OK;
}

static tam_status embed(cli_call *call, tam_model *model, const tam_dataset_config *data, tam_embed_config *config) {
    tam_dataset *dataset;
    tam_embed_result result;
    pack_line line;
    tam_pack_config watch = {0};
    tam_status status = tam_model_open_dataset(model, data, &dataset);
    if (status != TAM_OK) {
        return status;
    }
    pack_line_start(&line, call, &watch);
    config->stop = watch.stop;
    config->progress = watch.progress;
    config->progress_user = watch.progress_user;
    status = tam_model_embed_file(model, dataset, config, &result);
    pack_line_end(&line);
    if (status == TAM_OK) {
        status = print_result(call, config, &result);
    }
    tam_dataset_free(dataset);
    return status;
}

/* One operand may be data of any kind; several are image files. */
static tam_status take_operands(cli_call *call, tam_dataset_config *data) {
    data->path = call->operands[0];
    if (call->operand_count == 1) {
        return TAM_OK;
    }
    for (int i = 0; i < call->operand_count; i++) {
        struct stat about;
        if (stat(call->operands[i], &about) == 0 && S_ISDIR(about.st_mode)) {
            return cli_fail(call, TAM_CONFIG, "%s is a folder: of several DATA each must be an image file",
                            call->operands[i]);
        }
    }
    data->images = (const char *const *)call->operands;
    data->image_count = call->operand_count;
    return TAM_OK;
}

tam_status cli_embed(cli_call *call) {
    tam_dataset_config data = {.unlabelled = 1, .cache_bytes = -1};
    tam_embed_config config = {0};
    const char *path = NULL, *dtype = NULL;
    bool flip = false, normalise = false, norms = false;
    const cli_option options[] = {
        cli_required(cli_text("model", &path, "RUN|FILE", "run directory or model file")),
        cli_required(cli_text("out", &config.out, "FILE.npy|FILE.safetensors", "file to make (-o)")),
        cli_switch("flip", &flip, "add the mirror image's embedding"),
        cli_switch("normalise", &normalise, "divide every embedding by its length"),
        cli_switch("norms", &norms, "write the lengths as qualities (magface: always)"),
        cli_text("dtype", &dtype, "f32|bf16|auto",
                 "what the net computes in (f32); auto: bf16 where the processor has matrix units for it"),
        cli_text("labels", &data.labels, "FILE", "of images in .npy: an .npy of whole numbers (NAME.labels.npy)"),
        CLI_DATASET_NARROWING("", &data),
    };
    const cli_usage usage = {
        .synopsis = "--model RUN DATA -o FILE [options]",
        .example = "tammes embed --model runs/lfw photos -o photos.npy\n"
                   "tammes embed --model runs/lfw lfw.bin --flip -o lfw.npy\n"
                   "tammes embed --model runs/lfw a.jpg b.jpg --normalise -o two.safetensors",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 1,
        .most_operands = 1 << 30,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_model *model = NULL;
    config.flip = flip;
    config.normalise = normalise;
    config.norms = norms;
    tam_status status = take_operands(call, &data);
    if (status == TAM_OK) {
        status = tam_model_open(call->ctx, path, &model);
    }
    if (status == TAM_OK) {
        status = tam_model_set_dtype(model, dtype);
    }
    if (status == TAM_OK) {
        status = embed(call, model, &data, &config);
    }
    tam_model_free(model);
    return status;
}
