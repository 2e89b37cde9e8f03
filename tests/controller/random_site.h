/* tests/controller/random_site.h - sites of every shape for property tests: one or two feeds, phases, losses,
 * failover, uncappable nodes, gangs, meters here and there. */
#ifndef TESTS_CONTROLLER_RANDOM_SITE_H
#define TESTS_CONTROLLER_RANDOM_SITE_H

#include "model/site.h"
#include "tests/controller/rng.h"

/* Everything in site->arena; free with arena_free of a copy. */
struct site *random_site(struct rng *rng, uint32_t nodes_max);
void random_site_free(struct site *site);

#endif
