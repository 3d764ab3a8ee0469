#include "backend/cpu/layer/dnnl_tune.h"

#include <stdio.h>
#include <string.h>

#include "backend/cpu/layer/dnnl_layer.h"
#include "backend/cpu/layer/layer_trial.h"
#include "base/system_facts.h"

enum { KEY_ROOM = 256, LAYOUTS = 3 };

void tam_dnnl_choice_write(const tam_layer_shape *shape, const tam_dnnl_choice *choice, char word[TAM_DNNL_WORD]) {
    int length = snprintf(word, TAM_DNNL_WORD, "%d-%d-", choice->x_lanes, choice->y_lanes);
    for (int i = 0; i < (shape->training ? DIRECTIONS : 1); i++) {
        word[length++] = choice->algorithm[i] == dnnl_convolution_winograd ? 'w' : 'd';
    }
    word[length] = '\0';
}

bool tam_dnnl_choice_read(const tam_layer_shape *shape, const char *word, tam_dnnl_choice *choice) {
    char again[TAM_DNNL_WORD], letters[DIRECTIONS + 1] = {0};
    *choice = (tam_dnnl_choice){0};
    if (sscanf(word, "%d-%d-%3[dw]", &choice->x_lanes, &choice->y_lanes, letters) != 3) {
        return false;
    }
    for (int i = 0; i < DIRECTIONS; i++) {
        choice->algorithm[i] = letters[i] == 'w' ? dnnl_convolution_winograd : dnnl_convolution_direct;
    }
    tam_dnnl_choice_write(shape, choice, again);
    return choice->x_lanes > 0 && choice->y_lanes > 0 && strcmp(word, again) == 0;
}

/* FNV-1a. */
static uint32_t hash(const char *text) {
    uint32_t value = 2166136261u;
    for (; *text != '\0'; text++) {
        value = (value ^ (uint8_t)*text) * 16777619u;
    }
    return value;
}

static void write_key(const tam_ctx *ctx, const tam_layer_shape *s, char key[KEY_ROOM]) {
    const dnnl_version_t *version = dnnl_version();
    char processor[128];
    tam_processor_name("", processor, sizeof processor);
    snprintf(
        key, KEY_ROOM,
        "conv:n=%d,c=%d,h=%d,w=%d,lanes=%d,%s,out=%d,k=%dx%d,s=%d,p=%dx%d,g=%d,bias=%d:%s:%s%s:threads=%d:cpu=%08x-%x:"
        "onednn=%d.%d.%d",
        s->in.n, s->in.c, s->in.h, s->in.w, s->in.lanes, s->in.dtype == TAM_BF16 ? "bf16" : "f32", s->out,
        s->window.kernel_h, s->window.kernel_w, s->window.stride, s->window.pad_h, s->window.pad_w, s->groups, s->bias,
        s->dtype == TAM_BF16 ? "bf16" : "f32", s->training ? "training" : "inference", s->free_gradient ? ",first" : "",
        ctx->threads, hash(processor), (unsigned)dnnl_get_effective_cpu_isa(), version->major, version->minor,
        version->patch);
}

/* Where the rule is a threshold and the layer within a factor of it: near, an answer may go either way. */
static bool in_doubt(const tam_layer_shape *s) {
    enum { CHANNELS = 64, PIXELS = 4096 };
    const int64_t pixels = (int64_t)s->in.n * s->out_h * s->out_w;
    return tam_dnnl_allows_winograd(s) && s->in.c >= 16 && s->out >= 16 &&
           (s->in.c < CHANNELS || s->out < CHANNELS || pixels < PIXELS);
}

/* The layouts to try, that of the rule first. */
static int list_layouts(const tam_layer_shape *s, bool full, const tam_dnnl_choice *rule,
                        tam_dnnl_choice list[LAYOUTS]) {
    int count = 0;
    list[count++] = (tam_dnnl_choice){.x_lanes = rule->x_lanes, .y_lanes = rule->y_lanes};
    if (full) {
        list[count++] = (tam_dnnl_choice){.x_lanes = s->in.c, .y_lanes = s->out};
        list[count++] = (tam_dnnl_choice){.x_lanes = s->in.c < 16 ? 1 : 16, .y_lanes = 16};
    }
    return count;
}

typedef struct search {
    tam_ctx *ctx;
    tam_dnnl *dnnl;
    const char *name;
    const tam_layer_shape *shape;
    tam_dnnl_choice rule, best;
    double best_seconds;
} search;

