/* simulation/check.h - what check.c and check_settled.c share. */
#ifndef SIMULATION_CHECK_H
#define SIMULATION_CHECK_H

#include "simulation/world.h"

/* How long after a disturbance a promise may wait. */
int64_t grace_ns(const struct world *world);

/* It hears, does what it is told, says so, and its hardware takes caps that the site file allows. */
bool obeys(const struct world *world, uint32_t node);

/* ---- check_limits.c ---- */

void check_limits_create(struct world *world);
void check_limits(struct world *world);

#endif
