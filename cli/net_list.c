/* The nets that have a name: what they are, what they take, and how large they are at their usual input. */
#include <inttypes.h>
#include <string.h>

#include "net_show.h"

/* The word at that place of "A|B|C"; *length says how long it is. */
static const char *word_at(const char *words, double place, int *length) {
    for (int i = 0; i < (int)place; i++) {
        words += strcspn(words, "|") + 1;
    }
    *length = (int)strcspn(words, "|");
    return words;
}

static json_t *default_of(const tam_key_info *key) {
    int length;
    if (key->words == NULL) {
        return json_real(key->otherwise);
    }
    const char *word = word_at(key->words, key->otherwise, &length);
    return json_stringn(word, (size_t)length);
}

static tam_status outline(cli_call *call, int index, tam_net_info *info) {
    tam_net_usual usual;
    tam_status status = tam_net_find_usual(call->ctx, tam_net_name(index), &usual);
    if (status != TAM_OK) {
        return status;
    }
    const tam_net_config config = {.net = tam_net_name(index),
                                   .channels = usual.channels,
                                   .height = usual.height,
                                   .width = usual.width,
                                   .dim = usual.dim};
    return tam_net_outline(call->ctx, &config, info);
}

static json_t *entry(int index, const tam_net_info *info) {
    json_t *keys = json_object();
    for (int k = 0; k < tam_net_key_count(index); k++) {
        tam_key_info key = tam_net_key(index, k);
        json_object_set_new(keys, key.name, default_of(&key));
    }
    return json_pack("{s:s, s:s, s:o, s:[i, i, i], s:i, s:I, s:I}", "name", tam_net_name(index), "source",
                     tam_net_source(index), "keys", keys, "input", info->channels, info->height, info->width, "dim",
                     info->dim, "parameters", (json_int_t)info->parameters, "macs", (json_int_t)info->macs);
}

static void print_key(const tam_key_info *key) {
    char value[96];
    int length;
    if (key->words != NULL) {
        const char *word = word_at(key->words, key->otherwise, &length);
        snprintf(value, sizeof value, "%s=%.*s (%s)", key->name, length, word, key->words);
    } else {
        snprintf(value, sizeof value, "%s=%g (%g to %g)", key->name, key->otherwise, key->low, key->high);
    }
    printf("    %-32s %s\n", value, key->about);
}

static void print_entry(int index, const tam_net_info *info) {
    printf(
        "%-19s %s\n    %.4g million parameters, %.4g million multiply-adds for %d x %d x %d and an embedding of %d\n",
        tam_net_name(index), tam_net_source(index), (double)info->parameters / 1e6, (double)info->macs / 1e6,
        info->channels, info->height, info->width, info->dim);
    for (int k = 0; k < tam_net_key_count(index); k++) {
        tam_key_info key = tam_net_key(index, k);
        print_key(&key);
    }
}

tam_status net_list(cli_call *call) {
    json_t *nets = call->json ? json_array() : NULL;
    for (int i = 0; i < tam_net_count(); i++) {
        tam_net_info info;
        tam_status status = outline(call, i, &info);
        if (status != TAM_OK) {
            json_decref(nets);
            return status;
        }
        if (call->json) {
            json_array_append_new(nets, entry(i, &info));
        } else {
            print_entry(i, &info);
        }
    }
    return call->json ? cli_print_json(call, json_pack("{s:o}", "nets", nets)) : TAM_OK;
}
