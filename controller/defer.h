/* controller/defer.h - when a deferrable job runs: the cheapest time that keeps its deadline.
 *
 * A job has a window, from when it may start to when it must have ended, and costs what the forecast says of the hours
 * it runs in. For one job by itself the answer is exact:
 *
 *   contiguous     the cheapest start. The cost of a start is linear in it between the moments at which start or end
 *                  pass from one step of the forecast to the next, so the best of these moments is the best of all.
 *   interruptible  the cheapest steps of the window, the dearest of them in part; pauses cost nothing.
 *
 * Where each pause costs work that is done again it is defer_pauses.h that plans.
 *
 * Of equal costs the earliest. Many jobs that share too little room are planned by defer_many.h. Money, carbon or
 * anything else that is paid for energy by the hour can be the cost; bases are never mixed, since there is only one
 * forecast. Pure; no memory taken here. */
#ifndef CONTROLLER_DEFER_H
#define CONTROLLER_DEFER_H

#include "model/base.h"

/* What an hour of 1 kW costs, step by step; the mean over each step. */
struct defer_forecast {
    int64_t start_utc_s;
    int64_t step_s; /* > 0 */
    uint32_t steps;
    const double *cost; /* [steps] */
    const double *sum;  /* [steps + 1] of the costs before each step: defer_sum_up */
};

/* The sums that every plan needs, once for a forecast: sum[0] = 0, sum[i + 1] = sum[i] + cost[i]. */
void defer_sum_up(const double cost[], uint32_t steps, double sum[]);

/* Sorts steps of the forecast: the cheapest first, of equal ones the earliest. */
void defer_sort_steps(const struct defer_forecast *forecast, uint32_t step[], uint32_t count);

/* What 1 kW costs from one moment to another; outside the forecast nothing is known and nothing is counted. */
double defer_cost(const struct defer_forecast *forecast, int64_t from_utc_s, int64_t to_utc_s);

struct defer_job {
    int64_t earliest_utc_s; /* may run from here on: now, or when it was submitted */
    int64_t deadline_utc_s; /* must have ended */
    int64_t run_s;          /* work that is left, as running time; > 0 */
    int64_t spare_s;        /* the run may take this much longer: kept free before the deadline */
    bool interruptible;
    int64_t pause_s; /* work that is done again after each pause; only defer_pauses.h looks at it */
};

struct span {
    int64_t begin_utc_s, end_utc_s; /* runs from begin up to end */
};

/* Steps of a window that are looked at: of a longer one the first. Every other one of them may be a span. */
enum { DEFER_STEPS_MAX = 1024, DEFER_SPANS_MAX = DEFER_STEPS_MAX / 2 };

enum defer_reason {
    DEFER_AT_ONCE, /* now is the cheapest */
    DEFER_CHEAPER, /* waits for a cheaper time */
    DEFER_NO_SLACK, /* the deadline leaves no choice, or can't be kept: it starts as early as it may */
    DEFER_UNKNOWN, /* the forecast ends before the job could: it starts as early as it may */
    DEFER_NO_ROOM  /* waits for nodes or watts (defer_many.h) */
};

struct defer_plan {
    enum defer_reason reason;
    uint32_t spans; /* >= 1, in order, apart from one another */
    struct span span[DEFER_SPANS_MAX];
    double cost;         /* of 1 kW over the spans */
    double cost_at_once; /* of 1 kW from the earliest moment on */
};

/* Plans a job by itself. A window that goes beyond the forecast ends with it. */
void defer_one(const struct defer_forecast *forecast, const struct defer_job *job,
               struct defer_plan *plan);

/* The latest moment at which the job can start and end in time without a pause, its spare kept: never before
 * earliest_utc_s. */
int64_t defer_latest_start(const struct defer_job *job);

#endif
