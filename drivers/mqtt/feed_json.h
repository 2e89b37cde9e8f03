/* drivers/mqtt/feed_json.h - what the JSON of forecasts and of events has in common: an object, times, numbers. Pure.
 *
 * All of it is hostile until it was looked at: doubled keys, numbers that no double holds, times of another century. */
#ifndef DRIVERS_MQTT_FEED_JSON_H
#define DRIVERS_MQTT_FEED_JSON_H

#include "model/error.h"

#include <jansson.h>

/* A sender's clock may be ahead of ours by this much. */
#define FEED_AHEAD_MS INT64_C(300000)
/* Nothing that was said longer ago is news. */
#define FEED_OLDEST_MS (INT64_C(366) * 86400000)
#define DAY_MS INT64_C(86400000)

/* The whole of the bytes is one object; json_decref it. NULL, with *err, when it is not. */
json_t *feed_object(const void *bytes, size_t length, const char *where, struct error *err);

/* A member that is a time as of RFC 3339, within from_ms .. to_ms. */
MUST_USE bool feed_time(const json_t *object, const char *member, int64_t from_ms, int64_t to_ms,
                        const char *where, int64_t *utc_ms, struct error *err);

/* A value that is a number, finite, within min .. max. `what` is for the message. */
MUST_USE bool feed_number(const json_t *value, const char *what, double min, double max,
                          const char *where, double *number, struct error *err);

#endif
