#include "report/compare_sweep.h"

#include <stdio.h>
#include <string.h>

#include "base/spec.h"
#include "tammes/loss.h"
#include "zoo/net_file.h"
#include "zoo/zoo.h"

enum { MOST_KEYS = 64, LONGEST = 2048 };

static bool same_value(const char *a, const char *b) {
    double first, second;
    bool numbers = tam_number_read(a, strlen(a), &first) && tam_number_read(b, strlen(b), &second);
    return numbers ? first == second : strcmp(a, b) == 0;
}

bool tam_compare_sweep_is_numeric(const tam_compare_sweep *sweep) {
    bool numeric = true;
    for (int i = 0; i < sweep->count; i++) {
        double value;
        numeric = numeric && tam_number_read(sweep->value[i], strlen(sweep->value[i]), &value);
    }
    return numeric;
}

static const char *after(const char *key, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(key, prefix, length) == 0 ? key + length : NULL;
}

tam_status tam_compare_sweep_read(tam_ctx *ctx, tam_arena *arena, const char *text, tam_compare_sweep *sweep) {
    const char *equals = strchr(text, '=');
    char what[128];
    *sweep = (tam_compare_sweep){.owner = TAM_SWEEP_RECIPE};
    if (equals == NULL || equals == text) {
        return tam_fail(ctx, TAM_CONFIG,
                        "the sweep '%s' is not KEY=VALUE,VALUE,... as in net.width=16,32 or lr=0.1,0.2", text);
    }
    sweep->key = tam_arena_string(arena, text, (size_t)(equals - text));
    if (sweep->key == NULL) {
        return TAM_RESOURCES;
    }
    const char *of_net = after(sweep->key, "net."), *of_loss = after(sweep->key, "loss.");
    sweep->owner = of_net != NULL ? TAM_SWEEP_NET : of_loss != NULL ? TAM_SWEEP_LOSS : TAM_SWEEP_RECIPE;
    sweep->name = of_net != NULL ? of_net : of_loss != NULL ? of_loss : sweep->key;
    snprintf(what, sizeof what, "values of %.80s", sweep->key);
    TAM_TRY(tam_compare_split(ctx, arena, what, equals + 1, sweep->value, &sweep->count));
    for (int i = 0; i < sweep->count; i++) {
        for (int before = 0; before < i; before++) {
            if (same_value(sweep->value[before], sweep->value[i])) {
                return tam_fail(ctx, TAM_CONFIG, "the sweep '%s' names %s twice", text, sweep->value[before]);
            }
        }
    }
    return TAM_OK;
}

/* Where in the part "NAME:key=value,..." the value of `name` begins; NULL: it has no such key. */
static const char *find_value(const char *part, size_t length, const char *name) {
    const char *at = memchr(part, ':', length), *end = part + length;
    size_t size = strlen(name);
    while (at != NULL && at < end) {
        at++;
        if ((size_t)(end - at) > size && strncmp(at, name, size) == 0 && at[size] == '=') {
            return at + size + 1;
        }
        at = memchr(at, ',', (size_t)(end - at));
    }
    return NULL;
}

/* `whole` with name=value in its part. */
static const char *set_value(tam_arena *arena, const char *whole, const char *part, size_t length, const char *name,
                             const char *value) {
    char words[LONGEST];
    const char *old = find_value(part, length, name);
    const char *rest = old != NULL ? old + strcspn(old, ",+") : part + length;
    int written = 0;
    if (old != NULL) {
        while (*rest == '+' && rest[1] >= '0' && rest[1] <= '9') { /* of a number: 1e+3 */
            rest += 1 + strcspn(rest + 1, ",+");
        }
        written = snprintf(words, sizeof words, "%.*s%s%s", (int)(old - whole), whole, value, rest);
    } else {
        const char *join = memchr(part, ':', length) != NULL ? "," : ":";
        written = snprintf(words, sizeof words, "%.*s%s%s=%s%s", (int)(rest - whole), whole, join, name, value, rest);
    }
    return tam_arena_string(arena, words, written < LONGEST ? (size_t)written : LONGEST - 1);
}

static tam_status refuse_given(tam_ctx *ctx, const char *kind, const char *given, const char *name) {
    return tam_fail(ctx, TAM_CONFIG,
                    "the %s '%s' says what its %s is, so that %s.%s cannot be swept: leave one of them out", kind,
                    given, name, kind, name);
}

