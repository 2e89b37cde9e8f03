/* policies/equipment_limit.h - the kind's table; everything else about it is in the source. */
#ifndef POLICIES_EQUIPMENT_LIMIT_H
#define POLICIES_EQUIPMENT_LIMIT_H

#include "policies/policy.h"

extern const struct policy_kind equipment_limit;

#endif
