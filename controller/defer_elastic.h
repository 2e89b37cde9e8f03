/* controller/defer_elastic.h - on how many nodes an elastic job runs, hour by hour: more when power is clean.
 *
 * Each further node does some more work and takes some more power. The work is bought where it is cheapest: of all
 * (step, further nodes) the ones with the most work for what they cost, until the job is done. On the least concave
 * majorant of the scaling curve this is exact: a step between two of its corners is spent in part on the one and in
 * part on the other, so what is planned is what is run. Costs below zero count as zero. (The greedy algorithm for convex allocation; for jobs: Hanafy et
 * al., "CarbonScaler", POMACS 7 (2023) 57, which plans on the curve as it is.) */
#ifndef CONTROLLER_DEFER_ELASTIC_H
#define CONTROLLER_DEFER_ELASTIC_H

#include "controller/defer.h"

struct scaling_point {
    uint32_t nodes;    /* rises strictly */
    double throughput; /* work a second, in any unit; >= 0 */
    double power_w;    /* of all nodes; rises strictly */
};

enum { SCALING_POINTS_MAX = 64 };

struct elastic_job {
    int64_t earliest_utc_s, deadline_utc_s;
    double work; /* that is left: throughput x seconds; > 0 */
    uint32_t
        points; /* of the curve, 1 .. SCALING_POINTS_MAX; no nodes do no work and take no power */
    const struct scaling_point *point;
};

/* What is run in a step of the forecast: from its begin on on `first` nodes for first_s, then on `then` nodes. */
struct elastic_step {
    uint32_t first, then;
    int64_t first_s;
};

struct elastic_plan {
    bool possible;      /* all work fits into the window; if not, all nodes run all the time */
    uint32_t from_step; /* of the forecast: step[0] */
    uint32_t steps;     /* that the window touches */
    struct elastic_step step[DEFER_STEPS_MAX];
    double cost;       /* in the forecast's unit x kWh */
    int64_t end_utc_s; /* when the last work is done */
};

/* The window ends with the forecast, and after DEFER_STEPS_MAX steps. Pure. */
void defer_elastic(const struct defer_forecast *forecast, const struct elastic_job *job,
                   struct elastic_plan *plan);

#endif
