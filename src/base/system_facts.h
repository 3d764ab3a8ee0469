/* Facts that the system tells in text files. `root` is "" but in tests: the folder that holds proc and sys. */
#ifndef BASE_SYSTEM_FACTS_H
#define BASE_SYSTEM_FACTS_H

#include <stddef.h>

/* "" when the system does not tell. */
void tam_processor_name(const char *root, char *name, size_t room);
/* "always", "madvise" or "never"; "" when the system does not tell. */
void tam_huge_pages_setting(const char *root, char *setting, size_t room);

#endif
