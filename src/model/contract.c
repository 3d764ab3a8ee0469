#include "model/contract.h"

#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/spec.h"
#include "io/safetensors_crc.h"
#include "tammes/align.h"

enum { POINT_NUMBERS = 10 };

static const char *const alignments[] = {TAM_ALIGNMENT_NONE, TAM_ALIGNMENT_ARCFACE};
static const char *const keys[] = {"channel_order", "flip", "alignment", "alignment_points", "class_digest"};
enum { KEYS = sizeof keys / sizeof keys[0] };

tam_status tam_alignment_check(tam_ctx *ctx, const char *alignment) {
    return tam_name_find(ctx, "alignment", alignment, alignments, 2) < 0 ? TAM_CONFIG : TAM_OK;
}

static const char *order_of(int channels) {
    return channels == 3 ? "rgb" : channels == 1 ? "grey" : "other";
}

static void write_points(const char *alignment, char text[TAM_POINTS_ROOM]) {
    const float *points = tam_face_template();
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < POINT_NUMBERS && strcmp(alignment, TAM_ALIGNMENT_ARCFACE) == 0; i++) {
        used += (size_t)tam_format(text + used, TAM_POINTS_ROOM - used, "%s%.9g", i > 0 ? " " : "", (double)points[i]);
    }
}

static int by_bytes(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* The CRC-32 of the names in the order of their bytes, with their closing zeros: the same classes have the same digest,
 * however they are numbered. */
static tam_status digest_names(tam_ctx *ctx, const char *names, size_t bytes, char text[TAM_DIGEST_ROOM]) {
    size_t count = 0, at = 0;
    for (size_t i = 0; i < bytes; i++) {
        count += names[i] == '\0';
    }
    const char **sorted = tam_allocate(ctx, count, sizeof *sorted, "class names");
    if (sorted == NULL) {
        return TAM_RESOURCES;
    }
    for (size_t c = 0; c < count; c++) {
        sorted[c] = names + at;
        at += strlen(names + at) + 1;
    }
    qsort((void *)sorted, count, sizeof *sorted, by_bytes);
    uint32_t crc = tam_crc_begin();
    for (size_t c = 0; c < count; c++) {
        crc = tam_crc_text_on(crc, sorted[c]);
    }
    tam_crc_text(crc, text);
    tam_release(ctx, (void *)sorted);
    return TAM_OK;
}

tam_status tam_contract_make(tam_ctx *ctx, int channels, bool flip, const char *alignment, const char *names,
                             size_t bytes, tam_contract *contract) {
    contract->channel_order = order_of(channels);
    contract->flip = flip ? "yes" : "no";
    contract->alignment = alignment != NULL ? alignment : TAM_ALIGNMENT_NONE;
    write_points(contract->alignment, contract->points);
    return digest_names(ctx, names, bytes, contract->digest);
}

int tam_contract_facts(const tam_contract *contract, tam_metadata facts[TAM_CONTRACT_FACTS]) {
    int count = 0;
    facts[count++] = (tam_metadata){"contract", TAM_CONTRACT_VERSION};
    facts[count++] = (tam_metadata){"channel_order", contract->channel_order};
    facts[count++] = (tam_metadata){"flip", contract->flip};
    facts[count++] = (tam_metadata){"alignment", contract->alignment};
    if (contract->points[0] != '\0') {
        facts[count++] = (tam_metadata){"alignment_points", contract->points};
    }
    facts[count++] = (tam_metadata){"class_digest", contract->digest};
    return count;
}

/* A file that is being read, and its five values; NULL: not there. */
typedef struct reading {
    tam_ctx *ctx;
    const char *path;
    const char *value[KEYS];
} reading;

/* One of the words, as a static string. */
static tam_status read_word(const reading *file, int key, const char *const *words, int count, const char **word) {
    const char *value = file->value[key];
    char known[128] = "";
    for (int i = 0; i < count; i++) {
        if (value != NULL && strcmp(value, words[i]) == 0) {
            *word = words[i];
            return TAM_OK;
        }
        size_t used = strlen(known);
        tam_format(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return tam_fail(file->ctx, TAM_INPUT,
                    value == NULL ? "%s: a model file needs '%s' among its metadata (%s%s)"
                                  : "%s: %s is '%.40s', not one of: %s",
                    file->path, keys[key], value != NULL ? value : "", known);
}

static tam_status read_order(const reading *file, tam_model_info *info) {
    static const char *const orders[] = {"rgb", "bgr", "grey", "other"};
    TAM_TRY(read_word(file, 0, orders, 4, &info->channel_order));
    bool colours = info->channel_order == orders[0] || info->channel_order == orders[1];
    if (colours != (info->channels == 3) || (info->channel_order == orders[2]) != (info->channels == 1)) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: channel_order '%s' contradicts %d channels", file->path,
                        info->channel_order, info->channels);
    }
    return TAM_OK;
}

static tam_status read_alignment(const reading *file, tam_model_info *info) {
    char points[TAM_POINTS_ROOM];
    const char *there = file->value[3] != NULL ? file->value[3] : "";
    TAM_TRY(read_word(file, 2, alignments, 2, &info->alignment));
    write_points(info->alignment, points);
    if (strcmp(there, points) != 0) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: alignment_points are '%.100s', but alignment '%s' has '%s'",
                        file->path, there, info->alignment, points);
    }
    return TAM_OK;
}

static tam_status read_values(const reading *file, tam_model_info *info) {
    static const char *const answers[] = {"no", "yes"};
    const char *flip;
    TAM_TRY(read_order(file, info));
    TAM_TRY(read_word(file, 1, answers, 2, &flip));
    info->flip = flip == answers[1];
    TAM_TRY(read_alignment(file, info));
    const char *digest = file->value[4];
    if (digest == NULL || strcmp(digest, info->class_digest) != 0) {
        return tam_fail(file->ctx, TAM_INPUT, "%s: class_digest is '%.16s', but the class names have %s", file->path,
                        digest != NULL ? digest : "", info->class_digest);
    }
    return TAM_OK;
}

tam_status tam_contract_read(tam_ctx *ctx, const char *path, const tam_tensors *tensors, tam_arena *arena,
                             const char *names, size_t bytes, tam_model_info *info) {
    reading file = {.ctx = ctx, .path = path};
    const char *version = tam_tensors_text(tensors, "contract"), *some = NULL;
    char digest[TAM_DIGEST_ROOM];
    TAM_TRY(digest_names(ctx, names, bytes, digest));
    info->class_digest = tam_arena_string(arena, digest, strlen(digest));
    if (info->class_digest == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < KEYS; i++) {
        file.value[i] = tam_tensors_text(tensors, keys[i]);
        some = file.value[i] != NULL ? keys[i] : some;
    }
    if (version == NULL && some == NULL) { /* from before there was a contract */
        info->channel_order = order_of(info->channels);
        info->alignment = TAM_ALIGNMENT_NONE;
        return TAM_OK;
    }
    if (version == NULL || strcmp(version, TAM_CONTRACT_VERSION) != 0) {
        return tam_fail(ctx, TAM_INPUT, "%s: contract is '%.40s', not the one that this version reads (%s)", path,
                        version != NULL ? version : "", TAM_CONTRACT_VERSION);
    }
    return read_values(&file, info);
}
