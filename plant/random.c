#include "plant/random.h"

enum { NORMAL_TERMS = 12 };

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

struct random random_stream(uint64_t seed, uint32_t kind, uint32_t index)
{
    struct random random = {seed};

    random.state = random_next(&random) ^ ((uint64_t)kind << 32 | index);
    random.state = random_next(&random);
    return random;
}

double random_uniform(struct random *random)
{
    return (double)(random_next(random) >> 11) / 9007199254740992.0; /* 53 bits */
}

double random_between(struct random *random, double low, double high)
{
    return low + (high - low) * random_uniform(random);
}

double random_normal(struct random *random)
{
    double sum = 0;

    for (int i = 0; i < NORMAL_TERMS; i++)
        sum += random_uniform(random);
    return sum - NORMAL_TERMS / 2.0;
}
