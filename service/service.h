/* service/service.h - what a running service is made of, and one tick of it.
 *
 *     drivers --> ingest --> snapshot --> TICK (controller/) --> decision --> actuate --> drivers
 *
 * Everything happens on the loop's thread. Metrics and status read this struct and change
 * nothing. */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include "service/actuate.h"
#include "service/alarms.h"
#include "service/devices.h"
#include "service/histogram.h"
#include "service/http.h"
#include "service/ingest.h"
#include "service/reload.h"
#include "service/state.h"
#include "service/ticker.h"
#include "service/urgency.h"

#include "controller/controller.h"

struct service_options {
    const char *site_path; /* for people to read; loaded already */
    const char *policy_path;
    const char *http_address;       /* NULL: no server */
    const struct http_route *pages; /* what the server answers; each page is given the service */
    const char *state_folder;
    uint64_t ticks;                      /* stop the loop after so many; 0: never */
    const struct driver *const *drivers; /* NULL: the catalogue */
};

struct service {
    uv_loop_t *loop;
    struct site *site;
    struct arena arena;
    char site_path[RELOAD_PATH_BYTES];
    bool zone_known;
    struct state state;
    struct devices devices;
    struct ingest ingest;
    struct urgency urgency;
    struct controller *controller;
    struct actuate actuate;
    struct alarms alarms;
    struct ticker ticker;
    struct reload reload;
    struct http *http;
    uv_timer_t save;

    const struct decision *decision; /* the last; never NULL once open */
    struct local_time local;         /* of the last tick */
    struct histogram tick_time;      /* snapshot, decision and hand-over of its commands */
    uint64_t ticks, ticks_wanted;
    int64_t started_ns, started_wall_ms, ticked_ns;
    bool running; /* all handles are open */
    bool deposed; /* another controller commands: said once */
    bool unsaved; /* the last save of the state failed */
    struct invariant_counters counters_said;
};

/* Takes over the site and the policies, whatever comes of it. On success everything is connected
 * to the loop and the first tick has been made. Opened or not: service_close, turn the loop
 * until it is empty, service_free; handles need turns of the loop to go. */
MUST_USE bool service_open(struct service **out, uv_loop_t *loop,
                           const struct service_options *options, struct site *site,
                           struct policy_set *policies, struct error *err);

/* One tick, now. */
void service_tick(struct service *service);

/* Takes leave of the devices, saves the state, closes every handle. */
void service_close(struct service *service);
void service_free(struct service *service); /* NULL is fine */

/* A point's reading as it is at this moment: GOOD only if it is fresh now. */
struct reading service_reading(const struct service *service, uint32_t point, int64_t now_ns);

/* A source of events that was heard of within its stale_after. */
bool service_event_source_fresh(const struct service *service, uint32_t event_source,
                                int64_t now_ns);

/* The least margin to trip of a branch's rows, s; infinite when the load may stay. */
double service_trip_margin_s(const struct service *service, uint32_t branch);

/* Nodes as metrics and status count them. A passive one has no actuator, so nobody expects to
 * hear it. */
struct node_counts {
    uint32_t contact[CONTACT_LOST + 1]; /* without the passive ones */
    uint32_t passive, controllable, capped, held;
};

struct node_counts service_node_counts(const struct service *service);
/* "fresh", "lost", "never" or "passive". */
const char *service_contact(const struct service *service, uint32_t node);
/* The cap in force is below the greatest. */
bool service_capped(const struct service *service, uint32_t node);
/* The core would hold it below what it could have: in observe mode this is all there is to see. */
bool service_held(const struct service *service, uint32_t node);

#endif
