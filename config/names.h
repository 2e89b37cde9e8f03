/* config/names.h - names to numbers, and the nearest name to one that was mistyped. */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "model/arena.h"

/* Grows in its arena; zeroed but for the arena is empty. Names are kept by reference. */
struct name_index {
    struct arena *arena;
    const char **name; /* [count], in the order in which they came */
    uint32_t *value;   /* [count] */
    uint32_t count, room;
    uint32_t *slot; /* open addressing: index + 1, 0 is free */
    uint32_t slots;
};

/* False when the name is there already; *former (may be NULL) is then its value. */
bool name_add(struct name_index *index, const char *name, uint32_t value, uint32_t *former);

/* The name's value, NONE_INDEX when there is none. */
uint32_t name_find(const struct name_index *index, const char *name);

/* The name that `wanted` was probably meant to be; NULL when none is near. Looks at 10,000 at most. */
const char *name_nearest(const char *const *name, size_t count, const char *wanted);

/* Letters inserted, left out, changed or swapped with their neighbour; upper and lower case count as equal.
 * Gives up above `most` and returns most + 1. Texts beyond 63 bytes are never near. */
unsigned edit_distance(const char *a, const char *b, unsigned most);

#endif
