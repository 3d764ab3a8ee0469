/* tammes loss: the losses and terms there are, and the formula, source and keys of one. */
#include <string.h>

#include "cli.h"

/* A loss or a term, by its place in the list of both. */
static tam_loss_info describe(int index) {
    int losses = tam_loss_count();
    return index < losses ? tam_loss_describe(index) : tam_loss_term_describe(index - losses);
}

static tam_key_info key_of(int index, int key) {
    int losses = tam_loss_count();
    return index < losses ? tam_loss_key(index, key) : tam_loss_term_key(index - losses, key);
}

/* The default as a person would type it: a number, or the word at that place of "a|b|c". */
static void default_of(const tam_key_info *key, char *out, size_t room) {
    const char *word = key->words;
    if (word == NULL) {
        snprintf(out, room, "%g", key->otherwise);
        return;
    }
    for (int place = (int)key->otherwise; place > 0; place--) {
        word += strcspn(word, "|") + 1;
    }
    snprintf(out, room, "%.*s", (int)strcspn(word, "|"), word);
}

static void print_list(void) {
    int losses = tam_loss_count();
    for (int i = 0; i < losses + tam_loss_term_count(); i++) {
        if (i == 0 || i == losses) {
            printf(i == 0 ? "class losses: the logit of the own class\n"
                          : "\nterms, on centres and on the batch's pairs: beside a class loss after '+'\n");
        }
        tam_loss_info info = describe(i);
        printf("  %-18s  %s\n", info.name, info.formula);
    }
    printf("\n'tammes loss NAME' shows the keys of one\n");
}

static void print_one(int index) {
    tam_loss_info info = describe(index);
    printf("%s: %s\n%s\n", info.name, info.formula, info.source);
    for (int k = 0; k < info.keys; k++) {
        tam_key_info key = key_of(index, k);
        char word[64], left[160], range[160];
        default_of(&key, word, sizeof word);
        snprintf(left, sizeof left, "%s=%s", key.name, word);
        if (key.words != NULL) {
            snprintf(range, sizeof range, "%s", key.words);
        } else {
            snprintf(range, sizeof range, "[%g, %g]", key.low, key.high);
        }
        printf("  %-22s  %-25s  %s\n", left, range, key.about);
    }
}

static json_t *entry(int index) {
    tam_loss_info info = describe(index);
    json_t *keys = json_array();
    for (int k = 0; k < info.keys; k++) {
        tam_key_info key = key_of(index, k);
        char word[64];
        default_of(&key, word, sizeof word);
        json_t *object = json_pack("{s:s, s:s, s:s}", "name", key.name, "default", word, "about", key.about);
        if (key.words != NULL) {
            json_object_set_new(object, "words", json_string(key.words));
        } else {
            json_object_set_new(object, "range", json_pack("[f, f]", key.low, key.high));
        }
        json_array_append_new(keys, object);
    }
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", info.name, "kind",
                     index < tam_loss_count() ? "class loss" : "term", "formula", info.formula, "source", info.source,
                     "keys", keys);
}

static int find(const char *name) {
    for (int i = 0; i < tam_loss_count() + tam_loss_term_count(); i++) {
        if (strcmp(describe(i).name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static tam_status print_all(cli_call *call) {
    if (!call->json) {
        print_list();
        return TAM_OK;
    }
    json_t *losses = json_array();
    for (int i = 0; i < tam_loss_count() + tam_loss_term_count(); i++) {
        json_array_append_new(losses, entry(i));
    }
    return cli_print_json(call, json_pack("{s:o}", "losses", losses));
}

tam_status cli_loss(cli_call *call) {
    const cli_usage usage = {
        .synopsis = "[NAME]", .example = "tammes loss\ntammes loss arcface", .least_operands = 0, .most_operands = 1};
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (call->operand_count == 0) {
        return print_all(call);
    }
    int index = find(call->operands[0]);
    if (index < 0) {
        tam_status status = tam_loss_check(call->ctx, call->operands[0], 2);
        return status != TAM_OK
                   ? status
                   : cli_fail(call, TAM_CONFIG, "'%s' is a valid specification; give the name of one loss or term",
                              call->operands[0]);
    }
    if (call->json) {
        return cli_print_json(call, entry(index));
    }
    print_one(index);
    return TAM_OK;
}
