/* service/local_time.h - the site's wall clock, taken apart in the site's time zone, for
 * schedules.
 *
 * A clock that can't be right, or a zone that this machine doesn't know, gives known = false:
 * schedules then take their tightest value. */
#ifndef SERVICE_LOCAL_TIME_H
#define SERVICE_LOCAL_TIME_H

#include "model/error.h"
#include "model/snapshot.h"

/* Makes `zone` (an IANA name) the zone of this process; once, before any thread starts. */
MUST_USE bool local_time_open(const char *zone, struct error *err);

struct local_time local_time_at(bool zone_known, int64_t utc_s);

#endif
