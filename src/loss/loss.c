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

static int find_term(const char *name) {
    for (int i = 0; i < tam_centre_term_count(); i++) {
        if (strcmp(tam_centre_term_at(i)->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static tam_status read_term(tam_ctx *ctx, const part *text, tam_loss *out) {
    const char *names[MOST_NAMES];
    for (int i = 0; i < tam_centre_term_count(); i++) {
        names[i] = tam_centre_term_at(i)->name;
    }
    int which = tam_name_find(ctx, "centre term", text->name, names, tam_centre_term_count());
    if (which < 0) {
        return TAM_CONFIG;
    }
    const tam_centre_term *term = tam_centre_term_at(which);
    for (int i = 0; i < out->terms; i++) {
        if (out->term[i].term == term) {
            return tam_fail(ctx, TAM_CONFIG, "the centre term %s is given twice", term->name);
        }
    }
    if (out->terms == TAM_LOSS_TERMS) {
        return tam_fail(ctx, TAM_CONFIG, "more than %d centre terms", TAM_LOSS_TERMS);
    }
    tam_loss_term *mine = &out->term[out->terms++];
    mine->term = term;
    return tam_keys_read(ctx, term->name, text->keys, term->keys, term->key_count, mine->key);
}

static tam_status read_class_loss(tam_ctx *ctx, const part *text, tam_loss *out) {
    const char *names[MOST_NAMES];
    int losses = tam_class_loss_count(), terms = tam_centre_term_count();
    assert(losses + terms <= MOST_NAMES);
    for (int i = 0; i < losses + terms; i++) {
        names[i] = i < losses ? tam_class_loss_at(i)->name : tam_centre_term_at(i - losses)->name;
    }
    int which = tam_name_find(ctx, "loss", text->name, names, losses + terms);
    if (which < 0) {
        return TAM_CONFIG;
    }
    out->class_loss = tam_class_loss_at(which);
    return tam_keys_read(ctx, out->class_loss->name, text->keys, out->class_loss->keys, out->class_loss->key_count,
                         out->state.key);
}

tam_status tam_loss_read(tam_ctx *ctx, const char *specification, int64_t classes, tam_loss *out) {
    char copy[LONGEST];
    part first;
    const char *text = specification != NULL ? specification : "arcface";
    memset(out, 0, sizeof *out);
    if (classes < 2) {
        return tam_fail(ctx, TAM_CONFIG, "a class loss needs at least 2 classes, not %lld", (long long)classes);
    }
    if (strlen(text) >= sizeof copy) {
        return tam_fail(ctx, TAM_CONFIG, "a loss specification of %zu characters; at most %d", strlen(text),
                        LONGEST - 1);
    }
    memcpy(copy, text, strlen(text) + 1);
    out->state.classes = classes;
    char *rest = cut_part(copy, &first);
    if (find_term(first.name) >= 0) { /* `center` alone means `softmax+center` */
        char softmax[] = "softmax";
        TAM_TRY(read_class_loss(ctx, &(part){.name = softmax}, out));
        TAM_TRY(read_term(ctx, &first, out));
    } else {
        TAM_TRY(read_class_loss(ctx, &first, out));
    }
    while (rest != NULL) {
        part next;
        rest = cut_part(rest, &next);
        TAM_TRY(read_term(ctx, &next, out));
    }
    return TAM_OK;
}

int tam_loss_count(void) {
    return tam_class_loss_count();
}

tam_loss_info tam_loss_describe(int index) {
    const tam_class_loss *loss = tam_class_loss_at(index);
    return (tam_loss_info){loss->name, loss->formula, loss->source, loss->key_count};
}

tam_key_info tam_loss_key(int index, int key) {
    const tam_key *k = &tam_class_loss_at(index)->keys[key];
    return (tam_key_info){k->name, k->about, k->otherwise, k->low, k->high};
}

tam_status tam_loss_check(tam_ctx *ctx, const char *specification, int64_t classes) {
    tam_loss loss;
    return tam_loss_read(ctx, specification, classes, &loss);
}

tam_status tam_loss_curve(tam_ctx *ctx, const char *specification, int64_t classes, double theta, double norm,
                          int64_t step, tam_loss_point *point) {
    tam_loss loss;
    TAM_TRY(tam_loss_read(ctx, specification, classes, &loss));
    if (!(theta >= 0.0 && theta <= M_PI) || !(norm >= 0.0) || !isfinite(norm) || step < 0) {
        return tam_fail(ctx, TAM_CONFIG, "no loss curve at theta %g, norm %g, step %lld", theta, norm, (long long)step);
    }
    loss.state.running[TAM_RUNNING_STEP] = (double)step;
    /* A loss on raw products (softmax) sees norm * cos(theta), with a class weight of length 1. */
    double raw = (loss.class_loss->traits & TAM_LOSS_UNIT_X) != 0 ? 1.0 : norm;
    tam_logit target = loss.class_loss->target(&loss.state, raw * cos(theta), norm);
    tam_logit other = tam_class_loss_other(loss.class_loss, &loss.state, raw * cos(theta), norm);
    *point = (tam_loss_point){target.z, raw * target.slope_c, other.z, raw * other.slope_c};
    return TAM_OK;
}
