/* simulation/shrink.h - the smallest scenario that still breaks the same promise.
 *
 * Works on the scenario file itself: leaves out events, nodes, policies, branches, settings; halves times. What no
 * longer loads, or breaks something else, is put back. Every result is a scenario that anybody can run. */
#ifndef SIMULATION_SHRINK_H
#define SIMULATION_SHRINK_H

#include "simulation/simulation.h"

struct shrunk {
    char *text; /* of the scenario file, without comments; malloc'ed */
    struct outcome outcome;
    uint32_t runs;
};

/* text: a scenario that breaks a promise. At most runs_max runs. False when it breaks none or can't be read. */
MUST_USE bool shrink(const char *text, uint32_t runs_max, struct shrunk *out, struct error *err);

#endif
