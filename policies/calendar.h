/* policies/calendar.h - the site's wall clock as days and months, and whether it can be believed.
 *
 * The host gives UTC seconds, and weekday and minute of the day in the site's time zone; from these follow the local
 * day and second. Pure. */
#ifndef POLICIES_CALENDAR_H
#define POLICIES_CALENDAR_H

#include "model/snapshot.h"

struct calendar {
    int64_t day;     /* local, since 1970-01-01 */
    int64_t local_s; /* local seconds since then: day x 86400 + second of the day */
    int64_t month;   /* year x 12 + month - 1: months count on without a gap */
};

/* False when the clock is not known, or says what no clock can. */
bool calendar_at(const struct local_time *now, struct calendar *out);

/* The first day of a month, since 1970-01-01. */
int64_t month_first_day(int64_t month);

/* Rounds towards minus infinity; b > 0. */
int64_t floor_div(int64_t a, int64_t b);

/* Compares the wall clock with the monotonic one from tick to tick. */
struct clock_watch {
    bool running; /* the clock was known in the tick before */
    int64_t last_ns, last_utc_s;
    bool stepped; /* in this tick, or it was not known in the tick before */
    bool ever_stepped;
    int64_t stepped_ns; /* monotonic; the last step */
};

enum {
    CLOCK_STEP_S = 2
}; /* more than this between two ticks is a step: seconds are all it tells */

void clock_watch_run(struct clock_watch *watch, const struct snapshot *snapshot);

/* True when the clock is known and has not stepped for so long; one that never stepped counts as steady. */
bool clock_steady(const struct clock_watch *watch, const struct snapshot *snapshot, int64_t for_ns);

#endif
