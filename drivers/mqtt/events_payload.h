/* drivers/mqtt/events_payload.h - from the bytes of a message to the list of grid events that it tells. Pure.
 *
 *     {"issued": "2026-11-24T15:00:00Z",
 *      "events": [{"id": "e7", "notified": "2026-11-24T15:00:00Z", "start": "2026-11-24T17:00:00Z",
 *                  "end": "2026-11-24T19:00:00Z", "limit_w": 800000, "cancelled": false}]}
 *
 * Taken whole or not at all, so that a list is never taken for shorter than it is. Other members are ignored. */
#ifndef DRIVERS_MQTT_EVENTS_PAYLOAD_H
#define DRIVERS_MQTT_EVENTS_PAYLOAD_H

#include "model/error.h"
#include "model/grid_event.h"

struct events_payload {
    struct event_list list; /* heard_ns is the caller's to fill */
    bool has_stamp;         /* "issued" was there */
    int64_t stamp_ms;       /* UTC */
};

/* At most EVENTS_MAX events with ids of their own. Each: notified within the last 366 days and not in the future but
 * for 5 minutes of a wrong clock; start within 31 days before to 366 days after that; end after start, by 31 days at
 * most; one of limit_w (rounded down) and reduction_w (up), 0 .. 2 GW. */
MUST_USE bool events_read(const void *bytes, size_t length, int64_t wall_ms, const char *where,
                          struct events_payload *out, struct error *err);

#endif
