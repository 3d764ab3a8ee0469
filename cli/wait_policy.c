/* How long idle threads wait awake. GNU OpenMP's default is milliseconds, which on a machine that is shared with
 * anything else makes every step several times slower: a waiting thread keeps the processor from the one it waits for.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

/* OpenMP reads the setting once, when it is loaded: the program starts itself again with it. A user's own choice
 * stands. */
void cli_wait_briefly(char **argv) {
    if (getenv("GOMP_SPINCOUNT") != NULL || getenv("OMP_WAIT_POLICY") != NULL) {
        return;
    }
    /* By its own path, so that it keeps its name; where that fails (no /proc) the program just goes on as it is. */
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0 && setenv("GOMP_SPINCOUNT", "10000", 1) == 0) {
        path[length] = '\0';
        (void)execv(path, argv);
    }
}
