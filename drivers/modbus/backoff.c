#include "drivers/modbus/backoff.h"

int64_t backoff_ns(const struct backoff *backoff, uint32_t failures, uint64_t random)
{
    int64_t full_ns = backoff->least_ns;

    for (uint32_t i = 1; i < failures && full_ns < backoff->most_ns; i++)
        full_ns *= 2;
    if (full_ns > backoff->most_ns)
        full_ns = backoff->most_ns;
    return full_ns - (int64_t)(random % ((uint64_t)full_ns / 2 + 1));
}

uint64_t backoff_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
