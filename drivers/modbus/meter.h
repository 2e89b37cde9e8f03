/* drivers/modbus/meter.h - one device on a connection: when it is polled, what it is asked, what it makes of it.
 *
 *     every interval: a cycle = [find the SunSpec model] ▶ block ▶ block ▶ ... ; one block at a time in the queue
 *
 * A poll that falls into a running cycle, or into a time without connection, is skipped and counted. A silent
 * unit backs off by itself; a block that the device does not have is left alone for five minutes. */
#ifndef DRIVERS_MODBUS_METER_H
#define DRIVERS_MODBUS_METER_H

#include "drivers/modbus/connection.h"
#include "drivers/modbus/plan.h"
#include "drivers/modbus/sunspec.h"

struct modbus_settings {
    const char *address;
    int64_t unit;
    const struct device_profile *profile;
    int64_t interval_ns, connect_timeout_ns, response_timeout_ns;
};

struct instance {
    struct connection_user user; /* first: callbacks come back with it */
    const struct device *device;
    const struct modbus_settings *settings;
    struct driver_host host;
    struct driver_counters counters;
    char where[300]; /* "modbus 10.0.0.7:502 unit 3" */
    uv_timer_t timer;

    struct plan plan;
    struct sunspec_walk walk;
    bool walking;  /* the model's place is not known yet */
    uint16_t base; /* added to the plan's addresses */

    bool cycling; /* a cycle is under way; at block `at` */
    uint32_t at;

    int64_t not_before_ns; /* the whole unit is left alone until then */
    uint32_t failures;     /* of the unit, in a row */
    uint64_t random;

    bool told, told_up; /* what the host knows of us */
    enum error_kind told_kind;
};

/* Fills the user's callbacks and the walk; plan, connection and timer are there already. */
void meter_init(struct instance *meter);

/* The interval has passed. */
void meter_poll(struct instance *meter);

#endif
