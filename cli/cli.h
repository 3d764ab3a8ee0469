/* The frame of the program: a verb is one file cli/cmd_*.c with one function, and one line in verbs.def. The frame
 * reads flags and the config file, makes the context, prints failures and turns the status into the exit code.
 *
 *     tam_status cli_net(cli_call *call) {
 *         int size = 112;
 *         const cli_option options[] = {cli_int("size", &size, 1, 4096, "side of the input in pixels")};
 *         const cli_usage usage = {.synopsis = "NAME [options]", .example = "tammes net conv4 --size 28",
 *                                  .options = options, .option_count = 1,
 *                                  .least_operands = 1, .most_operands = 1};
 *         if (!cli_parse(call, &usage)) {
 *             return call->status;
 *         }
 *         ... work with call->ctx and call->operands[0], print results to stdout ...
 *     }
 */
#ifndef CLI_H
#define CLI_H

#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tammes/tammes.h"

typedef enum cli_type {
    CLI_SWITCH,
    CLI_TEXT,
    CLI_INT,
    CLI_INT64,
    CLI_UINT64,
    CLI_REAL,
    CLI_CHOICE,
    CLI_WORKSPACE,
    CLI_CACHE,
    CLI_WORDS
} cli_type;

/* The values of a flag that may be given several times, in their order. */
enum { CLI_MOST_WORDS = 16 };
typedef struct cli_words {
    const char *word[CLI_MOST_WORDS];
    int count;
} cli_words;

/* One flag; made by the functions below, so that the compiler checks the type behind `value`. */
typedef struct cli_option {
    const char *name; /* without the dashes; also the key in a config file */
    cli_type type;
    void *value;          /* receives the value; keeps what it holds when the flag is not given */
    const char *argument; /* what the help calls the value; for CLI_CHOICE the words: "auto|no" */
    double low, high;     /* range of a number, ends included */
    bool required;
    const char *about; /* one line of help; names the default */
} cli_option;

static inline cli_option cli_switch(const char *name, bool *value, const char *about) {
    return (cli_option){.name = name, .type = CLI_SWITCH, .value = value, .about = about};
}
static inline cli_option cli_text(const char *name, const char **value, const char *argument, const char *about) {
    return (cli_option){.name = name, .type = CLI_TEXT, .value = value, .argument = argument, .about = about};
}
static inline cli_option cli_int(const char *name, int *value, int low, int high, const char *about) {
    return (cli_option){name, CLI_INT, value, "N", low, high, false, about};
}
static inline cli_option cli_int64(const char *name, int64_t *value, int64_t low, int64_t high, const char *about) {
    return (cli_option){name, CLI_INT64, value, "N", (double)low, (double)high, false, about};
}
static inline cli_option cli_uint64(const char *name, uint64_t *value, const char *about) {
    return (cli_option){name, CLI_UINT64, value, "N", 0.0, 18446744073709551615.0, false, about};
}
static inline cli_option cli_real(const char *name, double *value, double low, double high, const char *about) {
    return (cli_option){name, CLI_REAL, value, "X", low, high, false, about};
}
/* *value receives the number of the word in `words` ("auto|no"). */
static inline cli_option cli_choice(const char *name, int *value, const char *words, const char *about) {
    return (cli_option){.name = name, .type = CLI_CHOICE, .value = value, .argument = words, .about = about};
}
/* Memory as in tam_head_config.workspace: bytes, also as in 500k, 64M, 1.5G (powers of 1000); "auto" becomes 0, and 0
 * TAM_HEAD_LEAST_WORKSPACE. */
static inline cli_option cli_workspace(const char *name, size_t *value, const char *about) {
    return (cli_option){.name = name, .type = CLI_WORKSPACE, .value = value, .argument = "SIZE|auto", .about = about};
}
/* Memory as in tam_dataset_config.cache_bytes; "off" becomes -1. */
static inline cli_option cli_cache(const char *name, int64_t *value, const char *about) {
    return (cli_option){.name = name, .type = CLI_CACHE, .value = value, .argument = "SIZE|off", .about = about};
}
static inline cli_option cli_several(const char *name, cli_words *words, const char *argument, const char *about) {
    return (cli_option){.name = name, .type = CLI_WORDS, .value = words, .argument = argument, .about = about};
}
static inline cli_option cli_required(cli_option option) {
    option.required = true;
    return option;
}

/* What a verb takes. */
typedef struct cli_usage {
    const char *synopsis; /* after "tammes VERB " */
    const char *example;  /* a whole command line, or several separated by newlines */
    const cli_option *options;
    int option_count;
    int least_operands, most_operands; /* words that are not flags */
} cli_usage;

