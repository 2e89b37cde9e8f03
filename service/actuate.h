/* service/actuate.h - sends what the core decided, and decides nothing.
 *
 * A command that may not be sent (observe mode) is counted by kind as withheld and goes nowhere. */
#ifndef SERVICE_ACTUATE_H
#define SERVICE_ACTUATE_H

#include "service/devices.h"

enum { COMMAND_KINDS = COMMAND_RENEW + 1 };

struct actuate {
    uint64_t sent[COMMAND_KINDS];
    uint64_t withheld[COMMAND_KINDS];
};

/* All commands of a decision, in its order: lowers first. */
void actuate_decision(struct actuate *actuate, struct devices *devices, const struct site *site,
                      const struct decision *decision);

#endif
