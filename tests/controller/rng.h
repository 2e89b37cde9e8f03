/* tests/controller/rng.h - splitmix64: small, fast, and the same everywhere. */
#ifndef TESTS_CONTROLLER_RNG_H
#define TESTS_CONTROLLER_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* low .. high, both included. */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(rng_next(rng) % (uint64_t)(high - low + 1));
}

/* True in `percent` of all calls. */
static inline bool rng_chance(struct rng *rng, int percent)
{
    return rng_between(rng, 0, 99) < percent;
}

#endif
