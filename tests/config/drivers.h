/* tests/config/drivers.h - schemas like those of the real drivers, so that these tests need none. */
#ifndef TESTS_CONFIG_DRIVERS_H
#define TESTS_CONFIG_DRIVERS_H

#include "model/device.h"
#include "model/setting.h"

struct test_modbus {
    const char *address;
    int64_t unit;
    const struct device_profile *profile;
    int64_t interval_ns;
};

struct test_mqtt {
    uint32_t broker;
    const char *topic, *pointer;
    double scale;
};

/* Forecasts and sources of events. */
struct test_feed {
    uint32_t broker;
    const char *topic;
    double scale;
    int64_t least_horizon_ns;
    bool accept_retained;
};

struct test_agent {
    uint32_t broker;
};

extern const struct driver_schema test_drivers[];

/* A meter without a profile. */
extern const struct driver_schema push_drivers[];

#endif
