/* policies/ramp_rate.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_RAMP_RATE_H
#define POLICIES_RAMP_RATE_H

#include "policies/policy.h"

extern const struct policy_kind ramp_rate;

#endif