/* Times each direction by one algorithm; what beats `seconds` goes there and into the choice. */
static tam_status try_algorithm(search *s, tam_dnnl_choice *choice, dnnl_alg_kind_t algorithm,
                                double seconds[DIRECTIONS]) {
    tam_dnnl_choice wish = *choice;
    tam_dnnl_answer answer;
    tam_layer *layer = NULL;
    double measured[DIRECTIONS] = {0};
    for (int i = 0; i < DIRECTIONS; i++) {
        wish.algorithm[i] = algorithm;
    }
    dnnl_status_t asked = tam_dnnl_ask(s->dnnl, s->shape, &wish, &answer);
    if (asked != dnnl_success) {
        return asked == dnnl_out_of_memory ? tam_dnnl_translate(s->ctx, s->name, asked) : TAM_OK;
    }
    tam_status status =
        answer.slow > 0 ? TAM_OK : tam_dnnl_layer_create(s->ctx, s->dnnl, s->name, s->shape, &answer, &layer);
    tam_dnnl_answer_free(&answer);
    if (layer == NULL) {
        return status;
    }
    status = tam_layer_trial(s->ctx, layer, measured);
    tam_layer_free(layer);
    for (int i = 0; status == TAM_OK && i < DIRECTIONS; i++) {
        if (measured[i] < seconds[i]) {
            seconds[i] = measured[i];
            choice->algorithm[i] = algorithm;
        }
    }
    return status;
}

/* A layout that is not its neighbours' costs a change of layout there, and of the gradient on the way back. */
static tam_status add_changes(const search *s, const tam_dnnl_choice *choice, double *seconds) {
    const tam_layer_shape *shape = s->shape;
    const double ways = shape->training ? 2.0 : 1.0;
    tam_layout from = shape->in, to = shape->in;
    double change = 0.0;
    to.lanes = choice->x_lanes;
    to.dtype = shape->dtype;
    TAM_TRY(tam_layer_trial_change(s->ctx, &from, &to, &change));
    *seconds += ways * change;
    from = (tam_layout){shape->in.n, shape->out, shape->out_h, shape->out_w, choice->y_lanes, shape->out_dtype};
    to = from;
    to.lanes = s->rule.y_lanes;
    TAM_TRY(tam_layer_trial_change(s->ctx, &from, &to, &change));
    *seconds += ways * change;
    return TAM_OK;
}

static tam_status try_layout(search *s, tam_dnnl_choice choice) {
    const double never = 1e30;
    double seconds[DIRECTIONS] = {never, never, never}, total = 0.0;
    TAM_TRY(try_algorithm(s, &choice, dnnl_convolution_direct, seconds));
    if (tam_dnnl_allows_winograd(s->shape)) {
        TAM_TRY(try_algorithm(s, &choice, dnnl_convolution_winograd, seconds));
    }
    for (int i = 0; i < DIRECTIONS; i++) {
        total += seconds[i];
    }
    if (total >= never) {
        return TAM_OK; /* nothing computes it in this layout, or only slowly */
    }
    TAM_TRY(add_changes(s, &choice, &total));
    if (total < s->best_seconds) {
        s->best_seconds = total;
        s->best = choice;
    }
    return TAM_OK;
}

static tam_status find_best(search *s, bool full) {
    tam_dnnl_answer rule;
    tam_dnnl_choice layouts[LAYOUTS];
    dnnl_status_t status = tam_dnnl_choose(s->dnnl, s->shape, &rule);
    if (status != dnnl_success) {
        return tam_dnnl_translate(s->ctx, s->name, status);
    }
    s->rule = s->best = rule.choice;
    s->best_seconds = 1e30;
    tam_dnnl_answer_free(&rule);
    int count = list_layouts(s->shape, full, &s->rule, layouts);
    for (int i = 0; i < count; i++) {
        bool known = i > 0 && layouts[i].x_lanes == s->rule.x_lanes && layouts[i].y_lanes == s->rule.y_lanes;
        TAM_TRY(known ? TAM_OK : try_layout(s, layouts[i]));
    }
    return TAM_OK;
}

tam_status tam_dnnl_tune(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                         const tam_layer_shape *shape, tam_dnnl_answer *made) {
    char key[KEY_ROOM], word[TAM_DNNL_WORD];
    tam_dnnl_choice choice;
    *made = (tam_dnnl_answer){0};
    if (tuning == NULL || shape->deterministic || shape->op != TAM_LAYER_CONVOLUTION) {
        return TAM_OK;
    }
    write_key(ctx, shape, key);
    const char *known = tam_tuning_find(tuning, key);
    if (known != NULL && tam_dnnl_choice_read(shape, known, &choice) &&
        tam_dnnl_ask(dnnl, shape, &choice, made) == dnnl_success) {
        return TAM_OK;
    }
    const tam_tune mode = tam_tuning_mode(tuning);
    if (mode == TAM_TUNE_OFF || (mode == TAM_TUNE_FAST && !in_doubt(shape))) {
        return TAM_OK;
    }
    search s = {.ctx = ctx, .dnnl = dnnl, .name = name, .shape = shape};
    TAM_TRY(find_best(&s, mode == TAM_TUNE_FULL));
    tam_dnnl_choice_write(shape, &s.best, word);
    TAM_TRY(tam_tuning_set(tuning, key, word));
    return tam_dnnl_translate(ctx, name, tam_dnnl_ask(dnnl, shape, &s.best, made));
}
