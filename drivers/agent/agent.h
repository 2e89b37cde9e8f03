/* drivers/agent/agent.h - the actuator that commands capstan-agents through a broker; see wire.h.
 *
 * Reads the reports of the nodes of this actuator; sends caps as leased commands, QoS 0 and never retained: a
 * command that the network lost is sent again by the core, and one that the broker kept would be old. Without
 * permission to write it subscribes and publishes nothing, no presence and no last will either. */
#ifndef DRIVERS_AGENT_AGENT_H
#define DRIVERS_AGENT_AGENT_H

#include "drivers/driver.h"

struct agent_settings {
    uint32_t broker;
    int64_t clock_tolerance_ns;
};

extern const struct driver driver_agent;

/* When a report was true: at its arrival, unless its stamp says that it is older by more than the tolerance (then
 * it waited somewhere). A stamp from the future is a clock that is wrong, and counts as now. Pure. */
int64_t agent_report_taken_ns(int64_t received_ns, int64_t wall_ms, int64_t at_ms,
                              int64_t tolerance_ns);

#endif
