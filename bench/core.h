/* bench/core.h - the parts of bench_core: the large problem, the peers, the tick, the machine, and how rows are shown. */
#ifndef BENCH_CORE_H
#define BENCH_CORE_H

#include "controller/problem.h"

/* ---- rows of the table ---- */

enum aim { AIM_NONE, AIM_AT_MOST, AIM_AT_LEAST };

struct core_row {
    const char *name; /* for scripts */
    const char *what; /* for people */
    double value;
    const char *unit;
    enum aim aim;
    double target;
};

struct core_options {
    bool json;
    double peer_s;      /* how long a general solver may take */
    const char *only;   /* one part; NULL: all */
    double hunt_hours;  /* simulated */
    const char *plot;   /* file for the growth's picture; NULL: none */
    const char *folder; /* of this program */
};

void core_print(const struct core_options *options, const struct core_row *row);
/* A row that can't be measured here, and why: said aloud, never left out. */
void core_skip(const struct core_options *options, const char *name, const char *what,
               const char *why);
/* A remark between the rows; not in JSON. */
void core_say(const struct core_options *options, const char *format, ...) PRINTF_LIKE(2, 3);

/* ---- time and machine ---- */

enum { CORE_LINE = 512 };

/* Runs a program to its end, its stderr discarded; the last line of its stdout into `last`. Returns its exit status, -1
 * when there is none. */
int core_run(char *const argv[], char last[CORE_LINE]);

double core_now_s(void); /* monotonic: for deadlines */
/* What this thread has had of a core: for all that is measured, so that what else runs on the machine does not count.
 * Nothing here waits for anything, so on an idle machine it is the time that passes. */
double core_spent_s(void);
/* The element at `share` of the sorted values: 0.5 is the median. Sorts them. */
double core_quantile(double value[], size_t count, double share);

void core_describe_machine(const struct core_options *options);
/* Bytes a second that one core reads and writes, of the STREAM triad's kind, best of several passes. */
double core_bandwidth(void);

/* ---- the large problem ---- */

enum core_level { LEVEL_SITE, LEVEL_FEEDER, LEVEL_PDU, LEVEL_BUSWAY, LEVEL_RACK, CORE_LEVELS };

struct core_problem {
    struct arena arena;
    struct problem problem;
    const uint8_t *row_level; /* [rows] enum core_level */
    uint64_t
        bytes; /* of all that a solver must read: nodes, curves, shares, limits; and of the answer */
};

enum core_curves {
    CURVES_BY_KIND, /* as in a site file: some workloads for each kind of hardware */
    CURVES_OWN      /* each node was measured by itself: no two are planned alike */
};

/* Two problems with the same structure differ in `variant` in every limit and nearly every node. */
void core_problem_make(struct core_problem *out, uint32_t nodes, uint64_t variant,
                       enum core_curves curves);
void core_problem_free(struct core_problem *problem);

/* ---- rows that have a file of their own ---- */

void core_peers(const struct core_options *options); /* GLPK and Clp */
void core_tick(const struct core_options *options);  /* whole ticks */
void core_hunt(const struct core_options *options);  /* capstan-rig hunt */
void core_power(const struct core_options *options); /* measured curves */

#endif
