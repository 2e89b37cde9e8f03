/* hil/hunt.h - `capstan-rig hunt`: random scenarios in virtual time until something breaks, and the smallest scenario
 * that still breaks it. The processes, the clock and the printing; all else is in simulation/. See docs/hunt.md. */
#ifndef HIL_HUNT_H
#define HIL_HUNT_H

#include "simulation/simulation.h"

enum { HUNT_NODES_MAX = 8, HUNT_JOBS_MAX = 256 };

struct hunt_options {
    double hours;   /* simulated, of all jobs together; 0: as long as `seconds` says */
    double seconds; /* of the wall clock; 0: as long as `hours` says */
    uint64_t seed;
    uint32_t jobs;
    uint32_t nodes[HUNT_NODES_MAX]; /* sites of these sizes in turn; none: by chance */
    uint32_t node_counts;
    const char *scenario; /* a file to run instead; NULL: none */
    const char *keep;     /* where scenario files of what was found are written */
    enum sabotage sabotage;
};

/* Prints to standard output; the last line is "hunted H simulated hours, S scenarios, T ticks, V violations (seed
 * N)". Returns an enum exit_code. */
int hunt_run(const struct hunt_options *options);

/* ---- hunt_jobs.c ---- */

enum { HUNT_FINDS_MAX = 64 };

struct hunt_find {
    uint64_t number; /* of the scenario */
    struct violation violation;
};

struct hunt_total {
    uint64_t scenarios, ticks, seconds, violations;
    double core_seconds;
    uint32_t events, sights;
    struct hunt_find find[HUNT_FINDS_MAX]; /* by number */
    uint32_t finds;
    bool failed;      /* a scenario did not load, or a job died: *why says it */
    bool interrupted; /* by SIGINT or SIGTERM */
    char why[400];
};

/* Scenario `number` of a campaign; free with scenario_free. */
void hunt_scenario(const struct hunt_options *options, uint64_t number, struct scenario *out);

/* Runs the campaign in worker processes. */
void hunt_jobs(const struct hunt_options *options, struct hunt_total *total);

#endif
