/* service/ticker.h - when to tick: every period, and at once when something can't wait.
 *
 * Urgent ticks keep a distance, so that a flood of samples near a limit is a bounded flood of
 * ticks. */
#ifndef SERVICE_TICKER_H
#define SERVICE_TICKER_H

#include "model/base.h"

#include <uv.h>

struct ticker {
    uv_timer_t periodic, urgent;
    int64_t urgent_gap_ns; /* an urgent tick comes no sooner than this after any other */
    int64_t last_ns;       /* monotonic; the last tick */
    void (*tick)(void *context);
    void *context;
    uint64_t periodic_ticks, urgent_ticks;
};

void ticker_init(struct ticker *ticker, uv_loop_t *loop, void (*tick)(void *context),
                 void *context);

/* The first tick comes a period from now. */
void ticker_start(struct ticker *ticker, int64_t period_ns, int64_t urgent_gap_ns);

/* Asks for a tick as soon as the distance allows; asking twice gives one. */
void ticker_urge(struct ticker *ticker);

/* Whoever ticks outside of the two timers (after a reload) says so. */
void ticker_ticked(struct ticker *ticker);

/* Stops and closes both timers; they are gone when the loop has turned. */
void ticker_close(struct ticker *ticker);

#endif
