/* drivers/driver.h - all that the rest of the house sees of a driver: a const table of functions, six roles.
 *
 * A device is opened from the site file's description, started on the host's libuv loop, and reports through
 * the host's callbacks, always on the loop's thread. A driver never blocks the loop, never logs and swallows,
 * has bounded memory, separate connect and response timeouts, jittered exponential backoff per device, never
 * queues a request twice, and counts what it drops. One dead device delays no other.
 *
 * Adding one: a folder, a line in drivers/catalog.c, a page in docs/drivers/, a face in hil/. */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include "drivers/profiles.h"
#include "model/decision.h"
#include "model/device.h"
#include "model/error.h"
#include "model/job.h"
#include "model/setting.h"
#include "model/site.h"
#include "model/snapshot.h"

#include <uv.h>

/* What a driver reports to. `context` is the host's. All are called on the loop's thread. */
struct driver_host {
    void *context;
    uv_loop_t *loop;
    const struct site *site;
    /* Monotonic now; the same clock as every time stamp here. */
    int64_t (*now_ns)(void *context);
    void (*sample)(void *context, uint32_t point, const struct sample *sample);
    void (*report)(void *context, uint32_t node, const struct node_report *report);
    /* ROLE_FORECAST and ROLE_EVENTS: what device->feed says now, checked; copied before this returns. */
    void (*forecast)(void *context, uint32_t forecast, const struct forecast *said);
    void (*events)(void *context, uint32_t event_source, const struct event_list *told);
    /* ROLE_SCHEDULER; `scheduler` is the index in site.scheduler. Both are lent until the call returns. NULL: nobody
     * asks. `jobs`: all jobs that have not ended, each time that they were read. `acted`: what became of an action. */
    void (*jobs)(void *context, uint32_t scheduler, const struct job_list *list);
    void (*acted)(void *context, uint32_t scheduler, const struct job_outcome *outcome);
    /* The answer to `release`: `failed` of `found` traces of ours are still there; `err` when not all could be looked
     * for. */
    void (*released)(void *context, uint32_t scheduler, uint32_t found, uint32_t failed,
                     const struct error *err);
    /* A device's state changed: opened, lost, refused. `err` says why; NULL when it is well again. */
    void (*device_state)(void *context, const struct device *device, bool up,
                         const struct error *err);
    uint64_t epoch; /* this controller's fencing token */
    /* An actuator's messages say who commands: false in observe mode, when the driver must write nothing. */
    bool may_write;
};

/* Every driver counts these per device; all are in the metrics. */
#define DRIVER_COUNTERS(X)                                       \
    X(requests)   /* sent to the device */                       \
    X(answers)    /* accepted from it */                         \
    X(timeouts)   /* not answered in time */                     \
    X(refusals)   /* answered with an error */                   \
    X(malformed)  /* answers that break the protocol; dropped */ \
    X(dropped)    /* lost for want of room */                    \
    X(reconnects) /* connections made after the first */         \
    X(writes)     /* commands that left: 0 for ever in observe mode */

struct driver_counters {
#define COUNTER_FIELD(name) uint64_t name;
    DRIVER_COUNTERS(COUNTER_FIELD)
#undef COUNTER_FIELD
};

struct instance; /* each driver's own */

struct driver {
    const char *name;
    /* Which roles it plays and what it accepts for each; ends with a zeroed row. */
    const struct driver_schema *schemas;
    /* Checks what the loader can't and takes memory; connects to nothing. *out is the caller's until close. */
    bool (*open)(struct instance **out, const struct device *device, const struct driver_host *host,
                 struct error *err);
    /* Begins work on the loop: connecting, polling, subscribing. */
    void (*start)(struct instance *instance);
    /* Actuators only: sends a command, or counts it as dropped if it can't leave now (the core sends it again).
     * Must not be called when host->may_write is false; a driver that is called all the same counts it as
     * dropped and writes nothing. */
    void (*command)(struct instance *instance, const struct command *command);
    /* Actuators, optional: the service is shutting down cleanly. */
    void (*goodbye)(struct instance *instance);
    /* Schedulers only: asks for something to be done to a job or node, and to be asked for again should the scheduler
     * forget it, until another action for the same job. Checked against what the scheduler says before it is done;
     * host->acted tells what became of it. Texts are copied. Without may_write it is dropped and counted. */
    void (*act)(struct instance *instance, const struct job_action *action);
    /* Schedulers only: finds all that we left there, whoever asked for it and when, and takes it back (dry_run: only
     * finds). Each trace is told by host->acted, the end by host->released. What `act` asked for is forgotten. */
    void (*release)(struct instance *instance, bool dry_run);
    void (*counters)(const struct instance *instance, struct driver_counters *out);
    /* Stops and frees; the loop may still have to turn until its handles have closed. NULL is fine. */
    void (*close)(struct instance *instance);
};

/* Every driver, NULL-terminated. */
extern const struct driver *const driver_catalog[];

const struct driver *driver_find(const char *name);

#endif
