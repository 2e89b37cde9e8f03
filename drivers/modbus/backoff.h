/* drivers/modbus/backoff.h - how long to leave alone what did not answer: doubling, bounded, jittered. Pure. */
#ifndef DRIVERS_MODBUS_BACKOFF_H
#define DRIVERS_MODBUS_BACKOFF_H

#include "model/base.h"

struct backoff {
    int64_t least_ns, most_ns;
};

/* After `failures` in a row (1 ..): between half and the whole of least x 2^(failures - 1), at most most_ns. The
 * jitter keeps devices that failed together from coming back together. */
int64_t backoff_ns(const struct backoff *backoff, uint32_t failures, uint64_t random);

/* The next of a sequence that is random enough to spread retries (splitmix64). */
uint64_t backoff_random(uint64_t *state);

#endif
