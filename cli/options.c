/* Flags: getopt_long over a verb's table and the common one. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { FIRST_CODE = 256 };

tam_status cli_fail(cli_call *call, tam_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->message, sizeof call->message, format, arguments);
    va_end(arguments);
    call->status = status;
    return status;
}

static tam_status refuse(cli_call *call, const cli_option *option, const char *word, cli_source source,
                         const char *reason) {
    if (source.file != NULL) {
        return cli_fail(call, TAM_CONFIG, "%s:%d: %s: '%s' %s", source.file, source.line, option->name, word, reason);
    }
    return cli_fail(call, TAM_CONFIG, "--%s '%s' %s", option->name, word, reason);
}

/* Whole numbers are read as such: a double would round those above 2^53. The program never calls setlocale, so the
 * decimal point is a point. */
static bool read_whole(const char *word, bool is_unsigned, int64_t *number) {
    char *end;
    size_t sign = !is_unsigned && (*word == '-' || *word == '+') ? 1 : 0;
    if (word[sign] == '\0' || strspn(word + sign, "0123456789") != strlen(word + sign)) {
        return false;
    }
    errno = 0;
    if (is_unsigned) {
        *number = (int64_t)strtoull(word, &end, 10);
    } else {
        *number = strtoll(word, &end, 10);
    }
    return errno == 0;
}

static bool read_real(const char *word, double *number) {
    char *end;
    if (*word == '\0' || strspn(word, "0123456789+-.eE") != strlen(word)) {
        return false;
    }
    *number = strtod(word, &end);
    return *end == '\0' && isfinite(*number);
}

static tam_status assign_number(cli_call *call, const cli_option *option, const char *word, cli_source source) {
    char reason[128];
    int64_t whole = 0;
    double number = 0.0;
    bool real = option->type == CLI_REAL;
    if (real ? !read_real(word, &number) : !read_whole(word, option->type == CLI_UINT64, &whole)) {
        return refuse(call, option, word, source, real ? "is not a number" : "is not a whole number");
    }
    if (!real && option->type != CLI_UINT64) {
        number = (double)whole;
    }
    if (option->type != CLI_UINT64 && !(number >= option->low && number <= option->high)) {
        snprintf(reason, sizeof reason, "is outside its range [%.10g, %.10g]", option->low, option->high);
        return refuse(call, option, word, source, reason);
    }
    if (option->type == CLI_INT) {
        *(int *)option->value = (int)whole;
    } else if (option->type == CLI_INT64) {
        *(int64_t *)option->value = whole;
    } else if (option->type == CLI_UINT64) {
        *(uint64_t *)option->value = (uint64_t)whole;
    } else {
        *(double *)option->value = number;
    }
    return TAM_OK;
}

static tam_status assign_choice(cli_call *call, const cli_option *option, const char *word, cli_source source) {
    char reason[256];
    const char *at = option->argument;
    for (int i = 0; *at != '\0'; i++) {
        size_t length = strcspn(at, "|");
        if (strlen(word) == length && strncmp(at, word, length) == 0) {
            *(int *)option->value = i;
            return TAM_OK;
        }
        at += length + (at[length] == '|');
    }
    snprintf(reason, sizeof reason, "is none of %s", option->argument);
    return refuse(call, option, word, source, reason);
}

/* Bytes, or `word_for_none`, for which *bytes is negative. */
static tam_status read_bytes(cli_call *call, const cli_option *option, const char *word, cli_source source,
                             const char *word_for_none, double *bytes) {
    static const char suffixes[] = "kMG";
    static const double most = 0x1p53; /* whole numbers up to here are exact */
    char digits[64], reason[96], *end = digits;
    size_t length = strspn(word, "0123456789.");
    const char *suffix = word[length] != '\0' ? strchr(suffixes, word[length]) : NULL;
    *bytes = -1.0;
    if (strcmp(word, word_for_none) == 0) {
        return TAM_OK;
    }
    if (length > 0 && length < sizeof digits) {
        memcpy(digits, word, length);
        digits[length] = '\0';
        *bytes = strtod(digits, &end);
    }
    if (end == digits || *end != '\0' || word[length + (suffix != NULL)] != '\0') {
        snprintf(reason, sizeof reason, "is neither %s nor bytes as in 800000, 500k, 64M or 1.5G", word_for_none);
        return refuse(call, option, word, source, reason);
    }
    for (const char *power = suffixes; suffix != NULL && power <= suffix; power++) {
        *bytes *= 1000.0;
    }
    if (*bytes > most) {
        return refuse(call, option, word, source, "is more than 9007199254740992 bytes");
    }
    return TAM_OK;
}

