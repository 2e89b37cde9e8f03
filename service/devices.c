#include "service/devices.h"

#include "platform/clock.h"
#include "platform/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the drivers' view of us ----------------------------------------------------------------- */

static int64_t host_now_ns(void *context)
{
    (void)context;
    return clock_monotonic_ns();
}

static void host_sample(void *context, uint32_t point, const struct sample *sample)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    events->sample(events->context, point, sample);
}

static void host_report(void *context, uint32_t node, const struct node_report *report)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    events->report(events->context, node, report);
}

static void host_forecast(void *context, uint32_t forecast, const struct forecast *said)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    events->forecast(events->context, forecast, said);
}

static void host_events(void *context, uint32_t event_source, const struct event_list *told)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    events->events(events->context, event_source, told);
}

static void host_jobs(void *context, uint32_t scheduler, const struct job_list *list)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    if (events->jobs != NULL)
        events->jobs(events->context, scheduler, list);
}

static void host_acted(void *context, uint32_t scheduler, const struct job_outcome *outcome)
{
    const struct device_events *events = &((struct device_slot *)context)->owner->events;

    if (events->acted != NULL)
        events->acted(events->context, scheduler, outcome);
}

/* A device that stays lost is not news each time that it is tried again. */
static void host_device_state(void *context, const struct device *device, bool up,
                              const struct error *err)
{
    struct device_slot *slot = context;
    char line[600];
    bool news = !slot->said || slot->up != up;

    if (err != NULL)
        slot->last = *err;
    if (!news)
        return;
    slot->losses += slot->said && !up;
    slot->said = true;
    slot->up = up;
    slot->since_wall_ms = clock_wall_ms();
    if (up)
        log_event(LOG_LEVEL_NOTICE, "device.up", "device=%s driver=%s", device->name,
                  device->driver);
    else
        log_event(LOG_LEVEL_WARNING, "device.lost", "device=%s driver=%s why=\"%s\"", device->name,
                  device->driver, err != NULL ? error_line(err, line, sizeof line) : "unknown");
}

/* ---- the table of drivers -------------------------------------------------------------------- */

static const struct driver *find(const struct driver *const table[], const char *name)
{
    for (size_t d = 0; table[d] != NULL; d++)
        if (strcmp(table[d]->name, name) == 0)
            return table[d];
    return NULL;
}

struct driver_schema *devices_schemas(const struct driver *const table[])
{
    const struct driver *const *drivers = table != NULL ? table : driver_catalog;
    struct driver_schema *all = NULL;
    size_t count = 0;

    for (size_t pass = 0; pass < 2; pass++) { /* count, then copy */
        size_t at = 0;

        for (size_t d = 0; drivers[d] != NULL; d++)
            for (const struct driver_schema *s = drivers[d]->schemas; s->driver != NULL; s++, at++)
                if (all != NULL)
                    all[at] = *s;
        count = at;
        if (all == NULL && (all = calloc(count + 1, sizeof *all)) == NULL)
            abort();
    }
    return all;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool slot_open(struct device_slot *slot, const struct driver *const table[],
                      struct error *err)
{
    slot->driver = find(table, slot->device->driver);
    if (slot->driver == NULL)
        return failure(err, ERR_UNKNOWN, slot->device->name, "a driver of this build", "%s",
                       slot->device->driver);
    return slot->driver->open(&slot->instance, slot->device, &slot->host, err);
}

static void slot_init(struct devices *devices, const struct device *device,
                      const struct driver_host *host)
{
    struct device_slot *slot = &devices->slot[devices->count++];

    *slot = (struct device_slot){.owner = devices, .device = device, .host = *host};
    slot->host.context = slot;
    slot->host.may_write = host->site->mode == MODE_ENFORCE &&
                           (device->role == ROLE_ACTUATOR || device->role == ROLE_SCHEDULER) &&
                           device->mode == (int)MODE_ENFORCE;
}

bool devices_open(struct devices *devices, const struct site *site, uv_loop_t *loop, uint64_t epoch,
                  const struct driver *const table[], const struct device_events *events,
                  struct arena *arena, struct error *err)
{
    const struct driver_host host = {.loop = loop,
                                     .site = site,
                                     .now_ns = host_now_ns,
                                     .sample = host_sample,
                                     .report = host_report,
                                     .forecast = host_forecast,
                                     .events = host_events,
                                     .jobs = host_jobs,
                                     .acted = host_acted,
                                     .device_state = host_device_state,
                                     .epoch = epoch};

