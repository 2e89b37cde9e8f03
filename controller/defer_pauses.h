/* controller/defer_pauses.h - when an interruptible job runs whose pauses cost: after each one pause_s of work is done
 * again, so that with m pauses it must run for run_s + m x pause_s.
 *
 * Exact, in whole steps of the forecast: dynamic programming over the steps of the window, with how many of them it ran in
 * so far, how often it paused and whether it runs as the state. A job that has no time for its work without a pause, or
 * whose window is not known, is planned as in defer.h. */
#ifndef CONTROLLER_DEFER_PAUSES_H
#define CONTROLLER_DEFER_PAUSES_H

#include "controller/defer.h"
#include "model/arena.h"

/* More pauses than this are not considered. */
enum { DEFER_PAUSES_MAX = 8 };

struct defer_pauses;

/* For windows of up to `steps` (at most DEFER_STEPS_MAX): takes 18 x steps^2 bytes from the arena. */
struct defer_pauses *defer_pauses_create(uint32_t steps, struct arena *arena);

/* Plans one job; plan->cost is that of all its spans, work done again included. No allocation. One thread. */
void defer_with_pauses(struct defer_pauses *pauses, const struct defer_forecast *forecast,
                       const struct defer_job *job, struct defer_plan *plan);

#endif
