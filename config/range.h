/* config/range.h - many names in one: "rack[01-20]-gpu[1-8]" is 160 names, the last number varies fastest.
 *
 * Between brackets stand items with commas between them: a number or word as it is, or a range of numbers.
 * A range whose first number begins with 0 is padded to that width: [01-20], [001-100]. */
#ifndef CONFIG_RANGE_H
#define CONFIG_RANGE_H

#include "model/arena.h"
#include "model/error.h"

enum { RANGE_NAMES_MAX = 1000000, RANGE_NAME_BYTES_MAX = 63 };

struct range {
    const char *const *name;
    uint32_t count;
};

/* How many names the pattern stands for. False, with what and where in *err, when it is not well formed, when a
 * name would have other bytes than letters, digits, '_', '-' and '.', or would be too long, or when there are
 * more than RANGE_NAMES_MAX. */
MUST_USE bool range_count(const char *pattern, uint32_t *count, struct error *err);

/* The names, in order, in the arena. Not checked for being different from each other: [1,1] is two names. */
MUST_USE bool range_expand(const char *pattern, struct arena *arena, struct range *out,
                           struct error *err);

#endif
