/* drivers/mqtt/mqtt.h - the signal that stands in the messages of a topic: carbon, price, weather, a feed. */
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

extern const struct driver driver_mqtt;

#endif
