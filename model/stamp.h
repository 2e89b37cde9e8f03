/* model/stamp.h - time stamps as payloads carry them. Pure. */
#ifndef MODEL_STAMP_H
#define MODEL_STAMP_H

#include "model/base.h"

/* RFC 3339: "2026-11-24T23:05:11Z", "2026-11-24t23:05:11.25+01:00"; the zone is required. Years 1970 .. 9999; a
 * leap second counts as the second after it. */
bool stamp_rfc3339(const char *text, int64_t *utc_ms);

/* A number of seconds or milliseconds since 1970; false when it is not finite or not within the years above. */
bool stamp_unix(double number, bool milliseconds, int64_t *utc_ms);

#endif
