/* controller/defer_many.h - when deferrable jobs run that share too little room: nodes, and watts under the caps to
 * come.
 *
 * Mixed widths, or jobs that must not pause, make this bin packing, so it is a heuristic, in whole steps of the
 * forecast:
 *
 *   1. Jobs that can't be paused and run now keep what they have.
 *   2. The others in the order of their slack, the least first, then of what they save a step and watt, the most first:
 *      each at the cheapest place that is left before its deadline; where there is none, at the earliest after it.
 *   3. Where some would be late, all as early as they can, the nearest deadline first, if fewer are late then.
 *   4. Each job in turn is taken out and put where it is cheapest now, until nothing gets cheaper.
 *
 * A job that would be late is never traded for cost: fewer late jobs come before any saving. Where all have room this
 * is the exact plan of each by itself (in whole steps). The gap to the best that there is, is measured in the tests. */
#ifndef CONTROLLER_DEFER_MANY_H
#define CONTROLLER_DEFER_MANY_H

#include "controller/defer.h"
#include "model/arena.h"

struct defer_work {
    struct defer_job job;
    uint32_t nodes;
    int64_t power_w; /* while it runs */
    bool keeps_on;   /* runs now and can't be paused: it is left alone */
};

/* What is free in each step, before any of the works: [steps of the forecast]. */
struct defer_room {
    const uint32_t *nodes;
    const int64_t *power_w;
};

struct defer_place {
    enum defer_reason reason;
    bool late;           /* can't have ended by its deadline */
    bool now;            /* it runs in the first step */
    int64_t first_utc_s; /* when it runs first; INT64_MAX: in no step that is looked at */
    double cost;         /* of its power over its steps */
};

struct defer_many;

/* For up to `works` works and `steps` steps (at most DEFER_STEPS_MAX). Memory from the arena. */
struct defer_many *defer_many_create(uint32_t works, uint32_t steps, struct arena *arena);

/* Plans all works from the forecast's first step on. place[works]. Pure; no allocation. */
void defer_many_plan(struct defer_many *many, const struct defer_forecast *forecast,
                     const struct defer_room *room, const struct defer_work work[], uint32_t works,
                     struct defer_place place[]);

/* Whether a work runs in a step, as last planned. */
bool defer_many_runs(const struct defer_many *many, uint32_t work, uint32_t step);

#endif