    *devices = (struct devices){.events = *events};
    devices->slot = arena_array(arena,
                                site->meters + site->signals + site->forecasts +
                                    site->event_sources + site->actuators + site->schedulers,
                                struct device_slot);
    for (uint32_t d = 0; d < site->meters; d++)
        slot_init(devices, &site->meter[d], &host);
    for (uint32_t d = 0; d < site->signals; d++)
        slot_init(devices, &site->signal[d], &host);
    for (uint32_t d = 0; d < site->forecasts && site->forecast_device != NULL; d++)
        slot_init(devices, &site->forecast_device[d], &host);
    for (uint32_t d = 0; d < site->event_sources && site->event_device != NULL; d++)
        slot_init(devices, &site->event_device[d], &host);
    devices->first_actuator = devices->count;
    for (uint32_t d = 0; d < site->actuators; d++)
        slot_init(devices, &site->actuator[d], &host);
    devices->first_scheduler = devices->count;
    for (uint32_t d = 0; d < site->schedulers; d++)
        slot_init(devices, &site->scheduler[d], &host);

    for (uint32_t d = 0; d < devices->count; d++)
        if (!slot_open(&devices->slot[d], table != NULL ? table : driver_catalog, err)) {
            devices_close(devices);
            return false;
        }
    return true;
}

void devices_start(struct devices *devices)
{
    for (uint32_t d = 0; d < devices->count; d++)
        devices->slot[d].driver->start(devices->slot[d].instance);
}

bool devices_command(struct devices *devices, uint32_t actuator, const struct command *command)
{
    struct device_slot *slot = &devices->slot[devices->first_actuator + actuator];

    assert(devices->first_actuator + actuator < devices->first_scheduler);
    if (!slot->host.may_write || !command->may_be_sent) {
        devices->refused++;
        return false;
    }
    devices->writes++;
    slot->driver->command(slot->instance, command);
    return true;
}

bool devices_act(struct devices *devices, uint32_t scheduler, const struct job_action *action)
{
    struct device_slot *slot = &devices->slot[devices->first_scheduler + scheduler];

    assert(devices->first_scheduler + scheduler < devices->count);
    if (!slot->host.may_write || slot->driver->act == NULL) {
        devices->refused++;
        return false;
    }
    devices->writes++;
    slot->driver->act(slot->instance, action);
    return true;
}

void devices_counters(const struct device_slot *slot, struct driver_counters *out)
{
    *out = (struct driver_counters){0};
    if (slot->instance != NULL && slot->driver->counters != NULL)
        slot->driver->counters(slot->instance, out);
}

void devices_close(struct devices *devices)
{
    for (uint32_t d = devices->first_actuator; d < devices->count; d++)
        if (devices->slot[d].instance != NULL && devices->slot[d].driver->goodbye != NULL)
            devices->slot[d].driver->goodbye(devices->slot[d].instance);
    for (uint32_t d = 0; d < devices->count; d++) {
        if (devices->slot[d].instance != NULL)
            devices->slot[d].driver->close(devices->slot[d].instance);
        devices->slot[d].instance = NULL;
    }
}

const char *role_name(enum role role)
{
    static const char *const names[ROLE_COUNT] = {"meter",  "signal",   "forecast",
                                                  "events", "actuator", "scheduler"};

    return names[role];
}
