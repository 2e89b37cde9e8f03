/* drivers/mqtt/forecast_payload.h - from the bytes of a message to a forecast. Pure.
 *
 *     {"issued": "2026-11-24T12:00:00Z", "start": "2026-11-24T12:00:00Z", "step_s": 1800, "values": [231.5, ...]}
 *
 * Taken whole or not at all. Other members are ignored. */
#ifndef DRIVERS_MQTT_FORECAST_PAYLOAD_H
#define DRIVERS_MQTT_FORECAST_PAYLOAD_H

#include "model/error.h"
#include "model/forecast.h"

struct forecast_rules {
    enum quantity quantity; /* its plausible range is that of every value */
    double scale;           /* value x scale is in the quantity's unit */
    int64_t
        least_horizon_s; /* one that ends sooner after its start is not a forecast: it was cut */
};

/* Issued at most 366 days ago, and not in the future but for 5 minutes of a wrong clock; start 2 days before to 7 days
 * after the issue; steps of 1 minute to 1 day; at most FORECAST_STEPS_MAX values that reach no further than 62 days. */
MUST_USE bool forecast_read(const struct forecast_rules *rules, const void *bytes, size_t length,
                            int64_t wall_ms, const char *where, struct forecast *out,
                            struct error *err);

#endif