enum { CLI_MOST_OPTIONS = 64 };

/* One call of a verb. */
typedef struct cli_call {
    const char *verb;
    const char *about; /* of verbs.def */
    int argc;          /* the words after the verb */
    char **argv;
    /* Set by cli_parse: */
    tam_ctx *ctx; /* freed by the frame, after the verb has freed everything that it made with it */
    char **operands;
    int operand_count;
    int threads; /* 0: one per processor */
    uint64_t seed;
    bool quiet, json;
    const char *config;
    char *config_words[CLI_MOST_OPTIONS]; /* the config file's values */
    json_t *collected;                    /* an array that takes what cli_print_json would print; NULL: it is printed */
    /* How it ended: */
    tam_status status;
    char message[1024];
} cli_call;

/* Reads the flags, the common ones (--threads --seed --quiet --json --config --help) and the config file, and makes
 * the context. False: the verb returns call->status at once (help was printed, or something was wrong). */
bool cli_parse(cli_call *call, const cli_usage *usage);

/* Leaves a sentence for the frame to print and returns `status`. Failures of the library need no call: the frame
 * prints the context's sentence. */
tam_status cli_fail(cli_call *call, tam_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Before long work: what a result would be written to must not be there. A path of NULL is fine. */
tam_status cli_refuse_existing(cli_call *call, const char *path);
/* Nor may a folder of results lie inside the image folder `data`: they would be images of it from then on. */
tam_status cli_refuse_inside(cli_call *call, const char *data, const char *out);

/* Progress and remarks: to stderr, dropped with --quiet. */
void cli_note(const cli_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints one line to stderr. What a terminal would not show as text (control characters, bytes that are not UTF-8) is
 * escaped: names of files may hold anything. */
void cli_print_sentence(const char *opening, const char *sentence);
/* Prints words to stdout, escaped likewise. */
void cli_print_name(const char *name);

/* Prints the object on one line to stdout, or adds it to call->collected, and drops the reference. NULL (jansson had no
 * memory): TAM_RESOURCES. */
tam_status cli_print_json(cli_call *call, json_t *object);
/* A real number, or null for NaN and infinity, which JSON does not have. */
json_t *cli_json_real(double value);
/* Words of the user's, say a path. JSON is UTF-8: bytes that are not become the letters of Latin-1, as in log.jsonl. */
json_t *cli_json_text(const char *text);

/* Installs handlers of SIGINT and SIGTERM: the first signal sets the flag, a second one ends the process at once. */
const volatile sig_atomic_t *cli_catch_signals(void);
/* The signal that came, 0 if none. */
int cli_signal(void);

/* The flags that choose a part of a data set, as entries of a verb's table; PREFIX is "" or "val-". */
#define CLI_DATASET_NARROWING(PREFIX, dataset)                                                                       \
    cli_text(PREFIX "classes", &(dataset)->classes, "GLOB|@FILE",                                                    \
             "keep only these classes: globs, separated by commas"),                                                 \
        cli_text(PREFIX "exclude-classes", &(dataset)->exclude_classes, "GLOB|@FILE", "leave these classes out"),    \
        cli_text(PREFIX "fixes", &(dataset)->fixes, "FILE", "list of fixes, as data check and data clean write it"), \
        cli_text(PREFIX "split", &(dataset)->split, "NAME",                                                          \
                 "of IDX files: train (default) or test; of tables: a word of the column split")

/* The flag that says how much memory decoded images may take. */
#define CLI_CACHE_FLAG(dataset)                 \
    cli_cache("cache", &(dataset)->cache_bytes, \
              "memory for decoded images, if all fit: bytes, or 500M, 4G (by 1000); off; (2.1G)")

/* Sets how long idle threads wait awake, which may start the program again from its first line. */
void cli_wait_briefly(char **argv);

/* For the frame's own files. */
typedef struct cli_source {
    const char *file; /* NULL: the command line */
    int line;
} cli_source;
/* Stores one value; a sentence and TAM_CONFIG if it does not fit. `words` is NULL for a switch without a value. */
tam_status cli_assign(cli_call *call, const cli_option *option, const char *words, cli_source source);
/* Reads call->config; options with given[i] keep their value. */
tam_status cli_read_config(cli_call *call, const cli_option *options, int count, bool *given);
void cli_print_usage(const cli_call *call, const cli_usage *usage, const cli_option *common, int common_count);

#define CLI_VERB(name, function, about) tam_status cli_##function(cli_call *call);
#include "verbs.def"
#undef CLI_VERB

#endif