static tam_status assign_workspace(cli_call *call, const cli_option *option, const char *word, cli_source source) {
    double bytes;
    tam_status status = read_bytes(call, option, word, source, "auto", &bytes);
    if (status == TAM_OK) {
        *(size_t *)option->value = bytes < 0 ? 0 : bytes >= 0.5 ? (size_t)round(bytes) : TAM_HEAD_LEAST_WORKSPACE;
    }
    return status;
}

static tam_status assign_cache(cli_call *call, const cli_option *option, const char *word, cli_source source) {
    double bytes;
    tam_status status = read_bytes(call, option, word, source, "off", &bytes);
    if (status == TAM_OK) {
        *(int64_t *)option->value = bytes >= 0.5 ? (int64_t)round(bytes) : -1;
    }
    return status;
}

static tam_status add_word(cli_call *call, const cli_option *option, const char *word, cli_source source) {
    cli_words *words = option->value;
    if (*word == '\0') {
        return refuse(call, option, word, source, "is empty");
    }
    if (words->count == CLI_MOST_WORDS) {
        return cli_fail(call, TAM_CONFIG, "--%s is given more than %d times", option->name, CLI_MOST_WORDS);
    }
    words->word[words->count++] = word;
    return TAM_OK;
}

tam_status cli_assign(cli_call *call, const cli_option *option, const char *words, cli_source source) {
    switch (option->type) {
    case CLI_SWITCH:
        if (words != NULL && strcmp(words, "true") != 0 && strcmp(words, "false") != 0) {
            return refuse(call, option, words, source, "is neither true nor false");
        }
        *(bool *)option->value = words == NULL || strcmp(words, "true") == 0;
        return TAM_OK;
    case CLI_TEXT:
        if (*words == '\0') {
            return refuse(call, option, words, source, "is empty");
        }
        *(const char **)option->value = words;
        return TAM_OK;
    case CLI_WORDS:
        return add_word(call, option, words, source);
    case CLI_CHOICE:
        return assign_choice(call, option, words, source);
    case CLI_WORKSPACE:
        return assign_workspace(call, option, words, source);
    case CLI_CACHE:
        return assign_cache(call, option, words, source);
    default:
        return assign_number(call, option, words, source);
    }
}

static tam_status refuse_flag(cli_call *call, const cli_option *options, int count, const char *word) {
    const char *names[CLI_MOST_OPTIONS + 1];
    char name[128];
    for (int i = 0; i < count; i++) {
        names[i] = options[i].name;
    }
    names[count] = "help";
    snprintf(name, sizeof name, "%s", word + strspn(word, "-"));
    name[strcspn(name, "=")] = '\0';
    for (int i = 0; i < count; i++) {
        if (strcmp(name, options[i].name) == 0) {
            return cli_fail(call, TAM_CONFIG, "--%s takes no value, but '%s' gives one", name, word);
        }
    }
    const char *nearest = tam_nearest_name(name, names, count + 1);
    if (nearest != NULL) {
        return cli_fail(call, TAM_CONFIG, "unknown flag '%s' (did you mean '--%s'?)", word, nearest);
    }
    return cli_fail(call, TAM_CONFIG, "unknown flag '%s' (tammes %s --help lists the flags)", word, call->verb);
}

/* The index of the option that getopt_long's code stands for, or -1. */
static int option_of(int code, const cli_option *options, int count) {
    for (int i = 0; code == 'o' && i < count; i++) { /* -o is short for --out */
        if (strcmp(options[i].name, "out") == 0) {
            return i;
        }
    }
    return code >= FIRST_CODE ? code - FIRST_CODE : -1;
}

