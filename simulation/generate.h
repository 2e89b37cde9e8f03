/* simulation/generate.h - a random scenario: site, policies, hardware that differs from its nameplates, a timeline.
 *
 * Everything follows from the seed, out of one stream. Swarm testing: each seed leaves some kinds of faults out, so
 * that those that hide others are missing now and then. Storms and calms take turns: in a calm all must settle. */
#ifndef SIMULATION_GENERATE_H
#define SIMULATION_GENERATE_H

#include "simulation/scenario.h"

enum { GENERATE_NODES_MAX = 2000 };

struct generate_options {
    uint32_t nodes; /* 0: by chance, mostly few */
    int64_t seconds;
    enum sabotage sabotage;
};

/* Free with scenario_free. */
void generate(uint64_t seed, const struct generate_options *options, struct scenario *out);

#endif
