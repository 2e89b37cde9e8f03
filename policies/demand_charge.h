/* policies/demand_charge.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_DEMAND_CHARGE_H
#define POLICIES_DEMAND_CHARGE_H

#include "policies/policy.h"

extern const struct policy_kind demand_charge;

#endif
