/* hil/status.h - what the service says of itself: GET /api/v1/status now and then, on a worker thread.
 *
 * Only for figures of the service (ticks, alarms) and for what it noticed; a verdict never rests on it. */
#ifndef HIL_STATUS_H
#define HIL_STATUS_H

#include "model/base.h"

#include <uv.h>

struct status_poll;

struct status_figures {
    uint64_t answers, failures;
    int64_t ticks, tick_p99_us;
    int64_t nodes_total, nodes_fresh, nodes_capped;
    int64_t invariants_broken; /* sum of the service's counters that must read 0 */
};

/* Called on the loop for each alarm of each answer. The texts are valid in the call only. */
struct status_events {
    void *context;
    void (*alarm)(void *context, const char *alarm, const char *subject);
};

struct status_poll *status_open(uv_loop_t *loop, const struct status_events *events);

/* From now on asks at this port. */
void status_ask_at(struct status_poll *status, uint16_t port);

const struct status_figures *status_figures(const struct status_poll *status);

/* Frees once the loop has turned. NULL is fine. */
void status_close(struct status_poll *status);

#endif
