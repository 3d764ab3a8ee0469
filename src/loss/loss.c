#include "loss/loss.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 1024, MOST_NAMES = 64 };

/* `NAME` or `NAME:keys`, cut in place. */
typedef struct part {
    char *name, *keys;
} part;

/* Cuts the first part off `text` and returns what follows its '+', or NULL. A plus before a letter separates; one
 * before a digit belongs to a number (1e+3). */
static char *cut_part(char *text, part *out) {
    char *rest = NULL;
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '+' && !isdigit((unsigned char)at[1])) {
            *at = '\0';
            rest = at + 1;
            break;
        }
    }
    *out = (part){.name = text, .keys = strchr(text, ':')};
    if (out->keys != NULL) {
        *out->keys++ = '\0';
    }
    return rest;
}

/* What every loss with a margin takes. */
enum { BEYOND_PI, GRAD, MARGIN_WARMUP, MARGIN_OPTIONS };
static const tam_key margin_options[MARGIN_OPTIONS] = {
    TAM_WORDS("beyond-pi", "linear|none|easy|smooth", TAM_BEYOND_PI_SMOOTH, "the margin where theta + m > pi"),
    TAM_WORDS("grad", "exact|detached", TAM_SLOPE_DETACHED, "slope of the target's logit: its own, or without margin"),
    TAM_WHOLE("margin-warmup", 0.0, 0.0, 1e9, "steps in which the margin grows from 0"),
};

/* What every loss on cosines takes. */
static const double no_filter = 2.0; /* no cosine is above it */
static const tam_key cosine_option =
    TAM_NUMBER("interclass-filter", 2.0, -1.0, 2.0, "other classes with a cosine above it are left out; 2: none");

static const tam_key pair_option = TAM_NUMBER("lambda", 1.0, 0.0, 1e3, "weight of the pair loss");

/* A loss's own keys and the options that it takes. */
typedef struct key_table {
    tam_key key[TAM_LOSS_KEYS + MARGIN_OPTIONS + 1];
    int own, count;
    bool margin, cosine;
} key_table;

static void add_keys(key_table *table, const tam_key *keys, int count) {
    for (int i = 0; i < count; i++) {
        table->key[table->count++] = keys[i];
    }
}

static key_table keys_of_loss(const tam_class_loss *loss) {
    const int cosine = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W;
    key_table table = {.own = loss->key_count,
                       .margin = (loss->traits & TAM_LOSS_MARGIN) != 0,
                       .cosine = (loss->traits & cosine) == cosine && loss->kind != TAM_LOSS_PROXY};
    assert(loss->key_count <= TAM_LOSS_KEYS);
    add_keys(&table, loss->keys, loss->key_count);
    add_keys(&table, margin_options, table.margin ? MARGIN_OPTIONS : 0);
    add_keys(&table, &cosine_option, table.cosine ? 1 : 0);
    return table;
}

static key_table keys_of_term(const tam_batch_term *term) {
    key_table table = {.own = term->key_count};
    assert(term->key_count <= TAM_TERM_KEYS);
    add_keys(&table, term->keys, term->key_count);
    add_keys(&table, &pair_option, tam_batch_term_is_pair(term) ? 1 : 0);
    return table;
}

static tam_status read_term(tam_ctx *ctx, const part *text, tam_loss *out) {
    const char *names[MOST_NAMES];
    for (int i = 0; i < tam_batch_term_count(); i++) {
        names[i] = tam_batch_term_at(i)->name;
    }
    int which = tam_name_find(ctx, "term", text->name, names, tam_batch_term_count());
    if (which < 0) {
        return TAM_CONFIG;
    }
    const tam_batch_term *term = tam_batch_term_at(which);
    for (int i = 0; i < out->terms; i++) {
        if (out->term[i].term == term) {
            return tam_fail(ctx, TAM_CONFIG, "the term %s is given twice", term->name);
        }
    }
    if (out->terms == TAM_LOSS_TERMS) {
        return tam_fail(ctx, TAM_CONFIG, "more than %d terms", TAM_LOSS_TERMS);
    }
    tam_loss_term *mine = &out->term[out->terms++];
    key_table table = keys_of_term(term);
    double value[TAM_TERM_KEYS + 1];
    TAM_TRY(tam_keys_read(ctx, term->name, text->keys, table.key, table.count, value));
    *mine = (tam_loss_term){.term = term, .weight = tam_batch_term_is_pair(term) ? value[table.own] : 1.0};
    for (int i = 0; i < table.own; i++) {
        mine->key[i] = value[i];
    }
    return TAM_OK;
}

static tam_status read_class_loss(tam_ctx *ctx, const tam_class_loss *loss, const char *keys, tam_loss *out) {
    key_table table = keys_of_loss(loss);
    double value[TAM_LOSS_KEYS + MARGIN_OPTIONS + 1];
    TAM_TRY(tam_keys_read(ctx, loss->name, keys, table.key, table.count, value));
    tam_loss_state *state = &out->state;
    const double *option = value + table.own;
    out->class_loss = loss;
    for (int i = 0; i < table.own; i++) {
        state->key[i] = value[i];
    }
    if (table.margin) {
        state->options.beyond_pi = (tam_beyond_pi)option[BEYOND_PI];
        state->options.slope = (tam_margin_slope)option[GRAD];
        state->options.margin_warmup = option[MARGIN_WARMUP];
        option += MARGIN_OPTIONS;
    }
    state->options.interclass_filter = table.cosine ? *option : no_filter;
    if (loss->start != NULL) {
        loss->start(state);
    }
    return loss->check != NULL ? loss->check(ctx, state) : TAM_OK;
}

