/* controller/run_memory.h - how long a user's jobs of a name ran before, and what they drew: what to expect of the next.
 *
 * Of n past runs and the next one, taken as exchangeable, the next is the longest with probability 1 / (n + 1), and no
 * longer than the k-th shortest with probability k / (n + 1), whatever the distribution is (order statistics; the same
 * bound as conformal prediction's: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World", 2005). Where there
 * were too few for the probability that is asked for, the job's own time limit stands: the scheduler ends it there.
 *
 * Bounded: so many pairs of user and name, of each the last runs; who was not seen for longest makes room. Pure; no
 * allocation after creation; one memory belongs to one thread. */
#ifndef CONTROLLER_RUN_MEMORY_H
#define CONTROLLER_RUN_MEMORY_H

#include "model/arena.h"

/* Runs that are remembered of each pair: enough for a probability of 0.99. */
enum { RUNS_KEPT = 99 };

struct run_memory;

/* For up to `pairs` (> 0) pairs of user and name. */
struct run_memory *run_memory_create(uint32_t pairs, struct arena *arena);

/* A run that has ended: run_s > 0; its mean power, of all its nodes, below 0 when it is not known. */
void run_memory_add(struct run_memory *memory, const char *user, const char *name, int64_t run_s,
                    double power_w);

struct run_expectation {
    uint32_t runs;    /* remembered */
    int64_t likely_s; /* the median of them; the time limit when there are none */
    int64_t
        enough_s; /* with the probability below the run is no longer; never above the time limit */
    double probability; /* what enough_s holds with: k / (n + 1); 1 when it is the time limit */
    bool power_known;
    double power_w; /* the mean of those that told it */
};

/* What to expect of the next run; limit_s: after which the scheduler ends it. probability: 0 < p < 1. */
struct run_expectation run_memory_expect(struct run_memory *memory, const char *user,
                                         const char *name, double probability, int64_t limit_s);

#endif
