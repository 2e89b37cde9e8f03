/* policies/ticks.h - the time from tick to tick, as every policy counts it. Pure. */
#ifndef POLICIES_TICKS_H
#define POLICIES_TICKS_H

#include "model/snapshot.h"

#include <math.h>

enum {
    LIMIT_VALID_S = 10, /* a limit that no tick renews falls to its failsafe value after this */
    STEP_MOST_S = 60    /* what moves with time moves no further in one tick, however long it was */
};

static inline double seconds(int64_t ns) { return (double)ns / (double)NS_PER_S; }

static inline int64_t limit_valid_until_ns(const struct snapshot *snapshot)
{
    return snapshot->now_ns + LIMIT_VALID_S * NS_PER_S;
}

/* From a tick to now, s: 0 .. STEP_MOST_S. */
static inline double step_s(int64_t last_ns, int64_t now_ns)
{
    return fmin(fmax(seconds(now_ns - last_ns), 0.0), STEP_MOST_S);
}

/* The same in whole ms. */
static inline int64_t step_ms(int64_t last_ns, int64_t now_ns)
{
    return max_w(min_w((now_ns - last_ns) / NS_PER_MS, STEP_MOST_S * 1000), 0);
}

#endif
