#include "platform/clock.h"

#include <time.h>

static int64_t clock_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now); /* can't fail for the clocks below */
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

int64_t clock_boot_ns(void) { return clock_ns(CLOCK_BOOTTIME); }

int64_t clock_wall_ms(void) { return clock_ns(CLOCK_REALTIME) / NS_PER_MS; }
