/* How much memory this process may still take. Linux lends more than it has, and ends the process that uses it. */
#ifndef BASE_FREE_MEMORY_H
#define BASE_FREE_MEMORY_H

#include <stddef.h>

/* Bytes that are free on this machine and within the limits of the process's control groups (containers), versions 1
 * and 2; SIZE_MAX when the system does not tell. `root` is "" but in tests: the folder that holds proc and sys. */
size_t tam_free_memory(const char *root);

/* Bytes of the whole machine; 0 when the system does not tell. */
size_t tam_total_memory(const char *root);
/* The least limit of the process's control groups that is below the whole machine; 0: there is none. */
size_t tam_memory_limit(const char *root);

#endif
