/* SIGINT and SIGTERM: the first asks politely, the second does not.
 *
 * A thread of its own waits for them, and all others have them blocked: oneDNN's generated code keeps numbers below the
 * stack pointer, where the kernel would lay the frame of a handler that interrupts it. */
#include <pthread.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t signal_came;

static void on_signal(int number) {
    if (signal_came != 0) {
        _exit(128 + number);
    }
    signal_came = number;
}

static sigset_t stopping_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

static void *wait_for_signals(void *argument) {
    sigset_t set = stopping_signals();
    (void)argument;
    for (;;) {
        int number;
        if (sigwait(&set, &number) == 0) {
            on_signal(number);
        }
    }
    return NULL;
}

const volatile sig_atomic_t *cli_catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t set = stopping_signals();
    pthread_t waiter;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL); /* a shell without job control starts background jobs with SIGINT ignored */
    sigaction(SIGTERM, &action, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (pthread_create(&waiter, NULL, wait_for_signals, NULL) == 0) {
        pthread_detach(waiter);
    } else {
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    return &signal_came;
}

int cli_signal(void) {
    return signal_came;
}
