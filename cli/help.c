/* The help text of a verb, from its tables. */
#include <string.h>

#include "cli.h"

enum { MOST_WIDTH = 40 };

static int width_of(const cli_option *option) {
    return (int)(strlen(option->name) + (option->argument != NULL ? strlen(option->argument) + 1 : 0));
}

/* The width of the column of flags: of the widest that is not so wide that it would push all words off the screen. */
static int widen(int width, const cli_option *options, int count) {
    for (int i = 0; i < count; i++) {
        int own = width_of(&options[i]);
        width = own > width && own <= MOST_WIDTH ? own : width;
    }
    return width;
}

static void print_options(const cli_option *options, int count, int width) {
    for (int i = 0; i < count; i++) {
        char left[128];
        snprintf(left, sizeof left, "%s%s%s", options[i].name, options[i].argument != NULL ? " " : "",
                 options[i].argument != NULL ? options[i].argument : "");
        if (width_of(&options[i]) > width) {
            printf("  --%s\n    %*s  %s\n", left, width, "", options[i].about);
        } else {
            printf("  --%-*s  %s\n", width, left, options[i].about);
        }
    }
}

void cli_print_usage(const cli_call *call, const cli_usage *usage, const cli_option *common, int common_count) {
    int width = widen(widen(0, usage->options, usage->option_count), common, common_count);
    printf("tammes %s: %s\n\nusage: tammes %s %s\n\n", call->verb, call->about, call->verb, usage->synopsis);
    print_options(usage->options, usage->option_count, width);
    printf("%s", usage->option_count > 0 ? "\n" : "");
    print_options(common, common_count, width);
    printf("  --%-*s  %s\n", width, "help", "this text");
    printf("\nexample:\n");
    for (const char *line = usage->example; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        printf("  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}
