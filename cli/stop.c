/* SIGINT and SIGTERM: the first asks politely, the second does not. */
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t signal_came;

static void on_signal(int number) {
    if (signal_came != 0) {
        _exit(128 + number);
    }
    signal_came = number;
}

const volatile sig_atomic_t *cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &signal_came;
}

int cli_signal(void) {
    return signal_came;
}
