/* plant/random.h - random numbers that are the same on every machine: one small stream per thing simulated. */
#ifndef PLANT_RANDOM_H
#define PLANT_RANDOM_H

#include "model/base.h"

struct random {
    uint64_t state;
};

/* A stream of its own for each (seed, kind, index): adding a node changes no other node's day. */
struct random random_stream(uint64_t seed, uint32_t kind, uint32_t index);

uint64_t random_next(struct random *random);
double random_uniform(struct random *random); /* 0 <= x < 1 */
double random_between(struct random *random, double low, double high);
/* Mean 0, deviation 1, never beyond 6: the sum of twelve uniforms, which no library rounds differently. */
double random_normal(struct random *random);

#endif
