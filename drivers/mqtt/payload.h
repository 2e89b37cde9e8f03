/* drivers/mqtt/payload.h - from the bytes of a message to a value and its age. Pure.
 *
 * The bytes may be anything: not JSON, doubled keys, nested a thousand deep, numbers that no double holds. Such
 * are malformed, never a value. */
#ifndef DRIVERS_MQTT_PAYLOAD_H
#define DRIVERS_MQTT_PAYLOAD_H

#include "model/error.h"

enum payload_format { PAYLOAD_JSON, PAYLOAD_NUMBER };
enum stamp_format { STAMP_UNIX_S, STAMP_UNIX_MS, STAMP_RFC3339 };

struct payload_rules {
    enum payload_format format;
    const char *pointer;
    bool numbers_in_text;      /* "12.5" counts as 12.5 */
    double scale, offset;      /* value x scale + offset */
    const char *stamp_pointer; /* NULL: no time stamp */
    enum stamp_format stamp_format;
};

struct payload_value {
    double value;
    bool refused; /* null: the sender has no value now */
    bool has_stamp;
    int64_t stamp_ms; /* UTC */
};

MUST_USE bool payload_read(const struct payload_rules *rules, const void *bytes, size_t length,
                           const char *where, struct payload_value *out, struct error *err);

/* When a value was true, on the monotonic clock:
 *
 *     with a stamp                  its age before received_ns; a stamp from the future counts as now
 *     retained, without a stamp,    just too old to be used: it may be from last year
 *       or stamped in the future
 *     otherwise                     received_ns */
int64_t payload_taken_ns(const struct payload_value *value, bool retained, int64_t received_ns,
                         int64_t wall_ms, int64_t stale_after_ns);

#endif