/* The flag that getopt_long has just read. */
static const char *word_read(char *const *argv) {
    return optarg != NULL && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

/* getopt_long takes "--ep" for "--epochs"; a script that says so breaks when a flag is added. */
static bool is_abbreviated(const cli_option *option, const char *word) {
    size_t length = strlen(option->name);
    bool whole = strncmp(word + 2, option->name, length) == 0 && (word[2 + length] == '\0' || word[2 + length] == '=');
    return strncmp(word, "--", 2) == 0 && !whole;
}

/* Reads argv; *help is set when it asks for help. */
static tam_status read_flags(cli_call *call, const cli_option *options, int count, bool *given, bool *help) {
    struct option table[CLI_MOST_OPTIONS + 2] = {0};
    for (int i = 0; i < count; i++) {
        int takes = options[i].type == CLI_SWITCH ? no_argument : required_argument;
        table[i] = (struct option){options[i].name, takes, NULL, FIRST_CODE + i};
    }
    table[count] = (struct option){"help", no_argument, NULL, 'h'};
    opterr = 0;
    optind = 0; /* glibc: start anew */
    char **argv = call->argv - 1;
    for (int code; (code = getopt_long(call->argc + 1, argv, ":ho:", table, NULL)) != -1;) {
        if (code == 'h') {
            *help = true;
            return TAM_OK;
        }
        if (code == ':') {
            return cli_fail(call, TAM_CONFIG, "%s needs a value", argv[optind - 1]);
        }
        int index = option_of(code, options, count);
        if (index < 0) {
            char letter[] = {'-', (char)(code == 'o' ? 'o' : optopt), '\0'};
            bool is_letter = code == 'o' || (optopt > 0 && optopt < FIRST_CODE);
            return refuse_flag(call, options, count, is_letter ? letter : argv[optind - 1]);
        }
        if (is_abbreviated(&options[index], word_read(argv))) {
            return refuse_flag(call, options, count, word_read(argv));
        }
        given[index] = true;
        if (cli_assign(call, &options[index], optarg, (cli_source){0}) != TAM_OK) {
            return call->status;
        }
    }
    call->operands = argv + optind;
    call->operand_count = call->argc + 1 - optind;
    return TAM_OK;
}

static tam_status check_complete(cli_call *call, const cli_usage *usage, const bool *given) {
    for (int i = 0; i < usage->option_count; i++) {
        if (usage->options[i].required && !given[i]) {
            return cli_fail(call, TAM_CONFIG, "--%s %s is missing (tammes %s --help shows an example)",
                            usage->options[i].name, usage->options[i].argument, call->verb);
        }
    }
    if (call->operand_count > usage->most_operands) {
        return cli_fail(call, TAM_CONFIG, "unexpected argument '%s' (usage: tammes %s %s)",
                        call->operands[usage->most_operands], call->verb, usage->synopsis);
    }
    if (call->operand_count < usage->least_operands) {
        return cli_fail(call, TAM_CONFIG, "an argument is missing (usage: tammes %s %s)", call->verb, usage->synopsis);
    }
    return TAM_OK;
}

static void print_warning(void *user, const char *sentence) {
    (void)user;
    cli_print_sentence("tammes: warning: ", sentence);
}

static tam_status make_context(cli_call *call) {
    tam_ctx_config config = {.threads = call->threads, .warn = print_warning};
    call->status = tam_ctx_create(&config, &call->ctx);
    return call->status == TAM_OK ? TAM_OK : cli_fail(call, call->status, "cannot make a context: out of memory");
}

bool cli_parse(cli_call *call, const cli_usage *usage) {
    cli_option options[CLI_MOST_OPTIONS];
    bool given[CLI_MOST_OPTIONS] = {false}, help = false;
    const cli_option common[] = {
        cli_int("threads", &call->threads, 0, 1024, "threads that compute (0, the default: one per processor)"),
        cli_uint64("seed", &call->seed, "seed of everything random (0)"),
        cli_switch("quiet", &call->quiet, "no progress on standard error"),
        cli_switch("json", &call->json, "print the result as one JSON object"),
        cli_text("config", &call->config, "FILE.yaml",
                 "read flags from a file of 'name: value'; flags here override it"),
    };
    enum { COMMON = sizeof common / sizeof common[0] };
    int count = usage->option_count + COMMON;
    if (count > CLI_MOST_OPTIONS) {
        return cli_fail(call, TAM_INTERNAL, "%s has more than %d flags", call->verb, CLI_MOST_OPTIONS) == TAM_OK;
    }
    for (int i = 0; i < usage->option_count; i++) {
        options[i] = usage->options[i];
    }
    memcpy(options + usage->option_count, common, sizeof common);
    if (read_flags(call, options, count, given, &help) != TAM_OK) {
        return false;
    }
    if (help) {
        cli_print_usage(call, usage, common, COMMON);
        return false;
    }
    if (call->config != NULL && cli_read_config(call, options, count, given) != TAM_OK) {
        return false;
    }
    return check_complete(call, usage, given) == TAM_OK && make_context(call) == TAM_OK;
}
