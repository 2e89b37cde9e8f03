/* service/devices.h - every device of the site with its driver: opened, started, watched, closed.
 *
 * The one place where drivers are called. An actuator may write only if the site and it are both
 * set to enforce; devices_command() is the boundary at which that holds, whatever the caller
 * believes. */
#ifndef SERVICE_DEVICES_H
#define SERVICE_DEVICES_H

#include "drivers/driver.h"

struct devices;

/* What devices say, handed on with the host's context. */
struct device_events {
    void *context;
    void (*sample)(void *context, uint32_t point, const struct sample *sample);
    void (*report)(void *context, uint32_t node, const struct node_report *report);
    void (*forecast)(void *context, uint32_t forecast, const struct forecast *said);
    void (*events)(void *context, uint32_t event_source, const struct event_list *told);
    void (*jobs)(void *context, uint32_t scheduler, const struct job_list *list);
    void (*acted)(void *context, uint32_t scheduler, const struct job_outcome *outcome);
};

struct device_slot {
    struct devices *owner;
    const struct device *device;
    const struct driver *driver;
    struct instance *instance; /* NULL: not open */
    struct driver_host host;   /* lent to the driver for as long as it is open */
    bool said, up;             /* said: its state is known */
    int64_t since_wall_ms;     /* of the state */
    uint64_t losses;
    struct error last; /* why it was lost, if it was */
};

struct devices {
    struct device_events events;
    uint32_t count;
    struct device_slot *
        slot; /* meters, signals, forecasts, sources of events, actuators, schedulers, in the site's order */
    uint32_t first_actuator, first_scheduler;
    uint64_t writes; /* commands handed to drivers: 0 for ever in observe mode */
    uint64_t
        refused; /* commands that came to the boundary although they may not pass: 0 for ever */
};

/* The loader's view of a driver table (NULL: the catalogue); a zeroed row ends it, free() it. */
struct driver_schema *devices_schemas(const struct driver *const table[]);

/* Opens every device; nothing is connected yet. On failure what was opened is closed again. */
MUST_USE bool devices_open(struct devices *devices, const struct site *site, uv_loop_t *loop,
                           uint64_t epoch, const struct driver *const table[],
                           const struct device_events *events, struct arena *arena,
                           struct error *err);

void devices_start(struct devices *devices);

/* Hands a command to the driver of actuator `actuator`; false (and counted) when that may not
 * write. */
bool devices_command(struct devices *devices, uint32_t actuator, const struct command *command);

/* The same for an action on a job or node of scheduler `scheduler`. */
bool devices_act(struct devices *devices, uint32_t scheduler, const struct job_action *action);

void devices_counters(const struct device_slot *slot, struct driver_counters *out);

/* Takes leave of the actuators and closes everything; the loop has to turn for the handles to
 * go. */
void devices_close(struct devices *devices);

const char *role_name(enum role role);

#endif