tam_status tam_compare_sweep_net(tam_ctx *ctx, tam_arena *arena, const tam_compare_sweep *sweep, const char *value,
                                 const char *given, const char **net) {
    const char *names[MOST_KEYS];
    char kind[128];
    if (tam_net_file_is(*net)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: a network that is a file takes no keys, and so no sweep over %s", *net,
                        sweep->key);
    }
    const tam_backbone *backbone = tam_backbone_find(ctx, *net);
    if (backbone == NULL) {
        return TAM_CONFIG;
    }
    for (int k = 0; k < backbone->key_count && k < MOST_KEYS; k++) {
        names[k] = backbone->keys[k].name;
    }
    if (backbone->key_count == 0) {
        return tam_fail(ctx, TAM_CONFIG, "the net %s takes no keys, and so no sweep over %s", backbone->name,
                        sweep->key);
    }
    snprintf(kind, sizeof kind, "key of the net %.80s", backbone->name);
    if (tam_name_find(ctx, kind, sweep->name, names, backbone->key_count) < 0) {
        return TAM_CONFIG;
    }
    if (given != NULL && find_value(given, strlen(given), sweep->name) != NULL) {
        return refuse_given(ctx, "net", given, sweep->name);
    }
    *net = set_value(arena, *net, *net, strlen(*net), sweep->name, value);
    return *net != NULL ? TAM_OK : TAM_RESOURCES;
}

/* The keys of the loss or term of that name; false: there is none. */
static bool keys_of(const char *name, size_t length, const char *names[MOST_KEYS], int *count) {
    int losses = tam_loss_count(), all = losses + tam_loss_term_count();
    for (int i = 0; i < all; i++) {
        tam_loss_info info = i < losses ? tam_loss_describe(i) : tam_loss_term_describe(i - losses);
        if (strlen(info.name) == length && memcmp(info.name, name, length) == 0) {
            for (int k = 0; k < info.keys && *count < MOST_KEYS; k++) {
                names[(*count)++] = i < losses ? tam_loss_key(i, k).name : tam_loss_term_key(i - losses, k).name;
            }
            return true;
        }
    }
    return false;
}

/* The part of the loss that has the key; NULL with *owners, how many there are. */
static const char *find_part(const char *loss, const char *name, const char *names[MOST_KEYS], int *count, int *owners,
                             bool *known) {
    const char *found = NULL;
    for (const char *part = loss; *part != '\0'; part += tam_compare_part_length(part)) {
        const char *word = part + (*part == '+');
        int first = *count;
        *known = keys_of(word, strcspn(word, ":+"), names, count) && *known;
        for (int k = first; k < *count; k++) {
            bool here = strcmp(names[k], name) == 0;
            found = here ? part : found;
            *owners += here;
        }
    }
    return *owners == 1 ? found : NULL;
}

tam_status tam_compare_sweep_loss(tam_ctx *ctx, tam_arena *arena, const tam_compare_sweep *sweep, const char *value,
                                  const char *given, const char **loss) {
    const char *names[MOST_KEYS];
    char kind[512];
    int count = 0, owners = 0;
    bool known = true;
    const char *part = find_part(*loss, sweep->name, names, &count, &owners, &known);
    if (!known) {
        return TAM_OK;
    }
    if (owners > 1) {
        return tam_fail(ctx, TAM_CONFIG, "%d parts of the loss '%s' have a key %s: write it out in --losses", owners,
                        given, sweep->name);
    }
    if (part == NULL && count == 0) {
        return tam_fail(ctx, TAM_CONFIG, "the loss '%s' takes no keys, and so no sweep over %s", given, sweep->key);
    }
    if (part == NULL) {
        snprintf(kind, sizeof kind, "key of the loss '%.400s'", given);
        (void)tam_name_find(ctx, kind, sweep->name, names, count);
        return TAM_CONFIG;
    }
    for (const char *own = given; *own != '\0'; own += tam_compare_part_length(own)) {
        if (find_value(own, tam_compare_part_length(own), sweep->name) != NULL) {
            return refuse_given(ctx, "loss", given, sweep->name);
        }
    }
    *loss = set_value(arena, *loss, part, tam_compare_part_length(part), sweep->name, value);
    return *loss != NULL ? TAM_OK : TAM_RESOURCES;
}
