/* config.yaml: the resolved configuration under the names of the program's flags, so that the program reads it back. */
#include <inttypes.h>
#include <string.h>

#include "base/format.h"
#include "data/sampler.h"
#include "train/run_directory.h"

typedef struct writer {
    char *text;
    size_t room, length;
} writer;

static void put(writer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = out->length < out->room ? out->room - out->length : 0;
    int length = tam_format_list(room > 0 ? out->text + out->length : NULL, room, format, arguments);
    va_end(arguments);
    out->length += (size_t)(length > 0 ? length : 0);
}

/* A double-quoted YAML scalar. */
static void put_text(writer *out, const char *key, const char *value) {
    if (value == NULL) {
        return;
    }
    put(out, "%s: \"", key);
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            put(out, "\\%c", *c);
        } else if (*c < 0x20 || *c == 0x7F) {
            put(out, "\\x%02x", *c);
        } else {
            put(out, "%c", *c);
        }
    }
    put(out, "\"\n");
}

static void put_whole(writer *out, const char *key, int64_t value) {
    put(out, "%s: %" PRId64 "\n", key, value);
}

static void put_real(writer *out, const char *key, double value) {
    char text[TAM_REAL_ROOM];
    tam_format_real(text, value);
    put(out, "%s: %s\n", key, text);
}

static void put_dataset(writer *out, const tam_dataset_config *data, bool validation) {
    put_text(out, validation ? "val" : "data", data->path);
    put_text(out, validation ? "val-split" : "split", data->split);
    put_text(out, validation ? "val-classes" : "classes", data->classes);
    put_text(out, validation ? "val-exclude-classes" : "exclude-classes", data->exclude_classes);
    put_text(out, validation ? "val-fixes" : "fixes", data->fixes);
}

static const char *unless_default(const char *word, const char *otherwise) {
    return strcmp(word, otherwise) != 0 ? word : NULL;
}

size_t tam_train_config_text(const tam_train_config *config, char *text, size_t room) {
    writer out = {text, room, 0};
    put_dataset(&out, &config->data, false);
    if (config->data.size > 0) {
        put_whole(&out, "size", config->data.size);
    }
    if (config->data.channels > 0) {
        put_whole(&out, "channels", config->data.channels);
    }
    if (config->validation.path != NULL) {
        put_dataset(&out, &config->validation, true);
    }
    put_text(&out, "net", config->net);
    put_text(&out, "loss", config->loss);
    put_whole(&out, "dim", config->dim);
    put_whole(&out, config->steps > 0 ? "steps" : "epochs", config->steps > 0 ? config->steps : config->epochs);
    /* What is as it always was ("shuffle", f32, ...) is not written: runs from before there was a choice go on. */
    bool named = strcmp(config->sampler, "shuffle") != 0;
    put_text(&out, "sampler", named ? config->sampler : NULL);
    put_text(&out, "init-from", config->init_from);
    if (!tam_sampler_sets_batch(config->sampler)) {
        put_whole(&out, "batch", config->batch);
    }
    if (config->accumulate > 1) {
        put_whole(&out, "accumulate", config->accumulate);
    }
    put_text(&out, "dtype", unless_default(config->dtype, "f32"));
    put_text(&out, "recompute", unless_default(config->recompute, "sweeps"));
    put_text(&out, "tune", unless_default(config->tune, "off"));
    if (config->deterministic) {
        put(&out, "deterministic: true\n");
    }
    if (strcmp(config->head_dtype, "f32") != 0) {
        put_text(&out, "head-dtype", config->head_dtype);
    }
    if (config->sample_rate < 1.0) {
        put_real(&out, "sample-rate", config->sample_rate);
    }
    if (config->gradient_filter > 0) {
        put_whole(&out, "gradient-filter", config->gradient_filter);
    }
    put_real(&out, "lr", config->lr);
    put_real(&out, "momentum", config->momentum);
    put_real(&out, "wd", config->weight_decay);
    put_text(&out, "schedule", config->schedule);
    put_real(&out, "warmup", config->warmup);
    put_real(&out, "clip", config->clip);
    put_text(&out, "augment", config->augment);
    put_text(&out, "alignment", unless_default(config->alignment, "none"));
    put_whole(&out, "log-every", config->log_every);
    put(&out, "seed: %" PRIu64 "\n", config->seed);
    return out.length;
}

tam_status tam_train_config_write(tam_ctx *ctx, tam_arena *arena, const tam_train_config *config, char **text) {
    enum { ROOM = 1 << 16 };
    *text = tam_arena_take(arena, ROOM, 1);
    if (*text == NULL) {
        return TAM_RESOURCES;
    }
    if (tam_train_config_text(config, *text, ROOM) >= ROOM) {
        return tam_fail(ctx, TAM_CONFIG, "the configuration's texts are longer than %d bytes", ROOM);
    }
    return TAM_OK;
}
