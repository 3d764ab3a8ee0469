/* Files with a number in their names, as a pattern: "part-{000..031}.tar" is part-000.tar to part-031.tar. */
#ifndef DATA_SHARDS_H
#define DATA_SHARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAM_MOST_SHARDS = 100000 };

typedef struct tam_shards {
    const char *pattern; /* not owned */
    size_t open, close;  /* where its braces are */
    int64_t first, count;
    int width; /* digits, filled up with zeros; 0: as many as the number has */
} tam_shards;

/* Reads a pattern with one pair of braces, FIRST..LAST inside, FIRST <= LAST, at most TAM_MOST_SHARDS numbers; false
 * where the text is none. As in a shell numbers are filled up with zeros where one of the two begins with a zero. */
bool tam_shards_parse(const char *pattern, tam_shards *shards);

/* The name of shard k, from 0; false when it does not fit. */
bool tam_shards_name(const tam_shards *shards, int64_t k, char *path, size_t room);

#endif