/* The part before any '+': a class loss; or a term, then beside softmax if it needs a class loss, else by itself. */
static tam_status read_first(tam_ctx *ctx, const part *text, tam_loss *out) {
    const char *names[MOST_NAMES];
    int losses = tam_class_loss_count(), terms = tam_batch_term_count();
    assert(losses + terms <= MOST_NAMES);
    for (int i = 0; i < losses + terms; i++) {
        names[i] = i < losses ? tam_class_loss_at(i)->name : tam_batch_term_at(i - losses)->name;
    }
    int which = tam_name_find(ctx, "loss", text->name, names, losses + terms);
    if (which < 0) {
        return TAM_CONFIG;
    }
    if (which < losses) {
        return read_class_loss(ctx, tam_class_loss_at(which), text->keys, out);
    }
    if (!tam_batch_term_is_pair(tam_batch_term_at(which - losses))) {
        TAM_TRY(read_class_loss(ctx, tam_class_loss_at(0), NULL, out));
    }
    return read_term(ctx, text, out);
}

tam_status tam_loss_read(tam_ctx *ctx, const char *specification, int64_t classes, tam_loss *out) {
    char copy[LONGEST];
    part first;
    const char *text = specification != NULL ? specification : "arcface";
    memset(out, 0, sizeof *out);
    if (classes < 2) {
        return tam_fail(ctx, TAM_CONFIG, "a loss needs at least 2 classes, not %lld", (long long)classes);
    }
    if (strlen(text) >= sizeof copy) {
        return tam_fail(ctx, TAM_CONFIG, "a loss specification of %zu characters; at most %d", strlen(text),
                        LONGEST - 1);
    }
    memcpy(copy, text, strlen(text) + 1);
    out->state.classes = classes;
    char *rest = cut_part(copy, &first);
    TAM_TRY(read_first(ctx, &first, out));
    while (rest != NULL) {
        part next;
        rest = cut_part(rest, &next);
        TAM_TRY(read_term(ctx, &next, out));
    }
    return TAM_OK;
}

/* Whether a key and its '=' stand here, rather than the name of a loss. */
static bool begins_with_key(const char *text) {
    size_t name = strcspn(text, "=:+,");
    return name > 0 && text[name] == '=';
}

size_t tam_loss_list_first(const char *list) {
    size_t end = strcspn(list, ",");
    while (list[end] == ',' && begins_with_key(list + end + 1)) {
        end += 1 + strcspn(list + end + 1, ",");
    }
    return end;
}

static bool same_keys(const double *a, const double *b, int count) {
    bool same = true;
    for (int i = 0; i < count; i++) {
        same = same && a[i] == b[i];
    }
    return same;
}

bool tam_loss_is_same(const tam_loss *a, const tam_loss *b) {
    const tam_loss_options *own = &a->state.options, *other = &b->state.options;
    bool same = a->class_loss == b->class_loss && a->terms == b->terms;
    for (int i = 0; same && i < a->terms; i++) {
        const tam_loss_term *mine = &a->term[i], *theirs = &b->term[i];
        same = mine->term == theirs->term && same_keys(mine->key, theirs->key, mine->term->key_count) &&
               same_keys(&mine->weight, &theirs->weight, 1);
    }
    if (!same || a->class_loss == NULL) {
        return same;
    }
    return same_keys(a->state.key, b->state.key, a->class_loss->key_count) && own->beyond_pi == other->beyond_pi &&
           own->slope == other->slope && same_keys(&own->margin_warmup, &other->margin_warmup, 1) &&
           same_keys(&own->interclass_filter, &other->interclass_filter, 1);
}

static tam_key_info key_info(const tam_key *key) {
    return (tam_key_info){key->name, key->about, key->otherwise, key->low, key->high, key->words};
}

int tam_loss_count(void) {
    return tam_class_loss_count();
}

tam_loss_info tam_loss_describe(int index) {
    const tam_class_loss *loss = tam_class_loss_at(index);
    return (tam_loss_info){loss->name, loss->formula, loss->source, keys_of_loss(loss).count};
}

tam_key_info tam_loss_key(int index, int key) {
    key_table table = keys_of_loss(tam_class_loss_at(index));
    return key_info(&table.key[key]);
}

int tam_loss_term_count(void) {
    return tam_batch_term_count();
}

tam_loss_info tam_loss_term_describe(int index) {
    const tam_batch_term *term = tam_batch_term_at(index);
    return (tam_loss_info){term->name, term->formula, term->source, keys_of_term(term).count};
}

tam_key_info tam_loss_term_key(int index, int key) {
    key_table table = keys_of_term(tam_batch_term_at(index));
    return key_info(&table.key[key]);
}

tam_status tam_loss_check(tam_ctx *ctx, const char *specification, int64_t classes) {
    tam_loss loss;
    return tam_loss_read(ctx, specification, classes, &loss);
}
