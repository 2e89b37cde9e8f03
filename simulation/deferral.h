/* simulation/deferral.h - what a way of running a trace of jobs would have cost: the planner of controller/defer.h and
 * what it is held against, in virtual time.
 *
 * Without a bound on nodes and watts jobs don't touch one another, and each is planned by itself, to the second. With
 * one, time goes in steps of the carbon trace: at each step who has come is planned with what is free, and what runs
 * takes its nodes to the end of the step. A way knows of a job what it has when it is submitted, and of carbon what
 * the forecast says; only the optimum knows better. */
#ifndef SIMULATION_DEFERRAL_H
#define SIMULATION_DEFERRAL_H

#include "model/arena.h"
#include "simulation/job_trace.h"

enum deferral_way {
    WAY_AT_ONCE, /* no control: in the order of arrival, whoever fits */
    WAY_CAP_ONLY, /* the same, and all are capped alike when the limit is too low: they take longer */
    WAY_THRESHOLD, /* runs while carbon is below a threshold, and when it can't wait any longer */
    WAY_PLANNED,   /* Capstan's planner, on the forecast */
    WAY_OPTIMUM, /* the planner with the truth as its forecast; with a bound, knowing all that will come */
    WAYS
};

extern const char *const deferral_way_name[WAYS];

struct deferral_setup {
    enum deadline_rule rule; /* of jobs that tell none */
    int64_t hours;
    bool interruptible;
    int64_t
        pause_s; /* work that is done again after each pause; only without a bound on nodes and watts */
    int64_t grace_s;  /* a job may end this much after its deadline */
    double noise_pct; /* deviation of the forecast's errors, % of the mean */
    uint64_t seed;
    uint32_t capacity;   /* nodes; 0: as many as it takes */
    int64_t limit_w;     /* all jobs together; 0: none */
    double node_power_w; /* of a node whose job tells no power */
    double threshold_g_per_kwh;
};

/* What came of one job. */
struct job_fate {
    int64_t first_utc_s, end_utc_s; /* INT64_MAX: never */
    int64_t deadline_utc_s;
    uint32_t pauses;
    double carbon_g;
};

struct deferral_result {
    uint32_t finished;
    uint32_t missed; /* ended after the deadline and the grace, or never */
    uint32_t beyond; /* ran where no carbon is known: counted as nothing */
    double carbon_g, energy_kwh;
    double wait_mean_h, wait_p95_h; /* from submission to end, less the run */
    uint64_t pauses;
    uint32_t most_nodes;  /* at a time */
    double most_w;        /* mean of a step */
    uint32_t steps_above; /* in which the limit was exceeded */
    double *
        power_w; /* NULL, or the caller's [steps of the carbon trace]: mean of all jobs over each */
};

/* Runs the whole trace one way; fate[jobs]. Of *result only power_w is read. Deterministic. Memory from the arena. `progress`: told of the share that is
 * done, or NULL. */
void deferral_run(const struct job_trace *jobs, const struct carbon_trace *carbon,
                  const struct deferral_setup *setup, enum deferral_way way, struct job_fate fate[],
                  struct deferral_result *result, void (*progress)(void *context, double share),
                  void *context, struct arena *arena);

#endif
