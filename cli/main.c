/* tammes: picks the verb, runs it, and turns its status into the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

typedef struct verb {
    const char *name;
    tam_status (*run)(cli_call *call);
    const char *about;
} verb;

static const verb verbs[] = {
#define CLI_VERB(name, function, about) {name, cli_##function, about},
#include "verbs.def"
#undef CLI_VERB
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void print_verbs(FILE *file, const char *group) {
    size_t length = group == NULL ? 0 : strlen(group);
    fprintf(file, "usage: tammes %s%s [options]\n\n", group != NULL ? group : "VERB", group != NULL ? " NOUN" : "");
    for (int i = 0; i < VERBS; i++) {
        if (strncmp(verbs[i].name, group != NULL ? group : "", length) == 0) {
            fprintf(file, "  %-15s %s\n", verbs[i].name, verbs[i].about);
        }
    }
    fprintf(file, "\ntammes VERB --help shows a verb's flags and an example; tammes --version its version.\n"
                  "Exit codes: 0 success, 1 negative result, 2 wrong usage or configuration, 3 bad input,\n"
                  "4 not enough resources, 5 internal error, 128 + n stopped by signal n.\n");
}

/* The verb that the first words name; *words receives how many they are. */
static const verb *find_verb(int argc, char **argv, int *words) {
    char two[128] = "";
    if (argc > 2) {
        snprintf(two, sizeof two, "%s %s", argv[1], argv[2]);
    }
    for (int i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, argv[1]) == 0 || strcmp(verbs[i].name, two) == 0) {
            *words = strchr(verbs[i].name, ' ') != NULL ? 2 : 1;
            return &verbs[i];
        }
    }
    return NULL;
}

static bool is_group(const char *word) {
    size_t length = strlen(word);
    for (int i = 0; i < VERBS; i++) {
        if (strncmp(verbs[i].name, word, length) == 0 && verbs[i].name[length] == ' ') {
            return true;
        }
    }
    return false;
}

static void print_nouns(const char *group) {
    size_t length = strlen(group);
    const char *between = "";
    for (int i = 0; i < VERBS; i++) {
        if (strncmp(verbs[i].name, group, length) == 0 && verbs[i].name[length] == ' ') {
            fprintf(stderr, "%s %s", between, verbs[i].name);
            between = ",";
        }
    }
    fputc('\n', stderr);
}

static int refuse_verb(int argc, char **argv) {
    const char *names[VERBS];
    char typed[128];
    int count = 0;
    bool group = is_group(argv[1]);
    for (int i = 0; i < VERBS; i++) {
        names[count++] = verbs[i].name;
    }
    if (group && (argc == 2 || argv[2][0] == '-')) {
        bool asked = argc > 2 && strcmp(argv[2], "--help") == 0;
        print_verbs(asked ? stdout : stderr, argv[1]);
        return asked ? TAM_OK : TAM_CONFIG;
    }
    snprintf(typed, sizeof typed, "%s%s%s", argv[1], group ? " " : "", group ? argv[2] : "");
    const char *nearest = tam_nearest_name(typed, names, count);
    if (nearest == NULL && !group && argc > 2) {
        char both[128];
        snprintf(both, sizeof both, "%s %s", argv[1], argv[2]);
        nearest = tam_nearest_name(both, names, count);
    }
    if (nearest != NULL) {
        fprintf(stderr, "tammes: unknown verb '%s' (did you mean '%s'?)\n", typed, nearest);
    } else if (group) {
        fprintf(stderr, "tammes: unknown verb '%s'; there is:", typed);
        print_nouns(argv[1]);
    } else {
        fprintf(stderr, "tammes: unknown verb '%s' (tammes --help lists the verbs)\n", typed);
    }
    return TAM_CONFIG;
}

/* A file opened later must never get the number of a closed standard stream: results would land in it. Read-only, so
 * that printing fails and is noticed. */
static void fill_standard_streams(void) {
    while (true) {
        int descriptor = open("/dev/null", O_RDONLY);
        if (descriptor > 2 || descriptor < 0) {
            close(descriptor);
            return;
        }
    }
}

static int exit_code(tam_status status) {
    return status == TAM_STOPPED ? 128 + (cli_signal() != 0 ? cli_signal() : SIGINT) : (int)status;
}

static tam_status run_verb(const verb *chosen, int argc, char **argv) {
    cli_call call = {.verb = chosen->name, .about = chosen->about, .argc = argc, .argv = argv};
    tam_status status = chosen->run(&call);
    const char *sentence = call.message;
    if (*sentence == '\0' && call.ctx != NULL) {
        sentence = tam_ctx_message(call.ctx);
    }
    if (*sentence == '\0' && status != TAM_NEGATIVE) {
        sentence = tam_status_text(status);
    }
    if (status != TAM_OK && *sentence != '\0') {
        cli_print_sentence("tammes: ", sentence);
    }
    for (int i = 0; i < CLI_MOST_OPTIONS; i++) {
        free(call.config_words[i]);
    }
    tam_ctx_free(call.ctx);
    return status;
}

static int run(int argc, char **argv) {
    int words = 0;
    if (argc < 2) {
        print_verbs(stderr, NULL);
        return TAM_CONFIG;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_verbs(stdout, NULL);
        return TAM_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tammes %s\n", TAM_VERSION);
        return TAM_OK;
    }
    const verb *chosen = find_verb(argc, argv, &words);
    if (chosen == NULL) {
        return refuse_verb(argc, argv);
    }
    return exit_code(run_verb(chosen, argc - 1 - words, argv + 1 + words));
}

int main(int argc, char **argv) {
    cli_wait_briefly(argv);
    fill_standard_streams();
    /* A reader that goes away is an error to report, not a reason to lose a training run. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk */
    int code = run(argc, argv);
    if (ferror(stdout) || fflush(stdout) != 0) {
        fprintf(stderr, "tammes: cannot write the results to standard output: %s\n", strerror(errno));
        return code == TAM_OK || code == TAM_NEGATIVE ? TAM_RESOURCES : code;
    }
    return code;
}
