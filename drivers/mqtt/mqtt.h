/* drivers/mqtt/mqtt.h - what stands in the messages of a topic: a signal (carbon, price, weather), a forecast, the
 * events that a grid announces. */
#ifndef DRIVERS_MQTT_MQTT_H
#define DRIVERS_MQTT_MQTT_H

#include "drivers/driver.h"

struct mqtt_settings {
    uint32_t broker;
    const char *topic;
    int format; /* enum payload_format */
    const char *pointer;
    bool numbers_in_text;
    double scale, offset;
    bool has_stamp;
    const char *stamp_pointer;
    int stamp_format; /* enum stamp_format */
    bool accept_retained;
};

/* Of a forecast, and of a source of events. */
struct mqtt_feed_settings {
    uint32_t broker;
    const char *topic;
    bool accept_retained;
    double scale;             /* forecasts only */
    int64_t least_horizon_ns; /* forecasts only */
};

extern const struct driver driver_mqtt;

#endif
