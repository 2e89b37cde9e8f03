/* simulation/deferral_inside.h - what the parts of simulation/deferral.h share. */
#ifndef SIMULATION_DEFERRAL_INSIDE_H
#define SIMULATION_DEFERRAL_INSIDE_H

#include "controller/defer.h"
#include "simulation/deferral.h"

struct deferral {
    const struct job_trace *jobs;
    const struct deferral_setup *setup;
    enum deferral_way way;
    struct defer_forecast truth, plan; /* what carbon is, and what the way plans on */
    struct defer_pauses *pauses;       /* NULL: pauses cost nothing */
    struct job_fate *fate;
    struct deferral_result *result;
    void (*progress)(void *context, double share);
    void *context;
    struct arena *arena;
};

/* A job's window and work from a moment on. */
struct defer_job deferral_window(const struct deferral *d, uint32_t j, int64_t now_utc_s,
                                 int64_t left_s);

double deferral_power_w(const struct deferral *d, const struct trace_job *job);

/* Counts that a job ran from one moment to another, at a part of its power. */
void deferral_count_run(struct deferral *d, uint32_t j, int64_t from_utc_s, int64_t to_utc_s,
                        double part);

/* With a bound on nodes or watts. */
void deferral_run_bounded(struct deferral *d);

#endif
