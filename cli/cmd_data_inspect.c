/* tammes data inspect: what any file or folder is. */
#include <string.h>

#include "cli.h"

static json_t *fact_value(const tam_fact *fact) {
    return fact->text != NULL ? cli_json_text(fact->text) : json_integer((json_int_t)fact->number);
}

static json_t *facts_json(const tam_inspection_info *info) {
    json_t *facts = json_object();
    for (int i = 0; i < info->fact_count; i++) {
        const tam_fact *fact = &info->facts[i];
        json_t *list = fact->listed ? json_object_get(facts, fact->key) : NULL;
        if (!fact->listed) {
            json_object_set_new(facts, fact->key, fact_value(fact));
        } else if (list != NULL) {
            json_array_append_new(list, fact_value(fact));
        } else {
            list = json_array();
            json_array_append_new(list, fact_value(fact));
            json_object_set_new(facts, fact->key, list);
        }
    }
    return facts;
}

static json_t *inspection_json(const char *path, const tam_inspection_info *info) {
    json_t *object = json_pack("{s:o, s:s, s:b, s:b, s:o}", "path", cli_json_text(path), "kind", info->kind, "known",
                               info->known, "partly", info->partly, "facts", facts_json(info));
    if (info->bytes >= 0) {
        json_object_set_new(object, "bytes", json_integer((json_int_t)info->bytes));
    }
    if (info->advice != NULL) {
        json_object_set_new(object, "advice", json_string(info->advice));
    }
    return object;
}

/* Keys have underscores for JSON; a person reads words. */
static void print_key(const char *key) {
    int width = 0;
    for (; *key != '\0'; key++, width++) {
        putchar(*key == '_' ? ' ' : *key);
    }
    printf("%*s", width < 16 ? 16 - width : 1, "");
}

static void print_inspection(const char *path, const tam_inspection_info *info) {
    cli_print_name(path);
    printf(": %s", info->kind);
    if (info->bytes >= 0) {
        printf(", %lld bytes", (long long)info->bytes);
    }
    putchar('\n');
    for (int i = 0; i < info->fact_count; i++) {
        const tam_fact *fact = &info->facts[i];
        printf("  ");
        print_key(fact->key);
        if (fact->text != NULL) {
            cli_print_name(fact->text);
            putchar('\n');
        } else {
            printf("%lld\n", (long long)fact->number);
        }
    }
    if (info->partly) {
        printf("  not all of it was read\n");
    }
    if (info->advice != NULL) {
        printf("  ");
        cli_print_name(info->advice);
        putchar('\n');
    }
}

/* A file that cannot be read does not keep the others from being shown. */
static tam_status inspect_one(cli_call *call, const char *path, json_t *all) {
    tam_inspection *inspection;
    tam_status status = tam_inspect(call->ctx, path, &inspection);
    if (status == TAM_INPUT) {
        if (call->operand_count > 1) {
            cli_print_sentence("tammes: ", tam_ctx_message(call->ctx));
        }
        json_array_append_new(all, json_pack("{s:o, s:o}", "path", cli_json_text(path), "error",
                                             cli_json_text(tam_ctx_message(call->ctx))));
        return status;
    }
    if (status != TAM_OK) {
        return status;
    }
    tam_inspection_info info = tam_inspection_describe(inspection);
    if (call->json) {
        json_array_append_new(all, inspection_json(path, &info));
    } else {
        print_inspection(path, &info);
    }
    tam_inspection_free(inspection);
    return TAM_OK;
}

tam_status cli_data_inspect(cli_call *call) {
    const cli_usage usage = {
        .synopsis = "FILE...",
        .example = "tammes data inspect train.rec lfw.bin pairs.txt\n"
                   "tammes data inspect model.safetensors --json",
        .least_operands = 1,
        .most_operands = 4096,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    json_t *all = json_array();
    tam_status worst = TAM_OK;
    int failed = 0;
    for (int i = 0; i < call->operand_count && (worst == TAM_OK || worst == TAM_INPUT); i++) {
        tam_status status = inspect_one(call, call->operands[i], all);
        worst = status != TAM_OK ? status : worst;
        failed += status != TAM_OK;
    }
    if (call->json) {
        tam_status printed = cli_print_json(call, json_incref(all));
        worst = printed != TAM_OK ? printed : worst;
    }
    json_decref(all);
    if (worst == TAM_INPUT && call->operand_count > 1) {
        return cli_fail(call, TAM_INPUT, "%d of %d cannot be read", failed, call->operand_count);
    }
    return worst;
}
