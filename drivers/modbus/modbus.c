#include "drivers/modbus/modbus.h"

#include "drivers/modbus/meter.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNIT_LAST_SERIAL = 247, UNIT_TCP = 255 };

#define AT(field) offsetof(struct modbus_settings, field)
/* clang-format off */
static const struct setting settings[] = {
    {.name = "address", .kind = KIND_TEXT, .need = NEED_REQUIRED, .min = 1, .max = 255, .at = AT(address),
     .help = "host or host:port of the device or gateway; the port is 502 unless told"},
    {.name = "unit", .kind = KIND_INTEGER, .need = NEED_DEFAULT, .min = 0, .max = UNIT_TCP, .fallback = "1", .at = AT(unit),
     .help = "unit id behind the address: 0 .. 247, or 255 for the device itself"},
    {.name = "profile", .kind = KIND_PROFILE, .need = NEED_REQUIRED, .at = AT(profile),
     .help = "how its registers are laid out"},
    {.name = "interval", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 50e6, .max = 3600e9, .fallback = "1 s", .at = AT(interval_ns),
     .help = "time between two readings"},
    {.name = "connect_timeout", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 50e6, .max = 60e9, .fallback = "2 s", .at = AT(connect_timeout_ns),
     .help = "then another attempt is made; the longest of all devices on the connection counts"},
    {.name = "response_timeout", .kind = KIND_DURATION, .need = NEED_DEFAULT, .min = 10e6, .max = 60e9, .fallback = "1 s", .at = AT(response_timeout_ns),
     .help = "then a request counts as lost; longer than the gateway's own wait, if there is one"},
    {0},
};

static const struct driver_schema schemas[] = {
    {.driver = "modbus", .role = ROLE_METER, .settings = settings, .settings_size = sizeof(struct modbus_settings)},
    {0},
};
/* clang-format on */
#undef AT

/* ---------------------------------------------------------------- open and close */

static bool prepare(struct instance *meter, struct error *err)
{
    const struct modbus_settings *s = meter->settings;
    const struct device *device = meter->device;
    struct address address;

    if (!address_parse(s->address, &address, err))
        return false;
    snprintf(meter->where, sizeof meter->where, "modbus %s:%s unit %lld", address.host,
             address.port, (long long)s->unit);
    if (s->unit > UNIT_LAST_SERIAL && s->unit != UNIT_TCP)
        return failure(err, ERR_RANGE, meter->where, "0 .. 247, or 255", "%lld",
                       (long long)s->unit);
    if (!plan_build(&meter->plan, s->profile, device->point, device->points, err))
        return false;
    meter_init(meter);
    return connection_join(&meter->user, &meter->host, &address, s->connect_timeout_ns, err);
}

static void release(struct instance *meter)
{
    connection_leave(&meter->user);
    plan_free(&meter->plan);
    free(meter);
}

static bool meter_open(struct instance **out, const struct device *device,
                       const struct driver_host *host, struct error *err)
{
    struct instance *meter = calloc(1, sizeof *meter);

    *out = NULL;
    if (meter == NULL)
        return failure(err, ERR_FULL, device->name, "memory for a meter", "none");
    meter->device = device;
    meter->settings = device->settings;
    meter->host = *host;
    if (!prepare(meter, err)) {
        release(meter);
        return false;
    }
    uv_timer_init(host->loop, &meter->timer);
    meter->timer.data = meter;
    *out = meter;
    return true;
}

static void on_interval(uv_timer_t *timer) { meter_poll(timer->data); }

static void modbus_start(struct instance *meter)
{
    uint64_t interval_ms = (uint64_t)(meter->settings->interval_ns / NS_PER_MS);

    uv_timer_start(&meter->timer, on_interval, interval_ms, interval_ms);
    connection_start(&meter->user); /* the first cycle begins when it is up */
}

static void on_timer_closed(uv_handle_t *timer) { free(timer->data); }

static void meter_close(struct instance *meter)
{
    if (meter == NULL)
        return;
    connection_leave(&meter->user);
    plan_free(&meter->plan);
    uv_close((uv_handle_t *)&meter->timer, on_timer_closed);
}

/* ---------------------------------------------------------------- the table */

/* Meters take no commands; one that comes all the same is dropped, and nothing is written. */
static void modbus_command(struct instance *meter, const struct command *command)
{
    (void)command;
    meter->counters.dropped++;
}

static void modbus_counters(const struct instance *meter, struct driver_counters *out)
{
    *out = meter->counters;
}

const struct driver driver_modbus = {
    .name = "modbus",
    .schemas = schemas,
    .open = meter_open,
    .start = modbus_start,
    .command = modbus_command,
    .counters = modbus_counters,
    .close = meter_close,
};
