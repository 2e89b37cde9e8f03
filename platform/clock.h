/* platform/clock.h - the two clocks: monotonic for control, wall time for schedules and stamps. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include "model/base.h"

int64_t clock_monotonic_ns(void);
int64_t clock_boot_ns(void); /* monotonic, and goes on while the machine sleeps: leases end by it */
int64_t clock_wall_ms(void); /* UTC, ms since 1970 */

#endif
