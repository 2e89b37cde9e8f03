/* simulation/job_trace.h - a trace of jobs and one of carbon intensity, and by when jobs must have ended. */
#ifndef SIMULATION_JOB_TRACE_H
#define SIMULATION_JOB_TRACE_H

#include "model/base.h"

struct trace_job {
    const char *id, *user; /* user: "" when it is not told */
    int64_t submit_utc_s;
    int64_t run_s;  /* > 0 */
    uint32_t nodes; /* >= 1 */
    bool deadline_known;
    int64_t deadline_utc_s;
    bool power_known;
    double power_w; /* of all its nodes together */
};

struct job_trace {
    uint32_t count;
    const struct trace_job *job; /* by time of submission */
};

struct carbon_trace {
    int64_t start_utc_s;
    int64_t step_s;          /* > 0 */
    uint32_t steps;          /* >= 1 */
    const double *g_per_kwh; /* mean over each step */
};

/* By when a job must have ended that would end at a moment if it ran at once. */
enum deadline_rule {
    DEADLINE_NEXT_WORKDAY, /* ends in working hours (Mon-Fri 9-17 h): then. Else at 9 h of the next calendar day, or of
                              Monday from a weekend on: who works looks at it then */
    DEADLINE_SEMI_WEEKLY, /* Monday or Thursday 9 h, whichever comes first */
    DEADLINE_HOURS        /* so many hours later */
};

/* Source of the first two: Wiesner, Behnke, Scheinert, Gontarska, Thamsen, "Let's Wait Awhile: How Temporal Workload
 * Shifting Can Reduce Carbon Emissions in the Cloud", Middleware 2021, in UTC and as its code has them: from Friday
 * evening it is Saturday 9 h. */
int64_t deadline_by_rule(enum deadline_rule rule, int64_t hours, int64_t end_utc_s);

#endif
