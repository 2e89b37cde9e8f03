/* model/base.h - the few words of C that every folder uses. */
#ifndef MODEL_BASE_H
#define MODEL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Wide enough for watts x weights x levels; gcc and clang have it on every 64-bit machine. */
__extension__ typedef __int128 wide_int;
__extension__ typedef unsigned __int128 wide_uint;

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* Shares, losses and deratings are whole parts per 10,000, so that sums are exact. */
#define SHARE_WHOLE_BP INT64_C(10000)

/* No site that a single controller runs is larger; it keeps every sum of watts x parts per 10,000
 * far inside int64_t (2 GW x 10,000 x 100,000 nodes is 2e18). */
#define LIMIT_MAX_W INT64_C(2000000000)

/* "No such thing" among indices is a name, not -1. */
#define NONE_INDEX UINT32_MAX

static inline int64_t max_w(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t min_w(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
