/* tests/service/fake_drivers.h - a table of drivers in memory: they say what a test says, and note what is
 * asked of them. One test at a time. */
#ifndef TESTS_SERVICE_FAKE_DRIVERS_H
#define TESTS_SERVICE_FAKE_DRIVERS_H

#include "drivers/driver.h"

enum { FAKE_COMMANDS_KEPT = 4096 };

struct fake_log {
    int opened, started, closed, goodbyes;
    uint64_t commands;
    struct command command[FAKE_COMMANDS_KEPT];
    const struct driver_host *host; /* the actuator's */
    const struct device *actuator;
    const char *refuse; /* open of this device fails */
    bool answers;       /* nodes take commands and report at once */
};

extern struct fake_log fake;
extern const struct driver
    *const fake_drivers[]; /* "feed" and "agent", as tests/support/site_text.h has them */

/* A sample and a report, as if a device had given them just now. */
void fake_sample(const char *point, double value);
void fake_report(uint32_t node, struct command_id applied, int64_t cap_w, double power_w);

#endif
